"""The text sizes a patient may choose.

Capital heights: domain/kiosk-ui.md section 5 (Section 508 402.4; VVSG 2.0: 4.8 to 5.6, 6.4 to 7.1, 8.5 to 9.0 mm).
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

    Where a screen says much, its lesser words stay as large as at the standard size (`Size.FRAME`, `Size.KEY`): a size is
    offered where that much is its least too. So no word is ever smaller than the size promises, a 7-inch panel offers
    standard only, a 10-inch one large too, and one of 13 inches all three (tests/screens/test_screens_sizes.py).
    """
    return tuple(size for size, least in CAPITALS.items() if least <= CAPITAL_MM * panel.scale)
