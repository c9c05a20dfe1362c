"""Scenes before the simulated camera, told to it by words: who is there, what the kiosk asks for, what is wrong with it."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from kiosk import share
from kiosk.errors import MissingError, UsageError
from kiosk.simulation.camera_cast import Cast
from kiosk.simulation.people import Picture, Scene, Sitter, scene_frames
from tests.simulation.face_measures import Measures

Start = Callable[..., "Filming"]

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


class Filming:
    """A simulated camera's process."""

    def __init__(self, path: Path, *options: str) -> None:
        self.path = path
        self.process = subprocess.Popen(
            [sys.executable, "-c", CAMERA, "--socket", str(path), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def line(self) -> dict[str, object]:
        assert self.process.stdout is not None
        told = json.loads(self.process.stdout.readline())
        assert isinstance(told, dict)
        return told

    def tell(self, words: str) -> dict[str, object]:
        assert self.process.stdin is not None
        self.process.stdin.write(words.encode() + b"\n")
        self.process.stdin.flush()
        return self.line()

    def client(self) -> Client:
        return Client(self.path)


class Client:
    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(10)
        self._socket.connect(str(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def frame(self) -> Picture:
        """The next picture."""
        _, width, height, _, _ = struct.unpack("!8sIIQd", self._take(32))
        return np.frombuffer(self._take(width * height * 3), np.uint8).reshape(height, width, 3)

    def ended(self) -> bool:
        """Read on until the camera ends the connection."""
        with contextlib.suppress(ConnectionResetError):
            while self._socket.recv(1 << 20):
                pass
        return True

    def sends(self, seconds: float) -> bool:
        """Whether anything comes within that time."""
        return bool(select.select([self._socket], [], [], seconds)[0])

    def until(self, holds: Callable[[Picture], bool]) -> Picture:
        """The first picture of which this holds, within ten seconds."""
        deadline = time.monotonic() + 10
        while True:
            picture = self.frame()
            assert time.monotonic() < deadline, "no such picture came"
            if holds(picture):
                return picture

    def _take(self, wanted: int) -> bytes:
        taken = b""
        while len(taken) < wanted:
            piece = self._socket.recv(wanted - len(taken))
            assert piece, "the camera ended the connection"
            taken += piece
        return taken


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Filming] = []

    def run(*options: str) -> Filming:
        started.append(Filming(tmp_path / "camera", *options))
        return started[-1]

    yield run
    for filming in started:
        filming.process.kill()
        with filming.process:  # waits, and closes the pipes
            pass


def test_a_scene_is_filmed_from_its_beginning(start: Start) -> None:
    camera = start("--scene", "mask", "--sitter", "grace_hopper", "--seed", "3")
    assert camera.line() == {
        "ready": True,
        "camera": f"socket:{camera.path}",
        "sitter": "grace_hopper",
        "showing": "face",
        "scene": "mask",
    }
    expected = list(islice(scene_frames(Scene.MASK, Sitter.GRACE_HOPPER, seed=3), 2))
    for _ in range(2):
        with camera.client() as watching:
            for picture in expected:
                assert np.array_equal(watching.frame(), picture)


def test_any_portrait_can_sit_there_and_lives(start: Start) -> None:
    portrait = share.fetched("portraits/grace_hopper.jpg")
    camera = start("--portrait", str(portrait))
    ready = camera.line()
    assert (ready["sitter"], ready["scene"]) == ("portrait", "living")
    with camera.client() as watching:
        first = watching.frame()
        assert np.array_equal(first, next(scene_frames(Scene.LIVING, portrait, seed=1)))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--portrait", "/nonexistent/face.png"], "is not there, or no picture"),
        (["--scene", "party"], "invalid choice"),
        (["--scene", "living", "--clip", "x.mp4"], "not allowed with"),
        (["--sitter", "astronaut", "--portrait", "x.png"], "not allowed with"),
    ],
)
def test_what_cannot_be_filmed_is_told_before_anybody_connects(start: Start, options: list[str], sentence: str) -> None:
    assert sentence in start(*options).process.communicate(timeout=20)[1].decode()


def test_the_living_one_turns_when_the_screen_asks_and_comes_back(start: Start) -> None:
    """Past 0.35 to the person's own left, which is the picture's right (face-stack.md section 3)."""
    measures = Measures()

    def yaw(picture: Picture) -> float:
        found = measures.faces(picture)
        return found[0].yaw if found else 0.0

    camera = start("--scene", "living", "--seed", "6")
    camera.line()
    with camera.client() as watching:
        watching.until(lambda picture: abs(yaw(picture)) < 0.15)
        assert camera.tell("ask turn_left") == {"showing": "face", "asked": "turn_left"}
        watching.until(lambda picture: yaw(picture) > 0.35)
        camera.tell("ask face_front")
        watching.until(lambda picture: abs(yaw(picture)) < 0.12)
        assert camera.tell("ask nothing") == {"showing": "face", "asked": "nothing"}


def test_another_scene_begins_while_somebody_films(start: Start) -> None:
    camera = start()
    camera.line()
    expected = next(scene_frames(Scene.PHOTOGRAPH, Sitter.ASTRONAUT, seed=1))
    with camera.client() as watching:
        watching.frame()
        assert camera.tell("scene photograph") == {"showing": "face", "scene": "photograph"}
        watching.until(lambda picture: np.array_equal(picture, expected))


def test_a_scene_or_a_question_nobody_knows_is_answered_and_changes_nothing(start: Start) -> None:
    camera = start("--scene", "still")
    camera.line()
    assert "expected a scene: living" in str(camera.tell("scene party")["error"])
    assert "expected one of: blink" in str(camera.tell("ask dance")["error"])
    assert "expected face" in str(camera.tell("explode")["error"])
    with camera.client() as watching:
        assert np.array_equal(watching.frame(), next(scene_frames(Scene.STILL, Sitter.ASTRONAUT, seed=1)))


def test_a_scene_that_cannot_be_had_leaves_the_one_before() -> None:
    cast = Cast(Path("/nonexistent/face.png"), scene=None)
    with pytest.raises(MissingError):
        cast.rehearse()
    with pytest.raises(MissingError):
        cast.play("mask")
    assert cast.scene is Scene.LIVING
    with pytest.raises(UsageError):
        cast.play("party")


# -- trouble ---------------------------------------------------------------------------------------------------------


def test_a_frozen_camera_sends_its_last_picture_again_to_whoever_connects(start: Start) -> None:
    camera = start()
    camera.line()
    with camera.client() as watching:
        watching.frame()
        assert camera.tell("freeze") == {"camera": "freeze"}
        for _ in range(3):  # what was on its way
            held = watching.frame()
        assert np.array_equal(watching.frame(), held)
        with camera.client() as other:
            assert np.array_equal(other.frame(), held)
        camera.tell("ok")
        watching.until(lambda picture: not np.array_equal(picture, held))


def test_a_covered_camera_sends_next_to_nothing(start: Start) -> None:
    camera = start()
    camera.line()
    camera.tell("black")
    with camera.client() as watching:
        dark = watching.frame()
        assert dark.max() < 5
        assert not np.array_equal(watching.frame(), dark)
        camera.tell("ok")
        watching.until(lambda picture: picture.mean() > 50)


def test_a_hanging_camera_keeps_the_connection_and_sends_nothing(start: Start) -> None:
    camera = start()
    camera.line()
    with camera.client() as watching:
        watching.frame()
        camera.tell("hang")
        while watching.sends(0.3):  # what was on its way
            watching.frame()
        assert not watching.sends(0.3)
        camera.tell("ok")
        assert watching.frame().mean() > 50


def test_an_unplugged_camera_ends_its_connections_and_takes_its_socket_away_until_it_is_back(start: Start) -> None:
    camera = start()
    camera.line()
    with camera.client() as watching:
        watching.frame()
        assert camera.tell("gone") == {"camera": "gone"}
        assert camera.tell("gone") == {"camera": "gone"}
        assert not camera.path.exists()
        assert watching.ended()
    camera.tell("ok")
    with camera.client() as watching:
        assert watching.frame().mean() > 50
    camera.tell("gone")
    assert camera.process.stdin is not None
    camera.process.stdin.close()
    assert camera.process.wait(10) == 0


def test_a_busy_camera_shows_out_whoever_comes_and_films_on_for_who_was_there(start: Start) -> None:
    camera = start()
    camera.line()
    with camera.client() as first:
        first.frame()
        camera.tell("busy")
        with camera.client() as second:
            assert second.ended()
        assert first.frame().mean() > 50


def test_words_about_what_is_shown_are_heard_in_trouble_too(start: Start) -> None:
    camera = start()
    camera.line()
    camera.tell("gone")
    assert camera.tell("scene living") == {"showing": "face", "scene": "living"}
    camera.tell("ok")
    with camera.client() as watching:
        assert np.array_equal(watching.frame(), next(scene_frames(Scene.LIVING, Sitter.ASTRONAUT, seed=1)))
