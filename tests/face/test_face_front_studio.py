"""The whole way of a card's front: a simulated camera's process, the studio's process, a socket pair for the booth."""

from __future__ import annotations

import json
import os
import select
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.face.messages import FrontRead, FrontUnreadable, Matched, NotMatched, Seen, Unavailable
from kiosk.face.preview import SIZE
from kiosk.simulation.people import Sitter, photo_jp2
from tests.face.front_parts import HANAKO, MARIA
from tests.face.parts import CameraProcess, StudioRoom, wait_for

Start = Callable[..., CameraProcess]
Spawn = Callable[..., StudioRoom]

DECIDED = (FrontRead, FrontUnreadable, Unavailable)
LONG = 40.0
"""Seconds: a front is looked at for twenty, after the start on a machine that may be busy."""

INFO = {
    "kind": "ordinary",
    "pin": "1234",
    "fingerprint": "00" * 32,
    "check_number_b": HANAKO.check_number_b,
    "name": HANAKO.name,
    "address": HANAKO.address,
    "sex": "2",
    "birth_date": HANAKO.birth_date.isoformat(),
    "expiry": HANAKO.expiry.isoformat(),
    "security_code": HANAKO.security_code,
    "western_year": False,
    "sitter": "astronaut",
}


@pytest.fixture
def issued(tmp_path: Path) -> Path:
    folder = tmp_path / "card"
    folder.mkdir()
    (folder / "info.json").write_text(json.dumps(INFO), encoding="utf-8")
    return folder


def from_studio(booth: socket.socket) -> bytes:
    """What the booth has in its ear now."""
    return booth.recv(4096) if select.select([booth], [], [], 0)[0] else b""


def zeroed(room: StudioRoom) -> bool:
    return not any(os.pread(room.block.fd, SIZE, 0))


def test_the_number_is_with_the_booth_before_the_kiosk_is_told(
    camera_process: Start, studio_room: Spawn, issued: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    camera = camera_process(Sitter.ASTRONAUT, "--card-front", str(issued), "--card-view", "hand")
    room = studio_room(camera.spec)
    room.studio.read_front(7)
    assert room.until(DECIDED, LONG) == FrontRead(7)
    assert from_studio(room.booth) == b"CNB1" + HANAKO.check_number_b.encode()
    wait_for(lambda: zeroed(room))
    steps = [said for said in room.heard if isinstance(said, Seen)]
    assert all(said.token == 7 for said in steps)
    assert all(0 <= said.progress < 1 for said in steps)
    room.end()
    journal = capfd.readouterr().err
    assert '"front_read"' in journal
    for part in (HANAKO.check_number_b, "550217", HANAKO.security_code, HANAKO.name):
        assert part not in journal


def test_a_second_camera_over_the_tray_reads_while_the_first_sees_the_face(
    camera_process: Start, studio_room: Spawn, issued: Path
) -> None:
    face = camera_process(Sitter.ASTRONAUT)
    tray = camera_process(Sitter.ASTRONAUT, "--card-front", str(issued))
    room = studio_room(face.spec, card_camera=tray.spec)
    room.studio.read_front(1)
    assert room.until(DECIDED, LONG) == FrontRead(1)
    room.send_photo(photo_jp2(Sitter.ASTRONAUT))
    room.studio.look(2)
    assert room.until((Matched, NotMatched, Unavailable)) == Matched(2)


def test_with_one_camera_the_card_is_shown_and_then_another_one(
    camera_process: Start, studio_room: Spawn, issued: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    told = INFO | {
        "check_number_b": MARIA.check_number_b,
        "birth_date": MARIA.birth_date.isoformat(),
        "expiry": MARIA.expiry.isoformat(),
        "security_code": MARIA.security_code,
        "western_year": True,
        "sitter": "grace_hopper",
    }
    (other / "info.json").write_text(json.dumps(told), encoding="utf-8")
    camera = camera_process(Sitter.ASTRONAUT, "--card-front", str(issued))
    room = studio_room(camera.spec)
    assert camera.tell("face") == {"showing": "face"}
    room.studio.read_front(1)
    wait_for(lambda: room.block.live() is not None)
    assert camera.tell("front") == {"showing": "front"}
    assert room.until(DECIDED, LONG) == FrontRead(1)
    assert camera.tell(f"card {other}") == {"showing": "front"}
    room.studio.read_front(2)
    assert room.until(DECIDED, LONG) == FrontRead(2)
    # The booth takes the later of the two.
    numbers = from_studio(room.booth)
    assert numbers == b"CNB1" + HANAKO.check_number_b.encode() + b"CNB1" + MARIA.check_number_b.encode()


def test_of_the_back_nothing_reaches_the_booth_and_of_a_card_the_kiosk_sees_too_little_to_read(
    camera_process: Start, studio_room: Spawn, issued: Path
) -> None:
    camera = camera_process(Sitter.ASTRONAUT, "--card-front", str(issued))
    camera.tell("back")
    room = studio_room(camera.spec)
    room.studio.read_front(1)
    while room.until((Seen, *DECIDED), LONG) != Seen(1, "card_other_side", 0.0):
        pass
    seen = room.block.live()
    assert seen is not None
    assert seen[1].shape == (48, 64, 3)
    assert seen[1].std() > 20  # enough to aim
    room.studio.stop()
    wait_for(lambda: zeroed(room))
    assert from_studio(room.booth) == b""
    assert not any(isinstance(said, DECIDED) for said in room.heard)


def test_without_a_booth_nothing_is_called_read(camera_process: Start, studio_room: Spawn, issued: Path) -> None:
    room = studio_room(camera_process(Sitter.ASTRONAUT, "--card-front", str(issued)).spec)
    room.booth.close()
    room.studio.read_front(1)
    assert room.until(DECIDED, LONG) == FrontUnreadable(1)


def test_a_missing_camera_over_the_tray_is_told_quickly(studio_room: Spawn) -> None:
    room = studio_room("socket:/nonexistent/camera", card_camera="socket:/nonexistent/other")
    room.studio.read_front(1)
    assert room.until(DECIDED) == Unavailable(1, "no_camera", "not_there")


def test_who_does_not_read_a_front_pays_nothing_for_it(studio_room: Spawn) -> None:
    room = studio_room("socket:/nonexistent/camera")
    maps = Path(f"/proc/{room.studio.pid}/maps").read_text(encoding="utf-8")
    assert "onnxruntime" not in maps
