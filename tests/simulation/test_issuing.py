from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from kiosk.simulation import authority, card_folder, card_image
from kiosk.simulation.card import VirtualCard
from kiosk.simulation.card_certificates import fifth_birthday
from kiosk.simulation.issuing import IssuedCard, Person, card_of, issue, issue_kind
from kiosk.simulation.kinds import KINDS

PHOTO = bytes.fromhex("0000000c6a5020200d0a870a") + bytes(64)


def certificate_in(folder: Path) -> x509.Certificate:
    return x509.load_der_x509_certificate((folder / "certificate.der").read_bytes())


def root_in(folder: Path) -> bytes:
    return (folder / "trust" / "auth-ca.pem").read_bytes()


def test_everything_issued_belongs_to_this_user_alone(issued_card: Path) -> None:
    card_of(issued_card, KINDS["bank"])
    files = [path for path in issued_card.rglob("*") if path.is_file()]
    assert {str(path.relative_to(issued_card)) for path in files} >= {
        "authority.json",
        "card.json",
        "certificate.der",
        "info.json",
        "kinds/bank/card.json",
        "kinds/bank/info.json",
        "trust/auth-ca.pem",
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    folders = [path for path in (issued_card, *issued_card.rglob("*")) if path.is_dir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}


def test_the_demo_facts_belong_to_the_certificate(issued_card: Path) -> None:
    fingerprint = sha256((issued_card / "certificate.der").read_bytes()).hexdigest()
    assert card_folder.facts(issued_card) == IssuedCard("1234", "55021720352285", fingerprint, "ordinary")


@pytest.mark.parametrize("person", [Person(), Person(pin=None, foreign=True, sex="1", name="見本\u3000次郎")])
def test_whose_card_it_is_stands_in_the_folder(tmp_path: Path, person: Person) -> None:
    issue(tmp_path, person, PHOTO)
    assert card_folder.holder(tmp_path) == person
    told = json.loads((tmp_path / "info.json").read_bytes())
    assert (told["western_year"], told["sitter"]) == (person.foreign, "astronaut")


def test_nobody_of_ours_holds_a_bank_card(tmp_path: Path) -> None:
    issue_kind(tmp_path, KINDS["bank"])
    assert card_folder.holder(tmp_path) is None


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
    assert root_in(tmp_path) != root_in(issued_card)
    assert certificate_in(tmp_path).serial_number != certificate_in(issued_card).serial_number
    assert certificate_in(tmp_path).public_key() != certificate_in(issued_card).public_key()


def test_issuing_again_keeps_the_authority(tmp_path: Path) -> None:
    first = issue(tmp_path, Person(), PHOTO)
    root = root_in(tmp_path)
    again = issue(tmp_path, Person(pin="4321"), PHOTO)
    assert again.fingerprint != first.fingerprint
    assert root_in(tmp_path) == root


def test_many_issue_their_first_cards_side_by_side_under_one_authority(tmp_path: Path) -> None:
    issued_at = datetime(2026, 11, 22, tzinfo=UTC)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: authority.of_folder(tmp_path, issued_at).root_pem, range(4)))
    assert len(set(made)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["authority.json"]


def test_one_kind_issued_side_by_side_is_one_card(tmp_path: Path) -> None:
    issue(tmp_path, Person(), PHOTO)
    with ThreadPoolExecutor(4) as pool:
        places = list(pool.map(lambda _: card_of(tmp_path, KINDS["foreign"]), range(4)))
    assert set(places) == {tmp_path / "kinds" / "foreign"}
    assert [path.name for path in (tmp_path / "kinds").iterdir()] == ["foreign"]


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"authentication_key": "x"}'])
def test_an_authority_that_is_none_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "authority.json").write_bytes(content)
    with pytest.raises(card_image.CardImageError, match="use another folder"):
        issue(tmp_path, Person(), PHOTO)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"pin": null}', b"1"])
def test_facts_that_are_none_are_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "info.json").write_bytes(content)
    with pytest.raises(card_image.CardImageError, match="--issue"):
        card_folder.facts(tmp_path)


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
