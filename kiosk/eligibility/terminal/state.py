"""How the way to the terminal is, for a check of the installation: which hop is dead, in words somebody can act on."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from kiosk.eligibility.oqs import file_names
from kiosk.eligibility.oqs.file_names import Direction, LeftBehind, MessageName
from kiosk.eligibility.terminal.errors import ShareError
from kiosk.eligibility.terminal.folder import Folder
from kiosk.eligibility.terminal.names import Mark, draft_name
from kiosk.eligibility.terminal.settings import TerminalSettings

_UNTAKEN_SECONDS = 60.0
"""Requests are picked up within seconds (domain/oqs-interface.md section 1.2)."""
_HANGS_SECONDS = 5.0


@dataclass(frozen=True)
class TerminalState:
    """One sentence, whether it is good news, and else which hop is dead: `lan` (the way to the share) or `terminal`."""

    ok: bool
    sentence: str
    hop: Literal["", "lan", "terminal"] = ""


def terminal_state(settings: TerminalSettings) -> TerminalState:
    """Walk the folders and tell the first thing that is wrong. Nobody is asked for; what is written is taken away again.

    A share that hangs is told as such, and left hanging in a thread of its own.
    """
    told: list[TerminalState] = []
    walking = threading.Thread(target=lambda: told.append(_walked(settings)), daemon=True)
    walking.start()
    walking.join(_HANGS_SECONDS)
    return (
        told[0] if told else TerminalState(ok=False, sentence=f"{settings.req}: the terminal's share hangs", hop="lan")
    )


def _walked(settings: TerminalSettings) -> TerminalState:
    req, res = Folder(settings.req), Folder(settings.res)
    try:
        waiting = _untaken(settings, req)
        left = sum(isinstance(file_names.parse(name), LeftBehind) for name in res.names())
        if settings.face is not None:
            Folder(settings.face).names()
    except ShareError as error:
        return TerminalState(ok=False, sentence=error.sentence, hop="lan")
    if waiting:
        return TerminalState(
            ok=False,
            sentence=f"{waiting} requests lie in {settings.req} for a minute or longer: the terminal's software does not run",
            hop="terminal",
        )
    simulated = "; it is a simulated one" if settings.test else ""
    forgotten = f"; {left} DEL files in {settings.res} tell of answers that nobody fetched" if left else ""
    return TerminalState(ok=True, sentence=f"the terminal's folders are there{simulated}{forgotten}")


def _untaken(settings: TerminalSettings, req: Folder) -> int:
    """How many requests, anybody's, lie there too long, by the share's own clock."""
    draft = draft_name(Mark(settings.mark).new_tail(datetime.now(UTC)))
    with req.new(draft):
        pass
    try:
        path = req.path()
        now = (path / draft).stat().st_mtime
        old = 0
        for name in req.names():
            told = file_names.parse(name)
            if isinstance(told, MessageName) and told.direction is Direction.REQUEST:
                old += now - _written_at(path / name, now) >= _UNTAKEN_SECONDS
    except OSError as error:
        raise ShareError(settings.req, "cannot be read", error) from error
    finally:
        req.remove(draft)
    return old


def _written_at(path: Path, now: float) -> float:
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:
        return now
