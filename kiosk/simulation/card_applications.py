"""The applications of a virtual card, put together from its kind, its holder and its keys (domain/mynumber-card.md section 2)."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.simulation import card_files as files
from kiosk.simulation import card_image
from kiosk.simulation.card_image import Application, ElementaryFile, Password, RsaKey, SigningKey
from kiosk.simulation.holder import Person
from kiosk.simulation.kinds import Kind

SIGNATURE_PASSWORD = "ABC123"  # noqa: S105
"""署名用パスワード of every virtual card; the kiosk never asks for it."""

_PIN_LIMIT, _SIGNATURE_LIMIT, _CHECK_NUMBER_LIMIT = 3, 5, 10
"""domain/mynumber-card.md section 2.4."""


@dataclass(frozen=True, repr=False)
class Papers:
    """Keys and certificates (DER) of one card, and the key that certifies its records with that key's own root."""

    authentication: RsaKey
    certificate: bytes
    certificate_root: bytes
    signature: RsaKey
    signature_certificate: bytes
    signature_root: bytes
    surface: RsaKey
    text: RsaKey
    certifier: RsaKey
    certifier_root: RsaKey


def application(aid: bytes, kind: Kind, person: Person, papers: Papers, photo_jp2: bytes) -> Application:
    """The application `aid` of a card of this kind, for `person`; one that is none of ours holds one free file."""
    match aid:
        case card_image.AID_JPKI:
            return _jpki(kind, person, papers)
        case card_image.AID_SURFACE:
            return _surface(kind, person, papers, photo_jp2)
        case card_image.AID_TEXT:
            return _text(kind, person, papers)
        case card_image.AID_COMMON | card_image.AID_JUKI:
            return Application(aid, passwords={0x001C: _password(person.pin, _PIN_LIMIT)})
        case _:
            return none_of_ours(aid)


def none_of_ours(aid: bytes) -> Application:
    """An application that has nothing to do with a My Number Card."""
    return Application(aid, {0x0001: ElementaryFile(bytes(16))})


def _jpki(kind: Kind, person: Person, papers: Papers) -> Application:
    """Section 2.1."""
    behind = (0x0018,) if kind.certificate_opened_by_pin else None
    contents = {0x0006: ElementaryFile(kind.token.encode("ascii").ljust(32) + bytes(128))}
    keys = {}
    pin = None
    if kind.certificate != "none":
        certificate = papers.certificate
        if kind.certificate == "cut":
            certificate = certificate[: len(certificate) // 2]
        contents[0x000A] = ElementaryFile(certificate, behind)
        contents[0x000B] = ElementaryFile(papers.certificate_root)
        keys[0x0017] = SigningKey(papers.authentication, 0x0018)
        pin = person.pin
    password = None
    if kind.signature_certificate and person.pin is not None:
        contents[0x0001] = ElementaryFile(papers.signature_certificate, (0x001B,))
        keys[0x001A] = SigningKey(papers.signature, 0x001B)
        password = SIGNATURE_PASSWORD
    contents[0x0002] = ElementaryFile(papers.signature_root)
    present = (b"\x8f" if ef in contents else b"\x00" for ef in (0x0001, 0x000A))
    contents[0x0008] = ElementaryFile(b"".join(present) + b"\x00")
    passwords = {0x0018: _password(pin, _PIN_LIMIT, kind.pin_tries), 0x001B: _password(password, _SIGNATURE_LIMIT)}
    return Application(card_image.AID_JPKI, contents, passwords, keys)


def _surface(kind: Kind, person: Person, papers: Papers, photo_jp2: bytes) -> Application:
    """Section 2.2."""
    own_key, certifier = papers.surface, papers.certifier
    age = files.age_record(person.birth_date, own_key=own_key, certifier=certifier)
    contents = {
        0x0001: ElementaryFile(age, (0x0011,)),
        0x0004: ElementaryFile(files.card_verifiable_certificate(certifier, papers.certifier_root)),
        0x0005: ElementaryFile(files.number_image(), (0x0013,)),
    }
    if kind.face_record != "absent":
        face = files.face_record(
            person.birth_date,
            person.sex,
            photo_jp2 if kind.face_record == "photo" else None,
            person.expiry,
            person.security_code,
            own_key=own_key,
            certifier=certifier,
        )
        contents[0x0002] = ElementaryFile(face, (0x0012, 0x0013))
    passwords = {
        0x0011: _password(person.check_number_b[:6], _CHECK_NUMBER_LIMIT),
        0x0012: _password(person.check_number_b, _CHECK_NUMBER_LIMIT, kind.check_number_tries),
        0x0013: _password(files.SYNTHETIC_NUMBER, _CHECK_NUMBER_LIMIT),
    }
    return Application(card_image.AID_SURFACE, contents, passwords, {0x0000: SigningKey(own_key, None)})


def _text(kind: Kind, person: Person, papers: Papers) -> Application:
    """Section 2.3."""
    number = files.number_record()
    four_attributes = files.attributes(person.name, person.address, person.birth_date, person.sex)
    opened_by_any = (0x0011, 0x0014, 0x0015)
    certifier = papers.certifier
    contents = {
        0x0001: ElementaryFile(number, (0x0011, 0x0014)),
        0x0002: ElementaryFile(four_attributes, (0x0011, 0x0015)),
        0x0003: ElementaryFile(files.digests_record(number, four_attributes, certifier=certifier), opened_by_any),
        0x0004: ElementaryFile(files.card_verifiable_certificate(certifier, papers.certifier_root)),
        0x0007: ElementaryFile(files.own_key_record(papers.text, certifier=certifier), opened_by_any),
    }
    passwords = {
        0x0011: _password(person.pin, _PIN_LIMIT),
        0x0014: _password(files.SYNTHETIC_NUMBER, _CHECK_NUMBER_LIMIT),
        0x0015: _password(person.check_number_b, _CHECK_NUMBER_LIMIT, kind.check_number_tries),
    }
    return Application(card_image.AID_TEXT, contents, passwords, {0x0000: SigningKey(papers.text, None)})


def _password(secret: str | None, limit: int, left: int | None = None) -> Password:
    """A password with `left` of `limit` tries; one that was never set has none (how real cards show that is not public)."""
    tries = limit if left is None else left
    return Password((secret or "").encode("ascii"), limit, 0 if secret is None else tries)
