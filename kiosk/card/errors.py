"""Errors of the card room. No sentence holds a PIN, a card's bytes or anything of a certificate."""

from __future__ import annotations

from kiosk.errors import KioskError


class CardError(KioskError):
    """Something about the card, its reader or the booth."""

    def __init__(self, sentence: str, code: str = "card") -> None:
        super().__init__(sentence, code)


class CardGoneError(CardError):
    """The dialogue is over: the card, the reader or pcscd went away. What was read before must not be mixed with anything after."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "card_gone")


class ExtendedReadError(CardError):
    """The connection broke at the first extended READ: perhaps the card was pulled, perhaps the reader takes none."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "extended_read")


class CardMuteError(CardError):
    """Something lies on the reader that does not answer as a card (upside down, damaged, no card at all)."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "card_mute")


class SeveralCardsError(CardError):
    """More than one card lies there: one cannot know whose visit it is."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "several_cards")


class ForbiddenCommandError(CardError):
    """A command that the allow-list does not know; it was refused before anything reached the reader."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "forbidden_command")


class CardFormatError(CardError):
    """The card's answer is not what its layout says (TLV, length, certificate, photo)."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "card_format")


class CertificateError(CardError):
    """The card's certificate is none that this kiosk trusts."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "certificate")


class PhotoError(CardError):
    """There is no photo on the chip."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "photo")


class ReaderError(CardError):
    """No usable card reader: pcscd does not run, or no reader is connected. `word` is that of `ReaderState`."""

    def __init__(self, sentence: str, word: str) -> None:
        super().__init__(sentence, "reader")
        self.word = word


class BoothMessageError(CardError):
    """A packet between kiosk and booth that is not what `kiosk.card.messages` says."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "booth_message")
