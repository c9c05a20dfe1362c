"""TLS towards reception: its authority, and this kiosk's own certificate as it lies on disk at each new connection.

The certificate is renewed while the kiosk runs (`kiosk.delivery.renewal`): whoever holds one of these contexts shows the
newest from its next connection on. Any room may import this leaf; it imports the standard library only.
"""

from __future__ import annotations

import socket
import ssl
from pathlib import Path


class ReceptionContext(ssl.SSLContext):
    """A client's context. `client_file`: key and certificate chain in one PEM file; None where the kiosk has none."""

    client_file: Path | None = None
    _shown: tuple[int, int] | None = None

    def wrap_socket(
        self,
        sock: socket.socket,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        suppress_ragged_eofs: bool = True,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLSocket:
        """A new connection, with the certificate of this moment. Raises `OSError` where it cannot be read."""
        self._take_newest()
        return super().wrap_socket(
            sock, server_side, do_handshake_on_connect, suppress_ragged_eofs, server_hostname, session
        )

    def _take_newest(self) -> None:
        if self.client_file is None:
            return
        found = self.client_file.stat()
        newest = (found.st_ino, found.st_mtime_ns)
        if newest != self._shown:
            self.load_cert_chain(self.client_file)
            self._shown = newest


def context(ca_file: Path, client_file: Path | None) -> ReceptionContext:
    """TLS 1.2 or later that trusts `ca_file` alone. Raises `OSError` (`ssl.SSLError` is one) for files that are none."""
    made = ReceptionContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.load_verify_locations(cafile=str(ca_file))
    if client_file is not None:
        made.load_cert_chain(client_file)
        made.client_file = client_file
    return made
