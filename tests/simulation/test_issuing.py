from __future__ import annotations

import json
import stat
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from kiosk.simulation import card_image
from kiosk.simulation.card import VirtualCard
from kiosk.simulation.card_certificates import fifth_birthday
from kiosk.simulation.issuing import Person, issue

PHOTO = bytes.fromhex("0000000c6a5020200d0a870a") + bytes(64)


def certificate_in(folder: Path) -> x509.Certificate:
    return x509.load_der_x509_certificate((folder / "certificate.der").read_bytes())


def test_everything_issued_belongs_to_this_user_alone(issued_card: Path) -> None:
    files = [path for path in issued_card.rglob("*") if path.is_file()]
    assert {str(path.relative_to(issued_card)) for path in files} == {
        "card.json",
        "certificate.der",
        "info.json",
        "trust/auth-ca.pem",
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_the_demo_facts_belong_to_the_certificate(issued_card: Path) -> None:
    assert json.loads((issued_card / "info.json").read_bytes()) == {
        "pin": "1234",
        "check_number_b": "55021720352285",
        "fingerprint": sha256((issued_card / "certificate.der").read_bytes()).hexdigest(),
    }


def test_the_certificate_stands_under_the_root_that_says_simulated(issued_card: Path) -> None:
    root = x509.load_pem_x509_certificate((issued_card / "trust" / "auth-ca.pem").read_bytes())
    certificate = certificate_in(issued_card)
    certificate.verify_directly_issued_by(root)
    assert "SIMULATED" in root.subject.rfc4514_string()
    assert certificate.issuer == root.subject
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 2048
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert not usage.content_commitment


def test_every_card_is_another_card(tmp_path: Path, issued_card: Path) -> None:
    issue(tmp_path, Person(), PHOTO)
    assert certificate_in(tmp_path).serial_number != certificate_in(issued_card).serial_number
    assert certificate_in(tmp_path).public_key() != certificate_in(issued_card).public_key()


@pytest.mark.parametrize(
    ("born", "issued", "ends"),
    [
        (date(1980, 2, 17), date(2025, 10, 27), date(2030, 2, 17)),
        (date(1980, 2, 17), date(2026, 2, 16), date(2030, 2, 17)),
        (date(1980, 2, 17), date(2026, 2, 17), date(2031, 2, 17)),
        (date(2000, 2, 29), date(2025, 3, 1), date(2030, 2, 28)),
        (date(2000, 2, 29), date(2027, 6, 1), date(2032, 2, 29)),
    ],
)
def test_certificates_end_on_the_fifth_birthday(born: date, issued: date, ends: date) -> None:
    assert fifth_birthday(born, issued) == ends


def test_the_last_second_is_japans(tmp_path: Path) -> None:
    issue(tmp_path, Person(), PHOTO, issued_at=datetime(2025, 10, 26, 15, 0, 0, tzinfo=UTC))
    assert certificate_in(tmp_path).not_valid_after_utc == datetime(2030, 2, 17, 14, 59, 59, tzinfo=UTC)


def test_a_card_that_ends_earlier_takes_its_certificates_with_it(tmp_path: Path) -> None:
    issue(tmp_path, Person(expiry=date(2027, 2, 17)), PHOTO, issued_at=datetime(2025, 10, 27, tzinfo=UTC))
    assert certificate_in(tmp_path).not_valid_after_utc == datetime(2027, 2, 17, 14, 59, 59, tzinfo=UTC)


def test_a_card_can_be_issued_expired(tmp_path: Path) -> None:
    ended = datetime(2024, 2, 17, 14, 59, 59, tzinfo=UTC)
    issue(tmp_path, Person(), PHOTO, not_after=ended)
    certificate = certificate_in(tmp_path)
    assert certificate.not_valid_after_utc == ended
    assert certificate.not_valid_before_utc < ended
    certificate.verify_directly_issued_by(
        x509.load_pem_x509_certificate((tmp_path / "trust" / "auth-ca.pem").read_bytes())
    )


@pytest.mark.parametrize(
    ("born", "code"),
    [
        (date(1980, 2, 17), "55021720352285"),
        (date(1989, 1, 7), "64010720352285"),
        (date(1989, 1, 8), "01010820352285"),
        (date(2019, 4, 30), "31043020352285"),
        (date(2019, 5, 1), "01050120352285"),
        (date(1926, 12, 24), "15122420352285"),
        (date(1926, 12, 25), "01122520352285"),
    ],
)
def test_check_number_b_counts_years_in_the_era_of_the_birth(born: date, code: str) -> None:
    assert Person(birth_date=born).check_number_b == code


def test_a_card_without_a_pin_has_no_tries_and_no_signature_certificate(tmp_path: Path) -> None:
    issue(tmp_path, Person(pin=None), PHOTO)
    card = VirtualCard(card_image.read(tmp_path))
    card.transmit(bytes.fromhex("00A4040C0AD392F000260100000001"))
    card.transmit(bytes.fromhex("00A4020C020018"))
    assert card.transmit(bytes.fromhex("00200080")) == bytes.fromhex("63C0")
    assert card.transmit(bytes.fromhex("002000800431323334")) == bytes.fromhex("6984")
    assert card.transmit(bytes.fromhex("00A4020C020001")) == bytes.fromhex("6A82")


def test_no_repr_shows_a_person_or_a_pin(issued_card: Path) -> None:
    shown = repr(Person()) + repr(card_image.read(issued_card))
    assert "1234" not in shown
    assert "花子" not in shown


@pytest.mark.parametrize(
    "content", [None, b"", b"{", b"[]", b'{"schema": 2, "atr": "3b", "applications": []}', b"[" * 100_000]
)
def test_a_folder_without_a_card_is_one_sentence(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "card.json").write_bytes(content)
    with pytest.raises(card_image.CardImageError, match="--issue"):
        card_image.read(tmp_path)
