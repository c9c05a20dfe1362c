"""What the states of all readers come to: a card is there, it is gone, the readers cannot be used. Pure; no PC/SC here."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.card.messages import Placed, ReaderState, Removed
from kiosk.card.slot import Slot

Sight = ReaderState | Placed | Removed

IN_USE_SECONDS = 1.0
"""How long somebody else must hold a reader before it is said: pcscd takes a moment to let go of a booth that was killed."""

_Card = tuple[str, int]
"""Reader, and its count of insertions and removals: the same card lies there as long as both stay."""


class Presence:
    """Turns looks at the readers into what is told, which is changes only.

    The first look tells how things stand, an empty reader too: whoever takes over in the middle of a visit must hear that
    the card is gone. With several readers the first card is the one; another beside it is not told, but `ReadCard` sees it.
    A card that somebody else holds is not told before it is let go.
    """

    def __init__(self) -> None:
        self.busy = False
        """This process itself holds a card, or is about to: a reader that is held from now on is ours. From any thread."""
        self.doubtful = False
        """Whether the same look a little later may mean something else: somebody holds a reader, for the moment."""
        self._state: ReaderState | None = None
        self._card: _Card | None = None
        self._looked = False
        self._start_over = False
        self._held_since: dict[str, float] = {}

    def start_over(self) -> None:
        """Too many cards were refused: tell anew as soon as no more than one is left. From any thread."""
        self._start_over = True

    def see(self, slots: Sequence[Slot], now: float) -> list[Sight]:
        """What is to be told of this look, at `now` (seconds of CLOCK_MONOTONIC)."""
        there = [slot for slot in slots if not slot.lost]
        held = {slot.name for slot in there if slot.held and (not self.busy or slot.name in self._held_since)}
        self._held_since = {name: self._held_since.get(name, now) for name in held}
        in_use = {name for name, since in self._held_since.items() if now - since >= IN_USE_SECONDS}
        self.doubtful = in_use != held
        cards = sorted((slot.name, slot.events) for slot in there if slot.present and slot.name not in in_use)
        if in_use and not cards:
            return self.unusable("in_use")
        if held and (self._state is None or not self._state.usable) and all(name in held for name, _ in cards):
            # Whether it will be let go in a moment shows in a moment.
            return []
        told = [] if not there else self._say(ReaderState(usable=True, word="ok"))
        return told + self._cards(cards, held, now)

    def unusable(self, word: str) -> list[Sight]:
        """What is to be told when no reader can be used; `word` says why."""
        removed: list[Sight] = [Removed()] if self._card is not None else []
        self._card = None
        # A reader that comes back says at once what lies on it.
        self._looked = self._looked or bool(removed)
        return removed + self._say(ReaderState(usable=False, word=word))

    def _cards(self, cards: Sequence[_Card], held: set[str], now: float) -> list[Sight]:
        over = self._start_over and len(cards) <= 1
        told: list[Sight] = []
        if self._card is not None and (over or self._card not in cards):
            self._card = None
            told.append(Removed())
        elif not self._looked and not cards:
            told.append(Removed())
        if over:
            self._start_over = False
        self._looked = True
        free = [card for card in cards if card[0] not in held]
        if self._card is None and free:
            self._card = free[0]
            told.append(Placed(now))
        return told

    def _say(self, state: ReaderState) -> list[Sight]:
        if state == self._state:
            return []
        self._state = state
        return [state]
