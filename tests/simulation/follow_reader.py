"""A client with pyscard, for tests: tells every presence event of a reader, or sends one slow command. Its own process.

follow_reader.py events READER   -> "empty" / "present" lines until standard input ends
follow_reader.py command READER  -> "connected", then "answered SW" or "lost"
"""

from __future__ import annotations

import select
import sys

from smartcard.Exceptions import CardConnectionException
from smartcard.scard import (
    SCARD_E_TIMEOUT,
    SCARD_RESET_CARD,
    SCARD_S_SUCCESS,
    SCARD_SCOPE_USER,
    SCARD_SHARE_EXCLUSIVE,
    SCARD_STATE_CHANGED,
    SCARD_STATE_PRESENT,
    SCARD_STATE_UNAWARE,
    SCardEstablishContext,
    SCardGetStatusChange,
)
from smartcard.System import readers


def events(name: str) -> None:
    done, context = SCardEstablishContext(SCARD_SCOPE_USER)
    assert done == SCARD_S_SUCCESS, hex(done)
    state = SCARD_STATE_UNAWARE
    told = ""
    while not select.select([sys.stdin], [], [], 0)[0]:
        done, states = SCardGetStatusChange(context, 100, [(name, state)])
        if done == SCARD_E_TIMEOUT:
            continue
        assert done == SCARD_S_SUCCESS, hex(done)
        state = states[0][1] & ~SCARD_STATE_CHANGED
        now = "present" if state & SCARD_STATE_PRESENT else "empty"
        if now != told:
            print(now, flush=True)
        told = now


def command(name: str) -> None:
    connection = next(reader for reader in readers() if str(reader) == name).createConnection()
    connection.connect(mode=SCARD_SHARE_EXCLUSIVE, disposition=SCARD_RESET_CARD)
    print("connected", flush=True)
    try:
        _, sw1, sw2 = connection.transmit([0x00, 0x84, 0x00, 0x00, 0x08])
        print(f"answered {sw1 << 8 | sw2:04X}", flush=True)
    except CardConnectionException:
        print("lost", flush=True)


if __name__ == "__main__":
    {"events": events, "command": command}[sys.argv[1]](sys.argv[2])
