"""The text sizes a patient may choose, and what each of them promises.

Capital heights: domain/kiosk-ui.md section 5 (Section 508 402.4; VVSG 2.0: 4.8 to 5.6, 6.4 to 7.1, 8.5 to 9.0 mm). At a size:

* What carries the decision has capitals of at least `CAPITALS`: a screen's sentence or question, a queue number, and the words
  on its buttons. Up to 12 inches a few buttons in some languages have no room for words so long beside their equals or the
  pad, and are as at the standard size; tests/screens/test_screens_sizes.py names each of them on 7 and on 10 inches.
* What explains it (the line below, notes, captions, names beside pictures) and what frames it (stop, call staff, the steps)
  has three quarters of that and more, or the whole, where there is room.
* No word is smaller than at the standard size, and none is left out: before words are less large than they could be, a picture
  is smaller or goes, and buttons reach into the margin.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kiosk.ui.geometry import Panel
from kiosk.ui.text import CAPITAL_MM

STANDARD: Final = "standard"

CAPITALS: Final[Mapping[str, float]] = {STANDARD: CAPITAL_MM, "large": 6.4, "extra_large": 8.5}
"""Least capital height in real millimetres, in the order in which they are offered."""

_LARGER: Final[Mapping[str, float]] = {STANDARD: 1.0, "large": 1.2, "extra_large": 1.4}
"""And times the panel's standard: on a large panel that is larger than its least already, and who asks for more gets more."""


def capital_mm(panel: Panel, size: str) -> float:
    """The capital height of `size` on this panel in its design millimetres, which grow with the panel (`Panel.scale`)."""
    return max(CAPITALS[size] / panel.scale, CAPITAL_MM * _LARGER[size])


def offered(panel: Panel) -> tuple[str, ...]:
    """The sizes that the panel has room for.

    Screens keep the rules of design/visual.md up to 1.4 times the standard, in every language. On 7 inches, where the standard
    is as small as it may be, that is room for large (1.3 times) but not for extra large (1.8 times: a question of eleven
    characters would take all there is above the answers); 10 inches, or 13 upright, have room for all three.
    """
    most = CAPITAL_MM * max(_LARGER.values())
    return tuple(size for size in CAPITALS if capital_mm(panel, size) <= most + 1e-9)
