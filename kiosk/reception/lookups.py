"""The desk's way to its eligibility terminal: opened with the first question, awaited without holding the event loop."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime

from kiosk import journal
from kiosk.eligibility.errors import EligibilityError, NoAnswerError
from kiosk.eligibility.terminal.bridge import Terminal
from kiosk.eligibility.terminal.bulk import BulkRow
from kiosk.eligibility.terminal.look_up import LookUpAnswer, NumberQuery
from kiosk.eligibility.terminal.settings import TerminalSettings
from kiosk.reception.errors import NoTerminalError
from kiosk.record.checkin import Eligibility
from kiosk.record.eligibility import Source

log = logging.getLogger("kiosk.reception.lookups")

MOST_AT_ONCE = 16
"""Questions that may wait for the terminal together: more than a site's kiosks and desks ask in its 3 to 7 seconds."""

FETCH_AGAIN_EVERY = 3.0
"""Seconds between two looks whether the result of a list is ready."""

_GRACE_SECONDS = 3.0
"""How much longer than its time a question is waited for, so that the bridge itself can say which hop is dead."""


class LookUps:
    """Number look-ups for this desk, or none where `settings` are None. Lives on the event loop's thread."""

    def __init__(self, settings: TerminalSettings | None, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._terminal: Terminal | None = None
        self._waiting = 0
        self._list_under_way = False

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
            raise NoAnswerError("the terminal's share hangs", "share") from error
        except EligibilityError as error:
            seconds = round(time.monotonic() - began, 3)
            log.warning("look_up_failed", extra=journal.numbers(code=error.code, seconds=seconds))
            raise
        finally:
            self._waiting -= 1
        seconds = round(time.monotonic() - began, 3)
        log.info("looked_up", extra=journal.numbers(validity=answer.validity.value, seconds=seconds))
        return answer

    async def ask_list(self, queries: Sequence[NumberQuery]) -> dict[int, BulkRow]:
        """一括照会: what is known of each of `queries`, by its place; who is missing was not answered.

        One list at a time. Raises as `ask`.
        """
        if self._settings is None:
            raise NoTerminalError
        if self._list_under_way:
            raise NoAnswerError("another list is being looked up", "busy")
        terminal, told = self._opened(self._settings), Future[dict[int, BulkRow]]()

        def look_up() -> None:
            try:
                told.set_result(_listed(terminal, queries))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where it is waited for
                told.set_exception(error)

        told.set_running_or_notify_cancel()
        # A thread of its own that no end of reception waits for: a share that hangs would hold it.
        threading.Thread(target=look_up, name="terminal-list", daemon=True).start()
        self._list_under_way = True
        began = time.monotonic()
        try:
            async with asyncio.timeout(2 * self._settings.bulk_timeout_seconds + _GRACE_SECONDS):
                rows = await asyncio.shield(asyncio.wrap_future(told))
        except TimeoutError as error:
            raise NoAnswerError("the terminal's share hangs", "share") from error
        except EligibilityError as error:
            log.warning("list_failed", extra=journal.numbers(code=error.code, asked=len(queries)))
            raise
        finally:
            self._list_under_way = not told.done()
            told.add_done_callback(self._list_ended)
        seconds = round(time.monotonic() - began, 3)
        log.info("list_looked_up", extra=journal.numbers(asked=len(queries), answered=len(rows), seconds=seconds))
        return rows

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


def _listed(terminal: Terminal, queries: Sequence[NumberQuery]) -> dict[int, BulkRow]:
    """Both steps of a list, in the thread that asks. Raises `EligibilityError`."""
    receipt = terminal.submit_bulk(queries)
    with terminal.fetch_bulk(receipt, again_every=FETCH_AGAIN_EVERY) as answer:
        return {row.number: row for row in answer if row.number is not None and row.trouble is None}


def eligibility_of(answer: LookUpAnswer) -> Eligibility:
    """The answer as a check-in holds it."""
    return Eligibility(Source.NUMBER_LOOKUP, answer.validity, answer.answered_at, answer.results)
