"""The `display:` section of kiosk.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kiosk.ui.messages import LANGUAGES


@dataclass(frozen=True)
class DisplaySettings:
    """The panel and how the kiosk stands on it.

    `width` and `height` in pixels; nothing means the desktop's own size (in a window: 1280 x 800). `diagonal_inches` is
    the visible diagonal as on the panel's data sheet: EDID is often wrong, and every size is made from it
    (domain/kiosk-ui.md section 4). `window` opens a movable window for development and demonstration.

    `languages`: which ones patients may choose besides Japanese: `read`, all that a native speaker has read, `all`, or a
    list of tags (`[en, zh-Hans, vi]`). One that is named here is offered though nobody may have read it.
    """

    width: int | None = None
    height: int | None = None
    diagonal_inches: float = 10.1
    window: bool = False
    theme: Literal["normal", "high_contrast"] = "normal"
    languages: Literal["read", "all"] | tuple[str, ...] = "read"

    def __post_init__(self) -> None:
        for name, size in (("width", self.width), ("height", self.height)):
            if size is not None and not 320 <= size <= 8192:
                raise ValueError(f"{name}: {size} pixels is no panel; expected 320 to 8192, or nothing")
        if (self.width is None) != (self.height is None):
            raise ValueError("width: stands alone; expected width and height together, or neither")
        if not 5 <= self.diagonal_inches <= 60:
            raise ValueError(f"diagonal_inches: {self.diagonal_inches:g} is no touch panel; expected 5 to 60")
        if unknown := [tag for tag in self.languages if tag not in LANGUAGES and not isinstance(self.languages, str)]:
            raise ValueError(f"languages: {unknown[0]} is none of ours; expected some of {', '.join(LANGUAGES)}")
