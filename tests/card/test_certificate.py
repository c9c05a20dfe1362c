"""Which certificates are taken: by key identifier and signature, never by name; for authentication; issued in time."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.card.certificate import TrustStore
from kiosk.card.errors import CardFormatError, CertificateError
from kiosk.card.settings import CardSettings, TrustedRoot
from kiosk.errors import SettingsError
from tests.card.table_card import MARCH, Authority, authority, certify, new_key, usage


@pytest.fixture(scope="session")
def roots(root: Authority, stranger: Authority, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two roots of the same name, one in PEM, one in DER."""
    folder = tmp_path_factory.mktemp("trust")
    (folder / "real.pem").write_bytes(root.pem)
    (folder / "simulated.der").write_bytes(stranger.certificate.public_bytes(serialization.Encoding.DER))
    return folder / "real.pem", folder / "simulated.der"


@pytest.fixture(scope="session")
def trust(roots: tuple[Path, Path]) -> TrustStore:
    return TrustStore.load((TrustedRoot(roots[0]), TrustedRoot(roots[1], simulated=True)))


@pytest.mark.parametrize("names_key", [True, False])
def test_the_root_is_found_among_those_of_the_same_name(
    trust: TrustStore, root: Authority, stranger: Authority, card_key: rsa.RSAPrivateKey, names_key: bool
) -> None:
    real = trust.accept(certify(root, card_key, names_key=names_key))
    assert (real.simulated, real.not_after) == (False, MARCH)
    assert trust.accept(certify(stranger, card_key, names_key=names_key)).simulated


def test_a_certificate_under_no_trusted_root_is_refused(
    roots: tuple[Path, Path], stranger: Authority, card_key: rsa.RSAPrivateKey
) -> None:
    with pytest.raises(CertificateError, match="not signed by any authority"):
        TrustStore.load((TrustedRoot(roots[0]),)).accept(certify(stranger, card_key))


def test_a_certificate_that_names_another_key_than_the_one_that_signed_it_is_refused(
    trust: TrustStore, root: Authority, stranger: Authority, card_key: rsa.RSAPrivateKey
) -> None:
    named = certify(root, card_key, names_key=stranger)
    with pytest.raises(CertificateError, match="not signed by any authority"):
        trust.accept(named)


def test_a_changed_certificate_is_refused(trust: TrustStore, certificate: bytes) -> None:
    changed = certificate.replace(b"\x13\x020A", b"\x13\x020B").replace(b"\x0c\x020A", b"\x0c\x020B")
    assert changed != certificate
    with pytest.raises(CertificateError):
        trust.accept(changed)


def test_a_ca_and_a_short_key_are_no_cards(trust: TrustStore, root: Authority, card_key: rsa.RSAPrivateKey) -> None:
    with pytest.raises(CertificateError, match="that of a CA"):
        trust.accept(certify(root, card_key, ca=True))
    with pytest.raises(CertificateError, match="2048"):
        trust.accept(certify(root, new_key(1024)))


@pytest.mark.parametrize(
    ("bits", "taken"),
    [
        ({}, False),
        ({"digital_signature": True}, True),
        ({"digital_signature": True, "content_commitment": True}, True),
        ({"content_commitment": True}, False),
        ({"key_encipherment": True}, False),
        ({"key_cert_sign": True}, False),
    ],
)
def test_a_certificate_that_says_what_it_is_for_must_be_for_authentication(
    trust: TrustStore, root: Authority, card_key: rsa.RSAPrivateKey, bits: dict[str, bool], taken: bool
) -> None:
    der = certify(root, card_key, key_usage=usage(**bits))
    if taken:
        assert trust.accept(der).der == der
    else:
        with pytest.raises(CertificateError, match="not one for authentication"):
            trust.accept(der)


