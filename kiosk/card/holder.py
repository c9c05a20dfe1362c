"""The text application (券面事項入力補助): the holder's name and birth date, and nothing else of it.

Read only where the eligibility system gave no answer, so that reception knows who came; opened with check number B, which
keeps the 12-digit number's file shut by the card itself, never with a PIN (domain/mynumber-card.md sections 0, 2.3 and
5.1). Address and sex stand in the same file: they are not taken out of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kiosk.card import apdu, files, surface, tlv
from kiosk.card.allowlist import TEXT
from kiosk.card.apdu import ApduError, CardConnection
from kiosk.card.check_number import TRIES_KEPT, Sends
from kiosk.card.errors import CardFormatError
from kiosk.card.files import Reach

_ATTRIBUTES_FILE = 0x0002
_CHECK_NUMBER_B_FILE = 0x0015

_ATTRIBUTES = 0xFF20
_NAME = 0xDF22
_BIRTH_DATE = 0xDF24

MAX_NAME: int = 200
"""Characters."""


@dataclass(frozen=True, repr=False)
class Holder:
    """Who the card says its holder is."""

    name: str
    birth_date: date

    def __repr__(self) -> str:
        return "Holder(...)"


def read(connection: CardConnection, number: bytearray, sends: Sends, reach: Reach) -> Holder | None:
    """The holder, opened with the check number B that opened the photo; None where it cannot be had, whatever the reason.

    Asks for the tries first and counts as a send. The caller overwrites `number`. Raises `CardGoneError`.
    """
    if not sends.left:
        return None
    try:
        apdu.select_application(connection, TEXT)
        apdu.select_file(connection, _CHECK_NUMBER_B_FILE)
        left = apdu.read_counter(connection)
        if left is None or left <= TRIES_KEPT:
            return None
        sends.sent()
        if not apdu.verify(connection, number).right:
            sends.wrong(number)
            return None
        apdu.select_file(connection, _ATTRIBUTES_FILE)
        return holder(files.read_file(connection, _ATTRIBUTES, reach, leading_filler=True))
    except (ApduError, CardFormatError):
        return None


def holder(record: bytes) -> Holder:
    """What stands in the file of attributes (FF20, header included). Raises `CardFormatError`."""
    outer = next(tlv.read_tlvs(record), None)
    if outer is None or outer.tag != _ATTRIBUTES:
        raise CardFormatError("attributes: they are none (FF20)")
    found = {inner.tag: inner.value for inner in tlv.read_tlvs(outer.value)}
    try:
        name = found.get(_NAME, b"").decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise CardFormatError("attributes: the name is not UTF-8") from error
    born = surface.day(found.get(_BIRTH_DATE, b""))
    if not 0 < len(name) <= MAX_NAME or not name.replace("\u3000", " ").isprintable() or born is None:
        raise CardFormatError("attributes: name or birth date is missing, or is none")
    return Holder(name, born)
