"""Reception looked at once, hop by hop, in words a person can act on: for `kiosk reception --check`."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime

from kiosk.eligibility.terminal.state import terminal_state
from kiosk.errors import ExitCode, KioskError, MissingError
from kiosk.reception import authority, seal
from kiosk.reception.hand_off_folder import HandOffFolder
from kiosk.reception.settings import Door, ReceptionSettings

OK, LACKING = "ok     ", "LACKING"


def check(settings: ReceptionSettings, tell: Callable[[str], object]) -> int:
    """Look at everything and tell it line by line; 0 if all is there, else 3. Nothing is made and nobody is asked for."""
    parts: tuple[tuple[str, Callable[[ReceptionSettings], str]], ...] = (
        ("key", _key),
        ("trust", _trust),
        ("doors", _doors),
        ("terminal", _terminal),
        ("reader", _reader),
        ("hand-off", _hand_off),
    )
    lacking = 0
    for name, look in parts:
        try:
            sentence, word = look(settings), OK
        except KioskError as error:
            sentence, word = error.sentence, LACKING
            lacking += 1
        tell(f"{word}  {name:10}{sentence}")
    tell("All is there." if not lacking else f"{lacking} of {len(parts)} parts cannot be used.")
    return ExitCode.MISSING if lacking else ExitCode.DONE


def _key(settings: ReceptionSettings) -> str:
    if not settings.key_file.exists() and settings.database is not None and not settings.database.exists():
        return "there is no key and no database yet: both are made at the first start"
    return f"the key {seal.load_or_make(settings.key_file, settings.database).key_id} can be read"


def _trust(settings: ReceptionSettings) -> str:
    """The authority's own time, and that of reception's certificate: a little of it left means that it was not renewed."""
    if settings.trust_folder is None:
        return "no trust_folder in the settings: both doors are plain, and open to this machine only"
    now = datetime.now(UTC)
    present = authority.load(settings.trust_folder, now)
    ends = present.shown_until()
    if ends is None:
        own = "reception's own certificate is made at the start"
    elif ends <= now:
        own = "reception's own certificate is out of date and is made anew at the start"
    else:
        own = f"reception's own certificate ends in {(ends - now).days} days"
    return f"the authority can sign for another {(present.not_after - now).days} days; {own}"


def _doors(settings: ReceptionSettings) -> str:
    told = [_door(name, door) for name, door in (("kiosk", settings.kiosk_door), ("staff", settings.staff_door))]
    return "; ".join(told)


def _door(name: str, door: Door) -> str:
    """Whether somebody answers there: a reception that runs, one hopes."""
    family = socket.AF_INET6 if ":" in door.host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as knocking:
        knocking.settimeout(2.0)
        running = knocking.connect_ex((door.host, door.port)) == 0
    return f"the {name} door at {door.host}, port {door.port} {'is open' if running else 'is closed: reception does not run'}"


def _terminal(settings: ReceptionSettings) -> str:
    if settings.terminal is None:
        return "no eligibility terminal in the settings: nobody is looked up by number"
    state = terminal_state(settings.terminal)
    if not state.ok:
        raise MissingError(state.sentence)
    return state.sentence


def _reader(settings: ReceptionSettings) -> str:
    if settings.terminal is None or settings.terminal.face is None:
        return "no folder of an official reader in the settings: its arrivals are not shown"
    return f"arrivals at the official reader are read in {settings.terminal.face}"


def _hand_off(settings: ReceptionSettings) -> str:
    if settings.hand_off is None:
        return "no hand_off in the settings: no files are written for a claims computer"
    waiting = HandOffFolder(settings.hand_off.folder).names()
    return f"files for the claims computer go to {settings.hand_off.folder}; {len(waiting)} lie there"
