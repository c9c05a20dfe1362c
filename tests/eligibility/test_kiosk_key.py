"""The kiosk's own key: made once, read by nobody else, and good for saying one thing."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)

from kiosk.eligibility.errors import KioskKeyError
from kiosk.eligibility.kiosk_key import KioskKey
from kiosk.errors import SettingsError
from kiosk.record import ids
from kiosk.record.identity import Certificate, Challenge, FaceClaim, FaceProof, VisualClaim, VisualProof

CARD = Certificate(b"a certificate")
CHALLENGE = Challenge("s" * 32, bytes(range(32)))
VISIT = ids.new_visit_id()
KIOSK = ids.kiosk_id("door-1")


def public(key: KioskKey) -> ec.EllipticCurvePublicKey:
    loaded = load_pem_public_key(key.public_pem())
    assert isinstance(loaded, ec.EllipticCurvePublicKey)
    return loaded


def test_a_key_is_stored_for_this_user_alone_and_loads_again(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.key"

    created = KioskKey.create(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KioskKey.load(path).public_pem() == created.public_pem()
    assert [entry.name for entry in tmp_path.iterdir()] == ["kiosk.key"]


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.key"
    first = KioskKey.create(path)

    with pytest.raises(KioskKeyError, match="never overwritten"):
        KioskKey.create(path)

    assert KioskKey.load(path).public_pem() == first.public_pem()
    assert len(list(tmp_path.iterdir())) == 1


def test_of_many_who_create_at_once_one_wins_and_the_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.key"
    won: list[KioskKey] = []

    def create() -> None:
        try:
            won.append(KioskKey.create(path))
        except KioskKeyError:
            return

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    (winner,) = won
    assert KioskKey.load(path).public_pem() == winner.public_pem()


def test_a_disk_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(KioskKeyError, match="No space left"):
        KioskKey.create(tmp_path / "kiosk.key")

    assert list(tmp_path.iterdir()) == []


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.key"
    KioskKey.create(path)
    path.chmod(0o640)

    with pytest.raises(SettingsError, match="chmod 600"):
        KioskKey.load(path)


def test_a_missing_key_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        KioskKey.load(tmp_path / "kiosk.key")


@pytest.mark.parametrize("kind", ["nothing", "rsa", "P-384", "with a password"])
def test_another_kind_of_key_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "kiosk.key"
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = ec.generate_private_key(
        ec.SECP384R1() if kind == "P-384" else ec.SECP256R1()
    )
    if kind == "rsa":
        key = rsa.generate_private_key(65537, 2048)
    password: KeySerializationEncryption = NoEncryption()
    if kind == "with a password":
        password = BestAvailableEncryption(b"secret")
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, password)
    path.write_bytes(b"nothing" if kind == "nothing" else pem)
    path.chmod(0o600)

    with pytest.raises(KioskKeyError):
        KioskKey.load(path)


def test_a_face_match_is_vouched_for_in_a_canonical_text(tmp_path: Path) -> None:
    key = KioskKey.create(tmp_path / "kiosk.key")

    proof = key.vouch(FaceClaim(CARD), CHALLENGE, VISIT, KIOSK)

    assert isinstance(proof, FaceProof)
    assert (
        proof.assertion
        == (
            f'{{"certificate":"{CARD.fingerprint}","challenge":"{CHALLENGE.nonce.hex()}","kiosk_id":"door-1",'
            f'"method":"face","session":"{"s" * 32}","v":1,"visit_id":"{VISIT}"}}'
        ).encode()
    )
    public(key).verify(proof.signature, proof.assertion, ec.ECDSA(hashes.SHA256()))


def test_a_visual_check_names_the_member_of_staff(tmp_path: Path) -> None:
    key = KioskKey.create(tmp_path / "kiosk.key")

    proof = key.vouch(VisualClaim(CARD, "nurse-2"), CHALLENGE, VISIT, KIOSK)

    assert isinstance(proof, VisualProof)
    told = json.loads(proof.assertion)
    assert (told["method"], told["staff_id"], proof.staff_id) == ("visual", "nurse-2", "nurse-2")
    public(key).verify(proof.signature, proof.assertion, ec.ECDSA(hashes.SHA256()))


def test_a_key_shows_nothing_of_itself(tmp_path: Path) -> None:
    assert repr(KioskKey.create(tmp_path / "kiosk.key")) == "KioskKey(...)"
