"""Issuing a virtual My Number Card into a folder: invented people, fresh keys, a root that says SIMULATED.

    issue(Path("card"), Person(), photo_jp2)

The folder then holds `card.json` (what the card process needs, with the private keys), `trust/auth-ca.pem` (the root for
the kiosk's trust store), `certificate.der` (the authentication certificate) and `info.json` (what the person at the demo
must know: PIN, check number B, fingerprint). All of it belongs to this user alone; nothing of it is worth anything elsewhere.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from kiosk.simulation import card_certificates as certificates
from kiosk.simulation import card_files as files
from kiosk.simulation import card_image
from kiosk.simulation.card_image import (
    AID_COMMON,
    AID_JPKI,
    AID_JUKI,
    AID_SURFACE,
    AID_TEXT,
    Application,
    CardImage,
    ElementaryFile,
    Password,
    RsaKey,
    SigningKey,
)

SIGNATURE_PASSWORD = "ABC123"  # noqa: S105
"""署名用パスワード of every virtual card; the kiosk never asks for it."""

_PIN_TRIES, _SIGNATURE_TRIES, _CHECK_NUMBER_TRIES = 3, 5, 10
"""domain/mynumber-card.md section 2.4."""

_ERAS = ((date(2019, 5, 1), 2018), (date(1989, 1, 8), 1988), (date(1926, 12, 25), 1925), (date(1912, 7, 30), 1911))
"""First day of an era and the year before its first: 令和, 平成, 昭和, 大正."""


@dataclass(frozen=True, repr=False)
class Person:
    """An invented card holder. Sex is '1' 男 or '2' 女; a card whose `pin` is None was issued without one (顔認証カード)."""

    name: str = "試験\u3000花子"
    name_kana: str = "シケン\u3000ハナコ"
    birth_date: date = date(1980, 2, 17)
    sex: str = "2"
    expiry: date = date(2035, 2, 17)
    security_code: str = "2285"
    pin: str | None = "1234"
    address: str = "東京都千代田区霞が関一丁目１番地"

    @property
    def check_number_b(self) -> str:
        """照合番号B: YYMMDD of the birth date in its Japanese era, year of expiry, security code (14 digits).

        domain/mynumber-card.md section 2.4.
        """
        before = next(before for first_day, before in _ERAS if self.birth_date >= first_day)
        year = self.birth_date.year - before
        return f"{year:02d}{self.birth_date:%m%d}{self.expiry.year:04d}{self.security_code}"


@dataclass(frozen=True, repr=False)
class IssuedCard:
    """What the people around the demo must know of a card; `pin` is None if it was issued without one."""

    pin: str | None
    check_number_b: str
    fingerprint: str


def issue(
    folder: Path,
    person: Person,
    photo_jp2: bytes,
    *,
    issued_at: datetime | None = None,
    not_after: datetime | None = None,
    atr: bytes = card_image.ATR_CONTACT,
) -> IssuedCard:
    """Issue one card into `folder`, replacing the one that may be there. `photo_jp2` is a greyscale JPEG 2000 file.

    `issued_at` is now unless told; the certificates end at `not_after`, else at 23:59:59 JST of the holder's fifth birthday
    after the issue, or of the card's last day if that is earlier (domain/mynumber-card.md section 6).
    """
    issued_at = issued_at or certificates.now()
    issued_on = issued_at.astimezone(certificates.JST).date()
    last_day = min(certificates.fifth_birthday(person.birth_date, issued_on), person.expiry)
    not_after = not_after or certificates.end_of(last_day)
    # A card whose certificates have ended was issued before they did.
    not_before = min(issued_at - timedelta(hours=1), not_after - timedelta(days=365))
    with ThreadPoolExecutor() as pool:
        keys = [pool.submit(certificates.new_key) for _ in range(6)]
        roots = [
            pool.submit(certificates.authority, purpose, issued_at)
            for purpose in ("user authentication", "digital signature")
        ]
    auth_key, sign_key, surface_key, text_key, certifier, certifier_root = (key.result() for key in keys)
    auth_root, sign_root = (root.result() for root in roots)
    certificate = certificates.certify(auth_root, auth_key, not_before=not_before, not_after=not_after)
    sign_certificate = certificates.certify(
        sign_root, sign_key, not_before=not_before, not_after=not_after, for_signing=True
    )
    jpki = _jpki_application(
        certificate=certificate,
        certificate_root=auth_root.der,
        key=certificates.card_key(auth_key),
        pin=person.pin,
        sign_certificate=sign_certificate,
        sign_root=sign_root.der,
        sign_key=certificates.card_key(sign_key),
    )
    signer, signer_root = certificates.card_key(certifier), certificates.card_key(certifier_root)
    image = CardImage(
        atr,
        (
            jpki,
            _surface_application(person, photo_jp2, certificates.card_key(surface_key), signer, signer_root),
            _text_application(person, certificates.card_key(text_key), signer, signer_root),
            Application(AID_COMMON, passwords={0x001C: _pin(person.pin)}),
            Application(AID_JUKI, passwords={0x001C: _pin(person.pin)}),
        ),
    )
    issued = IssuedCard(person.pin, person.check_number_b, sha256(certificate).hexdigest())
    _write(folder, image, certificate, auth_root.certificate.public_bytes(Encoding.PEM), issued)
    return issued


def _write(folder: Path, image: CardImage, certificate: bytes, root_pem: bytes, issued: IssuedCard) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "trust").mkdir(mode=0o700, exist_ok=True)
    card_image.write(image, folder)
    card_image.write_private(folder / "certificate.der", certificate)
    card_image.write_private(folder / "trust" / "auth-ca.pem", root_pem)
    card_image.write_private(folder / "info.json", json.dumps(vars(issued)).encode())


def _jpki_application(
    *,
    certificate: bytes,
    certificate_root: bytes,
    key: RsaKey,
    pin: str | None,
    sign_certificate: bytes,
    sign_root: bytes,
    sign_key: RsaKey,
) -> Application:
    """domain/mynumber-card.md section 2.1. A card without a PIN has no signature certificate either (section 8)."""
    token = b"JPKIAPICCTOKEN2".ljust(32) + bytes(128)
    with_signature = pin is not None
    contents = {
        0x0002: ElementaryFile(sign_root),
        0x0006: ElementaryFile(token),
        0x0008: ElementaryFile(b"\x8f\x8f\x00" if with_signature else b"\x00\x8f\x00"),
        0x000A: ElementaryFile(certificate),
        0x000B: ElementaryFile(certificate_root),
    }
    signing_keys = {0x0017: SigningKey(key, 0x0018)}
    if with_signature:
        contents[0x0001] = ElementaryFile(sign_certificate, (0x001B,))
        signing_keys[0x001A] = SigningKey(sign_key, 0x001B)
    signature_password = SIGNATURE_PASSWORD if with_signature else None
    passwords = {0x0018: _pin(pin), 0x001B: _password(signature_password, _SIGNATURE_TRIES)}
    return Application(AID_JPKI, contents, passwords, signing_keys)


def _surface_application(
    person: Person, photo_jp2: bytes, own_key: RsaKey, certifier: RsaKey, certifier_root: RsaKey
) -> Application:
    """domain/mynumber-card.md section 2.2."""
    face = files.face_record(
        person.birth_date,
        person.sex,
        photo_jp2,
        person.expiry,
        person.security_code,
        own_key=own_key,
        certifier=certifier,
    )
    age = files.age_record(person.birth_date, own_key=own_key, certifier=certifier)
    contents = {
        0x0001: ElementaryFile(age, (0x0011,)),
        0x0002: ElementaryFile(face, (0x0012, 0x0013)),
        0x0004: ElementaryFile(files.card_verifiable_certificate(certifier, certifier_root)),
        0x0005: ElementaryFile(files.number_image(), (0x0013,)),
    }
    passwords = {
        0x0011: _password(person.check_number_b[:6], _CHECK_NUMBER_TRIES),
        0x0012: _password(person.check_number_b, _CHECK_NUMBER_TRIES),
        0x0013: _password(files.SYNTHETIC_NUMBER, _CHECK_NUMBER_TRIES),
    }
    return Application(AID_SURFACE, contents, passwords, {0x0000: SigningKey(own_key, None)})


def _text_application(person: Person, own_key: RsaKey, certifier: RsaKey, certifier_root: RsaKey) -> Application:
    """domain/mynumber-card.md section 2.3."""
    number = files.number_record()
    four_attributes = files.attributes(person.name, person.address, person.birth_date, person.sex)
    opened_by_any = (0x0011, 0x0014, 0x0015)
    contents = {
        0x0001: ElementaryFile(number, (0x0011, 0x0014)),
        0x0002: ElementaryFile(four_attributes, (0x0011, 0x0015)),
        0x0003: ElementaryFile(files.digests_record(number, four_attributes, certifier=certifier), opened_by_any),
        0x0004: ElementaryFile(files.card_verifiable_certificate(certifier, certifier_root)),
        0x0007: ElementaryFile(files.own_key_record(own_key, certifier=certifier), opened_by_any),
    }
    passwords = {
        0x0011: _pin(person.pin),
        0x0014: _password(files.SYNTHETIC_NUMBER, _CHECK_NUMBER_TRIES),
        0x0015: _password(person.check_number_b, _CHECK_NUMBER_TRIES),
    }
    return Application(AID_TEXT, contents, passwords, {0x0000: SigningKey(own_key, None)})


def _pin(pin: str | None) -> Password:
    return _password(pin, _PIN_TRIES)


def _password(secret: str | None, limit: int) -> Password:
    """A password of `limit` tries; one that was never set has none left (how real cards show that is not public)."""
    return Password((secret or "").encode("ascii"), limit, 0 if secret is None else limit)