def test_a_signature_over_sha_1_is_none(trust: TrustStore, root: Authority, card_key: rsa.RSAPrivateKey) -> None:
    sha_256, sha_1 = bytes.fromhex("2a864886f70d01010b"), bytes.fromhex("2a864886f70d010105")
    renamed = certify(root, card_key).replace(sha_256, sha_1)
    body = x509.load_der_x509_certificate(renamed).tbs_certificate_bytes
    signature = root.key.sign(body, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    with pytest.raises(CertificateError, match="not signed by any authority"):
        trust.accept(renamed[: -len(signature)] + signature)


ROOT_BEGINS, ROOT_ENDS = datetime(2023, 7, 16, tzinfo=UTC), datetime(2033, 7, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("begins", "taken"),
    [
        (ROOT_BEGINS - timedelta(seconds=1), False),
        (ROOT_BEGINS, True),
        (ROOT_ENDS, True),
        (ROOT_ENDS + timedelta(seconds=1), False),
    ],
)
def test_a_certificate_is_good_if_it_was_issued_while_its_root_was_valid(
    trust: TrustStore, root: Authority, card_key: rsa.RSAPrivateKey, begins: datetime, taken: bool
) -> None:
    der = certify(root, card_key, begins=begins, ends=ROOT_ENDS + timedelta(days=2000))
    if taken:
        assert trust.accept(der).not_after == ROOT_ENDS + timedelta(days=2000)
    else:
        with pytest.raises(CertificateError, match="while its issuer's own was not valid"):
            trust.accept(der)


def test_neither_an_ended_root_nor_an_ended_certificate_is_judged_by_todays_date(
    tmp_path: Path, card_key: rsa.RSAPrivateKey
) -> None:
    ended = authority(years=(2015, 2020))
    (tmp_path / "ended.pem").write_bytes(ended.pem)
    der = certify(ended, card_key, begins=datetime(2018, 1, 1, tzinfo=UTC), ends=datetime(2023, 1, 1, tzinfo=UTC))
    assert TrustStore.load((TrustedRoot(tmp_path / "ended.pem"),)).accept(der).not_after.year == 2023


# -- intermediates ----------------------------------------------------------------------------------------------------


def saved(folder: Path, **authorities: Authority) -> dict[str, Path]:
    for name, made in authorities.items():
        (folder / name).write_bytes(made.pem)
    return {name: folder / name for name in authorities}


def test_a_chain_over_listed_intermediates_is_taken_in_any_order(
    tmp_path: Path, root: Authority, card_key: rsa.RSAPrivateKey
) -> None:
    upper = authority(under=root)
    lower = authority(under=upper)
    files = saved(tmp_path, root=root, upper=upper, lower=lower)
    der = certify(lower, card_key)
    for simulated in (True, False):
        trusted = (TrustedRoot(files["root"], simulated=simulated),)
        for listed in ((files["lower"], files["upper"]), (files["upper"], files["lower"])):
            assert TrustStore.load(trusted, listed).accept(der).simulated is simulated
        with pytest.raises(CertificateError):
            TrustStore.load(trusted, (files["upper"],)).accept(der)


def test_an_intermediate_under_no_trusted_root_is_told_with_its_file(
    tmp_path: Path, root: Authority, stranger: Authority
) -> None:
    files = saved(tmp_path, root=root, good=authority(under=root), lost=authority(under=stranger))
    with pytest.raises(SettingsError, match="lost: chains to no root"):
        TrustStore.load((TrustedRoot(files["root"]),), (files["lost"], files["good"]))


def test_a_root_that_allows_none_below_it_has_none(tmp_path: Path, card_key: rsa.RSAPrivateKey) -> None:
    top = authority(path_length=1)
    upper = authority(under=top, path_length=5)
    lower = authority(under=upper)
    files = saved(tmp_path, top=top, upper=upper, lower=lower)
    trusted = (TrustedRoot(files["top"]),)
    assert TrustStore.load(trusted, (files["upper"],)).accept(certify(upper, card_key)).not_after == MARCH
    with pytest.raises(SettingsError, match="lower: chains to no root"):
        TrustStore.load(trusted, (files["upper"], files["lower"]))


@pytest.mark.parametrize("years", [(2021, 2031), (2034, 2044)])
def test_an_intermediate_issued_out_of_its_roots_time_is_refused(
    tmp_path: Path, root: Authority, years: tuple[int, int]
) -> None:
    files = saved(tmp_path, root=root, odd=authority(under=root, years=years))
    with pytest.raises(SettingsError, match="odd: was issued while"):
        TrustStore.load((TrustedRoot(files["root"]),), (files["odd"],))


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        ({"ca": None}, "not the certificate of a CA"),
        ({"ca": False}, "not the certificate of a CA"),
        ({"signs_certificates": False}, "not the certificate of a CA"),
        ({"bits": 1024}, "no RSA key of 2048 bits or more"),
    ],
)
def test_a_file_that_is_no_issuer_is_told_at_the_start(
    tmp_path: Path, root: Authority, made: dict[str, bool], sentence: str
) -> None:
    files = saved(tmp_path, root=root, odd=authority(**made), below=authority(under=root, **made))  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=f"odd: (is|holds) {sentence}"):
        TrustStore.load((TrustedRoot(files["odd"]),))
    with pytest.raises(SettingsError, match=f"below: (is|holds) {sentence}"):
        TrustStore.load((TrustedRoot(files["root"]),), (files["below"],))


