"""The JPKI application: what kind of card it is, its authentication certificate, PIN and signature.

Files and commands: domain/mynumber-card.md sections 2.1 and 3. Only the authentication half is used, never the signature
certificate. VERIFY stays valid until the application is left, so `sign` selects nothing but its key.
"""

from __future__ import annotations

import hashlib
from enum import Enum

from kiosk.card import apdu, files
from kiosk.card.allowlist import DIGEST_INFO_SHA256, JPKI
from kiosk.card.apdu import Apdu, ApduError, CardConnection, StatusWord, Verification
from kiosk.card.errors import CardFormatError
from kiosk.card.files import Reach

_TOKEN_FILE = 0x0006
_CERTIFICATE_FILE = 0x000A
_KEY_FILE = 0x0017
_PIN_FILE = 0x0018

_DER_SEQUENCE = 0x30
_TOKEN_BYTES = 32

_ABSENT = frozenset({StatusWord.NOT_FOUND, StatusWord.NO_REFERENCE})


class Token(Enum):
    """The first 32 bytes of EF 0006: which medium carries the application (section 2.1)."""

    MY_NUMBER_CARD = "JPKIAPICCTOKEN2"
    RESIDENT_CARD = "JPKIAPICCTOKEN"
    """The 住基カード of before 2016: not usable."""
    ANDROID = "JPKIAPGPSETOKEN"
    IPHONE = "JPKIAPIOSTOKEN"
    UNKNOWN = ""


def select(connection: CardConnection) -> None:
    """Make this the current application; raises `ApduError` (6A82: it is none of ours)."""
    apdu.select_application(connection, JPKI)


def token(connection: CardConnection) -> Token:
    """The medium, as EF 0006 names it. Raises `ApduError`."""
    apdu.select_file(connection, _TOKEN_FILE)
    return token_of(apdu.send(connection, bytes([0x00, 0xB0, 0x00, 0x00, _TOKEN_BYTES]), "READ BINARY of the token"))


def token_of(content: bytes) -> Token:
    """The medium named by the first 32 bytes of `content`: ASCII, padded with blanks."""
    try:
        return Token(content[:_TOKEN_BYTES].rstrip(b" \x00").decode("ascii"))
    except ValueError:
        return Token.UNKNOWN


def certificate(connection: CardConnection, reach: Reach) -> bytes | None:
    """The user-authentication certificate (DER); None if the card carries none (not wanted, or a face-only child's).

    Raises `ApduError`, `CardFormatError`.
    """
    try:
        apdu.select_file(connection, _CERTIFICATE_FILE)
        return files.read_file(connection, _DER_SEQUENCE, reach)
    except ApduError as error:
        if error.status_word in _ABSENT or error.status_word == StatusWord.PAST_END:
            return None
        raise


def pin_tries(connection: CardConnection) -> int | None:
    """Tries left for the four-digit PIN, which costs none; 0 if blocked, None if there is no PIN. Raises `ApduError`."""
    try:
        apdu.select_file(connection, _PIN_FILE)
    except ApduError as error:
        if error.status_word in _ABSENT:
            return None
        raise
    return apdu.read_counter(connection)


def verify_pin(connection: CardConnection, pin: Apdu) -> Verification:
    """VERIFY the PIN once; with a wrong one `tries_left` is always told. Raises `ApduError`."""
    apdu.select_file(connection, _PIN_FILE)
    answer = apdu.verify(connection, pin)
    if not answer.right and answer.tries_left is None:
        return Verification(right=False, tries_left=apdu.read_counter(connection) or 0)
    return answer


def sign(connection: CardConnection, message: bytes) -> bytes:
    """The card's RSASSA-PKCS1-v1_5 SHA-256 signature over `message`; it must have seen the PIN (else 6982).

    The card pads exactly what it is given, so the DigestInfo is made here (section 3). Raises `ApduError`.
    """
    apdu.select_file(connection, _KEY_FILE)
    digest_info = DIGEST_INFO_SHA256 + hashlib.sha256(message).digest()
    command = bytes([0x80, 0x2A, 0x00, 0x80, len(digest_info)]) + digest_info + b"\x00"
    signature = apdu.send(connection, command, "the signature")
    if not signature:
        raise CardFormatError("the card gave an empty signature")
    return signature
