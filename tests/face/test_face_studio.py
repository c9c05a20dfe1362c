"""The whole way, with nothing replaced: studio process, simulated camera's process, a socket pair for the booth."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.face.errors import StudioError
from kiosk.face.messages import Matched, NotMatched, Seen, Shown, Unavailable
from kiosk.face.preview import SIZE
from kiosk.face.settings import FaceSettings
from kiosk.simulation.people import Scene, Sitter, photo_jp2
from tests.face.parts import CameraProcess, StudioRoom, wait_for

Start = Callable[..., CameraProcess]
Spawn = Callable[..., StudioRoom]

DECIDED = (Matched, NotMatched, Unavailable)


def zeroed(room: StudioRoom) -> bool:
    return not any(os.pread(room.block.fd, SIZE, 0))


@pytest.mark.parametrize("sitter", Sitter)
def test_the_person_on_the_photo_passes(camera_process: Start, studio_room: Spawn, sitter: Sitter) -> None:
    room = studio_room(camera_process(sitter).spec)
    ready = time.monotonic() - room.spawned
    room.send_photo(photo_jp2(sitter))
    begun = time.monotonic()
    room.studio.look(7)
    assert room.until(DECIDED) == Matched(7)
    took = time.monotonic() - begun
    wait_for(lambda: zeroed(room))
    print(f"spawn to Ready {ready:.2f} s, look to Matched {took:.2f} s, studio {room.rss_mb():.0f} MB")
    steps = [said for said in room.heard if isinstance(said, Seen)]
    assert all(said.token == 7 for said in steps)
    assert [said.progress for said in steps] == sorted(said.progress for said in steps)


@pytest.mark.parametrize(
    ("scene", "passes"),
    [(Scene.LIVING, True), (Scene.PHOTOGRAPH, False), (Scene.PHONE_REPLAY_BLINKS, False), (Scene.STILL, False)],
)
def test_as_it_ships_the_living_pass_and_their_pictures_do_not(
    camera_process: Start, studio_room: Spawn, scene: Scene, passes: bool
) -> None:
    camera = camera_process(Sitter.ASTRONAUT, "--scene", scene.value)
    room = studio_room(camera.spec, liveness=FaceSettings(camera.spec).liveness)
    room.send_photo(photo_jp2(Sitter.ASTRONAUT))
    room.studio.look(1)
    asked: list[str] = []
    while isinstance(said := room.until((Seen, *DECIDED), 40.0), Seen):
        prompt = said.prompt or "nothing"
        if prompt != (asked or ["nothing"])[-1]:
            asked.append(prompt)
            camera.tell(f"ask {prompt}")  # whoever is there does what the screen asks, if anybody can
    if passes:
        assert said == Matched(1)
        assert {"blink", "face_front"} < set(asked)
        assert len({"turn_left", "turn_right"} & set(asked)) == 1
    else:
        assert isinstance(said, NotMatched)
        assert said.ending in {"held_up", "unanswered"}
    wait_for(lambda: zeroed(room))


@pytest.mark.parametrize("sitter", Sitter)
def test_another_person_does_not_pass(camera_process: Start, studio_room: Spawn, sitter: Sitter) -> None:
    (other,) = set(Sitter) - {sitter}
    room = studio_room(camera_process(sitter).spec)
    room.send_photo(photo_jp2(other))
    for token in (1, 2, 3):
        room.studio.look(token)
        assert room.until(DECIDED) == NotMatched(token, "unlike")


def test_nothing_is_filmed_before_it_is_asked_for(camera_process: Start, studio_room: Spawn) -> None:
    room = studio_room(camera_process(Sitter.ASTRONAUT).spec)
    room.send_photo(photo_jp2(Sitter.ASTRONAUT))
    assert not any(name.startswith("camera") for name in threads(room))
    assert zeroed(room)
    room.studio.look(1)
    assert room.until(DECIDED) == Matched(1)
    wait_for(lambda: zeroed(room))
    assert room.block.live() is None


def test_while_it_looks_the_live_picture_runs(camera_process: Start, studio_room: Spawn) -> None:
    room = studio_room(camera_process(Sitter.ASTRONAUT).spec)
    room.studio.compare(1)
    assert room.until((Shown, Unavailable)) == Shown(1, with_photo=False)
    first = room.block.live()
    begun = time.monotonic()
    assert first is not None
    assert first[1].shape == (480, 640, 3)

    def thirty_later() -> bool:
        seen = room.block.live()
        return seen is not None and seen[0] >= first[0] + 30

    wait_for(thirty_later)
    rate = 30 / (time.monotonic() - begun)
    print(f"live pictures: {rate:.1f} a second")
    assert rate > 10  # the simulated camera films 15 a second; this machine may be busy


def test_the_visual_check_shows_live_picture_and_photo_until_it_is_stopped(
    camera_process: Start, studio_room: Spawn
) -> None:
    room = studio_room(camera_process(Sitter.GRACE_HOPPER).spec)
    room.send_photo(photo_jp2(Sitter.GRACE_HOPPER))
    room.studio.compare(3)
    assert room.until((Shown, Unavailable)) == Shown(3, with_photo=True)
    photo = room.block.photo()
    assert photo is not None
    assert photo[1].shape == (320, 240, 3)
    assert room.block.live() is not None
    room.studio.stop()
    wait_for(lambda: zeroed(room))
    room.studio.look(4)  # and it can go on after that
    assert room.until(DECIDED) == Matched(4)


def test_stopping_in_the_middle_answers_nothing_and_leaves_nothing(camera_process: Start, studio_room: Spawn) -> None:
    room = studio_room(camera_process(Sitter.ASTRONAUT).spec)
    room.send_photo(photo_jp2(Sitter.ASTRONAUT))
    room.studio.look(1)
    wait_for(lambda: room.block.live() is not None)
    room.studio.stop()
    wait_for(lambda: zeroed(room))
    room.studio.look(2)
    while not isinstance(said := room.until((Seen, *DECIDED)), DECIDED) or said.token == 1:
        pass
    assert said == Matched(2)


def test_an_empty_chair_ends_the_attempt_without_a_comparison(
    studio_room: Spawn, camera_process: Start, tmp_path: Path
) -> None:
    room = studio_room(camera_process(Sitter.ASTRONAUT, "--clip", str(wall(tmp_path))).spec, attempt_seconds=2.0)
    room.send_photo(photo_jp2(Sitter.ASTRONAUT))
    room.studio.look(1)
    assert room.until(DECIDED) == NotMatched(1, "unseen")
    told = [said.advice for said in room.heard if isinstance(said, Seen)]
    assert "look_here" in told
    assert len(told) <= 21  # ten a second at most


def test_a_missing_camera_is_told_quickly(studio_room: Spawn) -> None:
    room = studio_room("socket:/nonexistent/camera")
    room.send_photo(photo_jp2(Sitter.ASTRONAUT))
    begun = time.monotonic()
    room.studio.look(1)
    assert room.until(DECIDED) == Unavailable(1, "no_camera", "not_there")
    room.studio.compare(2)
    assert room.until((Shown, Unavailable)) == Unavailable(2, "no_camera", "not_there")
    assert time.monotonic() - begun < 2


def test_a_camera_that_dies_in_the_middle_is_told(camera_process: Start, studio_room: Spawn) -> None:
    camera = camera_process(Sitter.ASTRONAUT)
    room = studio_room(camera.spec)
    room.studio.compare(1)
    assert room.until((Shown, Unavailable)) == Shown(1, with_photo=False)
    camera.end()
    assert room.until(Unavailable) == Unavailable(1, "no_camera", "unplugged")
    wait_for(lambda: zeroed(room))


def test_without_a_photo_there_is_nothing_to_compare_with(camera_process: Start, studio_room: Spawn) -> None:
    room = studio_room(camera_process(Sitter.ASTRONAUT).spec)
    room.studio.look(1)
    assert room.until(DECIDED) == Unavailable(1, "no_photo")


@pytest.mark.parametrize(
    "sent",
    [
        b"PHO1" + struct.pack(">I", 5) + b"hello",
        b"PHO1" + struct.pack(">I", 0),
        b"PHO1" + struct.pack(">I", 0xFFFFFFFF) + b"much",
        b"GET / HTTP/1.1\r\n\r\n",
        b"PHO1" + struct.pack(">I", 7000) + photo_jp2(Sitter.ASTRONAUT)[:7000],
    ],
    ids=["no picture", "empty", "endless", "another protocol", "cut off"],
)
def test_a_hostile_photo_costs_one_answer_and_not_the_studio(
    camera_process: Start, studio_room: Spawn, sent: bytes
) -> None:
    room = studio_room(camera_process(Sitter.ASTRONAUT).spec)
    room.booth.sendall(sent)
    room.studio.look(1)
    assert room.until(DECIDED) == Unavailable(1, "bad_photo")
    room.studio.compare(2)
    assert room.until((Shown, Unavailable)) == Shown(2, with_photo=False)
    assert not room.gone.is_set()


def test_a_later_photo_replaces_an_earlier_one(camera_process: Start, studio_room: Spawn) -> None:
    room = studio_room(camera_process(Sitter.ASTRONAUT).spec)
    room.send_photo(photo_jp2(Sitter.GRACE_HOPPER))
    room.send_photo(photo_jp2(Sitter.ASTRONAUT))
    room.studio.look(1)
    assert room.until(DECIDED) == Matched(1)


def test_the_studio_outlives_the_booth_but_not_the_kiosk(camera_process: Start, studio_room: Spawn) -> None:
    room = studio_room(camera_process(Sitter.ASTRONAUT).spec)
    room.send_photo(photo_jp2(Sitter.ASTRONAUT))
    room.booth.close()
    room.studio.compare(1)
    assert room.until((Shown, Unavailable)) == Shown(1, with_photo=True)
    room.studio._control.shutdown(2)  # what the system does when the kiosk's process ends
    wait_for(lambda: room.studio._process.poll() is not None)
    assert room.studio._process.returncode == 0
    assert room.gone.wait(5)
    assert zeroed(room)


def test_a_studio_that_crashes_is_seen_at_once(studio_room: Spawn) -> None:
    room = studio_room("socket:/nonexistent/camera")
    os.kill(room.studio.pid, 11)
    assert room.gone.wait(5)
    with pytest.raises(StudioError, match="gone"):
        room.studio.look(1)
    room.studio.kill()
    room.studio.kill()


def test_a_kiosk_that_talks_nonsense_ends_the_studio(studio_room: Spawn) -> None:
    room = studio_room("socket:/nonexistent/camera")
    room.studio._control.send(b"nonsense")
    wait_for(lambda: room.studio._process.poll() is not None)
    assert room.studio._process.returncode == 1


def test_the_studio_can_be_neither_dumped_nor_traced(studio_room: Spawn) -> None:
    room = studio_room("socket:/nonexistent/camera")
    limits = Path(f"/proc/{room.studio.pid}/limits").read_text(encoding="utf-8")
    (core,) = [line.split() for line in limits.splitlines() if line.startswith("Max core file size")]
    assert core[4:6] == ["0", "0"]
    code = "import ctypes; from kiosk import secrecy; secrecy.keep(); print(ctypes.CDLL(None).prctl(3))"
    told = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, timeout=30).stdout
    assert told == b"0\n"  # PR_GET_DUMPABLE


def threads(room: StudioRoom) -> list[str]:
    tasks = Path(f"/proc/{room.studio.pid}/task")
    return [(task / "comm").read_text(encoding="utf-8").strip() for task in tasks.iterdir()]


def wall(folder: Path) -> Path:
    import cv2
    import numpy as np

    path = folder / "wall.avi"
    film = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 15, (640, 480))
    noise = np.random.default_rng(1)
    for _ in range(15):  # a sensor never gives the same picture twice
        film.write(noise.integers(125, 136, (480, 640, 3), np.uint8))
    film.release()
    return path
