"""How the way from reception to the eligibility system is: the first hop that is dead, in words somebody can act on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from kiosk.eligibility.terminal.settings import TerminalSettings
from kiosk.eligibility.terminal.state import terminal_state
from kiosk.reception.lookups import LookUps

_LAST = {
    "not_taken": ("terminal", "the last question still lay in the terminal's folder: its software may not be running"),
    "time_out": ("line", "the terminal took the last question and no answer came: its line may be down"),
    "failed": ("centre", "the eligibility system itself said at the last question that it cannot answer now"),
    "processing": ("centre", "the eligibility system was still working on the last question"),
    "share": ("lan", "the terminal's folders could not be reached at the last question"),
}
"""By the code of the last question's error. What no folder shows: whether anybody answers behind the terminal."""


@dataclass(frozen=True)
class WayState:
    """`hop` is the dead one (lan, terminal, line, centre), or "" where none is known to be."""

    ok: bool
    hop: str
    sentence: str


async def state_of(lookups: LookUps, settings: TerminalSettings | None) -> WayState:
    """Look at the folders now, and at how the last question ended; nobody is asked for."""
    if settings is None:
        return WayState(ok=False, hop="terminal", sentence="reception has no eligibility terminal in its settings")
    folders = await asyncio.to_thread(terminal_state, settings)
    if not folders.ok:
        return WayState(ok=False, hop=folders.hop, sentence=folders.sentence)
    if lookups.last_failure is None:
        return WayState(ok=True, hop="", sentence=folders.sentence)
    hop, sentence = _LAST.get(lookups.last_failure, ("centre", "the last question got no answer that can be used"))
    return WayState(ok=False, hop=hop, sentence=f"{folders.sentence}, but {sentence}")
