"""One place where a card can lie, as pcscd tells it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Slot:
    """What pcscd says of one reader, or of one slot or interface of a reader: to PC/SC each is a reader of its own.

    `events` counts insertions and removals: a swap faster than anybody looks changes it. `held`: somebody has a connection,
    we ourselves perhaps. `flags` is what pcscd is told at the next look.
    """

    name: str
    flags: int
    present: bool
    mute: bool
    held: bool
    lost: bool
    events: int
