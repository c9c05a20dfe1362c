"""The store: one writer thread that many requests share a COMMIT of, and one reader.

A change is a function of a `Transaction`; it has happened, for good, when `Store.write` returns. What the board must hear
of is told inside the same transaction and handed to `on_commit` after it, in the order of the commits.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from kiosk.reception import schema
from kiosk.reception.errors import StartError, StoreError
from kiosk.record import dates
from kiosk.staff.commands import Command

_T = TypeVar("_T")

MOST_AT_ONCE = 256
"""Requests that share one COMMIT."""

EventKind = Literal["checkin", "help", "kiosk", "command", "reader"]


@dataclass(frozen=True)
class DeskEvent:
    """Something the board must look at: ids and flags only. `seq` None: of the moment, never replayed."""

    seq: int | None
    kind: EventKind
    flags: dict[str, object]


@dataclass
class Transaction:
    """What a change may do. `now` is the one time of the whole change; `now_text` the same as it is stored."""

    connection: sqlite3.Connection
    now: datetime
    events: list[DeskEvent] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)

    @property
    def now_text(self) -> str:
        """`now` as RFC 3339."""
        return dates.instant_text(self.now)

    def run(self, sql: str, *values: object) -> int:
        """Carry out `sql`; gives the number of rows it touched."""
        return self.connection.execute(sql, values).rowcount

    def one(self, sql: str, *values: object) -> sqlite3.Row | None:
        """The first row, if any."""
        row: sqlite3.Row | None = self.connection.execute(sql, values).fetchone()
        return row

    def tell(self, kind: EventKind, **flags: object) -> None:
        """Let the board know, now and in every replay."""
        told = self.connection.execute(
            "INSERT INTO event(at, kind, flags) VALUES (?, ?, ?)", (self.now_text, kind, json.dumps(flags))
        )
        self.events.append(DeskEvent(told.lastrowid, kind, flags))

    def tell_in_passing(self, kind: EventKind, **flags: object) -> None:
        """Let the boards that are open know; nobody needs to hear it later."""
        self.events.append(DeskEvent(None, kind, flags))

    def audit(self, actor: str, action: str, *, kiosk_id: str | None = None, about: str | None = None) -> None:
        """Write down who did what to which record: a staff id or a kiosk id, a word, an id."""
        self.run(
            "INSERT INTO audit(at, actor, action, kiosk_id, about) VALUES (?, ?, ?, ?, ?)",
            *(self.now_text, actor, action, kiosk_id, about),
        )


@dataclass(frozen=True)
class _Job:
    change: Callable[[Transaction], Any]
    future: Future[Any]


class Store:
    """Opens the database and starts its threads; `close` ends them. One process at a time may hold it."""

    def __init__(
        self,
        database: Path,
        key_id: str,
        on_commit: Callable[[list[DeskEvent], list[Command]], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._lock = _hold(database)
        try:
            self._connection = schema.open_for_writing(database, key_id)
        except BaseException:
            os.close(self._lock)
            raise
        self._reading = schema.open_for_reading(database)
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

    async def read(self, question: Callable[[sqlite3.Connection], _T]) -> _T:
        """What `question` finds. Raises `StoreError`."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._reader, question, self._reading)
        except sqlite3.Error as error:
            raise StoreError("the database cannot be read") from error

    def close(self) -> None:
        """Finish what was asked for, then let the database go."""
        self._jobs.put(None)
        self._writer.join()
        self._reader.shutdown()
        self._reading.close()
        self._connection.close()
        os.close(self._lock)

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
        transaction = Transaction(self._connection, self._clock())
        outcomes: list[tuple[_Job, Any, BaseException | None]] = []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            outcomes.extend((job, *self._carry_out(job, transaction)) for job in batch)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            for job in batch:
                failed = StoreError("the database could not keep it; nothing was stored")
                failed.__cause__ = error
                job.future.set_exception(failed)
            return
        if transaction.events or transaction.commands:
            self._on_commit(transaction.events, transaction.commands)
        for job, result, refused in outcomes:
            if refused is None:
                job.future.set_result(result)
            else:
                job.future.set_exception(refused)

    def _carry_out(self, job: _Job, transaction: Transaction) -> tuple[Any, BaseException | None]:
        """One change inside the common transaction: what it refuses or breaks is undone alone."""
        events, commands = len(transaction.events), len(transaction.commands)
        self._connection.execute("SAVEPOINT change")
        try:
            result = job.change(transaction)
        except Exception as error:
            if not self._connection.in_transaction:  # SQLite itself gave the whole transaction up: disk full, I/O error
                raise sqlite3.OperationalError("the transaction was given up") from error
            self._connection.execute("ROLLBACK TO change")
            self._connection.execute("RELEASE change")
            del transaction.events[events:], transaction.commands[commands:]
            if isinstance(error, sqlite3.Error):
                failed = StoreError("the database could not keep it; nothing was stored")
                failed.__cause__ = error
                return None, failed
            return None, error
        self._connection.execute("RELEASE change")
        return result, None


def _hold(database: Path) -> int:
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(database.with_name(database.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StartError(f"{database}: its folder cannot be used ({error.strerror})") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise StartError(f"{database}: another reception is running with it; stop that one first") from error
    return lock