def test_a_store_knows_whether_it_could_take_a_real_card(roots: tuple[Path, Path], trust: TrustStore) -> None:
    assert not trust.only_simulated
    assert TrustStore.load((TrustedRoot(roots[1], simulated=True),)).only_simulated


@settings(deadline=None)
@given(data=st.data())
def test_any_bytes_are_refused_with_a_typed_error(data: st.DataObject, trust: TrustStore, certificate: bytes) -> None:
    at = data.draw(st.integers(0, len(certificate) - 1))
    put = data.draw(st.binary(min_size=1, max_size=4))
    broken = data.draw(
        st.one_of(st.binary(max_size=100), st.just(certificate[:at] + put + certificate[at + len(put) :]))
    )
    with contextlib.suppress(CertificateError, CardFormatError):
        assert trust.accept(broken).der == certificate


def test_a_certificate_of_no_version_and_one_without_a_serial_are_refused(
    trust: TrustStore, certificate: bytes
) -> None:
    """Found by fuzzing: what the library raises for the first is no ValueError, and of the second it only warns."""
    version = certificate.index(bytes.fromhex("a003020102"))
    serial = certificate.index(b"\x02", version + 5)
    for at, put in ((version + 4, b"\x79"), (serial + 2, b"\x80")):
        with pytest.raises(CardFormatError):
            trust.accept(certificate[:at] + put + certificate[at + 1 :])


def test_nothing_of_the_certificate_shows_in_repr_or_errors(trust: TrustStore, certificate: bytes) -> None:
    parsed = x509.load_der_x509_certificate(certificate)
    shown = repr(trust.accept(certificate))
    assert str(parsed.serial_number) not in shown
    assert "0A" not in shown


@pytest.mark.parametrize("content", [b"", b"-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n", b"x" * 9000])
def test_a_root_that_cannot_be_read_is_told_with_its_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "root.pem").write_bytes(content)
    with pytest.raises(SettingsError, match=r"root\.pem"):
        TrustStore.load((TrustedRoot(tmp_path / "root.pem"),))
    with pytest.raises(SettingsError, match=r"none\.pem: the trusted certificate cannot be read"):
        TrustStore.load((TrustedRoot(tmp_path / "none.pem"),))


def test_a_damaged_root_is_told_at_the_start(tmp_path: Path, root: Authority) -> None:
    der = root.certificate.public_bytes(serialization.Encoding.DER)
    (tmp_path / "root.der").write_bytes(der[:-1] + bytes([der[-1] ^ 1]))
    with pytest.raises(SettingsError, match=r"root\.der: is damaged"):
        TrustStore.load((TrustedRoot(tmp_path / "root.der"),))


def test_settings_without_a_root_are_refused() -> None:
    with pytest.raises(ValueError, match="trust: expected at least one"):
        CardSettings(trust=())
