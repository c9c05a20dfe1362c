"""A virtual My Number Card: answers command APDUs from a card image as the real card is known to.

Written from domain/mynumber-card.md sections 2 and 3 and from nothing of `kiosk.card`: the kiosk's code and its counterpart
are written twice so that one catches the other's mistakes. The forbidden places (the 12-digit number, in any form) are
there, and shut as on the real card; every attempt to come near them is noted in the audit.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from dataclasses import dataclass
from enum import IntEnum

from kiosk.simulation.card_image import (
    AID_COMMON,
    AID_JUKI,
    AID_SURFACE,
    AID_TEXT,
    Application,
    CardImage,
)

_log = logging.getLogger("kiosk.simulation.card")

_DONE = 0x9000
_NO_FILE = 0x6A82
_WRONG_PARAMETERS = 0x6A86
_NO_REFERENCE = 0x6A88
_WRONG_LENGTH = 0x6700
_NOT_VERIFIED = 0x6982
_BLOCKED = 0x6984
_NO_CURRENT_FILE = 0x6986
_PAST_END = 0x6B00
_UNKNOWN_COMMAND = 0x6D00
_UNKNOWN_CLASS = 0x6E00
_CARD_FAILURE = 0x6F00
"""Status words, domain/mynumber-card.md section 3."""


class _Ins(IntEnum):
    VERIFY = 0x20
    SIGN = 0x2A
    GET_CHALLENGE = 0x84
    SELECT = 0xA4
    READ_BINARY = 0xB0
    GET_DATA = 0xCA


_LONGEST_ANSWER = 0xFFFF - 2
"""vpcd frames an answer with a 16-bit length, status word included."""

_LONGEST_DIGEST_INFO = 245
"""256 bytes of RSA-2048 less the 11 of PKCS#1 v1.5 padding."""

_FORBIDDEN_FILES = {(AID_TEXT, 0x0001), (AID_TEXT, 0x0003), (AID_SURFACE, 0x0005)}
_FORBIDDEN_PASSWORDS = {0x0013, 0x0014}
_FORBIDDEN_APPLICATIONS = {AID_JUKI: "juki", AID_COMMON: "common"}
"""Where the 12-digit number or a tracking identifier lies, domain/mynumber-card.md sections 0, 2 and 4."""


@dataclass(frozen=True)
class _Command:
    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    le: int | None


