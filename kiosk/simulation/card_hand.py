"""The hand at a private reader: which card it holds, lays on which slot, and takes away.

Cards live here for as long as the process does: a try that is used up stays used up, however often the card is pulled,
exchanged for another and placed again.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from kiosk.errors import KioskError
from kiosk.simulation import card_folder, card_image, kinds
from kiosk.simulation.card import VirtualCard
from kiosk.simulation.card_control import Answer
from kiosk.simulation.card_folder import IssuedCard
from kiosk.simulation.link import CardLink
from kiosk.simulation.pcscd import Pcscd, Reader

FIRST, SECOND, OTHER = SLOTS = "first", "second", "other"
"""The slots: both of the one reader, and that of the other reader where there are two."""

_NOTICED_WITHIN = 0.7
"""Seconds after which pcscd has surely seen an empty reader, which it looks for every 0.4 s (domain/virtual-reader.md).

A hand is not much faster, and a card that comes back sooner may never be seen: where a command has failed in between,
pcscd 1.9.9 calls the reader empty, but takes the new card for the one that it knew, and tells nobody until that goes too.
"""

PASSWORDS: Final[Mapping[str, tuple[bytes, int]]] = {
    "pin": (card_image.AID_JPKI, 0x0018),
    "signature": (card_image.AID_JPKI, 0x001B),
    "check_number_b": (card_image.AID_SURFACE, 0x0012),
}
"""The tries that can be asked for and set."""


class HandError(KioskError):
    """Something a hand cannot do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "card_hand")


