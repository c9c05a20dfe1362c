"""OpenSC, written by strangers, takes the virtual cards for My Number Cards (domain/virtual-reader.md section 4)."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from kiosk.simulation import card_folder, card_image, issuing
from kiosk.simulation.kinds import KINDS, Kind
from kiosk.simulation.pcsc import PrivateReader
from tests.simulation.stack import run

MESSAGE = b"challenge of the centre"
MODULE = "opensc-pkcs11.so"
WITH_PIN = [kind for kind in KINDS.values() if kind.has_pin]
WITHOUT_PIN = [KINDS[name] for name in ("face_only", "no_certificate", "resident_card", "iphone")]

pytestmark = pytest.mark.skipif(shutil.which("pkcs15-tool") is None, reason="OpenSC is not installed (package opensc)")


def verifies(reader: PrivateReader, pin: str) -> bool:
    return run(reader, "pkcs15-tool", "--verify-pin", "--auth-id", "1", "--pin", pin).returncode == 0


def signs(reader: PrivateReader, pin: str, message: Path) -> bytes | None:
    """What PKCS#11 gets after a login; None if there is no way in."""
    signature = message.with_suffix(".signature")
    signature.unlink(missing_ok=True)
    login = ("pkcs11-tool", "--module", pkcs11_module(), "--slot-index", "0", "--login", "--pin", pin)
    sign = ("--sign", "--mechanism", "SHA256-RSA-PKCS", "--id", "01")
    done = run(reader, *login, *sign, "--input-file", str(message), "--output-file", str(signature))
    return signature.read_bytes() if done.returncode == 0 else None


