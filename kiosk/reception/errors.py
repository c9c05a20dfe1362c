"""What reception cannot do, each with one plain sentence."""

from __future__ import annotations

from kiosk.errors import KioskError, MissingError


class ReceptionError(KioskError):
    """Base of this room's errors."""


class RefusedError(ReceptionError):
    """A request that is answered with `status` and a problem document instead of being carried out."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence, code)
        self.status = status


class StoreError(ReceptionError):
    """The database could not take or give something; nothing of it was kept."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "store")


class SealError(ReceptionError):
    """A sealed body that this reception's key does not open."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "sealed")


class StartError(MissingError):
    """Reception cannot start as things are; the sentence says what to do."""


class NoTerminalError(ReceptionError):
    """Somebody should be looked up by number, and reception's settings name no terminal."""

    def __init__(self) -> None:
        super().__init__("reception has no eligibility terminal in its settings", "no_terminal")
