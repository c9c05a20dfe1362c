"""The records of the card's applications, built object by object (domain/mynumber-card.md sections 2 and 5)."""

from __future__ import annotations

from datetime import date

import cv2
import numpy as np

from kiosk.simulation.card_image import RsaKey
from kiosk.simulation.tlv import digest_info, record, tlv

SYNTHETIC_NUMBER = "123456789018"
"""What stands where a real card keeps the 12-digit number. Nobody's: test data with a right check digit."""


def attributes(name: str, address: str, birth_date: date, sex: str) -> bytes:
    """EF 0002 of the text application: the four attributes (section 5.1)."""
    objects = (
        tlv(0xDF22, name.encode()),
        tlv(0xDF23, address.encode()),
        _birth(0xDF24, birth_date),
        tlv(0xDF25, sex.encode()),
    )
    return record(0xFF20, 0xDF21, objects)


def face_record(
    birth_date: date,
    sex: str,
    photo_jp2: bytes | None,
    expiry: date,
    security_code: str,
    *,
    own_key: RsaKey,
    certifier: RsaKey,
) -> bytes:
    """EF 0002 of the surface application: images of name and address, the photo, signatures (section 5.2).

    Without a photo its object is there, empty.
    """
    person = (_birth(0xDF22, birth_date), tlv(0xDF23, sex.encode()), tlv(0xDF24, public_key(own_key)))
    text = (tlv(0xDF25, printed("SIMULATED NAME")), tlv(0xDF26, printed("SIMULATED ADDRESS")))
    photo = tlv(0xDF27, photo_jp2 or b"")
    signature = certifier.sign(digest_info(b"".join(person), b"".join(text), photo))
    unsigned = (tlv(0xDF29, _day(expiry)), tlv(0xDF2A, printed(security_code)))
    return record(0xFF20, 0xDF21, (*person, *text, photo, tlv(0xDF28, signature), *unsigned))


def age_record(birth_date: date, *, own_key: RsaKey, certifier: RsaKey) -> bytes:
    """EF 0001 of the surface application: date of birth, key, signature over both (the signed range is assumed)."""
    signed = _birth(0xDF11, birth_date) + tlv(0xDF12, public_key(own_key))
    return tlv(0xFF10, signed + tlv(0xDF13, certifier.sign(digest_info(signed))))


def number_image() -> bytes:
    """EF 0005 of the surface application: the forbidden picture, here without any digits in it."""
    return tlv(0xFF40, tlv(0xDF41, printed("FORBIDDEN")))


def number_record() -> bytes:
    """EF 0001 of the text application: the forbidden number as text, synthetic, 17 bytes (section 2.3)."""
    return tlv(0xFF10, SYNTHETIC_NUMBER.encode()) + b"\xff\xff"


def digests_record(number: bytes, four_attributes: bytes, *, certifier: RsaKey) -> bytes:
    """EF 0003 of the text application: digests of the two files before it, signed (section 2.3)."""
    info = digest_info(number, four_attributes)
    digests = tlv(0xDF31, info[-64:-32]) + tlv(0xDF32, info[-32:])
    return tlv(0xFF30, digests + tlv(0xDF33, certifier.sign(info)))


def own_key_record(own_key: RsaKey, *, certifier: RsaKey) -> bytes:
    """EF 0007 of the text application: the application's own public key, signed (section 2.3)."""
    public = public_key(own_key)
    return tlv(0xFF50, tlv(0xDF51, public) + tlv(0xDF52, certifier.sign(digest_info(public))))


def card_verifiable_certificate(certified: RsaKey, root: RsaKey) -> bytes:
    """EF 0004 of both applications: the certifier's key under a root of our own (section 5.3)."""
    issuer, subject = b"9990023\x08\x05001\0\0\0\0", b"9993101\x08\x05001\0\0\0\0"
    body = issuer + subject + public_key(certified)
    return tlv(0x7F21, tlv(0x5F4E, body) + tlv(0x5F37, root.sign(digest_info(body))))


def public_key(key: RsaKey) -> bytes:
    """The objects 90 (exponent) and 91 (modulus) of a key."""
    return tlv(0x90, key.e.to_bytes(3, "big")) + tlv(0x91, key.n.to_bytes(256, "big"))


def printed(text: str) -> bytes:
    """ASCII `text` as the card keeps printed text: a PNG of one bit a pixel."""
    ground = np.full((24, 240), 255, np.uint8)
    cv2.putText(ground, text, (4, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 0, 1)
    done, png = cv2.imencode(".png", ground, [cv2.IMWRITE_PNG_BILEVEL, 1])
    if not done:
        raise RuntimeError("a PNG of printed text could not be written")
    return png.tobytes()


def _birth(tag: int, birth_date: date) -> bytes:
    return tlv(tag, _day(birth_date))


def _day(day: date) -> bytes:
    return f"{day:%Y%m%d}".encode()