def assert_signed(card: Path, signature: bytes | None) -> None:
    assert signature is not None
    key = x509.load_der_x509_certificate((card / "certificate.der").read_bytes()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(signature, MESSAGE, padding.PKCS1v15(), hashes.SHA256())


@pytest.fixture(scope="module")
def ordinary(issued_card: Path) -> Iterator[PrivateReader]:
    """A reader with an ordinary card, for tests that leave it as it is."""
    with PrivateReader(issued_card, inserted=True) as reader:
        yield reader


@dataclass(frozen=True)
class Told:
    """What OpenSC made of one card, from a fresh one to a blocked one."""

    dumped: str
    right: bool
    signature: bytes | None
    left_after_wrong: list[tuple[bool, int]]
    right_when_blocked: bool
    signature_when_blocked: bytes | None
    left: int
    audit: list[str]


def ask(folder: Path, kind: Kind, message: Path) -> Told:
    pin = (kind.person.pin if kind.person is not None else None) or "1234"
    with PrivateReader(folder, kind=kind.name, inserted=True) as reader:
        return Told(
            dumped=run(reader, "pkcs15-tool", "--dump").stdout,
            right=verifies(reader, pin),
            signature=signs(reader, pin, message),
            left_after_wrong=[(verifies(reader, "9999"), reader.tries()["pin"]) for _ in range(3)],
            right_when_blocked=verifies(reader, pin),
            signature_when_blocked=signs(reader, pin, message),
            left=reader.tries()["pin"],
            audit=reader.audit(),
        )


@pytest.fixture(scope="module")
def told(issued_card: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Told]:
    """OpenSC's word on each kind, each on a private reader of its own, four at a time."""
    folder = tmp_path_factory.mktemp("messages")

    def asked(kind: Kind) -> Told:
        message = folder / kind.name
        message.write_bytes(MESSAGE)
        return ask(issued_card, kind, message)

    asked_for = [*WITH_PIN, *WITHOUT_PIN]
    with ThreadPoolExecutor(4) as pool:
        return dict(zip((kind.name for kind in asked_for), pool.map(asked, asked_for), strict=True))


@pytest.mark.parametrize("kind", WITH_PIN, ids=lambda kind: kind.name)
def test_every_kind_with_a_pin_takes_the_right_one_counts_wrong_ones_and_locks(
    told: Mapping[str, Told], issued_card: Path, kind: Kind
) -> None:
    card = told[kind.name]
    assert "PKCS#15 Card [JPKI]" in card.dumped
    assert f"Tries left     : {kind.pin_tries}\n" in card.dumped
    if kind.pin_tries:
        assert card.right
        assert_signed(card_folder.place_of(issued_card, kind), card.signature)
        assert card.left_after_wrong == [(False, 2), (False, 1), (False, 0)]
    else:
        assert (card.right, card.signature) == (False, None)
    assert (card.right_when_blocked, card.signature_when_blocked, card.left) == (False, None, 0)
    assert card.audit == []


@pytest.mark.parametrize("kind", WITHOUT_PIN, ids=lambda kind: kind.name)
def test_a_kind_without_a_pin_takes_none(told: Mapping[str, Told], kind: Kind) -> None:
    card = told[kind.name]
    assert "PKCS#15 Card [JPKI]" in card.dumped
    assert (card.right, card.signature, card.left) == (False, None, 0)
    assert card.audit == []


def test_another_issuers_card_is_not_taken_for_one_of_these(issued_card: Path) -> None:
    with PrivateReader(issued_card, kind="bank", inserted=True) as reader:
        assert run(reader, "opensc-tool", "--reader", "0", "--name").stdout.strip() == "Unsupported card"
        assert reader.audit() == []


def test_it_is_one_over_nfc_too_where_the_atr_says_nothing(tmp_path: Path) -> None:
    issuing.issue(tmp_path, issuing.Person(), bytes(100), atr=card_image.ATR_CONTACTLESS)
    with PrivateReader(tmp_path, inserted=True) as reader:
        assert run(reader, "opensc-tool", "--reader", "0", "--name").stdout.strip() == "jpki"
        assert reader.audit() == []


def test_it_dumps_two_pins_two_keys_and_four_certificates(ordinary: PrivateReader) -> None:
    dumped = run(ordinary, "pkcs15-tool", "--dump")
    found = {kind: dumped.stdout.count(f"{kind} [") for kind in ("PIN", "Private RSA Key", "X.509 Certificate")}
    assert found == {"PIN": 2, "Private RSA Key": 2, "X.509 Certificate": 4}
    tries = [line.split(":")[1].strip() for line in dumped.stdout.splitlines() if "Tries left" in line]
    assert tries == ["3", "5"]
    assert ordinary.audit() == []


def test_the_certificate_it_reads_is_the_one_issued(ordinary: PrivateReader, issued_card: Path, tmp_path: Path) -> None:
    pem = tmp_path / "certificate.pem"
    assert run(ordinary, "pkcs15-tool", "--read-certificate", "1", "--output", str(pem)).returncode == 0
    read = x509.load_pem_x509_certificate(pem.read_bytes())
    assert read.public_bytes(Encoding.DER) == (issued_card / "certificate.der").read_bytes()


def test_a_phone_shows_its_certificate_only_after_the_pin(issued_card: Path) -> None:
    with PrivateReader(issued_card, kind="android", inserted=True) as reader:
        read = ("--read-certificate", "1")
        assert run(reader, "pkcs15-tool", *read).returncode != 0
        assert (
            "BEGIN CERTIFICATE"
            in run(reader, "pkcs15-tool", "--verify-pin", "--auth-id", "1", "--pin", "1234", *read).stdout
        )


def test_a_blocked_pin_has_its_own_word(ordinary: PrivateReader) -> None:
    ordinary.set_tries("pin", 0)
    locked = run(ordinary, "pkcs15-tool", "--verify-pin", "--auth-id", "1", "--pin", "1234")
    ordinary.set_tries("pin", 3)
    assert "not usable" in locked.stdout + locked.stderr


def test_the_signature_certificate_wants_its_own_password(ordinary: PrivateReader) -> None:
    read = functools.partial(run, ordinary, "pkcs15-tool")
    assert read("--read-certificate", "2").returncode != 0
    password = ("--verify-pin", "--auth-id", "2", "--pin", issuing.SIGNATURE_PASSWORD)
    shown = read(*password, "--read-certificate", "2")
    assert shown.returncode == 0
    assert "BEGIN CERTIFICATE" in shown.stdout


def test_its_own_test_of_the_card_finds_no_errors(ordinary: PrivateReader) -> None:
    login = ("pkcs11-tool", "--module", pkcs11_module(), "--slot-index", "0", "--login", "--pin", "1234")
    tested = run(ordinary, *login, "--test")
    assert tested.returncode == 0
    assert "No errors" in tested.stdout + tested.stderr


def pkcs11_module() -> str:
    for folder in (*Path("/usr/lib").glob("*-linux-gnu*"), Path("/usr/lib"), Path("/usr/lib64")):
        for path in (folder / MODULE, folder / "pkcs11" / MODULE):
            if path.exists():
                return str(path)
    pytest.skip(f"{MODULE} is not installed (package opensc-pkcs11)")
