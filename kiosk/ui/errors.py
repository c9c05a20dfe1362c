"""What can go wrong with showing things."""

from __future__ import annotations

from kiosk.errors import ExitCode, KioskError


class UiError(KioskError):
    """Anything the kiosk cannot show, say or open; the base of this room's errors."""


class DisplayError(UiError):
    """No window can be opened here; the sentence says what to check."""

    exit_code = ExitCode.MISSING

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "display")


class FontError(UiError):
    """No Japanese typeface is on this machine; the sentence says where it is looked for."""

    exit_code = ExitCode.MISSING

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "font")


class IllustrationError(UiError):
    """A picture of ours that is not there or cannot be drawn."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "illustration")


class CatalogueError(UiError):
    """A catalogue of texts that cannot be used; the sentence names file, line and what was expected."""

    def __init__(self, sentence: str, code: str = "catalogue") -> None:
        super().__init__(sentence, code)


class UnknownMessageError(CatalogueError):
    """A key that the catalogue of this language does not hold."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "unknown_message")


class SlotError(CatalogueError):
    """A text filled with a slot it does not have, or without one that it needs."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "slot")
