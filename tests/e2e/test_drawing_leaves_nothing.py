"""What drawing a live picture copies on its way to the panel is overwritten as soon as it is freed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from typing import IO

import pygame

from kiosk.simulation.people import Picture, frames
from kiosk.ui.geometry import Rect
from kiosk.ui.live import oval, paint
from kiosk.ui.theme import load as load_theme
from kiosk.ui.widgets import Live
from tests.e2e.face_pieces import of_surface, rows_of
from tests.e2e.memory_search import Needles
from tests.e2e.watched_site import SITTER

DRAW = """
import os, sys
import numpy as np
import pygame
from kiosk import secrecy
from kiosk.face.preview import PreviewBlock, PreviewWriter
from kiosk.ui import live, theme
from kiosk.ui.geometry import Rect
from kiosk.ui.widgets import Live

assert secrecy.overwrite_what_is_freed()
block = PreviewBlock.create()
writer = PreviewWriter(block.fd)
panel, look = pygame.Surface((1280, 800), depth=32), theme.load("normal")
for _ in range(int(sys.argv[1])):
    frame = np.frombuffer(sys.stdin.buffer.read(640 * 480 * 3), np.uint8).reshape(480, 640, 3)
    writer.live(frame, 0.0)
    del frame
    newest = block.live()
    live.paint(panel, Live(Rect(*map(int, sys.argv[2:6]))), newest[1], look, 8)
    del newest
print("shown", flush=True)
sys.stdin.buffer.read(1)
block.zero()
panel.fill(0)
print("wiped", flush=True)
sys.stdin.buffer.read(1)
"""


def half_ways(face: Picture, place: Rect) -> Iterator[pygame.Surface]:
    """The picture scaled as it is for `place`, but in one direction only: what a scaler keeps in between."""
    around = oval(place)
    apart = 13 + 4  # the ring's width and the gap behind it, for a design millimetre of 8 pixels
    to = around.inset(apart)
    height, width = face.shape[:2]
    scale = max(to.w / width, to.h / height)
    cut = min(width, round(to.w / scale)), min(height, round(to.h / scale))
    whole = pygame.image.frombuffer(face.tobytes(), (width, height), "BGR")
    middle = whole.subsurface(((width - cut[0]) // 2, (height - cut[1]) // 2, *cut))
    for size in ((to.w, cut[1]), (cut[0], to.h)):
        yield pygame.transform.smoothscale(middle, size)


def until_said(said: IO[bytes], line: bytes) -> None:
    """Wait for a line: pygame greets first."""
    assert line in iter(said.readline, b"")


def test_what_drawing_copies_on_its_way_is_overwritten() -> None:
    """Scaled whole and in one direction, mirrored, with and without a fourth byte: a picture is copied six times a frame."""
    place = Rect(40, 140, 440, 520)
    faces = list(islice(frames(SITTER, seed=77), 20))
    named: dict[str, list[bytes]] = {"frame": [], "shown": [], "half": []}
    surface, look = pygame.Surface((1280, 800), depth=32), load_theme("normal")
    for face in faces:
        paint(surface, Live(place), face, look, 8)
        named["frame"] += rows_of(face)
        named["shown"] += rows_of(of_surface(surface.subsurface((place.x, place.y, place.w, place.h))))
        named["half"] += [piece for half in half_ways(face, place) for piece in rows_of(of_surface(half))]
    needles = Needles(named)
    words = [sys.executable, "-c", DRAW, str(len(faces)), *map(str, (place.x, place.y, place.w, place.h))]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as drawing:
        assert drawing.stdin is not None
        assert drawing.stdout is not None
        drawing.stdin.write(b"".join(face.tobytes() for face in faces))
        drawing.stdin.flush()
        until_said(drawing.stdout, b"shown\n")
        before = needles.in_process(drawing.pid)
        drawing.stdin.write(b".")
        drawing.stdin.flush()
        until_said(drawing.stdout, b"wiped\n")
        after = needles.in_process(drawing.pid)
        drawing.stdin.write(b".")
    assert before["frame"] >= 4
    assert before["shown"] >= 4
    assert not after
