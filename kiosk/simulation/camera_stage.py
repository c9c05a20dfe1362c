"""What stands before the simulated camera: a sitter, a clip, a scene, or a card's front (or back) that is held up or lies in the tray.

It can be changed while somebody films. Words, one a line on the camera's standard input; each is answered with one line of
JSON on its standard output, `{"showing": "front"}` or `{"error": "..."}`:

    face            the sitter, the clip or the scene
    scene NAME      another scene (`kiosk.simulation.people.Scene`), from its beginning; it is shown
    ask WORD        what the kiosk's screen asks for now: blink, turn_left, turn_right, face_front or nothing; whoever
                    heeds in a scene does it, in a human's time
    front, back     that side of the card
    nothing         the empty tray
    card DIR        another card from now on: the folder of an issued card (its info.json); a card with nothing of ours
                    printed on it (a bank card) shows an empty tray
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kiosk.errors import KioskError, UsageError
from kiosk.simulation.camera_cast import Cast
from kiosk.simulation.people import Picture

if TYPE_CHECKING:
    from kiosk.simulation.card_print import Person

VIEWS: Final = ("tray", "hand", "sleeve")
"""How a card is seen: lying still, held up with fingers on its edges, lying in a glossy sleeve."""

SIDES: Final = ("front", "back")


class Stage:
    """Shows the cast or a card; any thread may film, one at a time changes it."""

    def __init__(self, cast: Cast, *, view: str = "tray", seed: int = 1) -> None:
        self._cast = cast
        self._view = view
        self._seed = seed
        self._person: Person | None = None
        self._sides: dict[str, Picture] = {}
        self._showing = "face"
        self._changes = 0

    def card(self, folder: Path) -> None:
        """Have this card at hand, its front printed. Raises `UsageError`, `MissingError`."""
        # Printing needs the panel's lettering: a camera that shows faces only does without.
        from kiosk.simulation import card_print  # noqa: PLC0415

        self._sides.clear()
        self._person = None
        try:
            self._person = card_print.from_info(folder)
            self._print("front")
        finally:
            self._changes += 1

    def show(self, what: str) -> None:
        """Show "face", "front", "back" or "nothing" from now on. Raises `UsageError`."""
        if what not in ("face", "nothing", *SIDES):
            raise UsageError(
                "expected face, front, back, nothing, scene and its name, ask and a word, or card and a folder"
            )
        self._print(what)
        self._showing = what
        self._changes += 1

    def _print(self, side: str) -> None:
        if self._person is None:
            return
        from kiosk.simulation import card_print  # noqa: PLC0415 - see `card`

        if side in SIDES and side not in self._sides:
            printed = card_print.front if side == "front" else card_print.back
            self._sides[side] = printed(self._person, card_print.plain_style(self._seed))

    def told(self, line: str) -> dict[str, str]:
        """Do what one line on standard input says; the answer."""
        word, _, rest = line.strip().partition(" ")
        try:
            if word == "card" and rest:
                self.card(Path(rest))
            elif word == "scene":
                self._cast.play(rest)
                self.show("face")
                return {"showing": self._showing, "scene": rest}
            elif word == "ask":
                self._cast.ask(rest)
                return {"showing": self._showing, "asked": rest}
            else:
                self.show(word)
        except KioskError as error:
            return {"error": error.sentence, "showing": self._showing}
        return {"showing": self._showing}

    def film(self) -> Iterator[Picture]:
        """What there is to see, without end."""
        while True:
            changes = self._changes
            for picture in self._clip():
                yield picture
                if changes != self._changes:
                    break

    def _clip(self) -> Iterator[Picture]:
        if self._showing == "face":
            return self._cast.film()
        from kiosk.simulation import card_scene  # noqa: PLC0415 - see `card`

        views = {
            "tray": card_scene.View(card_width=560.0, turn=0.8),
            "hand": card_scene.View(
                card_width=540.0, held=True, ground="room", fingers=2, tilt=(5.0, -4.0), turn=-2.0, motion=1.0
            ),
            "sleeve": card_scene.View(card_width=560.0, sleeve=0.6, turn=0.8),
        }
        side = self._sides.get(self._showing)
        if side is None:
            return card_scene.empty(views[self._view], seed=self._seed)
        return card_scene.film(side, views[self._view], seed=self._seed)
