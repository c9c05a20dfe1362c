"""The one thread that touches the folders: it sends, looks, takes answers, and clears up after itself, round by round.

A round looks at `res` once for everything that is waited for. Between rounds the thread sleeps; with nothing to wait for
it only looks for leftovers now and then (notifications of the operating system do not cross a share).
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from datetime import datetime

from kiosk import journal
from kiosk.eligibility.errors import EligibilityError
from kiosk.eligibility.oqs import file_names
from kiosk.eligibility.oqs.file_names import Direction, LeftBehind, MessageName
from kiosk.eligibility.terminal.errors import (
    DiscardedError,
    LockedError,
    MismatchError,
    NoReplyError,
    NotTakenError,
    ShareError,
    TerminalError,
    TooLargeError,
    WithdrawnError,
)
from kiosk.eligibility.terminal.exchange import Exchange
from kiosk.eligibility.terminal.folder import Folder
from kiosk.eligibility.terminal.leftovers import SWEEP_SECONDS, Leftovers
from kiosk.eligibility.terminal.names import Mark, draft_name
from kiosk.eligibility.terminal.question import Reply
from kiosk.eligibility.terminal.settings import TerminalSettings
from kiosk.eligibility.terminal.sight import Sight, sight, sight_of_long

log = logging.getLogger("kiosk.eligibility.terminal")

GONE_SECONDS = 3.0
"""A share that is away for so long while an answer is waited for is gone: a moment's hiccup is not."""
SETTLE_SECONDS = 0.1
"""How soon a whole file is looked at the second time, where the folders are looked at less often."""
_CLOSE_SECONDS = 5.0