class VirtualCard:
    """One card: `transmit` takes a command APDU and gives the response APDU, whatever the bytes are.

    Tries used up stay used up for as long as the object lives; `reset` forgets what a real card forgets without power.
    """

    def __init__(self, image: CardImage) -> None:
        self.atr = image.atr
        self.commands = 0
        """How many command APDUs it was sent in its life."""
        self._applications = image.applications
        self._left = {
            (application.aid, ef): password.left
            for application in image.applications
            for ef, password in application.passwords.items()
        }
        self._audit: list[str] = []
        self.reset()

    def reset(self) -> None:
        """Power off: no application selected, nothing verified."""
        self._application: Application | None = None
        self._ef: int | None = None
        self._verified: set[int] = set()

    @property
    def audit(self) -> list[str]:
        """Every approach to the 12-digit number or to an application that is not a clinic's, in order; best empty."""
        return list(self._audit)

    def tries(self, aid: bytes, ef: int) -> int | None:
        """How many tries the password `ef` of an application has left; None where there is no such password."""
        return self._left.get((aid, ef))

    def set_tries(self, aid: bytes, ef: int, left: int) -> None:
        """Change how many tries a password has left; nothing happens where there is no such password."""
        if (aid, ef) in self._left:
            self._left[aid, ef] = left

    def transmit(self, apdu: bytes) -> bytes:
        """The response APDU (data and status word) to `apdu`."""
        self.commands += 1
        command = _parse(apdu)
        if command is None:
            return _WRONG_LENGTH.to_bytes(2, "big")
        try:
            answer, status = self._answer(command)
        except Exception:  # noqa: BLE001  (a card never ends because of what a terminal sends it)
            _log.exception("card_failure")
            answer, status = b"", _CARD_FAILURE
        return answer + status.to_bytes(2, "big")

    def _answer(self, command: _Command) -> tuple[bytes, int]:
        if command.ins == _Ins.VERIFY and len(command.data) == 12 and command.data.isdigit():
            self._note("VERIFY with 12 digits")
        match (command.cla, command.ins):
            case (0x00, _Ins.SELECT):
                return b"", self._select(command)
            case (0x00, _Ins.READ_BINARY):
                return self._read_binary(command)
            case (0x00, _Ins.VERIFY):
                return b"", self._verify(command)
            case (0x80, _Ins.SIGN):
                return self._sign(command)
            case (0x00, _Ins.GET_CHALLENGE):
                return secrets.token_bytes(min(command.le or 8, 256)), _DONE
            case (0x00, _Ins.GET_DATA):
                return b"", _NO_REFERENCE
            case (0x00 | 0x80, _):
                return b"", _UNKNOWN_COMMAND
            case _:
                return b"", _UNKNOWN_CLASS

    def _select(self, command: _Command) -> int:
        if command.p1 == 0x04:
            return self._select_application(command.data)
        if command.p1 == 0x02 and len(command.data) == 2:
            return self._select_file(int.from_bytes(command.data, "big"))
        return _WRONG_PARAMETERS

    def _select_application(self, name: bytes) -> int:
        # A prefix may select, as ISO 7816-4 allows; one shorter than a registered identifier (5 bytes) may not.
        if len(name) < 5:
            return _NO_FILE
        for application in self._applications:
            if application.aid.startswith(name):
                if application.aid in _FORBIDDEN_APPLICATIONS:
                    self._note(f"SELECT {_FORBIDDEN_APPLICATIONS[application.aid]} application")
                if application is not self._application:
                    self._verified.clear()
                self._application, self._ef = application, None
                return _DONE
        return _NO_FILE

    def _select_file(self, ef: int) -> int:
        self._note_file("SELECT", ef)
        application = self._application
        if application is None or ef == 0:
            return _NO_FILE
        if ef in application.files or ef in application.passwords or ef in application.keys:
            self._ef = ef
            return _DONE
        return _NO_FILE

    def _read_binary(self, command: _Command) -> tuple[bytes, int]:
        if command.p1 & 0x80:
            ef, offset = command.p1 & 0x1F, command.p2
            status = self._select_file(ef)
            if status != _DONE:
                return b"", status
        else:
            offset = command.p1 << 8 | command.p2
        if self._application is None or self._ef is None or self._ef not in self._application.files:
            return b"", _NO_CURRENT_FILE
        file = self._application.files[self._ef]
        if file.opened_by is not None and self._verified.isdisjoint(file.opened_by):
            return b"", _NOT_VERIFIED
        if offset >= len(file.content):
            return b"", _PAST_END
        return file.content[offset : offset + min(command.le or 256, _LONGEST_ANSWER)], _DONE

    def _verify(self, command: _Command) -> int:
        if command.p1 != 0x00 or not command.p2 & 0x80:
            return _WRONG_PARAMETERS
        ef = command.p2 & 0x1F
        if ef:
            self._note_file("VERIFY", ef)
        application, ef_checked = self._application, ef or self._ef
        if application is None or ef_checked is None or ef_checked not in application.passwords:
            return _NO_REFERENCE
        password = application.passwords[ef_checked]
        place = (application.aid, ef_checked)
        if not command.data:
            return 0x63C0 | self._left[place]
        if self._left[place] == 0:
            return _BLOCKED
        if hmac.compare_digest(command.data, password.secret):
            self._left[place] = password.limit
            self._verified.add(ef_checked)
            return _DONE
        self._left[place] -= 1
        self._verified.discard(ef_checked)
        return 0x63C0 | self._left[place]

    def _sign(self, command: _Command) -> tuple[bytes, int]:
        if self._application is None or not self._application.keys:
            return b"", _UNKNOWN_COMMAND
        ef = command.p2 & 0x1F
        if command.p2 & 0x80 and not ef:
            ef = self._ef or 0
        # P2 = 00 names the application's own key (EF 0); P2 = 80 never does.
        if ef not in self._application.keys or (ef == 0 and command.p2 != 0x00):
            return b"", _NO_REFERENCE
        signing = self._application.keys[ef]
        if signing.opened_by is not None and signing.opened_by not in self._verified:
            return b"", _NOT_VERIFIED
        if command.p1 != 0x00:
            return b"", _WRONG_PARAMETERS
        if not 1 <= len(command.data) <= _LONGEST_DIGEST_INFO:
            return b"", _WRONG_LENGTH
        return signing.key.sign(command.data), _DONE

    def _note_file(self, command: str, ef: int) -> None:
        aid = self._application.aid if self._application is not None else b""
        if ef in _FORBIDDEN_PASSWORDS or (aid, ef) in _FORBIDDEN_FILES:
            self._note(f"{command} {ef:04X} in {aid[-2:].hex() or 'no application'}")

    def _note(self, approach: str) -> None:
        self._audit.append(approach)


def _parse(apdu: bytes) -> _Command | None:
    """The parts of a command APDU (ISO 7816-3 section 12.1.3, short and extended); None if its lengths contradict."""
    if len(apdu) < 4:
        return None
    body = apdu[4:]
    data, le = b"", None
    if len(body) == 1:
        le = body[0] or 256
    elif len(body) == 3 and body[0] == 0:
        le = int.from_bytes(body[1:], "big") or 65536
    elif body:
        start = 3 if body[0] == 0 else 1
        size = int.from_bytes(body[1:3], "big") if body[0] == 0 else body[0]
        data, rest = body[start : start + size], body[start + size :]
        if size == 0 or len(data) < size or len(rest) not in (0, start if start == 1 else 2):
            return None
        if rest:
            le = int.from_bytes(rest, "big") or (256 if start == 1 else 65536)
    return _Command(apdu[0], apdu[1], apdu[2], apdu[3], data, le)
