"""The surface application (券面事項確認): the chip's photo, opened with check number B.

Files and layout: domain/mynumber-card.md sections 2.2 and 5.2. A wrong check number B costs one of ten tries for life
until the municipality resets it, so it is looked at before it is sent, and never sent with few tries left
(domain/flow-and-rules.md section 1.2).
"""

from __future__ import annotations

import calendar
import re

from kiosk.card import apdu
from kiosk.card.allowlist import SURFACE
from kiosk.card.apdu import ApduError, CardConnection, StatusWord
from kiosk.card.errors import CardFormatError, PhotoError

_FACE_FILE = 0x0002
_CHECK_NUMBER_B_FILE = 0x0012

_FACE_RECORD = 0xFF20
_PHOTO = 0xDF27
_JP2 = bytes.fromhex("0000000C6A502020")
"""How a JPEG 2000 container begins (section 5.2)."""

TRIES_KEPT = 5
"""Check number B is not sent with this many tries left, or fewer."""

_CHECK_NUMBER_B = re.compile(r"[0-9]{2}([0-9]{2})([0-9]{2})([0-9]{4})[0-9]{4}", re.ASCII)
_LEAP_YEAR = 2000
_FIRST_YEAR, _LAST_YEAR = 2016, 2099
"""The first cards were issued in 2016; ten years are the longest they last."""


def plausible(check_number_b: str) -> bool:
    """Whether this can be a check number B at all: birth YYMMDD (any era), year of expiry, four digits (section 2.4)."""
    found = _CHECK_NUMBER_B.fullmatch(check_number_b)
    if found is None:
        return False
    month, day, expiry = (int(part) for part in found.groups())
    if not 1 <= month <= 12 or not _FIRST_YEAR <= expiry <= _LAST_YEAR:
        return False
    return 1 <= day <= calendar.monthrange(_LEAP_YEAR, month)[1]


def may_have_photo(connection: CardConnection) -> bool:
    """Whether the application, its face record and enough tries are there. Selects the application; spends nothing.

    Raises `CardGoneError` only: whatever the card refuses means no.
    """
    try:
        apdu.select_application(connection, SURFACE)
        apdu.select_file(connection, _FACE_FILE)
        return _tries_to_spare(connection)
    except ApduError:
        return False


def photo(connection: CardConnection, check_number_b: str) -> bytes:
    """The photo as a JP2 container (greyscale, about 16 KB). Selects the application and verifies, at most once.

    Raises `PhotoError` (nothing to be had with this number), `ApduError`, `CardFormatError`.
    """
    if not plausible(check_number_b):
        raise PhotoError("check number B cannot be right; it was not sent to the card")
    try:
        apdu.select_application(connection, SURFACE)
        if not _tries_to_spare(connection):
            raise PhotoError("too few tries are left for check number B; it was not sent to the card")
        if not apdu.verify(connection, check_number_b.encode("ascii")).right:
            raise PhotoError("the card says that check number B is wrong")
        apdu.select_file(connection, _FACE_FILE)
        record = apdu.read_file(connection, _FACE_RECORD)
    except ApduError as error:
        if error.status_word == StatusWord.NOT_FOUND:
            raise PhotoError("the card has no face record") from error
        raise
    return photo_of(record)


def photo_of(record: bytes) -> bytes:
    """The photo in a face record (FF20, header included). Raises `PhotoError`, `CardFormatError`."""
    outer = next(apdu.read_tlvs(record), None)
    if outer is None or outer.tag != _FACE_RECORD:
        raise CardFormatError("face record: it is not one (FF20)")
    photos = [inner.value for inner in apdu.read_tlvs(outer.value) if inner.tag == _PHOTO]
    if not photos or not photos[0]:
        raise PhotoError("the card has no photo")
    if len(photos) > 1 or not photos[0].startswith(_JP2):
        raise CardFormatError("face record: the photo is not one JPEG 2000 container")
    return photos[0]


def _tries_to_spare(connection: CardConnection) -> bool:
    apdu.select_file(connection, _CHECK_NUMBER_B_FILE)
    tries_left = apdu.read_counter(connection)
    return tries_left is not None and tries_left > TRIES_KEPT
