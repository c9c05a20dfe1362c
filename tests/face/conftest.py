"""The engine, simulated cameras, studios and printed cards of the face room's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest

from kiosk.face.card_front_figures import FigureReader
from kiosk.face.card_front_marks import MarkReader
from kiosk.face.messages import Ready
from kiosk.face.settings import FaceSettings
from kiosk.face.sface import SFaceMatcher
from kiosk.simulation.people import Sitter
from tests.face.front_parts import PrintedCards
from tests.face.parts import CameraProcess, StudioRoom


@pytest.fixture(scope="session")
def matcher() -> SFaceMatcher:
    engine = SFaceMatcher.load()
    engine.warm()
    return engine


@pytest.fixture(scope="session")
def marks() -> MarkReader:
    return MarkReader.load()


@pytest.fixture(scope="session")
def figures() -> FigureReader:
    return FigureReader.load()


@pytest.fixture(scope="session")
def cards() -> PrintedCards:
    return PrintedCards()


@pytest.fixture
def camera_process(tmp_path: Path) -> Iterator[Callable[..., CameraProcess]]:
    started: list[CameraProcess] = []

    def start(sitter: Sitter, *options: str) -> CameraProcess:
        camera = CameraProcess(tmp_path / f"camera{len(started)}", "--sitter", sitter.value, *options)
        started.append(camera)
        return camera

    yield start
    for camera in started:
        camera.end()


@pytest.fixture
def studio_room() -> Iterator[Callable[..., StudioRoom]]:
    rooms: list[StudioRoom] = []

    def spawn(
        camera: str,
        attempt_seconds: float = 10.0,
        card_camera: str | None = None,
        liveness: Literal["off", "blink", "challenge"] = "off",
    ) -> StudioRoom:
        settings = FaceSettings(
            camera=camera, attempt_seconds=attempt_seconds, card_camera=card_camera, liveness=liveness
        )
        room = StudioRoom(settings)
        rooms.append(room)
        room.until(Ready)
        return room

    yield spawn
    for room in rooms:
        room.end()
