"""The card readers of the settings: which they are, how they stand, and the connection to the card that lies on one."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

from kiosk import journal
from kiosk.card import pcsc
from kiosk.card.apdu import Apdu
from kiosk.card.errors import CardGoneError, ReaderError, SeveralCardsError
from kiosk.card.messages import ReaderState
from kiosk.card.pcsc import Card, Context
from kiosk.card.settings import CardSettings
from kiosk.card.slot import Slot

_log = logging.getLogger("kiosk.card.reader")

_NO_PATIENTS = re.compile(r"\bSAM\b")
"""A slot inside the reader's housing, as several readers list one beside those for cards."""


@dataclass(frozen=True)
class ReaderReport:
    """For people: the state, and one sentence that says what there is or what to do."""

    state: ReaderState
    sentence: str


def reader_state(settings: CardSettings) -> ReaderReport:
    """Whether a card reader can be used right now, and what lies on it. Touches no card."""
    pcsc.use_socket(settings)
    try:
        context = Context()
    except ReaderError as error:
        return ReaderReport(ReaderState(usable=False, word=error.word), error.sentence)
    try:
        return ReaderReport(ReaderState(usable=True, word="ok"), _sentence(context, settings))
    except ReaderError as error:
        return ReaderReport(ReaderState(usable=False, word=error.word), error.sentence)
    finally:
        context.release()


def chosen(context: Context, settings: CardSettings) -> list[str]:
    """The names of the readers that patients use. Raises `ReaderError` if there is none."""
    names = context.readers()
    if not names:
        raise pcsc.unusable("no_reader")
    wanted = settings.reader
    found = [name for name in names if (wanted in name if wanted is not None else not _NO_PATIENTS.search(name))]
    if not found:
        raise pcsc.unusable("other_reader")
    return found


class PcscConnection:
    """A `CardConnection` that holds the card alone and leaves it without power, so no verified PIN outlives it.

    The first transport error ends it for good: after it one cannot know whether the same card answers. `longest_answer` is
    what the reader's driver says it can pass on at once, if it says so.
    """

    def __init__(self, context: Context, card: Card) -> None:
        self.longest_answer = card.longest_answer()
        self._context = context
        self._card = card
        self._open = True

    @classmethod
    def open(cls, settings: CardSettings) -> PcscConnection:
        """Connect exclusively to the one card on the readers.

        Raises `CardGoneError` (none, or somebody else holds it), `CardMuteError`, `SeveralCardsError`, `ReaderError`.
        """
        pcsc.use_socket(settings)
        context = Context()
        try:
            return cls(context, context.connect(_where(context.look(chosen(context, settings)))))
        except BaseException:
            context.release()
            raise

    def transmit(self, apdu: Apdu) -> tuple[bytes, int]:
        """Data and status word. Raises `CardGoneError`, and at every call after it."""
        if not self._open:
            raise CardGoneError("the dialogue with the card is over")
        try:
            return self._card.transmit(apdu)
        except CardGoneError:
            self.close()
            raise

    def close(self) -> None:
        """Take the card's power and let the reader go. May be called again."""
        if not self._open:
            return
        self._open = False
        trouble = self._card.power_off()
        if trouble is not None:
            _log.info("card_was_gone_at_disconnect", extra=journal.numbers(code=trouble))
        self._context.release()


def _where(slots: list[Slot]) -> str:
    places = [slot.name for slot in slots if slot.present]
    if not places:
        raise CardGoneError("no card lies on the reader")
    if len(places) > 1:
        raise SeveralCardsError("cards lie on more than one reader, or on two slots of one")
    return places[0]


def _sentence(context: Context, settings: CardSettings) -> str:
    slots = context.look(chosen(context, settings))
    if any(slot.held for slot in slots):
        raise pcsc.unusable("in_use")
    ready = f"card reader ready: {', '.join(slot.name for slot in slots)}"
    if sum(slot.present for slot in slots) > 1:
        return f"{ready}; more than one card lies there: take all but one away"
    if any(slot.mute for slot in slots):
        return f"{ready}; what lies there does not answer as a card: take it away"
    return ready
