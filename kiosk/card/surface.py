"""The surface application (券面事項確認): the chip's photo, opened with check number B.

Files and layout: domain/mynumber-card.md sections 2.2 and 5.2. When a number may be sent at all is decided in
`kiosk.card.photo`; here is what the card is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from kiosk.card import apdu, files, tlv
from kiosk.card.allowlist import SURFACE
from kiosk.card.apdu import Apdu, ApduError, CardConnection, StatusWord, Verification
from kiosk.card.check_number import TRIES_KEPT
from kiosk.card.errors import CardFormatError, PhotoError
from kiosk.card.files import Reach

_FACE_FILE = 0x0002
_CHECK_NUMBER_B_FILE = 0x0012

_FACE_RECORD = 0xFF20
_BIRTH_DATE = 0xDF22
_PHOTO = 0xDF27
_EXPIRY = 0xDF29
_JP2 = bytes.fromhex("0000000C6A502020")
"""How a JPEG 2000 container begins (section 5.2)."""

Photo = Literal["readable", "shut", "absent"]
"""readable: there is a face record, and check number B has tries to spare. shut: there is one, and it has none to spare.
absent: no face record, no such application (an infant's card, a phone)."""


@dataclass(frozen=True, repr=False)
class FaceRecord:
    """What is taken from the record: the photo as a JP2 container (greyscale, about 16 KB), and two days.

    `card_expiry`, the card's own last day, is not signed and for staff's eyes only. `birth_date` is compared with what the
    eligibility system answers, and goes nowhere else. None if they are no dates.
    """

    photo: bytes
    card_expiry: date | None
    birth_date: date | None = None


def look(connection: CardConnection) -> Photo:
    """Whether the photo could be read with the right number. Selects the application and its key file; spends nothing.

    Whether the record holds a photo shows only when it is open. Raises `CardGoneError`: whatever the card refuses is an
    answer.
    """
    try:
        apdu.select_application(connection, SURFACE)
        apdu.select_file(connection, _FACE_FILE)
        left = tries_left(connection)
    except (ApduError, CardFormatError):
        return "absent"
    return "readable" if left is not None and left > TRIES_KEPT else "shut"


def select(connection: CardConnection) -> None:
    """Make this the current application; raises `ApduError`."""
    apdu.select_application(connection, SURFACE)


def tries_left(connection: CardConnection) -> int | None:
    """Tries left for check number B, which costs none; leaves its key file selected. None if untold. Raises `ApduError`."""
    apdu.select_file(connection, _CHECK_NUMBER_B_FILE)
    return apdu.read_counter(connection)


def verify(connection: CardConnection, number: Apdu) -> Verification:
    """Send the number, once, to the key file that `tries_left` selected. Raises `ApduError`."""
    return apdu.verify(connection, number)


def read(connection: CardConnection, reach: Reach) -> FaceRecord:
    """Read the whole face record, once the number was right. Raises `ApduError`, `CardFormatError`, `PhotoError`."""
    try:
        apdu.select_file(connection, _FACE_FILE)
        return face_record(files.read_file(connection, _FACE_RECORD, reach, leading_filler=True))
    except ApduError as error:
        if error.status_word in {StatusWord.NOT_FOUND, StatusWord.PAST_END}:
            raise PhotoError("the card has no face record") from error
        raise


def face_record(record: bytes) -> FaceRecord:
    """What stands in a face record (FF20, header included). Raises `PhotoError`, `CardFormatError`."""
    outer = next(tlv.read_tlvs(record), None)
    if outer is None or outer.tag != _FACE_RECORD:
        raise CardFormatError("face record: it is not one (FF20)")
    inner = list(tlv.read_tlvs(outer.value))
    photos = [found.value for found in inner if found.tag == _PHOTO]
    if not photos or not photos[0].strip(b"\xff\x00"):
        raise PhotoError("the card has no photo")
    if len(photos) > 1 or not photos[0].startswith(_JP2):
        raise CardFormatError("face record: the photo is not one JPEG 2000 container")
    expiry, birth_date = (
        next((day(found.value) for found in inner if found.tag == tag), None) for tag in (_EXPIRY, _BIRTH_DATE)
    )
    return FaceRecord(photos[0], expiry, birth_date)


def day(value: bytes) -> date | None:
    """YYYYMMDD as a date; None if it is none."""
    if len(value) != 8 or not value.isdigit():
        return None
    try:
        return date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        return None
