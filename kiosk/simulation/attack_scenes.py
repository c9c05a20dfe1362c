"""Attacks as scenes: whose picture is held up, on what, and how whoever holds it tries to do what is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

import numpy as np

from kiosk.simulation.attack_cut_out import cut_eyes
from kiosk.simulation.attacks import Glass, Held, Sheet, presented, print_of, screen_of
from kiosk.simulation.people_actor import Actor
from kiosk.simulation.people_figure import portrait_of
from kiosk.simulation.people_head import Turn
from kiosk.simulation.people_manners import Behaviour, Manner, Pose, Prompt
from kiosk.simulation.people_portraits import FACE_IN_EYE_DISTANCES, Picture, Sitter, other_than
from kiosk.simulation.people_room import before, waiting_room
from kiosk.simulation.people_stagings import HEIGHT, REPLAYS, SIZE, WIDTH, Scene

Show = Callable[[float, str | None], Picture]
"""One frame of a scene: at these seconds, while this is asked."""

_Sheets = Callable[[float, float], Sheet]
"""What is held up: at these seconds, with the eyes behind the holes closed by this share."""

_HELD_UP: Final = (0.25, 0.36)
"""Width of the face on the sheet, as a share of the frame's."""
_HELD_CLOSE: Final = (0.38, 0.40)
_CLOSE: Final = 0.4
"""The same where a screen is held so near that its edge is hardly seen, and how often it is."""
_FILMS: Final = ((416, 500), (520, 420))
_CLOSE_FILM: Final = (570, 450)
"""Pixels of a film that is shown, on a screen held upright or lying; one held close needs more round the face."""
_HAND: Final = Manner(turn=(35.0, 48.0), blinks_a_minute=0.0)
"""A hand turns a sheet when a turn is asked, as far as a face on it can still be found."""
_PAPER: Final = np.array([2.3, 2.1, 2.3, 3.4])
"""How far a print reaches from the middle of the eyes to the left, up, right and down, in eye distances."""
_BENT: Final = 0.75
"""How far round its bend a bent print reaches, in radians: no side of it lies behind the other."""


def attack(scene: Scene, sitter: Sitter | Path, chance: Random, numbers: np.random.Generator) -> Show:
    """One of the `ATTACKS` with the sitter's picture. Raises `kiosk.errors.MissingError`."""
    behind = waiting_room(numbers, SIZE)
    close = scene in REPLAYS and chance.random() < _CLOSE
    unit = chance.uniform(*(_HELD_CLOSE if close else _HELD_UP)) * WIDTH / FACE_IN_EYE_DISTANCES
    blinks = 12.0 if scene is Scene.CUT_OUT else 0.0
    manner = replace(_HAND, blinks_a_minute=blinks, heeds=scene is not Scene.PHONE_REPLAY_MOVES)
    hand = Behaviour(manner, Random(chance.random()))
    glass = Glass(numbers) if scene in REPLAYS else None
    if glass is None:
        sheets = _paper(scene, sitter, chance, unit)
    else:
        sheets = _screen(scene, sitter, chance, numbers, _CLOSE_FILM if close else chance.choice(_FILMS))

    def show(now: float, asked: str | None) -> Picture:
        pose = hand.at(now, asked)
        held = _held(pose, unit, waved=scene is not Scene.CUT_OUT)
        sheet = sheets(now, pose.lids)
        layer = presented(sheet, held, SIZE)
        return before(layer if glass is None else glass.over(layer, sheet, held, now), behind)

    return show


def _held(pose: Pose, unit: float, *, waved: bool) -> Held:
    """A hand is less steady than a head; asked to blink, whoever holds a picture up can only wave it."""
    yaw, wave = pose.turn.yaw, 0.45 * pose.lids if waved else 0.0
    turn = Turn(1.6 * yaw if abs(yaw) < 0.2 else yaw, 2.0 * pose.turn.pitch + wave, 1.5 * pose.turn.roll)
    here = unit * pose.near
    return Held(WIDTH / 2 + 1.3 * pose.x * here, 0.44 * HEIGHT + 1.3 * pose.y * here, here, turn)


def _paper(scene: Scene, sitter: Sitter | Path, chance: Random, unit: float) -> _Sheets:
    picture, eyes, scale = portrait_of(sitter, unit)
    edged = chance.random() < 0.5  # its edge is seen, or it fills the frame
    reach = _PAPER if edged else np.array([WIDTH, HEIGHT, WIDTH, HEIGHT]) * 0.62 / unit
    bend = chance.uniform(1.9, 3.0) if scene is Scene.BENT_PHOTOGRAPH else None
    if bend is not None:
        reach = np.minimum(reach, np.array([_BENT * bend, HEIGHT, _BENT * bend, HEIGHT]))
    sheet = replace(print_of(picture, eyes, scale, 0.15 if edged else 0.0, reach), bend=bend)
    if scene is Scene.CUT_OUT:
        steps = cut_eyes(sheet, sitter, other_than(sitter))
        return lambda _, lids: replace(sheet, picture=steps[round(lids * (len(steps) - 1))])
    return lambda _now, _lids: sheet


def _screen(
    scene: Scene, sitter: Sitter | Path, chance: Random, numbers: np.random.Generator, size: tuple[int, int]
) -> _Sheets:
    eyes = (0.5 * size[0], 0.42 * size[1])
    blinks = 0.0 if scene is Scene.PHONE_REPLAY else 14.0
    actor = Actor(sitter, 0.30 * WIDTH, chance, Manner(blinks_a_minute=blinks, heeds=scene is Scene.PHONE_REPLAY_MOVES))
    room = waiting_room(numbers, size)
    script = _Script(chance)
    brightness = chance.uniform(0.85, 1.15)
    filmed_at = chance.uniform(11.0, 14.0)  # new frames a second: the film and the camera do not keep step
    shown: dict[int, Sheet] = {}

    def sheet(now: float, _lids: float) -> Sheet:
        number = int(now * filmed_at)
        if number not in shown:
            then = number / filmed_at
            film = before(actor.seen(then, script.at(then), eyes, size), room)
            shown.clear()
            shown[number] = screen_of(film, eyes, actor.unit, brightness)
        return shown[number]

    return sheet


class _Script:
    """What somebody was told to do while the film to be replayed was made: a blink or a turn, then to the front."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._until = chance.uniform(0.5, 2.0)
        self._asked: Prompt | None = None

    def at(self, now: float) -> Prompt | None:
        while now >= self._until:
            moves = (Prompt.BLINK, Prompt.TURN_LEFT, Prompt.TURN_RIGHT)
            back = self._asked not in {None, Prompt.FACE_FRONT}
            self._asked = Prompt.FACE_FRONT if back else self._chance.choice(moves)
            self._until += self._chance.uniform(1.6, 2.6)
        return self._asked
