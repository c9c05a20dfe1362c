"""The desk's way to its eligibility terminal: opened with the first question, awaited without holding the event loop."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from kiosk import journal
from kiosk.eligibility.errors import EligibilityError, NoAnswerError
from kiosk.eligibility.oqs.bulk import RowOutcome
from kiosk.eligibility.oqs.errors import FailedMessageError, Layer, MalformedMessageError, UnwritableMessageError
from kiosk.eligibility.terminal.bridge import Terminal
from kiosk.eligibility.terminal.bulk import BulkRow
from kiosk.eligibility.terminal.errors import MismatchError
from kiosk.eligibility.terminal.look_up import LookUpAnswer, NumberQuery
from kiosk.eligibility.terminal.settings import TerminalSettings
from kiosk.reception.errors import NoTerminalError
from kiosk.record.checkin import Eligibility
from kiosk.record.eligibility import EligibilityResult, Source, Validity

log = logging.getLogger("kiosk.reception.lookups")

MOST_AT_ONCE = 16
"""Questions that may wait for the terminal together: more than a site's kiosks and desks ask in its 3 to 7 seconds."""

FETCH_AGAIN_EVERY = 3.0
"""Seconds between two looks whether the result of a list is ready."""

_GRACE_SECONDS = 3.0
"""How much longer than its time a question is waited for, so that the bridge itself can say which hop is dead."""


KEPT = frozenset({Validity.INVALID, Validity.INVALID_NEWER_EXISTS, Validity.NOT_FOUND})
"""What a list may say of somebody that a kiosk is told before it has asked itself (`kiosk.reception.listed`)."""


class ListStep(StrEnum):
    """Where a list is on its way."""

    SENDING = "sending"
    WAITING = "waiting"
    READING = "reading"


@dataclass
class Progress:
    """How far a list is: `done` of its `rows` in this step. Written by the thread that asks, read by the loop."""

    rows: int
    step: ListStep = ListStep.SENDING
    done: int = 0


@dataclass(repr=False)
class ListAnswer:
    """What the system said of a list, by the place of each question; who is missing was not answered, or not believed.

    `results` holds what was found of those in `KEPT` only: of ten thousand rows nearly all are a word.
    """

    processed_at: datetime
    simulated: bool
    validities: dict[int, Validity] = field(default_factory=dict)
    results: dict[int, EligibilityResult] = field(default_factory=dict)


