"""The contacts between a virtual card and vpcd, the virtual reader's driver: laying the card on, and pulling it.

vpcd listens; a card is present while a TCP connection stands. Each message is a 16-bit length (big-endian) and a payload;
a payload of one byte is a control code, a longer one a command APDU (domain/virtual-reader.md section 2).
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time

from kiosk.errors import KioskError
from kiosk.simulation.card import VirtualCard

_log = logging.getLogger("kiosk.simulation.link")

PORT = 0x8C7B
"""vpcd's usual port; its second slot takes the next one."""

_POWER_OFF, _POWER_ON, _RESET, _GIVE_ATR = 0, 1, 2, 4

_CONNECT_WITHIN = 3.0
"""Seconds; vpcd accepts at its next presence poll, 400 ms apart, and the system queues the connection until then."""


class LinkError(KioskError):
    """The virtual reader's driver cannot be reached."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "card_link")


class CardLink:
    """One virtual reader slot with one card that lies on it or does not. Every method may be called from any thread."""

    def __init__(self, card: VirtualCard, *, port: int = PORT, delay: float = 0.0) -> None:
        """`delay` is added to every command APDU, in seconds: 0.025 feels like slow NFC (domain/virtual-reader.md)."""
        self._card = card
        self._port = port
        self._delay = delay
        self._lock = threading.Lock()
        self._contact: _Contact | None = None

    def place(self) -> None:
        """Lay the card on the reader; nothing happens if it lies there. Raises `LinkError`."""
        with self._lock:
            if self._contact is None or self._contact.ended:
                if self._contact is not None:
                    self._contact.end()
                self._contact = _Contact(self._card, _connect(self._port), self._delay)

    def pull(self) -> None:
        """Take the card away, even in the middle of a command; nothing happens if none lies there."""
        with self._lock:
            if self._contact is not None:
                self._contact.end()
                self._contact = None

    @property
    def placed(self) -> bool:
        """Whether the card lies on the reader."""
        with self._lock:
            return self._contact is not None and not self._contact.ended

    @property
    def seen(self) -> bool:
        """Whether the reader has asked the card that lies there for its ATR: pcscd tells its clients right after."""
        with self._lock:
            return self._contact is not None and not self._contact.ended and self._contact.seen


class _Contact:
    """One time of lying on the reader: a connection to vpcd and the thread that answers it."""

    def __init__(self, card: VirtualCard, connection: socket.socket, delay: float) -> None:
        self.seen = False
        self._card = card
        self._connection = connection
        self._delay = delay
        self._pulled = threading.Event()
        card.reset()
        self._thread = threading.Thread(target=self._serve, name="card-contact", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    def end(self) -> None:
        self._pulled.set()
        with contextlib.suppress(OSError):  # the reader may have let go first
            self._connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _serve(self) -> None:
        with self._connection:
            try:
                while (message := self._message()) is not None:
                    if len(message) > 1:
                        self._pulled.wait(self._delay)
                        answer = self._card.transmit(message)
                        if self._pulled.is_set():
                            return
                        self._send(answer)
                    elif message[0] == _GIVE_ATR:
                        self._send(self._card.atr)
                        self.seen = True
                    elif message[0] in (_POWER_OFF, _POWER_ON, _RESET):
                        self._card.reset()
            except OSError:
                if not self._pulled.is_set():
                    _log.info("reader_let_go")

    def _message(self) -> bytes | None:
        """The next payload; None when the connection has ended or says something vpcd does not say."""
        header = self._receive(2)
        size = int.from_bytes(header, "big")
        if len(header) < 2 or size == 0:
            return None
        payload = self._receive(size)
        return payload if len(payload) == size else None

    def _receive(self, size: int) -> bytes:
        received = b""
        while len(received) < size:
            # vpcd 3.3 sends length and payload in two calls: Nagle's algorithm holds the second back until we acknowledge
            # the first, 44 ms per APDU. The option does not last, so it is set before every receive.
            self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            chunk = self._connection.recv(size - len(received))
            if not chunk:
                break
            received += chunk
        return received

    def _send(self, payload: bytes) -> None:
        self._connection.sendall(len(payload).to_bytes(2, "big") + payload)


def _connect(port: int) -> socket.socket:
    deadline = time.monotonic() + _CONNECT_WITHIN
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=_CONNECT_WITHIN)
        except OSError as error:
            if time.monotonic() > deadline:
                raise LinkError(
                    f"the virtual reader does not answer on port {port}: is pcscd still running?"
                ) from error
            threading.Event().wait(0.01)
            continue
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection
