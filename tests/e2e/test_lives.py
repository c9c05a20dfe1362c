"""Booth and studio have one life, a visit; when one dies early, the kiosk goes on."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from kiosk.simulation.demo.player import Player
from kiosk.simulation.demo.site import Site

StartKiosk = Callable[[], Player]


def processes(player: Player, module: str) -> list[int]:
    """The kiosk's child processes that run this module, oldest first: the visit's own, then the spare."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
            if parent == player.kiosk.process.pid and module.encode() in words:
                found.append(int(entry.name))
    return sorted(found)


def gone(pid: int, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.02)
    return False


def to_choice(player: Player, around: Site) -> None:
    player.screen("P00", seconds=40)
    around.place()
    player.screen("P02")


def test_the_processes_of_a_visit_end_with_it_and_spares_are_warm(around: Site, start_kiosk: StartKiosk) -> None:
    player = start_kiosk()
    to_choice(player, around)
    booths, studios = processes(player, "kiosk.card.booth"), processes(player, "kiosk.face.studio")
    assert len(booths) == 2
    assert len(studios) == 2
    around.pull()
    player.screen("P00f")
    assert gone(booths[0])
    assert gone(studios[0])
    assert processes(player, "kiosk.card.booth")[0] == booths[1]
    assert processes(player, "kiosk.face.studio")[0] == studios[1]


def test_a_booth_that_dies_ends_the_visit_kindly_and_the_next_one_works(around: Site, start_kiosk: StartKiosk) -> None:
    player = start_kiosk()
    to_choice(player, around)
    os.kill(processes(player, "kiosk.card.booth")[0], signal.SIGKILL)
    player.screen("P17")
    around.pull()
    player.screen("P00", seconds=40)
    around.place()
    player.screen("P02")


def test_a_studio_that_dies_before_it_is_asked_is_replaced_and_costs_nothing(
    around: Site, start_kiosk: StartKiosk
) -> None:
    player = start_kiosk()
    to_choice(player, around)
    os.kill(processes(player, "kiosk.face.studio")[0], signal.SIGKILL)
    assert player.hears("studio_died", 10)
    player.press("P02", "choose_face")
    player.screen("P03")
    player.screen("P06", seconds=40)
    player.screen("P08")


def test_the_kiosk_ends_on_sigterm_and_leaves_no_process(around: Site, start_kiosk: StartKiosk) -> None:
    player = start_kiosk()
    player.screen("P00", seconds=40)
    mine = processes(player, "kiosk.card.booth") + processes(player, "kiosk.face.studio")
    player.kiosk.process.send_signal(signal.SIGTERM)
    assert player.kiosk.process.wait(20) == 0
    assert all(gone(pid) for pid in mine)


def test_a_killed_kiosk_leaves_no_process(around: Site, start_kiosk: StartKiosk) -> None:
    player = start_kiosk()
    to_choice(player, around)
    mine = processes(player, "kiosk.card.booth") + processes(player, "kiosk.face.studio")
    player.kiosk.kill()
    assert all(gone(pid) for pid in mine)


def test_check_finds_every_part_of_a_whole_site(around: Site) -> None:
    import subprocess
    import sys

    command = [sys.executable, "-m", "kiosk", "check", "--config", str(around.kiosk_yaml)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All is there." in done.stdout
    around.reception.kill()
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert "LACKING  reception" in done.stdout
