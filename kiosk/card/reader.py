"""The card reader over PC/SC: the one file that imports pyscard.

The low-level calls are used on purpose: every context and handle is ours, so a restart of pcscd costs a new context and
nothing else (pyscard's own monitor thread dies with pcscd; domain/virtual-reader.md section 3, points 6 to 9).
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from smartcard import scard

from kiosk import journal
from kiosk.card.apdu import Apdu
from kiosk.card.errors import CardGoneError, CardMuteError, ReaderError
from kiosk.card.messages import Placed, ReaderState, Removed
from kiosk.card.settings import CardSettings

_log = logging.getLogger("kiosk.card.reader")

_WAIT_MS = 1000
"""Longest wait for a change: how soon a stop is noticed (virtual-reader.md section 6)."""
_AGAIN_SECONDS = 0.3
_SHARED_SECONDS, _SHARED_PAUSE_SECONDS = 1.0, 0.02
"""pcscd takes a moment to let go of the card of a booth that was killed; the next booth waits for that."""
_HOT_PLUG = "\\\\?PnP?\\Notification"
"""PC/SC's name for "the list of readers"."""

_MUTE = frozenset({scard.SCARD_W_UNRESPONSIVE_CARD, scard.SCARD_W_UNSUPPORTED_CARD, scard.SCARD_E_PROTO_MISMATCH})

_SENTENCES = {
    "no_pcscd": "pcscd is not running: install it (apt install pcscd) and start it (systemctl start pcscd)",
    "no_access": "pcscd refuses this user: allow it the card reader (polkit, org.debian.pcsc-lite)",
    "no_reader": "no card reader is connected: plug it in, or check its cable",
    "other_reader": "no connected card reader has the name that is set under card: reader",
}

Sight = ReaderState | Placed | Removed


@dataclass(frozen=True)
class ReaderReport:
    """For people: the state, and one sentence that says what there is or what to do."""

    state: ReaderState
    sentence: str


def reader_state(settings: CardSettings) -> ReaderReport:
    """Whether a card reader can be used right now. Touches no card."""
    use_socket(settings)
    try:
        context = _establish()
    except ReaderError as error:
        return ReaderReport(ReaderState(usable=False, word=error.word), error.sentence)
    try:
        name = _choose(_reader_names(context), settings)
    except ReaderError as error:
        return ReaderReport(ReaderState(usable=False, word=error.word), error.sentence)
    finally:
        scard.SCardReleaseContext(context)
    return ReaderReport(ReaderState(usable=True, word="ok"), f"card reader ready: {name}")


def use_socket(settings: CardSettings) -> None:
    """Say which pcscd is meant. libpcsclite reads it once in a process, at its first context."""
    if settings.pcsc_socket is not None:
        os.environ["PCSCLITE_CSOCK_NAME"] = str(settings.pcsc_socket)


class PcscConnection:
    """A `CardConnection` that holds the card alone and leaves it without power, so no verified PIN outlives it.

    The first transport error ends it for good: after it one cannot know whether the same card answers.
    """

    def __init__(self, context: Any, card: Any, protocol: int) -> None:
        self._context = context
        self._card = card
        self._pci = scard.SCARD_PCI_T0 if protocol == scard.SCARD_PROTOCOL_T0 else scard.SCARD_PCI_T1
        self._open = True

    @classmethod
    def open(cls, settings: CardSettings) -> PcscConnection:
        """Connect exclusively to the card on the reader. Raises `CardGoneError`, `CardMuteError`, `ReaderError`."""
        use_socket(settings)
        context = _establish()
        try:
            card, protocol = _connect(context, _choose(_reader_names(context), settings))
        except BaseException:
            scard.SCardReleaseContext(context)
            raise
        return cls(context, card, protocol)

    def transmit(self, apdu: Apdu) -> tuple[bytes, int]:
        """Data and status word. Raises `CardGoneError`, and at every call after it."""
        if not self._open:
            raise CardGoneError("the dialogue with the card is over")
        command = list(apdu)
        try:
            code, answer = scard.SCardTransmit(self._card, self._pci, command)
        finally:
            command[:] = [0] * len(command)
        # A card pulled in the middle gives "success" and an empty answer (virtual-reader.md section 3, point 6).
        if code != scard.SCARD_S_SUCCESS or len(answer) < 2:
            self.close()
            raise CardGoneError(f"the card stopped answering ({_code(code)})")
        return bytes(answer[:-2]), answer[-2] << 8 | answer[-1]

    def close(self) -> None:
        """Take the card's power and let the reader go. May be called again."""
        if not self._open:
            return
        self._open = False
        code = scard.SCardDisconnect(self._card, scard.SCARD_UNPOWER_CARD)
        if code != scard.SCARD_S_SUCCESS:
            _log.info("card_was_gone_at_disconnect", extra=journal.numbers(code=_code(code)))
        scard.SCardReleaseContext(self._context)


