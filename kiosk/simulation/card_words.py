"""The words of the control channel, each a method of the hand (`kiosk.simulation.card_control` says what they mean)."""

from __future__ import annotations

from typing import Final

from kiosk.simulation.card_control import Answer
from kiosk.simulation.card_hand import SLOTS, Hand, HandError

_ALSO_IN_THE_WALLET = "transit"
"""What lies on the reader unasked, beside a My Number Card."""

_LONGEST_DELAY_MS, _MOST_COMMANDS, _MOST_TRIES = 60_000, 100_000, 15

WORDS: Final = (
    "place, pull, swap, second, other, kind, tear, delay, tries, status, audit, "
    "stop_pcscd, start_pcscd, restart_pcscd, unplug, plug, quit"
)


def answer(hand: Hand, command: str) -> Answer:
    """What one line of the control channel gets. Raises `KioskError` with what cannot be done."""
    match command.split():
        case ["place"]:
            return hand.place()
        case ["place", what]:
            return hand.place(slot=what) if what in SLOTS else hand.place(what)
        case ["place", kind, slot]:
            return hand.place(kind, slot)
        case ["second" | "other" as slot]:
            return hand.place(_ALSO_IN_THE_WALLET, slot)
        case ["second" | "other" as slot, kind]:
            return hand.place(kind, slot)
        case ["pull"]:
            return hand.pull()
        case ["pull", slot]:
            return hand.pull(slot)
        case ["swap"]:
            return hand.swap()
        case ["swap", kind]:
            return hand.swap(kind)
        case ["kind", kind]:
            return hand.kind(kind)
        case ["tear", in_commands]:
            return hand.tear(_number(in_commands, _MOST_COMMANDS, "tear"))
        case ["delay", milliseconds]:
            return hand.delay(_number(milliseconds, _LONGEST_DELAY_MS, "delay"))
        case ["tries"]:
            return hand.tries()
        case ["tries", password, left]:
            return hand.set_tries(password, _number(left, _MOST_TRIES, "tries"))
        case ["status"]:
            return hand.status()
        case ["audit"]:
            return hand.audit()
        case ["stop_pcscd"]:
            return hand.stop_pcscd()
        case ["start_pcscd"]:
            return hand.start_pcscd()
        case ["restart_pcscd"]:
            return hand.restart_pcscd()
        case ["unplug", slot]:
            return hand.unplug(slot)
        case ["plug", slot]:
            return hand.plug(slot)
        case _:
            raise HandError(f"unknown command; expected one of: {WORDS}")


def _number(word: str, most: int, what: str) -> int:
    if not word.isascii() or not word.isdigit() or len(word) > 6 or int(word) > most:
        raise HandError(f"{what}: expected a number from 0 to {most}")
    return int(word)
