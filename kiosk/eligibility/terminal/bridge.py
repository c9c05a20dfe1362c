"""`Terminal`: questions from any thread, answers from the folders, one thread between them.

The thread writes requests (beside, then renamed), looks at `res` while anything is waited for, takes the answers it knows
by their names and takes their files away. A share can hang in the operating system for minutes: whoever asked is free at
the end of their time all the same, since only that one thread touches the folders.

What is left over is known by its name (`names`): after a crash, a late answer, a question that was taken back. It is taken
away once nobody can be waiting for it any more, and never used.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Any, Self, TypeVar

from kiosk import journal
from kiosk.eligibility.oqs import archive, rows, to_xml
from kiosk.eligibility.oqs.errors import MalformedMessageError, StillProcessingError
from kiosk.eligibility.terminal import bulk
from kiosk.eligibility.terminal.bulk import BulkAnswer, BulkReceipt
from kiosk.eligibility.terminal.errors import ShareError, WithdrawnError
from kiosk.eligibility.terminal.exchange import Exchange
from kiosk.eligibility.terminal.folder import Folder
from kiosk.eligibility.terminal.look_up import NumberQuery, lookup_header
from kiosk.eligibility.terminal.names import Mark, draft_name
from kiosk.eligibility.terminal.question import Heading, Kind, Question, Reply, new_heading
from kiosk.eligibility.terminal.rounds import Rounds
from kiosk.eligibility.terminal.settings import TerminalSettings
from kiosk.record import dates

_A = TypeVar("_A")

log = logging.getLogger("kiosk.eligibility.terminal")

_GRACE_SECONDS = 2.0
"""How much longer than its time a caller waits for the folders' thread to tell it why there is no answer."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Terminal:
    """The terminal behind the folders of `settings`. Any thread may ask; `close` takes every open question back.

    `clock` is the time of day (UTC), for names and for the day that is asked about.
    """

    def __init__(self, settings: TerminalSettings, clock: Callable[[], datetime] = _utc_now) -> None:
        self._settings = settings
        self._clock = clock
        self._mark = Mark(settings.mark)
        self._req = Folder(settings.req)
        self._res = Folder(settings.res)
        self._rounds = Rounds(settings, self._req, self._res, self._mark, clock)
        self._ended = threading.Event()

    # -- questions ---------------------------------------------------------------------------------------------------

    def ask(self, question: Question[_A], *, within: float | None = None) -> Future[_A]:
        """Put a question; the answer comes into the future, or a `TerminalError` or `OqsError`. Cancelling takes it back.

        `within` seconds, else those of the settings. Raises at once what cannot be asked so: `UnwritableMessageError`.
        """
        heading = self._heading(question.on)
        return self._enter(
            question.kind,
            to_xml.write(question.message(heading), self._settings.form),
            lambda reply: question.answer(reply, heading),
            within,
        )

    def answer(self, question: Question[_A], *, within: float | None = None) -> _A:
        """The answer to a question, waited for. Raises `TerminalError` and `OqsError`."""
        return self._waited(self.ask(question, within=within), self._seconds(question.kind, within))

    # -- bulk --------------------------------------------------------------------------------------------------------

    def submit_bulk(
        self, queries: Iterable[NumberQuery], *, on: date | None = None, within: float | None = None
    ) -> BulkReceipt:
        """Send a list of people to look up for the day `on` (today): written row by row as `queries` gives them.

        Their own `on`, and the kana they are known by, are not looked at. Raises `TerminalError`, `OqsError`, and what
        `queries` raises; then there is no receipt. The list is written in the caller's thread: a share that hangs holds it.
        """
        heading = self._heading(on)
        secret = bulk.new_secret()
        tail = self._mark.new_tail(self._clock())
        with self._rounds.leftovers.holding(tail), self._req.new(draft_name(tail)) as target:
            count = rows.write_searches(
                target, lookup_header(heading), bulk.searches(queries, secret), self._settings.form
            )
        future: Future[BulkReceipt] = self._enter(
            bulk.SUBMIT, None, lambda reply: bulk.receipt_of(reply, heading, count, secret), within, tail
        )
        return self._waited(future, self._seconds(bulk.SUBMIT, within))

    @contextlib.contextmanager
    def fetch_bulk(
        self, receipt: BulkReceipt, *, within: float | None = None, again_every: float | None = None
    ) -> Iterator[BulkAnswer]:
        """The result of a list, to be read inside the block, in the caller's thread; its file is taken away after it.

        Raises `StillProcessingError` where it is not ready; with `again_every` seconds it is asked for again until
        `within` seconds are over. Raises `TerminalError` and `OqsError`.
        """
        seconds = self._seconds(bulk.FETCH, within)
        end = time.monotonic() + seconds
        heading = self._heading(receipt.on)
        message = to_xml.write(bulk.fetch_message(receipt, heading), self._settings.form)
        while True:
            left = max(end - time.monotonic(), 3 * self._settings.poll_seconds)
            future: Future[Reply] = self._enter(bulk.FETCH, message, lambda reply: reply, left)
            reply = self._waited(future, left)
            with contextlib.ExitStack() as stack:
                stack.callback(self._rounds.release, reply.name)
                try:
                    answer = self._opened(reply, receipt, heading, stack)
                except StillProcessingError:
                    if again_every is None or time.monotonic() + again_every >= end:
                        raise
                else:
                    yield answer
                    return
            if self._ended.wait(again_every):
                raise WithdrawnError

    def _opened(self, reply: Reply, receipt: BulkReceipt, heading: Heading, stack: contextlib.ExitStack) -> BulkAnswer:
        source = self._res.open(reply.name)
        if source is None:
            raise MalformedMessageError("the result is gone before it was read")
        stack.enter_context(source)
        if reply.extension == "zip":
            source = stack.enter_context(archive.unpacked(source))
        return BulkAnswer(rows.read_units(source), receipt, heading)

    # -- from beginning to end ---------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._rounds.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take every open question back and end the folders' thread, unless the share holds it."""
        self._ended.set()
        self._rounds.close()

    def _heading(self, on: date | None) -> Heading:
        day = on or dates.japanese_day(self._clock())
        return new_heading(self._settings.institution_code, day, simulated=self._settings.test)

    def _seconds(self, kind: Kind, within: float | None) -> float:
        usual = self._settings.bulk_timeout_seconds if kind.slow else self._settings.timeout_seconds
        return usual if within is None else within

    def _enter(
        self,
        kind: Kind,
        message: bytes | None,
        read: Callable[[Reply], Any],
        within: float | None,
        tail: str | None = None,
    ) -> Future[Any]:
        seconds = self._seconds(kind, within)
        exchange = Exchange(
            kind=kind,
            tail=tail or self._mark.new_tail(self._clock()),
            message=message,
            read=read,
            seconds=seconds,
            deadline=time.monotonic() + seconds,
        )
        self._rounds.enter(exchange)
        return exchange.future

    def _waited(self, future: Future[_A], seconds: float) -> _A:
        try:
            return future.result(seconds + 3 * self._settings.poll_seconds + _GRACE_SECONDS)
        except FutureTimeoutError:
            if not future.cancel():
                # It came in this very moment.
                return future.result()
            log.warning("share_hangs", extra=journal.numbers(seconds=seconds))
            raise ShareError(self._settings.res, "does not answer: the share hangs") from None
        except CancelledError:
            raise WithdrawnError from None
