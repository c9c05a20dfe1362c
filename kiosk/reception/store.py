"""The store: one writer thread that many requests share a COMMIT of, and one reader.

A change is a function of a `Transaction`; it has happened, for good, when `Store.write` returns. What the board must hear
of is told inside the same transaction and published after it, in the order of the commits: by this store itself, or,
where several nodes share one database, as each node hears it from there.
"""

from __future__ import annotations

import asyncio
import json
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from kiosk.reception.audit import Chain, Entry
from kiosk.reception.database import Connection, Engine, Found
from kiosk.reception.errors import StartError, StoreError
from kiosk.record import dates
from kiosk.staff.commands import Command

log = logging.getLogger("kiosk.reception.store")

_T = TypeVar("_T")

MOST_AT_ONCE = 256
"""Requests that share one COMMIT."""

EventKind = Literal["checkin", "help", "kiosk", "command", "reader", "trouble"]


@dataclass(frozen=True)
class DeskEvent:
    """Something the board must look at: ids and flags only. `seq` None: of the moment, never replayed."""

    seq: int | None
    kind: EventKind
    flags: dict[str, object]


@dataclass
class Transaction:
    """What a change may do. `now` is the one time of the whole change; `now_text` the same as it is stored.

    What is told and audited is noted, and written down all at once (`write_down`) at the end of the transaction.
    """

    connection: Connection
    chain: Chain
    now: datetime
    engine: Engine | None = None
    """None beside a reception that runs: there nothing is lifted."""
    commands: list[Command] = field(default_factory=list)
    _lasting: list[tuple[EventKind, dict[str, object], str]] = field(default_factory=list)
    _passing: list[DeskEvent] = field(default_factory=list)
    _entries: list[Entry] = field(default_factory=list)

    @property
    def now_text(self) -> str:
        """`now` as RFC 3339."""
        return dates.instant_text(self.now)

    @property
    def passing(self) -> list[tuple[str, dict[str, object]]]:
        """What is told of the moment only."""
        return [(event.kind, event.flags) for event in self._passing]

    @property
    def told(self) -> bool:
        """Whether anybody is to hear of this."""
        return bool(self._lasting or self._passing or self.commands)

    def run(self, sql: str, *values: object) -> int:
        """Carry out `sql`; gives the number of rows it touched."""
        return self.connection.execute(sql, values).rowcount

    def one(self, sql: str, *values: object) -> Found | None:
        """The first row, if any."""
        row: Found | None = self.connection.execute(sql, values).fetchone()
        return row

    def tell(self, kind: EventKind, **flags: object) -> None:
        """Let the board know, now and in every replay."""
        self._lasting.append((kind, flags, json.dumps(flags)))

    def tell_in_passing(self, kind: EventKind, **flags: object) -> None:
        """Let the boards that are open know; nobody needs to hear it later."""
        self._passing.append(DeskEvent(None, kind, flags))

    def audit(
        self, actor: str, action: str, *, kiosk_id: str | None = None, about: str | None = None, note: str | None = None
    ) -> None:
        """Write down who did what to which record: a staff id or a kiosk id, a word, an id; `note` a word of detail."""
        self._entries.append(Entry(self.now_text, actor, action, kiosk_id, about, note))

    def lifted(self, trigger: str, table: str) -> AbstractContextManager[None]:
        """Inside, a trigger that refuses does not. Raises `ValueError` in a transaction beside reception's own."""
        if self.engine is None:
            raise ValueError(f"{trigger}: nothing is lifted beside reception")
        return self.engine.lifted(self.connection, trigger, table)

    def mark(self) -> tuple[int, int, int, int]:
        """Where it stands: what `back_to` goes back to."""
        return len(self.commands), len(self._lasting), len(self._passing), len(self._entries)

    def back_to(self, mark: tuple[int, int, int, int]) -> None:
        """Forget what was noted since `mark`: the change that noted it was undone."""
        commands, lasting, passing, entries = mark
        del self.commands[commands:], self._lasting[lasting:], self._passing[passing:], self._entries[entries:]

    def write_down(self) -> None:
        """Write what was told and audited into the open transaction: once, before its COMMIT."""
        self.chain.append(self.connection, self._entries)
        if self._lasting:
            rows = [(self.now_text, kind, text) for kind, _, text in self._lasting]
            self.connection.executemany("INSERT INTO event(at, kind, flags) VALUES (?, ?, ?)", rows)

    def written_events(self) -> list[DeskEvent]:
        """What was told, with the numbers that it got when it was written down; then what was told in passing."""
        newest = self.connection.execute("SELECT seq FROM event ORDER BY seq DESC LIMIT ?", (len(self._lasting),))
        numbers = [row["seq"] for row in newest][::-1]
        numbered = [DeskEvent(seq, kind, flags) for seq, (kind, flags, _) in zip(numbers, self._lasting, strict=True)]
        return [*numbered, *self._passing]


@dataclass(frozen=True)
class _Job:
    change: Callable[[Transaction], Any]
    future: Future[Any]


Publish = Callable[[list[DeskEvent], list[Command]], None]


class Store:
    """Opens the database and starts its threads; `close` ends them. Raises `StartError`."""

    def __init__(
        self,
        engine: Engine,
        chain: Chain,
        on_commit: Publish,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._failures: tuple[type[Exception], ...] = (*engine.failures, StartError)
        self._chain = chain
        try:
            self._connection = engine.open_for_writing()
            self._reading = engine.open_for_reading()
        except BaseException:
            engine.close()
            raise
        self._clock = clock
        self._on_commit = on_commit
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._reader = ThreadPoolExecutor(1, "reception-reader")
        self._writer = threading.Thread(target=self._write_on, name="reception-writer")
        self._writer.start()

    async def write(self, change: Callable[[Transaction], _T]) -> _T:
        """What `change` gives, after its COMMIT is on disk. Raises what `change` raises, or `StoreError`."""
        future: Future[_T] = Future()
        self._jobs.put(_Job(change, future))
        return await asyncio.wrap_future(future)

    async def read(self, question: Callable[[Connection], _T]) -> _T:
        """What `question` finds. Raises `StoreError`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reader, self._ask, question)

    def close(self) -> None:
        """Finish what was asked for, then let the database go."""
        self._jobs.put(None)
        self._writer.join()
        self._reader.shutdown()
        self._reading.close()
        self._connection.close()
        self._engine.close()

    # -- the reader's thread -----------------------------------------------------------------------------------------

    def _ask(self, question: Callable[[Connection], _T]) -> _T:
        try:
            try:
                return question(self._reading)
            except self._failures:
                if self._engine.alive(self._reading):
                    raise
            # The server went away and is perhaps back: a question may be asked again.
            self._reading.close()
            self._reading = self._engine.open_for_reading()
            return question(self._reading)
        except self._failures as error:
            raise StoreError("the database cannot be read") from error

    # -- the writer's thread -----------------------------------------------------------------------------------------

    def _write_on(self) -> None:
        while (first := self._jobs.get()) is not None:
            batch, last = [first], False
            while len(batch) < MOST_AT_ONCE and not last:
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if job is None:
                    last = True
                else:
                    batch.append(job)
            self._commit([job for job in batch if job.future.set_running_or_notify_cancel()])
            if last:
                return

    def _commit(self, batch: list[_Job]) -> None:
        events: list[DeskEvent] = []
        try:
            self._begin()
            transaction = Transaction(self._connection, self._chain, self._clock(), self._engine)
            if len(batch) == 1:
                outcomes = [self._carry_out_alone(batch[0], transaction)]
            else:
                outcomes = [self._carry_out(job, transaction) for job in batch]
            told_here = False
            if self._engine.in_transaction(self._connection):
                transaction.write_down()
                told_here = transaction.told and not self._engine.announce(self._connection, transaction)
                if told_here:
                    events = transaction.written_events()
                self._connection.execute("COMMIT")
        except Exception as error:  # whatever broke, who waits is told, and the next one is taken
            if not isinstance(error, self._failures):
                log.exception("commit_broke")
            self._give_up()
            for job in batch:
                job.future.set_exception(_not_kept(error))
            return
        if told_here:
            self._on_commit(events, transaction.commands)
        for job, (result, refused) in zip(batch, outcomes, strict=True):
            if refused is None:
                job.future.set_result(result)
            else:
                job.future.set_exception(refused)

    def _begin(self) -> None:
        """Begin, on another connection where the one that was there is gone: nothing was asked of it yet."""
        try:
            self._engine.begin(self._connection)
        except self._failures:
            if self._engine.alive(self._connection):
                raise
            self._connection.close()
            self._connection = self._engine.open_for_writing()
            log.warning("database_opened_again")
            self._engine.begin(self._connection)

    def _give_up(self) -> None:
        try:
            if self._engine.alive(self._connection) and self._engine.in_transaction(self._connection):
                self._connection.execute("ROLLBACK")
        except self._engine.failures:
            log.warning("rollback_failed")  # the connection is gone, and its transaction with it

    def _carry_out_alone(self, job: _Job, transaction: Transaction) -> tuple[Any, BaseException | None]:
        """One change that has the transaction to itself: what it refuses or breaks is undone with it."""
        try:
            return job.change(transaction), None
        except Exception as error:
            if not self._can_go_on():
                raise self._engine.failures[0]("the transaction was given up") from error
            self._connection.execute("ROLLBACK")
            return None, _not_kept(error) if isinstance(error, self._engine.failures) else error

    def _carry_out(self, job: _Job, transaction: Transaction) -> tuple[Any, BaseException | None]:
        """One change inside the common transaction: what it refuses or breaks is undone alone."""
        mark = transaction.mark()
        self._connection.execute("SAVEPOINT change")
        try:
            result = job.change(transaction)
        except Exception as error:
            if not self._can_go_on():
                raise self._engine.failures[0]("the transaction was given up") from error
            self._connection.execute("ROLLBACK TO change")
            self._connection.execute("RELEASE change")
            transaction.back_to(mark)
            return None, _not_kept(error) if isinstance(error, self._engine.failures) else error
        self._connection.execute("RELEASE change")
        return result, None

    def _can_go_on(self) -> bool:
        """Whether the transaction still stands: it does not after a full disk, an I/O error, or where the server is gone."""
        return self._engine.alive(self._connection) and self._engine.in_transaction(self._connection)


def _not_kept(error: Exception) -> StoreError:
    failed = StoreError("the database could not keep it; nothing was stored")
    failed.__cause__ = error
    return failed
