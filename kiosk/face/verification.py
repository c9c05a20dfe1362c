"""One attempt to verify a person, without camera, clock or process: recognition and liveness over the same frames.

Both must say yes of one and the same followed face, and at the same time: liveness is asked of the face that
recognition follows, whoever does a move is compared in the middle of it, and a jump takes both back
(domain/face-stack.md sections 3 and 8).
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from kiosk.face.advice import Advice, Covering, Prompt
from kiosk.face.faces import Picture
from kiosk.face.liveness import Live, Liveness, Outcome
from kiosk.face.recognition import Glimpse, Recognition
from kiosk.face.verdict import Ending, Verdict

_PROMPTED: Final[AbstractSet[Advice]] = frozenset({Advice.LOOK_HERE, Advice.FACE_FRONT, Advice.HOLD_STILL})
"""Advice that contradicts a prompt: who turns the head does not look here, and moves."""


@dataclass(frozen=True)
class Standing:
    """What is known after one frame. `progress` 0 to 1; `ending` None until the attempt is decided.

    `covering`: with an ending that is not MATCHED, what the person may take off before the next attempt.
    """

    advice: Advice | None
    prompt: Prompt | None
    progress: float
    ending: Ending | None = None
    covering: Covering | None = None


class Verification:
    """Feeds frames to both and says what stands; after an ending it is used no more."""

    def __init__(self, recognition: Recognition, liveness: Liveness) -> None:
        self._recognition = recognition
        self._liveness = liveness
        self._accepted = False

    def see(self, picture: Picture, mono: float) -> Standing:
        """One frame, (height, width, 3) uint8 BGR, taken at `mono` (seconds)."""
        glimpse = self._recognition.see(picture, mono)
        sighting = glimpse.sighting
        # Who answers must be somebody who is compared: before the first good frame there is nobody to compare with.
        live = (
            self._liveness.see(picture, None, mono)
            if sighting is None or glimpse.progress == 0.0
            else self._liveness.see(picture, sighting.face, mono, track=sighting.track)
        )
        own = True
        if live.match_here and sighting is not None:
            own = self._recognition.recheck(picture, sighting)
        self._accepted = own and glimpse.verdict is Verdict.ACCEPT
        ending = _ending(glimpse, live, accepted=self._accepted)
        advice = None if live.prompt is not None and glimpse.advice in _PROMPTED else glimpse.advice
        prompt = None if advice is not None and live.prompt is Prompt.FACE_FRONT else live.prompt
        # A mask hides the nose and the mouth, by which a turn is seen: it is worth a word there too.
        worn = self.worn if ending is Ending.UNANSWERED else glimpse.covering
        return Standing(advice, prompt, (glimpse.progress + live.progress) / 2, ending, worn)

    def late(self) -> Ending:
        """How the attempt ends when its time is over."""
        return Ending.UNANSWERED if self._accepted else Ending.UNSEEN

    @property
    def worn(self) -> Covering | None:
        """What the person may take off before the next attempt, as far as it has been seen."""
        return self._recognition.worn


def _ending(glimpse: Glimpse, live: Live, *, accepted: bool) -> Ending | None:
    if live.outcome is Outcome.FAILED:
        return Ending.HELD_UP
    if glimpse.verdict in {Verdict.RETRY, Verdict.REFUSE}:
        return Ending.UNLIKE
    if live.outcome is Outcome.NOT_DECIDED:
        return Ending.UNANSWERED
    return Ending.MATCHED if accepted and live.outcome is Outcome.PASSED else None
