"""Reception's certificate authority: what it signs, for how long, and what it refuses to start with."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store

from kiosk.delivery.certificate import Asking
from kiosk.errors import SettingsError
from kiosk.reception import authority, backup
from kiosk.reception.backup import Backup
from kiosk.reception.errors import StartError
from kiosk.record import ids, pairing
from tests.reception import secured

NOW = datetime(2026, 11, 24, 0, 15, 7, 123456, tzinfo=UTC)
NAMES = ("reception.internal", "localhost", "127.0.0.1")


@pytest.fixture
def present(tmp_path: Path) -> authority.Authority:
    secured.make_authority(tmp_path / "trust", NOW)
    return authority.load(tmp_path / "trust", NOW)


def chain_of(pem: bytes) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(pem)


def verifier(present: authority.Authority, at: datetime) -> PolicyBuilder:
    return PolicyBuilder().store(Store([chain_of(present.root_pem)[0]])).time(at)


def test_a_kiosks_certificate_leads_to_the_root_and_lasts_ninety_days(present: authority.Authority) -> None:
    asking = Asking(ids.kiosk_id("kiosk-a"))
    issued = present.issue(authority.asked(asking.csr), NOW)
    mine, issuer = chain_of(issued.chain)
    assert issued.key_hash == pairing.key_hash(asking.spki)
    assert (issued.not_before, issued.not_after) == (mine.not_valid_before_utc, mine.not_valid_after_utc)
    assert issued.not_before <= NOW - timedelta(days=1)
    assert timedelta(days=89, hours=23) < issued.not_after - NOW <= timedelta(days=90)
    usage = mine.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    for certificate, signer in ((mine, issuer), (issuer, chain_of(present.root_pem)[0])):
        certificate.verify_directly_issued_by(signer)
        assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
    assert issuer.extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(True, 0)


def test_receptions_certificate_stands_up_to_a_strict_reader(tmp_path: Path, present: authority.Authority) -> None:
    present.server_certificate(NAMES, NOW)
    file = tmp_path / "trust" / authority.SERVER
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    leaf, issuer = chain_of(file.read_bytes())
    strict = verifier(present, NOW + timedelta(days=30)).build_server_verifier(x509.DNSName("reception.internal"))
    assert len(strict.verify(leaf, [issuer])) == 3
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["reception.internal", "localhost"]
    assert [str(found) for found in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


def test_receptions_certificate_is_made_anew_only_when_it_must_be(present: authority.Authority) -> None:
    first = present.server_certificate(NAMES, NOW)
    assert present.shown_certificate() == first
    assert present.server_certificate(NAMES, NOW + timedelta(days=44)) == first
    assert present.server_certificate((*reversed(NAMES),), NOW) == first
    renewed = present.server_certificate(NAMES, NOW + timedelta(days=45))
    assert renewed != first
    assert present.server_certificate(NAMES[:2], NOW + timedelta(days=45)) != renewed


@pytest.mark.parametrize("content", [b"", b"rubbish", "of another"])
def test_a_certificate_of_its_own_that_is_none_is_made_again(
    tmp_path: Path, present: authority.Authority, content: bytes | str
) -> None:
    file = tmp_path / "trust" / authority.SERVER
    if isinstance(content, str):
        secured.make_authority(tmp_path / "other", NOW)
        authority.load(tmp_path / "other", NOW).server_certificate(NAMES, NOW)
        content = (tmp_path / "other" / authority.SERVER).read_bytes()
    file.touch(0o600)
    file.write_bytes(content)
    made = present.server_certificate(NAMES, NOW)
    assert present.shown_certificate() == made
    x509.load_der_x509_certificate(made).verify_directly_issued_by(chain_of(present.anchors.encode())[1])


def test_one_file_that_is_gone_is_said_with_what_to_do(tmp_path: Path) -> None:
    secured.make_authority(tmp_path / "trust", NOW)
    for name in authority.KEPT:
        kept = (tmp_path / "trust" / name).read_bytes()
        (tmp_path / "trust" / name).unlink()
        with pytest.raises(
            StartError, match=rf"{name}: .* is gone; put it back: kiosk reception restore --backup FILE"
        ):
            authority.load(tmp_path / "trust", NOW)
        (tmp_path / "trust" / name).touch(0o600)
        (tmp_path / "trust" / name).write_bytes(kept)
    authority.load(tmp_path / "trust", NOW)
    with pytest.raises(StartError, match="kiosk reception init"):
        authority.load(tmp_path / "nowhere", NOW)


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    secured.make_authority(tmp_path / "trust", NOW)
    other = authority.make(NOW)
    online = tmp_path / "trust" / authority.INTERMEDIATE
    good = online.read_bytes()
    for content, said in (
        (other.online, "is not the key and the certificate that root.pem has signed"),
        (other.intermediate_key + good[good.index(b"-----BEGIN CERTIFICATE") :], "do not belong together"),
        (b"rubbish", "is not the key"),
    ):
        online.write_bytes(content)
        with pytest.raises(SettingsError, match=said):
            authority.load(tmp_path / "trust", NOW)
    online.write_bytes(good)
    online.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        authority.load(tmp_path / "trust", NOW)


def test_an_authority_that_is_out_of_date_is_said(tmp_path: Path) -> None:
    secured.make_authority(tmp_path / "trust", NOW)
    for at in (NOW + timedelta(days=3700), NOW - timedelta(days=2)):
        with pytest.raises(StartError, match="out of date, or this machine's clock is wrong"):
            authority.load(tmp_path / "trust", at)


def test_a_backup_opens_with_its_passphrase_only(tmp_path: Path) -> None:
    keys, file = authority.make(NOW), tmp_path / "keys.backup"
    phrase = backup.passphrase("correct horse battery")
    file.write_bytes(backup.sealed(Backup(keys, b"seal key"), phrase))
    assert backup.opened(file, phrase) == Backup(keys, b"seal key")
    for secret in (b"PRIVATE", b"seal key", b"correct"):
        assert secret not in file.read_bytes()
    load_pem_private_key(backup.opened(file, phrase).authority.root_key, password=None)
    with pytest.raises(StartError, match="passphrase does not open it"):
        backup.opened(file, backup.passphrase("another passphrase"))


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b'{"kiosk_sealed": 1, "holds": "root key"}', b"x" * 70_000, b"[" * 5000]
)
def test_a_file_that_is_no_backup_is_said(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "keys.backup"
    file.write_bytes(content)
    with pytest.raises(StartError, match="is not a backup"):
        backup.opened(file, b"passphrase")
    with pytest.raises(StartError, match="cannot be read"):
        backup.opened(tmp_path / "nowhere", b"passphrase")


@pytest.mark.parametrize("text", ["", "short", "x" * 11, "x" * 1025])
def test_a_passphrase_must_stand_up_to_guessing(text: str) -> None:
    with pytest.raises(SettingsError, match="12 characters"):
        backup.passphrase(text)