class PresenceWatcher:
    """Tells of card and reader with SCardGetStatusChange, through every restart of pcscd and change of cable.

    `tell` is called from the thread that runs `run`, only with changes; the first ones say how things stand, an empty
    reader too: whoever takes over in the middle of a visit must hear that the card is gone.
    """

    def __init__(self, settings: CardSettings, tell: Callable[[Sight], None]) -> None:
        self._settings = settings
        self._tell = tell
        self._stopped = threading.Event()
        self._state: ReaderState | None = None
        self._present: bool | None = None

    def stop(self) -> None:
        """Let `run` return; within about a second."""
        self._stopped.set()

    def run(self) -> None:
        """Watch until stopped. Any PC/SC error costs a new context, nothing else."""
        use_socket(self._settings)
        while not self._stopped.is_set():
            try:
                context = _establish()
            except ReaderError as error:
                self._say_unusable(error.word)
                self._stopped.wait(_AGAIN_SECONDS)
                continue
            try:
                self._watch(context)
            except ReaderError as error:
                self._say_unusable(error.word)
                self._stopped.wait(_AGAIN_SECONDS)
            finally:
                scard.SCardReleaseContext(context)

    def _watch(self, context: Any) -> None:
        while not self._stopped.is_set():
            try:
                name = _choose(_reader_names(context), self._settings)
            except ReaderError as error:
                if error.word == "no_pcscd":
                    raise
                self._say_unusable(error.word)
                _status_change(context, [(_HOT_PLUG, scard.SCARD_STATE_UNAWARE)])
                continue
            self._watch_reader(context, name)

    def _watch_reader(self, context: Any, name: str) -> None:
        """Follow one reader until it is unplugged or the list of readers changes."""
        known = scard.SCARD_STATE_UNAWARE
        while not self._stopped.is_set():
            states = _status_change(context, [(name, known), (_HOT_PLUG, scard.SCARD_STATE_UNAWARE)])
            if states is None:
                continue
            now, list_changed = states[0][1], states[1][1] & scard.SCARD_STATE_CHANGED
            if now & (scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE):
                return
            self._say_state(ReaderState(usable=True, word="ok"))
            # The count of insertions and removals stands in bits 16 to 31: a swap faster than this loop changes it.
            swapped = known != scard.SCARD_STATE_UNAWARE and now >> 16 != known >> 16
            self._say_present(bool(now & scard.SCARD_STATE_PRESENT), swapped)
            known = now & ~scard.SCARD_STATE_CHANGED
            if list_changed:
                return

    def _say_present(self, present: bool, swapped: bool) -> None:
        mono = time.monotonic()
        if (self._present and (not present or swapped)) or (self._present is None and not present):
            self._present = False
            self._tell(Removed())
        if present and not self._present:
            self._present = True
            self._tell(Placed(mono))

    def _say_state(self, state: ReaderState) -> None:
        if state != self._state:
            self._state = state
            _log.info("reader", extra=journal.numbers(usable=state.usable, word=state.word))
            self._tell(state)

    def _say_unusable(self, word: str) -> None:
        if self._present:
            self._say_present(present=False, swapped=False)
        self._say_state(ReaderState(usable=False, word=word))


def _establish() -> Any:
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    if code == scard.SCARD_S_SUCCESS:
        return context
    raise _unusable("no_access" if code == scard.SCARD_W_SECURITY_VIOLATION else "no_pcscd")


def _reader_names(context: Any) -> list[str]:
    code, names = scard.SCardListReaders(context, [])
    if code == scard.SCARD_E_NO_READERS_AVAILABLE:
        return []
    if code != scard.SCARD_S_SUCCESS:
        raise _unusable("no_pcscd")
    return list(names)


def _choose(names: list[str], settings: CardSettings) -> str:
    if not names:
        raise _unusable("no_reader")
    chosen = next((name for name in names if settings.reader is None or settings.reader in name), None)
    if chosen is None:
        raise _unusable("other_reader")
    return chosen


def _connect(context: Any, reader: str) -> tuple[Any, int]:
    protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
    deadline = time.monotonic() + _SHARED_SECONDS
    while True:
        code, card, protocol = scard.SCardConnect(context, reader, scard.SCARD_SHARE_EXCLUSIVE, protocols)
        if code != scard.SCARD_E_SHARING_VIOLATION or time.monotonic() >= deadline:
            break
        time.sleep(_SHARED_PAUSE_SECONDS)
    if code in _MUTE:
        raise CardMuteError("what lies on the reader does not answer as a card")
    if code != scard.SCARD_S_SUCCESS:
        raise CardGoneError(f"no connection to the card ({_code(code)})")
    return card, protocol


def _status_change(context: Any, readers: list[tuple[str, int]]) -> list[tuple[str, int]] | None:
    """The new states, None if nothing changed in time. Raises `ReaderError` when the context is of no more use."""
    code, states = scard.SCardGetStatusChange(context, _WAIT_MS, readers)
    if code == scard.SCARD_E_TIMEOUT:
        return None
    if code == scard.SCARD_E_UNKNOWN_READER:
        return [(name, scard.SCARD_STATE_UNKNOWN) for name, _ in readers]
    if code != scard.SCARD_S_SUCCESS:
        raise _unusable("no_pcscd")
    return [(state[0], state[1]) for state in states]


def _unusable(word: str) -> ReaderError:
    return ReaderError(_SENTENCES[word], word)


def _code(code: int) -> str:
    return f"{code & 0xFFFFFFFF:08X}"
