"""Which certificates are taken: by key identifier and signature, never by name, and never by date."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.card.certificate import TrustStore
from kiosk.card.errors import CardFormatError, CertificateError
from kiosk.card.settings import CardSettings, TrustedRoot
from kiosk.errors import SettingsError
from tests.card.table_card import MARCH, Authority, certify, new_key


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
    with pytest.raises(CertificateError, match="not signed by any root"):
        TrustStore.load((TrustedRoot(roots[0]),)).accept(certify(stranger, card_key))


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
    with pytest.raises(SettingsError, match=r"none\.pem: the trusted root cannot be read"):
        TrustStore.load((TrustedRoot(tmp_path / "none.pem"),))


def test_settings_without_a_root_are_refused() -> None:
    with pytest.raises(ValueError, match="trust: expected at least one"):
        CardSettings(trust=())
