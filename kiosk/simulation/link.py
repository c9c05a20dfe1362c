"""The contacts between virtual cards and vpcd, the virtual reader's driver: laying one on, pulling it, tearing it away.

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
from kiosk.simulation.card_image import MAX_ATR

_log = logging.getLogger("kiosk.simulation.link")

PORT = 0x8C7B
"""vpcd's usual port; its second slot takes the next one."""

_POWER_OFF, _POWER_ON, _RESET, _GIVE_ATR = 0, 1, 2, 4

_NO_ATR = bytes(MAX_ATR + 1)
"""What a mute card answers. vpcd asks for the ATR to see whether a card is there, and has no time limit: silence would hold
pcscd up for ever. One byte more than an ATR can have counts as present and fails to power up: pcscd says MUTE, and connecting
fails (0x80100067), as with a chip that is broken or shielded."""

_CONNECT_WITHIN = 3.0
"""Seconds; vpcd accepts at its next presence poll, 400 ms apart, and the system queues the connection until then."""


class LinkError(KioskError):
    """The virtual reader's driver cannot be reached."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "card_link")


class CardLink:
    """One slot of a virtual reader, with a card on it or without. Every method may be called from any thread."""

    def __init__(self, *, port: int = PORT, delay: float = 0.0) -> None:
        """`delay` is added to every command APDU, in seconds: 0.025 feels like slow NFC (domain/virtual-reader.md)."""
        self.port = port
        self.delay = delay
        self._lock = threading.Lock()
        self._contact: _Contact | None = None
        self._left_at = 0.0
        self._tear_in = 0

    def place(self, card: VirtualCard) -> None:
        """Lay a card on the reader; nothing happens if it lies there, another one goes. Raises `LinkError`."""
        with self._lock:
            if self._contact is not None and self._contact.lies is card and not self._contact.ended:
                return
            self._end_contact()
            self._contact = _Contact(card, _connect(self.port), self)

    def swap(self, card: VirtualCard) -> None:
        """Exchange the card that lies there for another so fast that pcscd does not see the reader empty.

        As on a real reader the next command finds nobody, since the new card has not been activated: its answer never
        comes. From the next presence poll on (0.4 s) commands reach the new card, over the client's same handle. A reset
        or power-up before that command brings the new card without any error. Nothing happens if no card lies there.
        """
        with self._lock:
            if self._contact is not None:
                self._contact.swap(card)

    def pull(self) -> None:
        """Take the card away, even in the middle of a command; nothing happens if none lies there."""
        with self._lock:
            self._end_contact()

    def tear(self, in_commands: int) -> None:
        """Let the card vanish in the middle of a command, `in_commands` from now (1: the next); 0: never mind.

        The card still carries that command out, as one does that has heard it: a try it cost is used up. Only the answer
        is lost.
        """
        self._tear_in = in_commands

    @property
    def tear_in(self) -> int:
        """In which command from now the card will vanish; 0: in none."""
        return self._tear_in

    @property
    def card(self) -> VirtualCard | None:
        """The card that lies on the reader."""
        with self._lock:
            return self._contact.lies if self._contact is not None and not self._contact.ended else None

    @property
    def seen(self) -> bool:
        """Whether the reader has powered the card that lies there up: pcscd tells its clients right after."""
        with self._lock:
            return self._contact is not None and not self._contact.ended and self._contact.seen

    @property
    def empty_for(self) -> float:
        """For how many seconds no card has been lying there; 0 while one does."""
        with self._lock:
            if self._contact is not None and not self._contact.ended:
                return 0.0
            return time.monotonic() - self._left_at

    def tears_now(self) -> bool:
        """Count one command; whether it is the one in which the card vanishes. For the contact's own thread."""
        torn = self._tear_in == 1
        self._tear_in = max(0, self._tear_in - 1)
        return torn

    def left(self) -> None:
        """Note that the card has just gone. For the contact's own thread."""
        self._left_at = time.monotonic()

    def _end_contact(self) -> None:
        if self._contact is not None:
            self._contact.end()
            self._contact = None


class _Contact:
    """One time of lying on the reader: a connection to vpcd and the thread that answers it."""

    def __init__(self, card: VirtualCard, connection: socket.socket, link: CardLink) -> None:
        self.seen = False
        self._powered = False
        self._card = card
        self._swapped_for: VirtualCard | None = None
        self._connection = connection
        self._connecting = threading.Lock()
        self._link = link
        self._pulled = threading.Event()
        card.reset()
        self._thread = threading.Thread(target=self._serve, name="card-contact", daemon=True)
        self._thread.start()

    @property
    def lies(self) -> VirtualCard:
        """The card that lies there now."""
        return self._swapped_for or self._card

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    def swap(self, card: VirtualCard) -> None:
        self._swapped_for = card

    def end(self) -> None:
        self._pulled.set()
        with self._connecting, contextlib.suppress(OSError):  # the reader may have let go first
            self._connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _serve(self) -> None:
        try:
            while (message := self._message()) is not None:
                if len(message) > 1:
                    if not self._command(message):
                        break
                elif message[0] == _GIVE_ATR:
                    self._send(self._card.atr or _NO_ATR)
                    self.seen = self.seen or self._powered
                elif message[0] in (_POWER_OFF, _POWER_ON, _RESET):
                    self._take_over()
                    self._powered = message[0] != _POWER_OFF
        except (OSError, LinkError):
            if not self._pulled.is_set():
                _log.info("reader_let_go")
        finally:
            self._connection.close()
            self._link.left()

    def _command(self, apdu: bytes) -> bool:
        """Answer a command, or leave it unanswered; False if the card is gone."""
        if self._swapped_for is not None:
            self._connection.close()
            self._take_over()
            connection = _connect(self._link.port)
            with self._connecting:
                self._connection = connection
            return not self._pulled.is_set()
        self._pulled.wait(self._link.delay)
        answer = self._card.transmit(apdu)
        if self._pulled.is_set() or self._link.tears_now():
            return False
        self._send(answer)
        return True

    def _take_over(self) -> None:
        """Without power a card forgets where it was; the one that was laid in its place begins."""
        self._card, self._swapped_for = self.lies, None
        self._card.reset()

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
