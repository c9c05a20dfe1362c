"""Who sits before the simulated camera: a person that only moves, a clip, or a scene with somebody who answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from kiosk.errors import UsageError
from kiosk.simulation.camera_clip import clip_frames
from kiosk.simulation.people import Picture, Prompt, Scene, Sitter, frames, scene_frames

NOTHING: Final = "nothing"

ASKED: Final = (*(prompt.value for prompt in Prompt), NOTHING)
"""What a kiosk may be asking for, as words."""


class Cast:
    """A film for each client, from its beginning. Any thread may take one; one at a time changes what is played.

    `who` is a fetched portrait or any picture by its path. Without `scene` and `clip` a fetched portrait only moves a
    little, which costs a tenth of a scene.
    """

    def __init__(
        self, who: Sitter | Path, *, scene: Scene | None = None, clip: Path | None = None, seed: int = 1
    ) -> None:
        self._who = who
        self._clip = clip
        self._seed = seed
        self.scene = Scene.LIVING if scene is None and isinstance(who, Path) else scene
        self.asked: str | None = None
        self._ready: deque[Iterator[Picture]] = deque(maxlen=1)

    @property
    def name(self) -> str:
        """Who it is, in a word."""
        if self._clip is not None:
            return "clip"
        return "portrait" if isinstance(self._who, Path) else self._who.value

    def rehearse(self) -> None:
        """Have a film ready for the next client: people take half a second to be made. Raises `MissingError`."""
        film = self._film(self.scene, self._clip)
        self._ready.append(chain((next(film),), film))

    def play(self, word: str) -> None:
        """Another scene from now on. Raises `UsageError`, `MissingError`, and plays on."""
        if word not in set(Scene):
            raise UsageError(f"expected a scene: {', '.join(Scene)}")
        before, self.scene, self._clip = (self.scene, self._clip), Scene(word), None
        try:
            self.rehearse()
        except BaseException:
            self.scene, self._clip = before
            raise

    def ask(self, word: str) -> None:
        """What the kiosk asks for from now on. Raises `UsageError`."""
        if word not in ASKED:
            raise UsageError(f"expected one of: {', '.join(ASKED)}")
        self.asked = None if word == NOTHING else word

    def film(self) -> Iterator[Picture]:
        """A film without end."""
        try:
            return self._ready.pop()
        except IndexError:
            return self._film(self.scene, self._clip)

    def _film(self, scene: Scene | None, clip: Path | None) -> Iterator[Picture]:
        if clip is not None:
            return clip_frames(clip)
        if scene is not None:
            return scene_frames(scene, self._who, seed=self._seed, respond=lambda: self.asked)
        if isinstance(self._who, Path):
            raise UsageError("a portrait plays in scenes only")
        return frames(self._who, seed=self._seed)
