"""The booth's end of the socket pair to the face studio: check number B comes in, the chip's photo goes out.

Neither ever passes through the kiosk process. In: `CNB1` and 14 ASCII digits; a later packet replaces an earlier one.
Out: `PHO1`, the length (u32, big-endian), the JP2 container. No repr shows what comes by.
"""

from __future__ import annotations

import logging
import socket

from kiosk.card.check_number import DIGITS

_log = logging.getLogger("kiosk.card.booth")

NUMBER_MAGIC = b"CNB1"
PHOTO_MAGIC = b"PHO1"

_PACKET = len(NUMBER_MAGIC) + DIGITS
_MAX_PACKETS = 256
"""Taken at a time; one visit has a handful."""
_SECONDS = 5.0


class StudioLink:
    """Talks over `channel`, a stream socket. What the studio sends is as untrusted as the pictures it looks at."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._packet = bytearray(_PACKET)
        self._have = 0

    def check_number(self) -> bytearray | None:
        """The newest number the studio has sent, once; None if there is none. The caller overwrites it.

        Never waits: the studio sends before it tells the kiosk that there is something to send.
        """
        newest: bytearray | None = None
        for _ in range(_MAX_PACKETS):
            if not self._take():
                break
            newest = bytearray(DIGITS) if newest is None else newest
            # Copied from place to place: a slice of a bytearray would be one more copy of the digits.
            memoryview(newest)[:] = memoryview(self._packet)[len(NUMBER_MAGIC) :]
            self._forget()
        return newest

    def send_photo(self, photo: bytes) -> bool:
        """Send the chip's photo; False if nobody takes it, and then the link is closed."""
        try:
            self._channel.settimeout(_SECONDS)
            self._channel.sendall(PHOTO_MAGIC + len(photo).to_bytes(4, "big") + photo)
        except OSError:
            # Half a photo may be on its way: the studio must not take the next one for its end.
            self._channel.close()
            _log.warning("studio_takes_no_photo")
            return False
        return True

    def close(self) -> None:
        """Nothing more is said or heard here; safe to call twice."""
        self._forget()
        self._channel.close()

    def _take(self) -> bool:
        """Whether one whole packet of the studio is there."""
        try:
            self._channel.setblocking(False)
            while self._have < _PACKET:
                received = self._channel.recv_into(memoryview(self._packet)[self._have :])
                if not received:
                    return False
                self._have += received
        except OSError:
            # Nothing more for now, or nobody there any more.
            return False
        if self._packet.startswith(NUMBER_MAGIC):
            return True
        # Where the next packet would begin cannot be known any more.
        self._forget()
        self._channel.close()
        _log.warning("studio_not_understood")
        return False

    def _forget(self) -> None:
        self._packet[:] = bytes(_PACKET)
        self._have = 0
