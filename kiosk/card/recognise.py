"""What lies on the reader: a My Number Card and what it can do, or the reason why it cannot go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kiosk.card import jpki, surface
from kiosk.card.apdu import ApduError, CardConnection
from kiosk.card.certificate import Accepted, TrustStore
from kiosk.card.errors import CardFormatError, CertificateError
from kiosk.card.jpki import Token

Problem = Literal["unreadable", "other_card", "no_certificate", "expired"]
"""Words of the visit's `CardProblem`. The card room never says "expired": it does not judge dates."""


@dataclass(frozen=True)
class Recognised:
    """A My Number Card. `pin_tries`: None where no PIN can be typed (absent, or blocked at this first look).

    `can_show_photo`: check number B is known and plausible, and the card has a face record and tries to spare.
    """

    certificate: Accepted
    pin_tries: int | None
    can_show_photo: bool


def recognise(connection: CardConnection, trust: TrustStore, check_number_b: str | None) -> Recognised | Problem:
    """Look at the card by SELECT and token, never by ATR (domain/mynumber-card.md section 1); no try is spent.

    Leaves the JPKI application selected. Raises `CardGoneError`.
    """
    try:
        if not _is_my_number_card(connection):
            return "other_card"
        der = jpki.certificate(connection)
        if der is None:
            return "no_certificate"
        certificate = trust.accept(der)
        tries = jpki.pin_tries(connection)
        photo = check_number_b is not None and surface.plausible(check_number_b) and surface.may_have_photo(connection)
        jpki.select(connection)
    except CertificateError:
        return "other_card"
    except (ApduError, CardFormatError):
        return "unreadable"
    return Recognised(certificate, tries or None, photo)


def _is_my_number_card(connection: CardConnection) -> bool:
    try:
        jpki.select(connection)
        return jpki.token(connection) is Token.MY_NUMBER_CARD
    except ApduError:
        return False
