"""One attempt, without camera, clock or process: frames go in; advice, the followed face and in the end a verdict come out.

The verdict is one comparison: the mean of N good frames of one and the same face against the photo, by the engine's
own scale (domain/face-stack.md section 5). It is taken once an attempt. Trying again and again within one attempt until
something fits would be taking the maximum, which lets strangers in.

recognition = Recognition(matcher, photo_template(matcher, photo), accept, frames)
for frame in frames:
    glimpse = recognition.see(frame.picture, frame.mono)
    live = liveness.see(frame.picture, face, frame.mono, track=track)    # of the very same face, glimpse.sighting
    if live.match_here:
        recognition.recheck(frame.picture, glimpse.sighting)    # whose face is it in the middle of the turn?
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Final

from kiosk.face import quality
from kiosk.face.advice import Advice, Covering, SteadyAdvice
from kiosk.face.covering import commonest, covering
from kiosk.face.enrolment import photo_template
from kiosk.face.faces import Face, Picture, Template, mean, upright
from kiosk.face.matcher import Matcher
from kiosk.face.quality import Measures
from kiosk.face.second_look import looked_again, worth_it
from kiosk.face.tracking import Track
from kiosk.face.verdict import Verdict

__all__ = ["Glimpse", "Recognition", "Sighting", "photo_template"]

APART: Final = 0.15
"""Seconds between two frames that count: neighbouring frames are nearly the same picture and average nothing out."""

RECHECKED: Final = 0.5
"""Seconds after which an accepted face is compared with itself again: a picture may have been held up till then."""


@dataclass(frozen=True, eq=False, repr=False)
class Sighting:
    """The one followed face of one frame. A new `track` number means somebody else: whatever was seen before is void."""

    track: int
    face: Face
    upright: Picture
    """(112, 112, 3)."""
    measures: Measures
    mono: float


@dataclass(frozen=True)
class Glimpse:
    """What is known after one frame. `advice` is steady; `progress` 0 to 1; `verdict` None until it is decided.

    `covering`: after a verdict that is not ACCEPT, what the person may take off before the next attempt.
    `sighting`: None where there is no face, or more than one person's.
    """

    advice: Advice | None
    progress: float
    verdict: Verdict | None = None
    covering: Covering | None = None
    sighting: Sighting | None = field(default=None, compare=False, repr=False)

    @property
    def matched(self) -> bool | None:
        """Whether the person is the one on the photo; None until it is decided."""
        return None if self.verdict is None else self.verdict is Verdict.ACCEPT


class Recognition:
    """Gathers good frames of one face and decides. A jump to another place, or another face, starts it anew.

    It may be shown frames after an ACCEPT, while liveness still asks: it goes on following the same face, and a jump
    takes the verdict back. RETRY and REFUSE stand: the attempt is over.
    """

    def __init__(self, matcher: Matcher, photo: Template, accept: float | None = None, frames: int = 3) -> None:
        """`accept` as likeness, None for the engine's own; `frames` are averaged."""
        self._matcher = matcher
        self._photo = photo
        self._accept = accept
        self._frames = frames
        self._good: list[Template] = []
        self._coverings: list[Covering | None] = []
        self._breadths: list[float] = []
        self._verdict: Verdict | None = None
        self._worn: Covering | None = None
        self._advice = SteadyAdvice()
        self._track: Track | None = None
        self._tracks = 0
        self._counted: float | None = None

    def see(self, picture: Picture, mono: float) -> Glimpse:
        """One frame, (height, width, 3) uint8 BGR, taken at `mono` (seconds)."""
        advice, sighting = self._taken(picture, mono)
        if self._verdict is None and len(self._good) == self._frames:
            self._verdict = self._matcher.scale.verdict(mean(self._good).likeness(self._photo), self._accept)
            self._worn = self.worn
        steady = self._advice.hear(advice, mono)
        if self._verdict in {Verdict.RETRY, Verdict.REFUSE}:
            return Glimpse(None, 1.0, self._verdict, self._worn, sighting)
        return Glimpse(steady, len(self._good) / self._frames, self._verdict, sighting=sighting)

    @property
    def worn(self) -> Covering | None:
        """What most of the frames gathered seem to be covered by."""
        return commonest(self._coverings)

    def recheck(self, picture: Picture, sighting: Sighting) -> bool:
        """Compare the face just seen in `picture` with those gathered, even if it is turned away; whether it is theirs.

        If it is somebody else's, the track ends, and with it what was gathered and an ACCEPT.
        """
        return self._compare(picture, sighting.face, sighting.upright, sighting.measures, keep=False)

    def _taken(self, picture: Picture, mono: float) -> tuple[Advice | None, Sighting | None]:
        faces = self._matcher.faces(picture)
        if not faces:
            return quality.nobody(picture), None
        if quality.crowded(faces):
            # Who of them is who a moment later cannot be told by place.
            self._start_anew()
            self._track = None
            return Advice.ONE_PERSON, None
        face = faces[0]
        if self._track is None or not self._track.holds(face, mono):
            self._start_anew()
        self._track = Track(face, mono)
        front = median(self._breadths) if self._breadths else None
        if worth_it(face, front):
            face = looked_again(self._matcher, picture, face)
        straight = upright(picture, face)
        seen = quality.measures(picture, face, straight)
        look = quality.judged(seen)
        waited = RECHECKED if self._verdict is Verdict.ACCEPT else APART
        narrowed = front is not None and seen.breadth < quality.NARROWED * front
        due = look.usable and not narrowed and (self._counted is None or mono - self._counted >= waited)
        if due:
            self._counted = mono
        if due and self._verdict in {None, Verdict.ACCEPT}:
            self._compare(picture, face, straight, seen, keep=True)
        return look.advice, Sighting(self._tracks, face, straight, seen, mono)

    def _compare(self, picture: Picture, face: Face, straight: Picture, seen: Measures, *, keep: bool) -> bool:
        template = self._matcher.template(picture, face)
        scale = self._matcher.scale
        least = scale.turned if abs(seen.yaw) >= quality.YAW else scale.same
        same = not self._good or mean(self._good).likeness(template) >= least
        if not same:
            self._start_anew()
        if keep and self._verdict is None:
            self._good.append(template)
            self._coverings.append(covering(straight))
            self._breadths.append(seen.breadth)
        return same

    def _start_anew(self) -> None:
        self._tracks += 1
        self._good.clear()
        self._coverings.clear()
        self._breadths.clear()
        if self._verdict is Verdict.ACCEPT:
            self._verdict = None