class Rounds:
    """Exchanges between the two folders and the threads that asked."""

    def __init__(
        self, settings: TerminalSettings, req: Folder, res: Folder, mark: Mark, clock: Callable[[], datetime]
    ) -> None:
        self._poll_seconds = settings.poll_seconds
        self._req = req
        self._res = res
        self._mark = mark
        self.leftovers = Leftovers(settings, (req, res), mark, clock)
        self._wake = threading.Condition()
        self._entered: list[Exchange] = []
        self._waiting: list[Exchange] = []
        self._closing = False
        self._thread: threading.Thread | None = None

    # -- for any thread ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin, if it has not: the first thing is to take leftovers away."""
        with self._wake:
            if self._thread is None and not self._closing:
                self._thread = threading.Thread(target=self._run, name="terminal", daemon=True)
                self._thread.start()

    def enter(self, exchange: Exchange) -> None:
        """Take an exchange up; after the end it is withdrawn at once."""
        self.start()
        with self._wake:
            closing = self._closing
            if not closing:
                self._entered.append(exchange)
                self._wake.notify()
        if closing:
            exchange.fail(WithdrawnError())
        else:
            exchange.future.add_done_callback(lambda _: self._look_up_now())

    def release(self, name: str) -> None:
        """Take the file `name` away, which the answer to a long question had left where it was."""
        tail = self._mark.tail_of(name)
        if not self._res.remove(name) and tail is not None:
            self.leftovers.end(tail)
        self.leftovers.let_go(tail or "")

    def close(self) -> None:
        """Withdraw everything and end; a thread that the share holds is left to the end of the process."""
        with self._wake:
            self._closing = True
            thread = self._thread
            self._wake.notify()
        if thread is not None and thread is not threading.current_thread():
            thread.join(_CLOSE_SECONDS)

    def _look_up_now(self) -> None:
        with self._wake:
            self._wake.notify()

    # -- the thread --------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._live()
        finally:
            # Also where a mistake of ours ends it: nobody is left waiting.
            with self._wake:
                self._closing = True
                self._waiting += self._entered
                self._entered = []
            self._withdraw(lambda _: True)

    def _live(self) -> None:
        look_at = time.monotonic()
        while True:
            with self._wake:
                while not (self._closing or self._entered or self._has_withdrawn()):
                    now = time.monotonic()
                    until = min(look_at if self._waiting else now + SWEEP_SECONDS, self.leftovers.due_at())
                    if until <= now:
                        break
                    self._wake.wait(until - now)
                if self._closing:
                    return
                entered, self._entered = self._entered, []
            self._waiting += entered
            self._withdraw(lambda exchange: exchange.is_withdrawn)
            for exchange in entered:
                if exchange in self._waiting:
                    self._send(exchange)
            if self._waiting and time.monotonic() >= look_at:
                self._round()
                settling = any(exchange.watch.is_settling for exchange in self._waiting)
                look_at = time.monotonic() + min(self._poll_seconds, SETTLE_SECONDS if settling else math.inf)
            if time.monotonic() >= self.leftovers.due_at():
                self.leftovers.sweep([exchange.tail for exchange in self._waiting])

    def _has_withdrawn(self) -> bool:
        return any(exchange.is_withdrawn for exchange in self._waiting)

    def _withdraw(self, which: Callable[[Exchange], bool]) -> None:
        for exchange in [one for one in self._waiting if which(one)]:
            self._end(exchange, [])
            exchange.fail(WithdrawnError())

    def _send(self, exchange: Exchange) -> None:
        draft = draft_name(exchange.tail)
        try:
            if exchange.message is not None:
                with self._req.new(draft) as target:
                    target.write(exchange.message)
            self._req.rename(draft, str(exchange.request))
        except TerminalError as error:
            self._req.remove(draft)
            self._end(exchange, [])
            log.warning("request_not_sent", extra=journal.numbers(code=error.code))
            exchange.fail(error)
        else:
            log.info("request_sent", extra=journal.numbers(business=exchange.kind.business.value))

    def _round(self) -> None:
        now = time.monotonic()
        try:
            names = self._res.names()
        except ShareError as error:
            for exchange in tuple(self._waiting):
                self._without_share(exchange, error, now)
            return
        answers: dict[str, list[tuple[str, MessageName]]] = {}
        discarded: dict[str, str] = {}
        for name in names:
            tail = self._mark.tail_of(name)
            if tail is None:
                continue
            if self.leftovers.is_over(tail):
                if self._res.remove(name):
                    log.info("late_answer_removed")
                continue
            told = file_names.parse(name)
            if isinstance(told, MessageName) and told.direction is Direction.RESPONSE:
                answers.setdefault(tail, []).append((name, told))
            elif isinstance(told, LeftBehind):
                discarded[tail] = name
        for exchange in tuple(self._waiting):
            found = [one for one in answers.get(exchange.tail, ()) if exchange.is_answered_by(one[1])]
            self._look(exchange, found, discarded.get(exchange.tail), now)

    def _look(
        self, exchange: Exchange, found: list[tuple[str, MessageName]], discarded: str | None, now: float
    ) -> None:
        """One exchange in one round."""
        exchange.gone_since = None
        try:
            self._step(exchange, found, discarded, now)
        except EligibilityError as error:
            self._end(exchange, found)
            log.warning("no_answer", extra=journal.numbers(code=error.code, business=exchange.kind.business.value))
            exchange.fail(error)
        except Exception as error:
            # A mistake in reading goes to whoever asked; the others still wait here.
            self._end(exchange, found)
            log.exception("answer_not_read")
            exchange.fail(error)

    def _step(
        self, exchange: Exchange, found: list[tuple[str, MessageName]], discarded: str | None, now: float
    ) -> None:
        if len(found) > 1:
            raise MismatchError("there are two")
        if found:
            self._look_at(exchange, *found[0], now)
        elif discarded is not None:
            self._res.remove(discarded)
            raise DiscardedError
        else:
            exchange.watch.saw(None, now)
        if exchange in self._waiting and now >= self._last_look(exchange):
            raise self._why_none(exchange)

    def _look_at(self, exchange: Exchange, name: str, told: MessageName, now: float) -> None:
        message: bytes | None = b""
        if exchange.kind.long:
            seen = self._long_sight(exchange, name, told.extension)
        else:
            message = self._res.read(name, exchange.kind.largest)
            seen = None if message is None else sight(message, told.extension)
        exchange.locked = seen is None
        if not exchange.watch.saw(seen, now):
            return
        answer = exchange.read(Reply(name, told.extension, message or b""))
        if exchange.kind.long:
            self.leftovers.hold(exchange.tail)
            self._waiting.remove(exchange)
            self._req.remove(str(exchange.request))
        else:
            self._end(exchange, [(name, told)])
        took = time.monotonic() - (exchange.deadline - exchange.seconds)
        log.info("answered", extra=journal.numbers(business=exchange.kind.business.value, ms=round(1000 * took)))
        if not exchange.give(answer) and exchange.kind.long:
            self.release(name)

    def _long_sight(self, exchange: Exchange, name: str, extension: str) -> Sight | None:
        source = self._res.open(name)
        if source is None:
            return None
        with source:
            try:
                seen = sight_of_long(source, extension, exchange.kind.largest)
            except OSError:
                return None
        if seen.size > exchange.kind.largest:
            raise TooLargeError(exchange.kind.largest)
        return seen

    def _last_look(self, exchange: Exchange) -> float:
        """An answer that was first seen in the last moment is looked at once more."""
        return exchange.deadline + (2 * self._poll_seconds if exchange.watch.seen else 0.0)

    def _why_none(self, exchange: Exchange) -> TerminalError:
        if exchange.locked or exchange.watch.seen:
            return LockedError()
        name = str(exchange.request).casefold()
        taken = name not in {other.casefold() for other in self._req.names()}
        return NoReplyError(exchange.seconds) if taken else NotTakenError(exchange.seconds)

    def _without_share(self, exchange: Exchange, error: ShareError, now: float) -> None:
        if exchange.gone_since is None:
            exchange.gone_since = now
        if now - exchange.gone_since >= GONE_SECONDS or now >= exchange.deadline:
            self._end(exchange, [])
            log.warning("no_answer", extra=journal.numbers(code=error.code, business=exchange.kind.business.value))
            exchange.fail(error)

    def _end(self, exchange: Exchange, found: list[tuple[str, MessageName]]) -> None:
        """Nothing of this exchange stays: not its request, not its answer, not what may still come."""
        if exchange in self._waiting:
            self._waiting.remove(exchange)
        self._req.remove(draft_name(exchange.tail))
        self._req.remove(str(exchange.request))
        for name, _ in found:
            self._res.remove(name)
        self.leftovers.end(exchange.tail)
