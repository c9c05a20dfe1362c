"""Scenes before the kiosk's camera: somebody alive, somebody in the way of being recognised, somebody with a picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random
from typing import Final

import numpy as np

from kiosk.simulation.attack_scenes import Show, attack
from kiosk.simulation.people_actor import Actor
from kiosk.simulation.people_manners import Manner, Respond
from kiosk.simulation.people_portraits import Picture, Sitter, other_than
from kiosk.simulation.people_room import Sensor, before, lit, waiting_room
from kiosk.simulation.people_stagings import ATTACKS, BESIDE, FPS, SIZE, STAGINGS, Scene

_ALONE: Final = (0.5, 0.42)
_FIRST_OF_TWO: Final = (0.29, 0.45)
_SECOND_OF_TWO: Final = (0.73, 0.47)
_BEHIND: Final = (0.80, 0.40)
"""Where the middle of somebody's eyes is, in shares of the frame."""


def scene_frames(
    scene: Scene, sitter: Sitter | Path, *, seed: int = 1, respond: Respond | None = None
) -> Iterator[Picture]:
    """The scene before the camera, without end: 640 x 480, meant for `FPS` a second.

    `sitter` is whose card it is: one of the fetched portraits, or any portrait by its path. `respond` is asked before every
    frame what the kiosk asks for at that moment; whoever heeds does it after a human while. The same seed and the same
    questions give the same pictures. Raises `kiosk.errors.MissingError`, at the first frame.
    """
    numbers = np.random.default_rng([seed, *scene.encode()])
    chance = Random(f"{scene} {seed}")
    show = attack(scene, sitter, chance, numbers) if scene in ATTACKS else _people(scene, sitter, chance, numbers)
    sensor = Sensor(numbers, SIZE)
    lamp = float(numbers.uniform(0, 2 * np.pi))
    for number in count():
        now = number / FPS
        picture = show(now, respond() if respond is not None else None)
        drift = 1.0 + 0.03 * float(np.sin(2 * np.pi * now / 7.9 + lamp))
        yield sensor.taken(lit(picture, drift), number)


def _people(scene: Scene, sitter: Sitter | Path, chance: Random, numbers: np.random.Generator) -> Show:
    staging = STAGINGS[scene]
    who = other_than(sitter) if scene is Scene.IMPOSTOR else sitter
    manner = staging.manner if chance.random() < 0.5 else replace(staging.manner, held=-staging.manner.held)
    behind = waiting_room(numbers, SIZE, window=staging.window)
    if not staging.window:
        behind = lit(behind, staging.light)
    light = staging.light * chance.uniform(0.92, 1.06)
    width = SIZE[0] * (staging.face_width + chance.uniform(-staging.spread, staging.spread))
    first = Actor(who, width, chance, manner, worn=staging.worn, light=light, walks=staging.walks)
    cast = [(first, _FIRST_OF_TWO if staging.other > BESIDE else _ALONE)]
    if staging.other:
        second = Actor(other_than(who), staging.other * width, chance, Manner(heeds=False), light=light)
        cast.insert(0, (second, _SECOND_OF_TWO if staging.other > BESIDE else _BEHIND))

    def show(now: float, asked: str | None) -> Picture:
        picture = behind
        for actor, (x, y) in cast:
            picture = before(actor.seen(now, asked, (x * SIZE[0], y * SIZE[1]), SIZE), picture)
        return picture

    return show
