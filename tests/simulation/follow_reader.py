"""A client with pyscard, for tests. Its own process, since libpcsclite reads its socket's name once.

follow_reader.py events READER     -> "empty" / "present" / "mute" / "no reader" / "no service" until standard input ends
follow_reader.py connect READER    -> "connected", or the error's number in hex
follow_reader.py command READER    -> "connected", then "answered SW" or "lost": one command that a delay makes slow
follow_reader.py dialogue READER   -> "connected", then for each line of hex an answer in hex, or "lost"
"""

from __future__ import annotations

import select
import sys

from smartcard.Exceptions import CardConnectionException
from smartcard.pcsc.PCSCExceptions import BaseSCardException
from smartcard.scard import (
    SCARD_E_TIMEOUT,
    SCARD_E_UNKNOWN_READER,
    SCARD_RESET_CARD,
    SCARD_S_SUCCESS,
    SCARD_SCOPE_USER,
    SCARD_SHARE_EXCLUSIVE,
    SCARD_STATE_CHANGED,
    SCARD_STATE_MUTE,
    SCARD_STATE_PRESENT,
    SCARD_STATE_UNAWARE,
    SCardEstablishContext,
    SCardGetStatusChange,
    SCardReleaseContext,
)
from smartcard.System import readers


def events(name: str) -> None:
    told = ""
    context, state = None, SCARD_STATE_UNAWARE
    while not select.select([sys.stdin], [], [], 0 if context is not None else 0.02)[0]:
        if context is None:
            done, context = SCardEstablishContext(SCARD_SCOPE_USER)
            if done != SCARD_S_SUCCESS:
                context = None
                continue
            state = SCARD_STATE_UNAWARE
        done, states = SCardGetStatusChange(context, 100, [(name, state)])
        if done == SCARD_E_TIMEOUT:
            continue
        if done == SCARD_S_SUCCESS:
            state = states[0][1] & ~SCARD_STATE_CHANGED
            here = "mute" if state & SCARD_STATE_MUTE else "present"
            now = here if state & SCARD_STATE_PRESENT else "empty"
        else:
            SCardReleaseContext(context)
            context = None
            now = "no reader" if done & 0xFFFFFFFF == SCARD_E_UNKNOWN_READER & 0xFFFFFFFF else "no service"
        if now != told:
            print(now, flush=True)
        told = now


def connect(name: str) -> None:
    connection = next(reader for reader in readers() if str(reader) == name).createConnection()
    try:
        connection.connect()
        print("connected", flush=True)
    except CardConnectionException as error:
        print(f"{error.hresult & 0xFFFFFFFF:08X}", flush=True)


def command(name: str) -> None:
    connection = next(reader for reader in readers() if str(reader) == name).createConnection()
    connection.connect(mode=SCARD_SHARE_EXCLUSIVE, disposition=SCARD_RESET_CARD)
    print("connected", flush=True)
    try:
        _, sw1, sw2 = connection.transmit([0x00, 0x84, 0x00, 0x00, 0x08])
        print(f"answered {sw1 << 8 | sw2:04X}", flush=True)
    except CardConnectionException:
        print("lost", flush=True)


def dialogue(name: str) -> None:
    connection = next(reader for reader in readers() if str(reader) == name).createConnection()
    connection.connect(mode=SCARD_SHARE_EXCLUSIVE, disposition=SCARD_RESET_CARD)
    print("connected", flush=True)
    for line in sys.stdin:
        try:
            data, sw1, sw2 = connection.transmit(list(bytes.fromhex(line)))
            print(bytes([*data, sw1, sw2]).hex().upper(), flush=True)
        except (CardConnectionException, BaseSCardException):
            print("lost", flush=True)


if __name__ == "__main__":
    {"events": events, "connect": connect, "command": command, "dialogue": dialogue}[sys.argv[1]](sys.argv[2])
