"""OpenSC, written by strangers, takes the virtual card for a My Number Card (domain/virtual-reader.md section 4)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from kiosk.simulation import card_image, issuing
from kiosk.simulation.pcsc import PrivateReader

MODULE = "opensc-pkcs11.so"

pytestmark = pytest.mark.skipif(shutil.which("pkcs15-tool") is None, reason="OpenSC is not installed (package opensc)")


def run(environment: Mapping[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)


def verify_pin(environment: Mapping[str, str], pin: str) -> subprocess.CompletedProcess[str]:
    return run(environment, "pkcs15-tool", "--verify-pin", "--auth-id", "1", "--pin", pin)


def tries_left(environment: Mapping[str, str]) -> list[str]:
    listed = run(environment, "pkcs15-tool", "--list-pins").stdout
    return [line.split(":")[1].strip() for line in listed.splitlines() if "Tries left" in line]


def test_it_is_a_jpki_card(client_environment: Mapping[str, str]) -> None:
    assert run(client_environment, "opensc-tool", "--reader", "0", "--name").stdout.strip() == "jpki"


def test_it_is_one_over_nfc_too_where_the_atr_says_nothing(tmp_path: Path) -> None:
    issuing.issue(tmp_path, issuing.Person(), bytes(100), atr=card_image.ATR_CONTACTLESS)
    with PrivateReader(tmp_path, inserted=True) as reader:
        environment = {**os.environ, "PCSCLITE_CSOCK_NAME": str(reader.socket)}
        assert run(environment, "opensc-tool", "--reader", "0", "--name").stdout.strip() == "jpki"
        assert reader.audit() == []


def test_it_dumps_two_pins_two_keys_and_four_certificates(
    private_reader: PrivateReader, client_environment: Mapping[str, str]
) -> None:
    dumped = run(client_environment, "pkcs15-tool", "--dump")
    assert dumped.returncode == 0
    assert "PKCS#15 Card [JPKI]" in dumped.stdout
    found = {kind: dumped.stdout.count(f"{kind} [") for kind in ("PIN", "Private RSA Key", "X.509 Certificate")}
    assert found == {"PIN": 2, "Private RSA Key": 2, "X.509 Certificate": 4}
    assert tries_left(client_environment) == ["3", "5"]
    assert private_reader.audit() == []


def test_the_certificate_it_reads_is_the_one_issued(
    client_environment: Mapping[str, str], issued_card: Path, tmp_path: Path
) -> None:
    pem = tmp_path / "certificate.pem"
    assert run(client_environment, "pkcs15-tool", "--read-certificate", "1", "--output", str(pem)).returncode == 0
    read = x509.load_pem_x509_certificate(pem.read_bytes())
    assert read.public_bytes(Encoding.DER) == (issued_card / "certificate.der").read_bytes()


def test_right_wrong_and_locked(private_reader: PrivateReader, client_environment: Mapping[str, str]) -> None:
    assert verify_pin(client_environment, "1234").returncode == 0
    for left in ("2", "1", "0"):
        wrong = verify_pin(client_environment, "9999")
        assert wrong.returncode != 0
        assert tries_left(client_environment) == [left, "5"]
    locked = verify_pin(client_environment, "1234")
    assert locked.returncode != 0
    assert "not usable" in locked.stdout + locked.stderr
    assert private_reader.audit() == []


def test_the_signature_certificate_wants_its_own_password(client_environment: Mapping[str, str]) -> None:
    assert run(client_environment, "pkcs15-tool", "--read-certificate", "2").returncode != 0
    password = ("--verify-pin", "--auth-id", "2", "--pin", issuing.SIGNATURE_PASSWORD)
    read = run(client_environment, "pkcs15-tool", *password, "--read-certificate", "2")
    assert read.returncode == 0
    assert "BEGIN CERTIFICATE" in read.stdout


def test_what_it_signs_the_certificate_verifies(
    private_reader: PrivateReader, client_environment: Mapping[str, str], issued_card: Path, tmp_path: Path
) -> None:
    message, signature = tmp_path / "message", tmp_path / "signature"
    message.write_bytes(b"challenge of the centre")
    login = ("pkcs11-tool", "--module", pkcs11_module(), "--slot-index", "0", "--login", "--pin", "1234")
    sign = ("--sign", "--mechanism", "SHA256-RSA-PKCS", "--id", "01")
    files = ("--input-file", str(message), "--output-file", str(signature))
    signed = run(client_environment, *login, *sign, *files)
    assert signed.returncode == 0, signed.stderr
    key = x509.load_der_x509_certificate((issued_card / "certificate.der").read_bytes()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(signature.read_bytes(), message.read_bytes(), padding.PKCS1v15(), hashes.SHA256())
    assert private_reader.audit() == []


def test_its_own_test_of_the_card_finds_no_errors(client_environment: Mapping[str, str]) -> None:
    tested = run(
        client_environment,
        "pkcs11-tool",
        "--module",
        pkcs11_module(),
        "--slot-index",
        "0",
        "--login",
        "--pin",
        "1234",
        "--test",
    )
    assert tested.returncode == 0
    assert "No errors" in tested.stdout + tested.stderr


def pkcs11_module() -> str:
    for folder in (*Path("/usr/lib").glob("*-linux-gnu*"), Path("/usr/lib"), Path("/usr/lib64")):
        for path in (folder / MODULE, folder / "pkcs11" / MODULE):
            if path.exists():
                return str(path)
    pytest.skip(f"{MODULE} is not installed (package opensc-pkcs11)")
