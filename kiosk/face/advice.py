"""The words for a person before the camera: what can be done better, what is asked, what may be taken off.

The same values as `Advice`, `FrontAdvice` (those of a card's front, `card_...`) and `FacePrompt` of
`kiosk.visit.vocabulary`; this room may not import the heart, the face station turns one into the other and a test beside it
compares them. No OpenCV here: the kiosk process imports these words.
"""

from __future__ import annotations

from collections import Counter, deque
from enum import StrEnum
from typing import Final

HOLDS: Final = 0.4
"""Seconds. Words that change faster than this cannot be read, and the advice of single frames flickers."""


class Advice(StrEnum):
    """One thing to do better."""

    LOOK_HERE = "look_here"
    COME_CLOSER = "come_closer"
    STEP_BACK = "step_back"
    FACE_FRONT = "face_front"
    HOLD_STILL = "hold_still"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    BACK_LIT = "back_lit"
    ONE_PERSON = "one_person"
    CARD_NOT_SEEN = "card_not_seen"
    CARD_OTHER_SIDE = "card_other_side"
    CARD_CLOSER = "card_closer"
    CARD_HOLD_STILL = "card_hold_still"
    CARD_GLARE = "card_glare"


class Prompt(StrEnum):
    """What the person is asked to do, to tell a living one from a picture. Left and right are the person's own."""

    BLINK = "blink"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    FACE_FRONT = "face_front"


class Covering(StrEnum):
    """What a person could take off before the next attempt."""

    MASK = "mask"
    SUNGLASSES = "sunglasses"


class SteadyAdvice:
    """The advice worth showing: what most frames of the last `HOLDS` seconds said; it stands at least that long."""

    def __init__(self) -> None:
        self._heard: deque[tuple[float, Advice | None]] = deque()
        self._shown: Advice | None = None
        self._since: float | None = None

    def hear(self, advice: Advice | None, mono: float) -> Advice | None:
        """One frame said `advice` at `mono` (monotonic seconds): what to show now."""
        if self._since is None:
            self._since = mono
        self._heard.append((mono, advice))
        while self._heard[0][0] < mono - HOLDS:
            self._heard.popleft()
        if mono - self._since >= HOLDS:
            counted = Counter(word for _, word in self._heard)
            word, votes = counted.most_common(1)[0]
            if votes > counted[self._shown]:
                self._shown, self._since = word, mono
        return self._shown
