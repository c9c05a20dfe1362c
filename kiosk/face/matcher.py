"""Whose face it is: the port `Matcher`, and the engines behind it.

matcher = load("sface")
photo = enrolled(matcher, picture)                      # kiosk.face.enrolment
live = mean([matcher.template(frame, face) for ...])    # never the best of several (face-stack.md section 5)
verdict = matcher.scale.verdict(live.likeness(photo))
"""

from __future__ import annotations

from typing import Protocol, assert_never

from kiosk import share
from kiosk.face import dlib_engine
from kiosk.face.detector import MODEL as DETECTOR
from kiosk.face.detector import SIDE
from kiosk.face.dlib_engine import FaceRecognitionMatcher
from kiosk.face.faces import Face, Picture, Template, mean, upright
from kiosk.face.sface import MODEL as RECOGNISER
from kiosk.face.sface import SFaceMatcher
from kiosk.face.verdict import Engine, Scale

__all__ = [
    "Engine",
    "Face",
    "Matcher",
    "Picture",
    "Template",
    "engine_state",
    "load",
    "mean",
    "upright",
]


class Matcher(Protocol):
    """What this room asks of a face engine. Pictures are `Picture`s; nothing is kept between two calls."""

    @property
    def scale(self) -> Scale:
        """What this engine's comparisons mean."""
        ...

    def warm(self) -> None:
        """Do everything once, so that the first patient does not wait for the networks to be laid out."""
        ...

    def faces(self, picture: Picture, side: int = SIDE) -> list[Face]:
        """All faces, largest first; looked for in a copy whose longer side is `side` pixels at most."""
        ...

    def template(self, picture: Picture, face: Face) -> Template:
        """What describes `face` of `picture`; to be compared with templates of the same engine only."""
        ...


def load(engine: Engine) -> Matcher:
    """The engine; raises `kiosk.errors.MissingError`, whose sentence names the command that brings it."""
    match engine:
        case "sface":
            return SFaceMatcher.load()
        case "face_recognition":
            return FaceRecognitionMatcher.load()
        case _:
            assert_never(engine)


def engine_state(engine: Engine) -> str:
    """One sentence on an engine that is there, for `kiosk check`; raises `kiosk.errors.MissingError`."""
    models = [share.fetched(DETECTOR).name]  # every engine finds faces with it
    match engine:
        case "sface":
            return f"face engine sface: {', '.join([*models, share.fetched(RECOGNISER).name])} in place"
        case "face_recognition":
            return dlib_engine.state()
        case _:
            assert_never(engine)
