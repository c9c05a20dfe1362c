"""Opening the chip's photo: the rules under which check number B is sent to a card, and what is said where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from kiosk.card import check_number, surface
from kiosk.card.apdu import ApduError, CardConnection
from kiosk.card.check_number import TRIES_KEPT, Sends
from kiosk.card.errors import CardFormatError, PhotoError
from kiosk.card.files import Reach
from kiosk.card.surface import FaceRecord, Photo

Why = Literal["wrong", "implausible", "too_few_tries", "no_number", "no_photo", "unreadable", "no_studio"]
"""wrong: the card says so, now or before. implausible: it can be no check number B. too_few_tries: the card has none to
spare, or this visit has had its two. no_photo: the card has none. unreadable: the card refused, or its record is not one.
no_studio: nobody to take the photo."""


@dataclass(frozen=True)
class Refusal:
    """Why there is no photo; `again`: another number may still be sent in this visit."""

    why: Why
    again: bool = False


def open_photo(
    card: CardConnection, access: Photo, number: bytearray | None, sends: Sends, reach: Reach, today: date | None
) -> FaceRecord | Refusal:
    """Send `number` if every rule allows it, and read the face record. The caller overwrites `number`.

    `access` is what `surface.look` found; `today` is None where the clock cannot be believed. Selects the surface
    application, so a PIN verified before is void. Raises `CardGoneError`.
    """
    if access == "absent":
        return Refusal("no_photo")
    if access == "shut" or not sends.left:
        return Refusal("too_few_tries")
    if number is None:
        return Refusal("no_number", again=True)
    if not check_number.plausible(number, today):
        return Refusal("implausible", again=True)
    if sends.was_wrong(number):
        return Refusal("wrong", again=True)
    try:
        return _opened(card, number, sends, reach)
    except PhotoError:
        return Refusal("no_photo")
    except (ApduError, CardFormatError):
        return Refusal("unreadable")


def _opened(card: CardConnection, number: bytearray, sends: Sends, reach: Reach) -> FaceRecord | Refusal:
    surface.select(card)
    tries_left = surface.tries_left(card)
    if tries_left is None or tries_left <= TRIES_KEPT:
        return Refusal("too_few_tries")
    sends.sent()
    answer = surface.verify(card, number)
    if not answer.right:
        sends.wrong(number)
        spare = answer.tries_left is None or answer.tries_left > TRIES_KEPT
        return Refusal("wrong", again=spare and sends.left > 0)
    return surface.read(card, reach)
