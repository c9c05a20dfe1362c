"""A kiosk that dies right after "done": reception gets the check-in all the same, and once."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.simulation.demo.player import Player
from kiosk.simulation.demo.site import Site

StartKiosk = Callable[[], Player]


def to_consent(player: Player, around: Site) -> None:
    player.screen("P00", seconds=40)
    around.place()
    player.screen("P02")
    player.press("P02", "choose_pin")
    player.screen("P04")
    player.type_pin(around.pin)
    player.screen("P08")


def stored(around: Site) -> list[str]:
    database = sqlite3.connect(f"file:{around.folder / 'reception.db'}?mode=ro", uri=True)
    try:
        return [str(row[0]) for row in database.execute("SELECT checkin_id FROM checkin ORDER BY 1")]
    finally:
        database.close()


def wait_for_one(around: Site, seconds: float = 30) -> list[str]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = stored(around)
        if found:
            return found
        time.sleep(0.05)
    return stored(around)


@pytest.mark.parametrize("reception_dies_too", [False, True], ids=["reception_there", "reception_away"])
def test_a_kiosk_killed_right_after_done_delivers_once_when_it_is_back(
    around: Site, start_kiosk: StartKiosk, reception_dies_too: bool
) -> None:
    player = start_kiosk()
    to_consent(player, around)
    if reception_dies_too:
        around.reception.kill()
    player.press("P08", "agree_all")
    player.screen("P16")
    player.kiosk.kill()
    around.pull()
    if reception_dies_too:
        assert stored(around) == []
        around.restart_reception()
    again = start_kiosk()
    again.screen("P00", seconds=40)
    assert len(wait_for_one(around)) == 1
    assert again.hears("delivered", 10) or not reception_dies_too
    assert len(stored(around)) == 1
    outbox = sqlite3.connect(f"file:{around.folder / 'kiosk-state' / 'outbox.db'}?mode=ro", uri=True)
    try:
        assert outbox.execute("SELECT count(*) FROM outbox WHERE sealed IS NOT NULL").fetchone() == (0,)
    finally:
        outbox.close()


def test_nothing_of_the_patient_stays_on_the_kiosk_or_in_its_journal(around: Site, start_kiosk: StartKiosk) -> None:
    player = start_kiosk()
    to_consent(player, around)
    player.press("P08", "agree_all")
    player.screen("P16")
    assert player.hears("delivered", 10)
    around.pull()
    player.screen("P00", seconds=30)
    assert around.audit() == []
    canaries = [
        word.encode() for word in ("試験", "花子", "ｼｹﾝ", "ﾊﾅｺ", "1980-02-17", "19800217", "01139997", "55021720352285")
    ]
    kept = [*(around.folder / "kiosk-state").iterdir(), player.kiosk.log]
    assert len(kept) >= 3
    for path in kept:
        body = Path(path).read_bytes()
        for canary in canaries:
            assert canary not in body, (path.name, canary)
