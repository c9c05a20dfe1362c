"""The scenes before the kiosk's camera, as data: how near, in what light, wearing what, with whom, behaving how."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from kiosk.simulation.people_figure import Worn
from kiosk.simulation.people_manners import Manner
from kiosk.simulation.people_things import sunglasses, surgical_mask

FPS: Final = 15
WIDTH: Final = 640
HEIGHT: Final = 480
SIZE: Final = (WIDTH, HEIGHT)

BESIDE: Final = 0.7
"""From this share of the first person's size on, the second one stands beside the first, else further behind."""


class Scene(StrEnum):
    """What happens before the camera."""

    LIVING = "living"
    WALKS_IN = "walks_in"
    TOO_CLOSE = "too_close"
    TOO_FAR = "too_far"
    BACK_LIT = "back_lit"
    DARK = "dark"
    MASK = "mask"
    SUNGLASSES = "sunglasses"
    FRIEND = "friend"
    """A second person stands as near."""
    BYSTANDER = "bystander"
    """A second person stands further behind."""
    IMPOSTOR = "impostor"
    """Somebody else than the sitter; alive, and doing all that is asked."""
    TURNED_AWAY = "turned_away"
    STILL = "still"
    """Breathes, but neither blinks nor does what is asked."""
    PHOTOGRAPH = "photograph"
    BENT_PHOTOGRAPH = "bent_photograph"
    CUT_OUT = "cut_out"
    """A photograph with holes for the eyes; somebody else's blink behind it."""
    PHONE_REPLAY = "phone_replay"
    """A video of the sitter, who does not blink in it."""
    PHONE_REPLAY_BLINKS = "phone_replay_blinks"
    """The same, who blinks in it now and then."""
    PHONE_REPLAY_MOVES = "phone_replay_moves"
    """A video of the sitter made for this: blinks and turns, in an order of its own."""


PRINTS: Final = frozenset({Scene.PHOTOGRAPH, Scene.BENT_PHOTOGRAPH, Scene.CUT_OUT})
REPLAYS: Final = frozenset({Scene.PHONE_REPLAY, Scene.PHONE_REPLAY_BLINKS, Scene.PHONE_REPLAY_MOVES})
ATTACKS: Final = PRINTS | REPLAYS
"""Scenes in which nobody but a picture looks at the camera."""


@dataclass(frozen=True)
class Staging:
    """How a scene with people is set. `face_width` is the face's share of the frame's width; `light` is a factor."""

    face_width: float = 0.30
    spread: float = 0.04
    """How much nearer or further somebody may stand."""
    light: float = 1.0
    window: bool = False
    """A bright window is behind them, and its light does not fall on their faces."""
    worn: Worn | None = None
    other: float = 0.0
    """Size of a second person against the first one."""
    walks: bool = False
    manner: Manner = field(default_factory=Manner)


STAGINGS: Final = {
    Scene.LIVING: Staging(),
    Scene.WALKS_IN: Staging(walks=True),
    Scene.TOO_CLOSE: Staging(face_width=0.74),
    Scene.TOO_FAR: Staging(face_width=0.13, spread=0.02),
    Scene.BACK_LIT: Staging(light=0.36, window=True),
    Scene.DARK: Staging(light=0.22),
    Scene.MASK: Staging(worn=surgical_mask),
    Scene.SUNGLASSES: Staging(worn=sunglasses),
    Scene.FRIEND: Staging(face_width=0.26, spread=0.02, other=0.92),
    Scene.BYSTANDER: Staging(other=0.36),
    Scene.IMPOSTOR: Staging(),
    Scene.TURNED_AWAY: Staging(manner=Manner(heeds=False, held=38.0)),
    Scene.STILL: Staging(manner=Manner(blinks_a_minute=0.0, heeds=False)),
}
"""Every scene that is no attack."""