class LookUps:
    """Number look-ups for this desk, or none where `settings` are None. Lives on the event loop's thread."""

    def __init__(self, settings: TerminalSettings | None, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._terminal: Terminal | None = None
        self._waiting = 0
        self._list_under_way = False
        self._progress: Progress | None = None
        self._last_failure: str | None = None

    @property
    def last_failure(self) -> str | None:
        """The code of the last question's error, where it was the way to the system that failed it; None where all is well."""
        return self._last_failure

    @property
    def possible(self) -> bool:
        """Whether there is a terminal to ask."""
        return self._settings is not None

    @property
    def simulated(self) -> bool:
        """Whether the terminal's answers are those of a simulation."""
        return self._settings is not None and self._settings.test

    async def ask(self, query: NumberQuery) -> LookUpAnswer:
        """The answer to one question.

        Raises `NoTerminalError`, and `EligibilityError` where no answer can be had or believed (`NoAnswerError`,
        `OqsError`).
        """
        if self._settings is None:
            raise NoTerminalError
        if self._waiting >= MOST_AT_ONCE:
            raise NoAnswerError("too many questions wait for the terminal already", "busy")
        terminal = self._opened(self._settings)
        began = time.monotonic()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._settings.timeout_seconds + _GRACE_SECONDS):
                answer = await asyncio.wrap_future(terminal.ask(query))
        except TimeoutError as error:
            log.warning("look_up_hangs", extra=journal.numbers(seconds=round(time.monotonic() - began, 3)))
            self._last_failure = "share"
            raise NoAnswerError("the terminal's share hangs", "share") from error
        except EligibilityError as error:
            seconds = round(time.monotonic() - began, 3)
            log.warning("look_up_failed", extra=journal.numbers(code=error.code, seconds=seconds))
            self._last_failure = None if is_about_this_patient(error) else error.code
            raise
        finally:
            self._waiting -= 1
        self._last_failure = None
        seconds = round(time.monotonic() - began, 3)
        log.info("looked_up", extra=journal.numbers(validity=answer.validity.value, seconds=seconds))
        return answer

    @property
    def progress(self) -> Progress | None:
        """How far the list that is under way is; None where there is none."""
        return self._progress if self._list_under_way else None

    async def ask_list(self, queries: Sequence[NumberQuery]) -> ListAnswer:
        """一括照会: what is known of each of `queries`. One list at a time. Raises as `ask`."""
        if self._settings is None:
            raise NoTerminalError
        if self._list_under_way:
            raise NoAnswerError("another list is being looked up", "busy")
        terminal, told = self._opened(self._settings), Future[ListAnswer]()
        progress = self._progress = Progress(len(queries))

        def look_up() -> None:
            try:
                told.set_result(_listed(terminal, queries, progress))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where it is waited for
                told.set_exception(error)

        told.set_running_or_notify_cancel()
        # A thread of its own that no end of reception waits for: a share that hangs would hold it.
        threading.Thread(target=look_up, name="terminal-list", daemon=True).start()
        self._list_under_way = True
        began = time.monotonic()
        try:
            async with asyncio.timeout(2 * self._settings.bulk_timeout_seconds + _GRACE_SECONDS):
                answer = await asyncio.shield(asyncio.wrap_future(told))
        except TimeoutError as error:
            raise NoAnswerError("the terminal's share hangs", "share") from error
        except EligibilityError as error:
            log.warning("list_failed", extra=journal.numbers(code=error.code, asked=len(queries)))
            raise
        finally:
            self._list_under_way = not told.done()
            told.add_done_callback(self._list_ended)
        seconds = round(time.monotonic() - began, 3)
        answered = len(answer.validities)
        log.info("list_looked_up", extra=journal.numbers(asked=len(queries), answered=answered, seconds=seconds))
        return answer

    def _list_ended(self, _: object) -> None:
        self._list_under_way = False

    def _opened(self, settings: TerminalSettings) -> Terminal:
        if self._terminal is None:
            self._terminal = Terminal(settings, self._clock)
        return self._terminal

    def close(self) -> None:
        """Take every open question back."""
        if self._terminal is not None:
            self._terminal.close()


def _listed(terminal: Terminal, queries: Sequence[NumberQuery], progress: Progress) -> ListAnswer:
    """Both steps of a list, in the thread that asks. Raises `EligibilityError`."""

    def written() -> Iterator[NumberQuery]:
        for number, query in enumerate(queries, start=1):
            progress.done = number
            yield query

    receipt = terminal.submit_bulk(written())
    progress.step, progress.done = ListStep.WAITING, 0
    with terminal.fetch_bulk(receipt, again_every=FETCH_AGAIN_EVERY) as answer:
        progress.step = ListStep.READING
        told = ListAnswer(answer.processed_at, answer.simulated)
        try:
            for row in answer:
                progress.done += 1
                _note(row, told)
        except MalformedMessageError as error:
            # What came before the break stands; the rest is missing, and the desk is told so row by row.
            log.warning("list_broke_off", extra=journal.numbers(code=error.code, rows=progress.done))
        return told


def _note(row: BulkRow, told: ListAnswer) -> None:
    if row.number is None or row.trouble is not None or row.outcome is RowOutcome.ERROR or row.validity is None:
        return
    told.validities[row.number] = row.validity
    if row.validity in KEPT and row.result is not None:
        told.results[row.number] = row.result


def eligibility_of(answer: LookUpAnswer) -> Eligibility:
    """The answer as a check-in holds it."""
    return Eligibility(Source.NUMBER_LOOKUP, answer.validity, answer.answered_at, answer.results)


def is_about_this_patient(error: EligibilityError) -> bool:
    """Whether the way to the system was open, and only this question has no answer."""
    if isinstance(error, FailedMessageError):
        return error.layer is Layer.PERSON
    return isinstance(error, MismatchError | MalformedMessageError | UnwritableMessageError)
