"""How the kiosk looks and sounds for one patient: language, text size, colours, loudness, eyes closed.

One tap from every screen, kept for the visit, back to the defaults after it (domain/flow-and-rules.md section 2.3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

JAPANESE = "ja"


class TextSize(StrEnum):
    """Capital heights are the screens' matter."""

    STANDARD = "standard"
    LARGE = "large"
    EXTRA_LARGE = "extra_large"


class Colours(StrEnum):
    """A theme."""

    NORMAL = "normal"
    HIGH_CONTRAST = "high_contrast"


class Volume(StrEnum):
    """How loud the voice is."""

    OFF = "off"
    SOFT = "soft"
    NORMAL = "normal"
    LOUD = "loud"


@dataclass(frozen=True)
class Look:
    """What was chosen. `language` is a BCP 47 tag; `eyes_closed`: everything is spoken and the focus is moved by keys."""

    language: str = JAPANESE
    size: TextSize = TextSize.STANDARD
    colours: Colours = Colours.NORMAL
    volume: Volume = Volume.NORMAL
    eyes_closed: bool = False


@dataclass(frozen=True)
class Offer:
    """What can be chosen here: the languages whose texts and typefaces are there, the sizes the panel has room for."""

    languages: tuple[str, ...] = (JAPANESE,)
    sizes: tuple[TextSize, ...] = (TextSize.STANDARD,)
    voice: bool = False
    """There is something to be heard with."""


AS_USUAL = Look()
"""How the kiosk looks for whoever comes next."""

JAPANESE_ONLY = Offer()


class Choosing(StrEnum):
    """Which choice stands before everything else on the panel."""

    LANGUAGE = "language"
    LOOKS = "looks"


def chosen(look: Look, action: str, offer: Offer) -> Look | None:
    """`look` after a tap such as `language:en`, `size:large`, `colours:high_contrast`, `volume:loud`; None: it is no such tap."""
    what, _, value = action.partition(":")
    match what:
        case "language" if value in offer.languages:
            return replace(look, language=value)
        case "size" if value in offer.sizes:
            return replace(look, size=TextSize(value))
        case "colours" if value in set(Colours):
            return replace(look, colours=Colours(value))
        case "eyes_closed" if value == "on":
            # Whoever does not look must hear.
            return replace(look, eyes_closed=True, volume=Volume.NORMAL if look.volume is Volume.OFF else look.volume)
        case "eyes_closed" if value == "off":
            return replace(look, eyes_closed=False)
        case "volume" if value in set(Volume) and not (look.eyes_closed and value == Volume.OFF):
            return replace(look, volume=Volume(value))
        case _:
            return None
