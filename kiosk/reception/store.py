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
    """What a change may do. `now` is the one time of the whole change; `now_text` the same as it is stored."""

    connection: Connection
    chain: Chain
    now: datetime
    events: list[DeskEvent] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)

    @property
    def now_text(self) -> str:
        """`now` as RFC 3339."""
        return dates.instant_text(self.now)

    @property
    def passing(self) -> list[tuple[str, dict[str, object]]]:
        """What is told of the moment only."""
        return [(event.kind, event.flags) for event in self.events if event.seq is None]

    @property
    def told(self) -> bool:
        """Whether anybody is to hear of this."""
        return bool(self.events or self.commands)

    def run(self, sql: str, *values: object) -> int:
        """Carry out `sql`; gives the number of rows it touched."""
        return self.connection.execute(sql, values).rowcount

    def one(self, sql: str, *values: object) -> Found | None:
        """The first row, if any."""
        row: Found | None = self.connection.execute(sql, values).fetchone()
        return row

    def tell(self, kind: EventKind, **flags: object) -> None:
        """Let the board know, now and in every replay."""
        told = self.one(
            "INSERT INTO event(at, kind, flags) VALUES (?, ?, ?) RETURNING seq", self.now_text, kind, json.dumps(flags)
        )
        self.events.append(DeskEvent(None if told is None else told["seq"], kind, flags))

    def tell_in_passing(self, kind: EventKind, **flags: object) -> None:
        """Let the boards that are open know; nobody needs to hear it later."""
        self.events.append(DeskEvent(None, kind, flags))

    def audit(
        self, actor: str, action: str, *, kiosk_id: str | None = None, about: str | None = None, note: str | None = None
    ) -> None:
        """Write down who did what to which record: a staff id or a kiosk id, a word, an id; `note` a word of detail."""
        self.chain.append(self.connection, Entry(self.now_text, actor, action, kiosk_id, about, note))


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
        outcomes: list[tuple[_Job, Any, BaseException | None]] = []
        try:
            self._begin()
            transaction = Transaction(self._connection, self._chain, self._clock())
            outcomes.extend((job, *self._carry_out(job, transaction)) for job in batch)
            announced = transaction.told and self._engine.announce(self._connection, transaction)
            self._connection.execute("COMMIT")
        except self._failures as error:
            self._give_up()
            for job in batch:
                failed = StoreError("the database could not keep it; nothing was stored")
                failed.__cause__ = error
                job.future.set_exception(failed)
            return
        if transaction.told and not announced:
            self._on_commit(transaction.events, transaction.commands)
        for job, result, refused in outcomes:
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

    def _carry_out(self, job: _Job, transaction: Transaction) -> tuple[Any, BaseException | None]:
        """One change inside the common transaction: what it refuses or breaks is undone alone."""
        events, commands = len(transaction.events), len(transaction.commands)
        self._connection.execute("SAVEPOINT change")
        try:
            result = job.change(transaction)
        except Exception as error:
            alive = self._engine.alive(self._connection)
            if not alive or not self._engine.in_transaction(self._connection):  # disk full, I/O error, server gone
                raise self._engine.failures[0]("the transaction was given up") from error
            self._connection.execute("ROLLBACK TO change")
            self._connection.execute("RELEASE change")
            del transaction.events[events:], transaction.commands[commands:]
            if isinstance(error, self._engine.failures):
                failed = StoreError("the database could not keep it; nothing was stored")
                failed.__cause__ = error
                return None, failed
            return None, error
        self._connection.execute("RELEASE change")
        return result, None