class Hand:
    """Moves the cards of `folder` over the slots of one private stack. Every method may be called from any thread.

    What a method gives is what the control channel answers (`kiosk.simulation.card_control`).

    `readers` are those of the stack with their slots; `pcscd` runs, or will. The holder of every card that is fetched is
    entered into the centre's directory `patients`, where there is one.
    """

    def __init__(
        self,
        folder: Path,
        kind: str,
        readers: Mapping[Reader, Mapping[str, CardLink]],
        pcscd: Pcscd,
        *,
        patients: Path | None = None,
    ) -> None:
        self._folder = folder
        self._patients = patients
        self._readers = readers
        self._slots = {slot: link for slots in readers.values() for slot, link in slots.items()}
        self._pcscd = pcscd
        self._plugged = list(readers)
        self._cards: dict[str, VirtualCard] = {}
        self._facts: dict[str, IssuedCard] = {}
        self._lying: dict[str, str] = {}
        self._lock = threading.RLock()
        self._in_hand = self._fetched(kind)

    def place(self, kind: str | None = None, slot: str = FIRST) -> Answer:
        """Lay the card in hand, or that of `kind`, on a slot; another one that lies there is taken away first, for all to see."""
        with self._lock:
            self._slot(slot)
            name = self._in_hand if kind is None else self._fetched(kind)
            self._not_elsewhere(name, slot)
            if self._where().get(slot, name) != name:
                self._take(slot)
            self._lay(slot, name)
            if slot == FIRST:
                self._in_hand = name
            return {"card": self._told(name)}

    def pull(self, slot: str | None = None) -> Answer:
        """Take away what lies in `slot`, or everywhere."""
        with self._lock:
            for each in self._slots if slot is None else (self._slot(slot),):
                self._take(each)
            return {}

    def swap(self, kind: str | None = None) -> Answer:
        """Exchange the card on the first slot for another faster than pcscd looks; without `kind` for somebody else's."""
        with self._lock:
            lying = self._where()
            if FIRST not in lying:
                raise HandError("swap: no card lies on the reader")
            name = self._fetched(kind or ("another" if lying[FIRST] != "another" else kinds.ORDINARY.name))
            self._not_elsewhere(name, FIRST)
            self._slots[FIRST].swap(self._cards[name])
            self._lying[FIRST] = self._in_hand = name
            return {"card": self._told(name)}

    def kind(self, kind: str) -> Answer:
        """Take a card of `kind` into the hand; if one lies on the first slot it is exchanged, for all to see."""
        with self._lock:
            if FIRST in self._where():
                return self.place(kind)
            self._in_hand = self._fetched(kind)
            return {"card": self._told(self._in_hand)}

    def tear(self, in_commands: int) -> Answer:
        """Let the first slot's card vanish in the middle of a command (`CardLink.tear`)."""
        self._slots[FIRST].tear(in_commands)
        return {}

    def delay(self, milliseconds: float) -> Answer:
        """Slow every command down from now on."""
        for link in self._slots.values():
            link.delay = milliseconds / 1000
        return {}

    def tries(self) -> Answer:
        """The tries left of the card in hand, of every password it has."""
        card = self._cards[self._in_hand]
        told = {name: card.tries(*place) for name, place in PASSWORDS.items()}
        return {"tries": {name: left for name, left in told.items() if left is not None}}

    def set_tries(self, password: str, left: int) -> Answer:
        """Change how many tries one password of the card in hand has left."""
        if password not in PASSWORDS:
            raise HandError(f"tries: expected one of {', '.join(PASSWORDS)}, and a number")
        self._cards[self._in_hand].set_tries(*PASSWORDS[password], left)
        return self.tries()

    def status(self) -> Answer:
        """Where everything is."""
        with self._lock:
            lying = self._where()
            first = self._slots[FIRST]
            return {
                "placed": FIRST in lying,
                "seen": first.seen,
                "lying": lying,
                "card": self._told(self._in_hand),
                "pcscd": self._pcscd.running,
                "readers": [reader.name for reader in self._plugged],
                "delay_ms": round(first.delay * 1000),
                "tear_in": first.tear_in,
                "commands": sum(card.commands for card in self._cards.values()),
            }

    def audit(self) -> Answer:
        """Every approach to what is forbidden, of all cards (`VirtualCard.audit`)."""
        with self._lock:
            return {"audit": [noted for card in self._cards.values() for noted in card.audit]}

    def stop_pcscd(self) -> Answer:
        """Stop pcscd; cards stay where they lie."""
        with self._lock:
            self._lying = self._where()
            self._pcscd.stop()
            for link in self._slots.values():
                link.pull()
            return {}

    def start_pcscd(self) -> Answer:
        """Start pcscd behind the same socket; it finds the cards that lie there. Nothing happens if it runs."""
        with self._lock:
            if not self._pcscd.running:
                self._pcscd.start(self._plugged)
                for slot, name in self._lying.items():
                    if self._has_reader(slot):
                        self._slots[slot].place(self._cards[name])
            return {}

    def restart_pcscd(self) -> Answer:
        """Stop and start it."""
        with self._lock:
            self.stop_pcscd()
            return self.start_pcscd()

    def unplug(self, slot: str = FIRST) -> Answer:
        """Take the reader of `slot` off the machine; vpcd cannot, so pcscd is started again without it."""
        return self._replug([reader for reader in self._plugged if slot not in self._readers[reader]], slot)

    def plug(self, slot: str = FIRST) -> Answer:
        """Plug the reader of `slot` in again, in the same way."""
        return self._replug(
            [reader for reader in self._readers if reader in self._plugged or slot in self._readers[reader]], slot
        )

    def _replug(self, plugged: list[Reader], slot: str) -> Answer:
        with self._lock:
            self._slot(slot)
            running = self._pcscd.running
            self.stop_pcscd()
            self._plugged = plugged
            return self.start_pcscd() if running else {}

    def _lay(self, slot: str, name: str) -> None:
        self._lying[slot] = name
        link = self._slots[slot]
        if self._pcscd.running and self._has_reader(slot):
            if link.card is None:
                threading.Event().wait(max(0.0, _NOTICED_WITHIN - link.empty_for))
            link.place(self._cards[name])

    def _take(self, slot: str) -> None:
        self._lying.pop(slot, None)
        self._slots[slot].pull()

    def _where(self) -> dict[str, str]:
        """What lies where. A card that was torn away, or that the reader let go, lies there no longer."""
        return {
            slot: name
            for slot, name in self._lying.items()
            if not (self._pcscd.running and self._has_reader(slot)) or self._slots[slot].card is not None
        }

    def _not_elsewhere(self, name: str, slot: str) -> None:
        for each, lies in self._where().items():
            if lies == name and each != slot:
                raise HandError(f"that card lies in the slot {each}")

    def _has_reader(self, slot: str) -> bool:
        return any(slot in self._readers[reader] for reader in self._plugged)

    def _slot(self, slot: str) -> str:
        if slot not in self._slots:
            raise HandError(f"there is no slot {slot[:20]!r}; expected one of: {', '.join(self._slots)}")
        return slot

    def _told(self, name: str) -> dict[str, object]:
        return asdict(self._facts[name])

    def _fetched(self, name: str) -> str:
        """The name of the kind, its card at hand: issued if it has not been yet."""
        if name not in self._cards:
            kind = kinds.named(name)
            place = card_folder.place_of(self._folder, kind)
            if not card_folder.issued(place):
                # Issuing needs OpenCV and cryptography, lying on a reader does not.
                from kiosk.simulation import issuing  # noqa: PLC0415

                issuing.card_of(self._folder, kind)
            if self._patients is not None:
                # It reads YAML for the rest of the house; without a directory the standard library is enough here.
                from kiosk.simulation import card_patients  # noqa: PLC0415

                card_patients.enter(self._patients, kind, place)
            self._facts[name] = card_folder.facts(place)
            self._cards[name] = VirtualCard(card_image.read(place))
        return name
