"""TLS at both doors: kiosks show a certificate of our authority, browsers none; and who a connection belongs to.

uvicorn does not tell the application whose certificate a connection came with, so the protocol here does: the SHA-256 of
its public key and its end stand in the request's scope (domain/reception-and-reliability.md section 0, finding 5).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.types import Scope

from kiosk.reception.authority import SERVER, Authority
from kiosk.reception.bounds import BoundedProtocol
from kiosk.record import pairing

PEER: Final = "kiosk.peer"
"""Where in `scope["extensions"]` the peer stands."""

_EXPIRED: Final = 10
"""X509_V_ERR_CERT_HAS_EXPIRED (OpenSSL, x509_vfy.h)."""


@dataclass(frozen=True)
class Peer:
    """Whose key a connection's client has: `key_hash` as `kiosk.record.pairing.key_hash` makes it."""

    key_hash: str
    not_after: datetime


def peer_of(scope: Scope) -> Peer | None:
    """Who is at the other end; None where no certificate was shown (a browser, or a plain door)."""
    found = scope.get("extensions", {}).get(PEER, {}).get("peer")
    return found if isinstance(found, Peer) else None


class DoorProtocol(BoundedProtocol):
    """HTTP/1.1 as uvicorn speaks it, with the client's key in every request's scope."""

    _peer: Peer | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The handshake is over: look whose certificate it was."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        certificate = None if tls is None else tls.getpeercert(True)
        if certificate:
            shown = x509.load_der_x509_certificate(certificate)
            spki = shown.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            self._peer = Peer(pairing.key_hash(spki), shown.not_valid_after_utc)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        if self._peer is not None:
            self.scope["extensions"] = {PEER: {"peer": self._peer}}


def kiosk_context(authority: Authority, refused: Callable[[str], None]) -> ssl.SSLContext:
    """For the kiosk door: nobody without a certificate of ours. `refused` hears why a handshake failed, in one word."""
    context = staff_context(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cadata=authority.anchors)
    context.num_tickets = 0  # every connection shows its certificate anew
    context.sslobject_class = _noticing(refused)
    return context


def staff_context(authority: Authority) -> ssl.SSLContext:
    """For the staff door: reception shows its own certificate, and asks for none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    show_newest(context, authority)
    return context


def show_newest(context: ssl.SSLContext, authority: Authority) -> None:
    """From the next connection on, show the certificate that lies in the folder now."""
    context.load_cert_chain(authority.folder / SERVER)


def _noticing(refused: Callable[[str], None]) -> type[ssl.SSLObject]:
    """A TLS connection that tells why its handshake failed: no request comes of one that did."""

    class Noticing(ssl.SSLObject):
        def do_handshake(self) -> None:
            try:
                super().do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise
            except ssl.SSLError as error:
                word = _word(error)
                if word is not None:
                    refused(word)
                raise

    return Noticing


def _word(error: ssl.SSLError) -> str | None:
    """What was wrong with a client's certificate; None where something else was."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "expired" if error.verify_code == _EXPIRED else "other_authority"
    return "no_certificate" if error.reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE" else None
