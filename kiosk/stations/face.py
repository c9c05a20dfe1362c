"""The face station: one studio process a visit, a warm spare behind it, and the preview block between studio and screen."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable

from kiosk import journal
from kiosk.face import messages as said
from kiosk.face.advice import Covering
from kiosk.face.errors import StudioError
from kiosk.face.handle import Studio
from kiosk.face.preview import Picture, PreviewBlock
from kiosk.face.settings import FaceSettings
from kiosk.face.verdict import Ending
from kiosk.visit import events as ev
from kiosk.visit.appliance import Ask
from kiosk.visit.effects import Effect, LookAtFace, ReadFront, ShowComparison, StopLooking
from kiosk.visit.vocabulary import Advice, CameraTrouble, FaceHint, FacePrompt, FrontAdvice

log = logging.getLogger("kiosk.stations.face")


class FaceStation:
    """`post` hands an event to the loop, `lost` says that the visit's studio is gone: `replace` brings another.

    Each studio has a preview block of its own: it is zeroed with the visit.
    """

    def __init__(self, settings: FaceSettings, post: Callable[[ev.Event], None], lost: Callable[[], None]) -> None:
        self._settings = settings
        self._post = post
        self._lost = lost
        self._active: tuple[Studio, PreviewBlock] | None = None
        self._spare: tuple[Studio, PreviewBlock] | None = None
        self._alive = False
        self._asks: dict[int, Ask] = {}
        self._fronts: set[int] = set()
        self._prompt: FacePrompt | None = None

    def warm(self, booth: socket.socket) -> None:
        """Make the spare, with its end of the pair to its booth. Called from a helper thread: it touches no visit."""
        block = PreviewBlock.create()
        try:
            self._spare = Studio.spawn(self._settings, booth, block.fd), block
        except OSError:
            block.close()
            raise

    def take_over(self) -> None:
        """The spare becomes the studio of the next visit; its camera stays closed."""
        self._active, self._spare = self._spare, None
        self._hear()

    def replace(self, booth: socket.socket) -> None:
        """Another studio for this visit, with its end of a new pair to the visit's booth. Called from the loop."""
        self.end()
        block = PreviewBlock.create()
        try:
            self._active = Studio.spawn(self._settings, booth, block.fd), block
        except OSError:
            block.close()
            raise
        self._hear()

    def _hear(self) -> None:
        self._asks.clear()
        self._fronts.clear()
        if self._active is not None:
            self._alive = True
            studio = self._active[0]
            threading.Thread(target=self._listen, args=(studio,), name="studio-ears", daemon=True).start()

    def carry_out(self, effect: Effect) -> bool:
        """Start what the effect wants; whether it was one of this station's."""
        studio = self._active[0] if self._active is not None and self._alive else None
        try:
            match effect:
                case LookAtFace(ask=ask) if studio is not None:
                    studio.look(self._token(ask))
                case ShowComparison(ask=ask) if studio is not None:
                    studio.compare(self._token(ask))
                case ReadFront(ask=ask) if studio is not None:
                    self._fronts.add(ask.number)
                    studio.read_front(self._token(ask))
                case LookAtFace(ask=ask) | ReadFront(ask=ask) | ShowComparison(ask=ask):
                    self._post(ev.FaceUnavailable(ask))
                case StopLooking() if studio is not None:
                    studio.stop()
                case StopLooking():
                    log.info("no_studio_to_stop")
                case _:
                    return False
        except StudioError as error:
            # It died, and its ears will say so in a moment; nothing waits for it till then.
            log.warning("studio_deaf", exc_info=error)
        return True

    @property
    def is_lost(self) -> bool:
        """Whether this visit's studio is gone."""
        return self._active is not None and not self._alive

    def live(self) -> tuple[int, Picture] | None:
        """The newest camera picture, (counter, (h, w, 3) uint8 BGR copy), if one is being taken."""
        return self._active[1].live() if self._active is not None else None

    def photo(self) -> tuple[int, Picture] | None:
        """The chip's photo as the studio put it there for a visual check."""
        return self._active[1].photo() if self._active is not None else None

    def end(self) -> None:
        """Kill the studio of this visit, then overwrite and give back its block."""
        active, self._active = self._active, None
        self._alive = False
        self._asks.clear()
        self._fronts.clear()
        if active is not None:
            _end(*active)

    def close(self) -> None:
        """End studio and spare."""
        self.end()
        spare, self._spare = self._spare, None
        if spare is not None:
            _end(*spare)

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes there are now."""
        return tuple(pair[0].pid for pair in (self._active, self._spare) if pair is not None)

    def _token(self, ask: Ask) -> int:
        self._asks[ask.number] = ask
        return ask.number

    def _listen(self, studio: Studio) -> None:
        for message in studio.messages():
            if self._active is None or studio is not self._active[0]:
                return
            event = self._event(message)
            if event is not None:
                self._post(event)
        if self._active is not None and studio is self._active[0]:
            self._alive = False
            log.error("studio_died")
            self._lost()

    def _tell_prompt(self, asked: FacePrompt | None) -> None:
        """A line of the journal for each new prompt: simulated people can only answer what they hear of."""
        if asked is not self._prompt:
            self._prompt = asked
            log.info("prompt", extra=journal.numbers(prompt="nothing" if asked is None else asked.value))

    def _event(self, message: said.StudioMessage) -> ev.Event | None:
        if isinstance(message, said.Ready | said.Alive):
            return None
        ask = self._asks.get(message.token)
        if ask is None:
            return None
        simulated = self._settings.is_simulated
        match message:
            case said.Seen(advice=advice, progress=progress) if message.token in self._fronts:
                return ev.FrontSeen(ask, None if advice is None else FrontAdvice(advice), progress)
            case said.FrontRead():
                return ev.FrontRead(ask)
            case said.FrontUnreadable():
                return ev.FrontUnreadable(ask)
            case said.Seen(advice=advice, progress=progress, prompt=prompt):
                asked = None if prompt is None else FacePrompt(prompt)
                self._tell_prompt(asked)
                return ev.FaceSeen(ask, None if advice is None else Advice(advice), progress, asked)
            case said.Matched():
                self._tell_prompt(None)
                return ev.FaceMatched(ask, simulated=simulated)
            case said.NotMatched(ending=ending, covering=covering):
                self._tell_prompt(None)
                return ev.FaceNotMatched(ask, _hint(Ending(ending), None if covering is None else Covering(covering)))
            case said.Unavailable(fault=fault):
                self._tell_prompt(None)
                return ev.FaceUnavailable(ask, None if fault is None else CameraTrouble(fault))
            case said.Shown(with_photo=with_photo):
                return ev.ComparisonShown(ask, with_photo=with_photo, simulated=simulated)


def _hint(ending: Ending, covering: Covering | None) -> FaceHint | None:
    match ending, covering:
        case _, Covering.MASK:
            return FaceHint.TAKE_OFF_MASK
        case _, Covering.SUNGLASSES:
            return FaceHint.TAKE_OFF_SUNGLASSES
        case Ending.UNANSWERED, None:
            return FaceHint.FOLLOW
        case _:
            return None


def _end(studio: Studio, block: PreviewBlock) -> None:
    try:
        studio.kill()
    finally:
        block.close()
