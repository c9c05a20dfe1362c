"""What lies on the reader: a My Number Card and what it can do, or the reason why it cannot go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kiosk.card import jpki, surface
from kiosk.card.apdu import ApduError, CardConnection
from kiosk.card.certificate import Accepted, TrustStore
from kiosk.card.errors import CardFormatError, CertificateError
from kiosk.card.files import Reach
from kiosk.card.jpki import Token
from kiosk.card.surface import Photo

Problem = Literal[
    "unreadable", "other_card", "several_cards", "resident_card", "phone", "no_certificate", "not_accepted"
]
"""Why a card cannot go on; words of the visit's `CardProblem`. Dates are not judged here: nothing is "expired".

not_accepted: a My Number Card whose certificate was not made by an authority in the trust store, or not for authentication.
"""

_MEDIA: dict[Token, Problem] = {
    Token.RESIDENT_CARD: "resident_card",
    Token.ANDROID: "phone",
    Token.IPHONE: "phone",
    Token.UNKNOWN: "other_card",
}


@dataclass(frozen=True)
class Recognised:
    """A My Number Card. `pin_tries`: None where no PIN can be typed (absent, or blocked at this first look)."""

    certificate: Accepted
    pin_tries: int | None
    photo: Photo


def recognise(connection: CardConnection, trust: TrustStore, reach: Reach) -> Recognised | Problem:
    """Look at the card by SELECT and token, never by ATR (domain/mynumber-card.md section 1); no try is spent.

    A medium that is no My Number Card is left alone as soon as its token is read: no PIN of it is asked for, not even how
    many tries it has left. Selects JPKI first and the surface application last, each once. Raises `CardGoneError`.
    """
    medium = _medium(connection)
    if medium is not Token.MY_NUMBER_CARD:
        return _MEDIA[medium]
    try:
        der = jpki.certificate(connection, reach)
        if der is None:
            return "no_certificate"
        certificate = trust.accept(der)
        tries = jpki.pin_tries(connection)
    except CertificateError:
        return "not_accepted"
    except (ApduError, CardFormatError):
        return "unreadable"
    return Recognised(certificate, tries or None, surface.look(connection))


def _medium(connection: CardConnection) -> Token:
    try:
        jpki.select(connection)
        return jpki.token(connection)
    except (ApduError, CardFormatError):
        return Token.UNKNOWN
