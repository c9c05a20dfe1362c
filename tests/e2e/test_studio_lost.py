"""What goes wrong with camera and photo costs the face way at most, and a lost studio one attempt; the visit checks in.

Nothing else is lost: the next patient finds a working kiosk, no process and no file is left behind.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from kiosk.simulation import card_control, issuing
from kiosk.simulation.kinds import KINDS
from kiosk.simulation.people import Sitter, photo_jp2
from tests.e2e.watched_site import Blind, Watched, children, watched

NOTICED_WITHIN = 12.0
"""Seconds until it is noticed: a hang after five, a camera that is tried three times."""


@pytest.fixture(autouse=True)
def what_it_needs() -> None:
    missing = [name for name in ("pcscd", "unshare", "Xvfb") if not shutil.which(name, path="/usr/sbin:" + os.defpath)]
    if missing:
        pytest.skip(f"not on this machine: {', '.join(missing)} (./deploy/test installs them)")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Watched]:
    (tmp_path / "passing").mkdir()
    with watched(tmp_path, None, {"TMPDIR": str(tmp_path / "passing")}) as site:
        yield site


# -- a visit up to where it goes wrong, and from there -------------------------------------------------------------------


def to_choice(place: Watched) -> Blind:
    player = place.start()
    player.screen("P00", seconds=40)
    place.around.place()
    player.screen("P02")
    return player


def studio_of(player: Blind) -> int:
    """The studio of this visit: the older of the two."""
    return min(pid for pid, words in children(player.kiosk.process.pid).items() if "kiosk.face.studio" in words)


def filming(player: Blind) -> None:
    player.press("P02", "choose_face")
    player.screen("P03")
    assert player.hears("camera_open", 10)


def goes_on_with_the_face(place: Watched, player: Blind) -> None:
    """The next attempt, by another studio, to a check-in that reception has; then the next patient."""
    player.screen("P08", seconds=30)
    finishes(place, player)


def goes_on_to_the_pin(place: Watched, player: Blind, example: str) -> None:
    """From the choice, whatever it says by then, to a check-in that reception has; then the next patient."""
    player.press(example, "choose_pin")
    player.screen("P04")
    player.type_pin(place.around.pin)
    player.screen("P08")
    finishes(place, player)


def finishes(place: Watched, player: Blind) -> None:
    player.press("P08", "agree_all")
    player.screen("P16")
    assert player.hears("delivered", 10)
    assert stored(place) == 1
    place.around.pull()
    player.screen("P00", seconds=30)
    left_as_it_was(place, player)


def stored(place: Watched) -> int:
    with sqlite3.connect(f"file:{place.around.folder / 'reception.db'}?mode=ro", uri=True) as database:
        return int(database.execute("SELECT count(*) FROM checkin").fetchone()[0])


def left_as_it_was(place: Watched, player: Blind) -> None:
    """A booth and a studio for the next visit and the spares behind them; no passing file; no defect."""

    def there() -> list[str]:
        return sorted(
            "booth" if "kiosk.card.booth" in words else "studio" if "kiosk.face.studio" in words else words
            for words in children(player.kiosk.process.pid).values()
        )

    until = time.monotonic() + 10
    while there() != ["booth", "booth", "studio", "studio"]:
        assert time.monotonic() < until, there()
        time.sleep(0.05)
    assert list((place.around.folder / "passing").rglob("*")) == []
    assert "visit_failed" not in player.heard


# -- the studio ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fate", "noticed"), [(signal.SIGKILL, "studio_died"), (signal.SIGSTOP, "studio_silent")], ids=["dies", "hangs"]
)
def test_a_studio_lost_while_it_films_costs_one_attempt(place: Watched, fate: signal.Signals, noticed: str) -> None:
    place.around.show("nothing")  # nobody sits there: it would film to the end of its attempt
    player = to_choice(place)
    filming(player)
    os.kill(studio_of(player), fate)
    assert player.hears(noticed, NOTICED_WITHIN)
    place.around.show("face")
    goes_on_with_the_face(place, player)


def test_a_studio_that_hangs_before_it_is_asked_is_noticed_too(place: Watched) -> None:
    player = to_choice(place)
    os.kill(studio_of(player), signal.SIGSTOP)
    player.press("P02", "choose_face")
    player.screen("P03")
    assert player.hears("studio_silent", 2 * NOTICED_WITHIN)  # it may have hung while it loaded its models
    goes_on_with_the_face(place, player)


def test_the_pin_is_there_while_the_studio_hangs(place: Watched) -> None:
    place.around.show("nothing")
    player = to_choice(place)
    filming(player)
    os.kill(studio_of(player), signal.SIGSTOP)
    goes_on_to_the_pin(place, player, "P03")


# -- the camera ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fate", [signal.SIGSTOP, signal.SIGKILL], ids=["hangs", "dies"])
@pytest.mark.parametrize("early", [True, False], ids=["before", "while filming"])
def test_a_camera_that_is_lost_costs_the_face_way_only(place: Watched, fate: signal.Signals, early: bool) -> None:
    camera = place.around.camera
    assert camera is not None
    place.around.show("nothing")
    player = to_choice(place)
    if early:
        camera.process.send_signal(fate)
        player.press("P02", "choose_face")
        player.screen("P03")
    else:
        filming(player)
        camera.process.send_signal(fate)
    player.screen("P02", seconds=2 * NOTICED_WITHIN)
    assert "studio_died" not in player.heard
    goes_on_to_the_pin(place, player, "P02-face-unavailable")


# -- the photo on the chip -----------------------------------------------------------------------------------------------


def with_size(jp2: bytes, height: int, width: int) -> bytes:
    """The same file with another size in both of its headers."""
    changed = bytearray(jp2)
    header, size = jp2.index(b"ihdr") + 4, jp2.index(b"\xff\x51") + 6
    changed[header : header + 8] = struct.pack(">II", height, width)
    changed[size : size + 8] = struct.pack(">II", width, height)
    changed[size + 16 : size + 24] = struct.pack(">II", width, height)
    return bytes(changed)


def tiny_precincts(jp2: bytes) -> bytes:
    """The same file with a codestream cut into precincts of two pixels: 1.6 GB in OpenJPEG, were it decoded."""
    at = jp2.index(b"\xff\x52")
    length = struct.unpack_from(">H", jp2, at + 2)[0]
    old = jp2[at + 4 : at + 2 + length]
    new = bytes([old[0] | 1]) + old[1:10] + b"\x11" * (old[5] + 1)
    changed = jp2[:at] + b"\xff\x52" + struct.pack(">H", len(new) + 2) + new + jp2[at + 2 + length :]
    box = changed.index(b"jp2c") - 4
    return changed[:box] + struct.pack(">I", len(changed) - box) + changed[box + 4 :]


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "cut off": lambda jp2: jp2[: len(jp2) // 2],
    "sixty thousand pixels a side": lambda jp2: with_size(jp2, 60_000, 60_000),
    "noise behind its first bytes": lambda jp2: jp2[:12] + np.random.default_rng(1).bytes(15_000),
    "tiny precincts": tiny_precincts,
    "no face on it": lambda jp2: with_size(jp2, 32, 32),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_photo_costs_the_face_way_only(place: Watched, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    hostile = HOSTILE[name](photo_jp2(Sitter.ASTRONAUT))
    monkeypatch.setattr(issuing, "_photo", lambda _: hostile)
    issuing.card_of(place.around.folder / "card", KINDS["expiring"])
    card_control.ask(place.around.control, "kind expiring")
    player = to_choice(place)
    player.press("P02", "choose_face")
    player.screen("P03")
    player.screen("P02", seconds=NOTICED_WITHIN)
    assert player.hears("photo_came", 1)
    assert "studio_died" not in player.heard
    goes_on_to_the_pin(place, player, "P02-face-unavailable")
