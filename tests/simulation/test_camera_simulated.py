from __future__ import annotations

import json
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from kiosk.simulation import card_folder
from kiosk.simulation.card_folder import IssuedCard
from kiosk.simulation.holder import Person as Holder
from kiosk.simulation.people import FPS, Picture, Sitter, frames

CAMERA = """
import argparse, sys
from kiosk.errors import KioskError
from kiosk.simulation import camera
parser = argparse.ArgumentParser()
camera.add_arguments(parser)
try:
    sys.exit(camera.simulate_camera(parser.parse_args()))
except KioskError as error:
    sys.exit(str(error))
"""

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def run(*options: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", CAMERA, "--socket", str(tmp_path / "camera"), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        with process:  # waits, and closes the pipes
            pass


def ready(process: subprocess.Popen[bytes]) -> dict[str, object]:
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    assert isinstance(told, dict)
    return told


def client(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(10)
    connection.connect(str(path))
    return connection


def frame(connection: socket.socket) -> tuple[int, float, Picture]:
    with connection.makefile("rb", buffering=0) as stream:
        header = take(stream.read, 32)
        magic, width, height, counter, mono = struct.unpack("!8sIIQd", header)
        assert magic == b"KIOSKFRM"
        return counter, mono, np.frombuffer(take(stream.read, width * height * 3), np.uint8).reshape(height, width, 3)


def take(read: Callable[[int], bytes | None], wanted: int) -> bytes:
    taken = b""
    while len(taken) < wanted:
        piece = read(wanted - len(taken))
        assert piece
        taken += piece
    return taken


def test_whoever_connects_sees_the_sitter_from_the_beginning(start: Start, tmp_path: Path) -> None:
    told = ready(start("--sitter", "grace_hopper", "--seed", "5"))
    path = tmp_path / "camera"
    assert told == {"ready": True, "camera": f"socket:{path}", "sitter": "grace_hopper", "showing": "face"}
    expected = frames(Sitter.GRACE_HOPPER, seed=5)
    first = next(expected)
    for _ in range(2):
        with client(path) as connection:
            counter, _, picture = frame(connection)
            assert counter == 1
            assert np.array_equal(picture, first)


def test_two_clients_see_each_their_own_clip_at_fifteen_a_second(start: Start, tmp_path: Path) -> None:
    ready(start())
    with client(tmp_path / "camera") as one, client(tmp_path / "camera") as other:
        seen = [frame(one) for _ in range(15)]
        assert [counter for counter, _, _ in seen] == list(range(1, 16))
        assert frame(other)[0] == 1
        took = seen[-1][1] - seen[0][1]
        assert 13 / FPS < took < 30 / FPS


def test_it_ends_with_its_standard_input_and_takes_its_socket_away(start: Start, tmp_path: Path) -> None:
    process = start()
    ready(process)
    with client(tmp_path / "camera") as watching:
        frame(watching)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0
    assert not (tmp_path / "camera").exists()


def test_it_ends_on_sigterm(start: Start, tmp_path: Path) -> None:
    process = start()
    ready(process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert not (tmp_path / "camera").exists()


def test_only_its_own_user_may_look(start: Start, tmp_path: Path) -> None:
    ready(start())
    assert (tmp_path / "camera").stat().st_mode & 0o077 == 0


def test_a_socket_left_behind_is_replaced_and_one_in_use_is_not(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "camera"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left:
        left.bind(str(path))
    ready(start())
    second = start()
    assert b"another simulated camera" in second.communicate(timeout=10)[1]
    with client(path) as connection:
        assert frame(connection)[0] == 1


def test_a_file_of_somebody_elses_is_left_alone(start: Start, tmp_path: Path) -> None:
    (tmp_path / "camera").write_text("mine", encoding="utf-8")
    assert b"something else is there" in start().communicate(timeout=10)[1]
    assert (tmp_path / "camera").read_text(encoding="utf-8") == "mine"


def test_a_clip_that_is_no_video_is_told_before_anybody_connects(start: Start, tmp_path: Path) -> None:
    assert b"no video that can be read" in start("--clip", str(tmp_path / "none.mp4")).communicate(timeout=10)[1]


def told(process: subprocess.Popen[bytes], words: str) -> dict[str, object]:
    assert process.stdin is not None
    process.stdin.write(words.encode() + b"\n")
    process.stdin.flush()
    return ready(process)


def test_an_issued_card_lies_before_it_and_can_be_turned_taken_and_changed(start: Start, tmp_path: Path) -> None:
    for name, sitter in (("card", "astronaut"), ("other", "grace_hopper")):
        holder = Holder()
        (tmp_path / name).mkdir()
        card_folder.write(tmp_path / name, IssuedCard("1234", holder.check_number_b, "ab" * 32), holder, sitter)
    process = start("--card-front", str(tmp_path / "card"))
    assert ready(process)["showing"] == "front"
    with client(tmp_path / "camera") as watching:

        def seen_after(words: str) -> Picture:
            showing = words.split(maxsplit=1)[0]
            assert told(process, words) == {"showing": "front" if showing == "card" else showing}
            for _ in range(4):  # what was on its way
                picture = frame(watching)[2]
            return picture

        front = frame(watching)[2]
        shown = [front, *(seen_after(words) for words in ("back", "nothing", "face", "front"))]
        again = shown.pop()
        assert np.abs(again.astype(int) - front).mean() < 6
        for one in range(4):
            for other in range(one):
                assert np.abs(shown[one].astype(int) - shown[other]).mean() > 8
        other_card = seen_after(f"card {tmp_path / 'other'}")
        photo = np.s_[200:330, 60:180]
        assert np.abs(other_card[photo].astype(int) - front[photo]).mean() > 20


def test_a_word_or_a_card_it_does_not_know_is_answered_and_changes_nothing(start: Start, tmp_path: Path) -> None:
    process = start()
    ready(process)
    assert "expected face" in str(told(process, "dance")["error"])
    assert "cannot be read" in str(told(process, f"card {tmp_path / 'none'}")["error"])
    assert told(process, "nothing") == {"showing": "nothing"}
    with client(tmp_path / "camera") as watching:
        assert frame(watching)[2].mean() < 120


def test_a_card_that_was_not_issued_is_told_before_anybody_connects(start: Start, tmp_path: Path) -> None:
    assert b"cannot be read" in start("--card-front", str(tmp_path)).communicate(timeout=20)[1]
