"""PC/SC as this product uses it: a thin, typed skin over pyscard's low-level calls. The one file that imports pyscard.

The low-level calls are used on purpose: every context and handle is ours, so a restart of pcscd costs a new context and
nothing else (pyscard's own monitor thread dies with pcscd; domain/virtual-reader.md section 3, points 6 to 9).
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

from smartcard import scard

from kiosk.card.apdu import Apdu
from kiosk.card.errors import CardGoneError, CardMuteError, ReaderError
from kiosk.card.settings import CardSettings
from kiosk.card.slot import Slot

SENTENCES = {
    "no_pcscd": "pcscd is not running: install it (apt install pcscd) and start it (systemctl start pcscd)",
    "no_access": "pcscd refuses this user: allow it the card reader (polkit, org.debian.pcsc-lite)",
    "no_reader": "no card reader is connected: plug it in, or check its cable",
    "other_reader": "no connected card reader has the name that is set under card: reader",
    "in_use": "another program holds the card reader: end it (a kiosk that is running, a browser, a signing tool)",
}
"""Why a reader cannot be used, by the word of `ReaderState`."""

_HOT_PLUG = "\\\\?PnP?\\Notification"
"""PC/SC's name for "the list of readers"."""

_SHARED_SECONDS, _SHARED_PAUSE_SECONDS = 1.0, 0.02
"""pcscd takes a moment to let go of the card of a booth that was killed; the next booth waits for that."""

_MUTE = frozenset(
    {
        scard.SCARD_W_UNRESPONSIVE_CARD,
        scard.SCARD_W_UNSUPPORTED_CARD,
        scard.SCARD_W_UNPOWERED_CARD,
        scard.SCARD_E_PROTO_MISMATCH,
    }
)
_LOST_READER = scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE | scard.SCARD_STATE_IGNORE


def use_socket(settings: CardSettings) -> None:
    """Say which pcscd is meant. libpcsclite reads it once in a process, at its first context."""
    if settings.pcsc_socket is not None:
        os.environ["PCSCLITE_CSOCK_NAME"] = str(settings.pcsc_socket)


class Context:
    """A connection to pcscd. Raises `ReaderError` where it cannot be had, or is of no more use."""

    def __init__(self) -> None:
        code, self._handle = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        if code != scard.SCARD_S_SUCCESS:
            raise unusable("no_access" if code == scard.SCARD_W_SECURITY_VIOLATION else "no_pcscd")

    def release(self) -> None:
        """Give it back."""
        scard.SCardReleaseContext(self._handle)

    def readers(self) -> list[str]:
        """The names of all readers; empty if there are none. Raises `ReaderError`."""
        code, names = scard.SCardListReaders(self._handle, [])
        if code == scard.SCARD_E_NO_READERS_AVAILABLE:
            return []
        if code != scard.SCARD_S_SUCCESS:
            raise unusable("no_pcscd")
        return list(names)

    def look(self, names: Sequence[str]) -> list[Slot]:
        """How these readers stand now. Raises `ReaderError`."""
        return self.wait(dict.fromkeys(names, scard.SCARD_STATE_UNAWARE), 0) or []

    def wait(self, known: Mapping[str, int], milliseconds: int) -> list[Slot] | None:
        """Wait until a reader is no longer as its `known` flags say, or the list of readers changes.

        None if nothing did in time. Raises `ReaderError`.
        """
        asked = [*known.items(), (_HOT_PLUG, scard.SCARD_STATE_UNAWARE)]
        code, states = scard.SCardGetStatusChange(self._handle, milliseconds, asked)
        if code == scard.SCARD_E_UNKNOWN_READER:
            return [_slot(name, scard.SCARD_STATE_UNKNOWN) for name in known]
        if code == scard.SCARD_E_TIMEOUT:
            return None
        if code != scard.SCARD_S_SUCCESS:
            raise unusable("no_pcscd")
        return [_slot(state[0], state[1]) for state in states[: len(known)]]

    def connect(self, reader: str) -> Card:
        """Connect exclusively to the card that lies there. Raises `CardGoneError`, `CardMuteError`."""
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        deadline = time.monotonic() + _SHARED_SECONDS
        while True:
            code, card, protocol = scard.SCardConnect(self._handle, reader, scard.SCARD_SHARE_EXCLUSIVE, protocols)
            if code != scard.SCARD_E_SHARING_VIOLATION or time.monotonic() >= deadline:
                break
            time.sleep(_SHARED_PAUSE_SECONDS)
        if code in _MUTE:
            raise CardMuteError("what lies on the reader does not answer as a card")
        if code == scard.SCARD_E_SHARING_VIOLATION:
            raise CardGoneError("another program holds the card")
        if code != scard.SCARD_S_SUCCESS:
            raise CardGoneError(f"no connection to the card ({named(code)})")
        return Card(card, protocol)


class Card:
    """A card that is held alone."""

    def __init__(self, handle: Any, protocol: int) -> None:
        self._handle = handle
        self._pci = scard.SCARD_PCI_T0 if protocol == scard.SCARD_PROTOCOL_T0 else scard.SCARD_PCI_T1

    def transmit(self, apdu: Apdu) -> tuple[bytes, int]:
        """Data and status word. Raises `CardGoneError`."""
        command = list(apdu)
        try:
            code, answer = scard.SCardTransmit(self._handle, self._pci, command)
        finally:
            command[:] = [0] * len(command)
        # A card pulled in the middle gives "success" and an empty answer (virtual-reader.md section 3, point 6).
        if code != scard.SCARD_S_SUCCESS or len(answer) < 2:
            raise CardGoneError(f"the card stopped answering ({named(code)})")
        return bytes(answer[:-2]), answer[-2] << 8 | answer[-1]

    def longest_answer(self) -> int | None:
        """The bytes the reader's driver says it can pass on at once; None if it says nothing."""
        code, value = scard.SCardGetAttrib(self._handle, scard.SCARD_ATTR_MAXINPUT)
        if code != scard.SCARD_S_SUCCESS or not 0 < len(value) <= 4:
            return None
        return int.from_bytes(bytes(value), "little")

    def power_off(self) -> str | None:
        """Take the card's power and let it go; what went wrong, if anything."""
        code = scard.SCardDisconnect(self._handle, scard.SCARD_UNPOWER_CARD)
        return None if code == scard.SCARD_S_SUCCESS else named(code)


def unusable(word: str) -> ReaderError:
    """The error for a word of `SENTENCES`."""
    return ReaderError(SENTENCES[word], word)


def named(code: int) -> str:
    """A PC/SC code as the manuals write it."""
    return f"{code & 0xFFFFFFFF:08X}"


def _slot(name: str, flags: int) -> Slot:
    return Slot(
        name,
        flags & ~scard.SCARD_STATE_CHANGED,
        present=bool(flags & scard.SCARD_STATE_PRESENT),
        mute=bool(flags & scard.SCARD_STATE_MUTE),
        held=bool(flags & (scard.SCARD_STATE_EXCLUSIVE | scard.SCARD_STATE_INUSE)),
        lost=bool(flags & _LOST_READER),
        events=flags >> 16 & 0xFFFF,
    )
