"""The outbox: a confirmed check-in is on disk, sealed and numbered, before the patient is told so.

One table in SQLite (domain/reception-and-reliability.md section 1.4). `put` counts the day's queue number, seals and
stores in one transaction and returns when that is on the medium; the sealed bytes leave the table in the very update
that notes reception's receipt. Nothing undelivered is ever deleted.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from kiosk import journal
from kiosk.delivery import damage, database
from kiosk.delivery.ballast import Ballast
from kiosk.delivery.damage import Damage
from kiosk.delivery.database import Connect, Connection, ask, transaction
from kiosk.delivery.errors import OutboxError, OutboxFullError, QueueNumbersUsedUpError
from kiosk.delivery.sealing import Sealer
from kiosk.record import checkin as record
from kiosk.record import dates, ids
from kiosk.record.checkin import CheckIn
from kiosk.record.ids import QueueNumber, VisitId

log = logging.getLogger("kiosk.delivery.outbox")

LAST_NUMBER = 999
KEPT = timedelta(days=30)
"""How long id, hash, receipt and times of a delivered check-in stay (domain section 1.4, "Erasure")."""

_T = TypeVar("_T")


@dataclass(frozen=True, repr=False)
class SealedCheckIn:
    """A check-in as it waits: the bytes to send, their SHA-256 (hex) as it was noted at commit, and the key's id."""

    seq: int
    checkin_id: VisitId
    sealed: bytes
    sha256: str
    key_id: str
    attempts: int

    def __repr__(self) -> str:
        return f"SealedCheckIn(seq={self.seq}, {self.checkin_id[-6:]}, attempts={self.attempts})"


@dataclass(frozen=True)
class Parked:
    """A check-in that reception refused for good: it waits for a person. `why` is a short constant word."""

    seq: int
    checkin_id: VisitId
    queue_number: QueueNumber
    created: datetime
    why: str


@dataclass(frozen=True)
class Waiting:
    """What is not delivered: counts, and the age in seconds of the oldest pending one (0 with none)."""

    pending: int
    parked: int
    oldest_age: float


class Outbox:
    """The durable queue at `path`; safe to use from several threads.

    `kiosk_letter` starts its queue numbers. `connect` makes the connection (`database.Connection`); `clock` is the wall
    clock. A damaged database is put aside and a new one started, at opening or later: `damage` says so.

    Raises `OutboxError` where there is no usable database, here and from every method.
    """

    def __init__(
        self,
        path: Path,
        kiosk_letter: str,
        connect: Connect = database.connect,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        ids.queue_number(f"{kiosk_letter}001")
        self._path = path
        self._letter = kiosk_letter
        self._connect = connect
        self._clock = clock
        self._lock = threading.Lock()
        self._db: Connection | None = None
        self._closed = False
        self._ballast = Ballast(path.with_name(f"{path.name}.ballast"))
        self.damage: Damage | None = None
        self._met_full_disk = False
        self._carry_out(lambda _db: None)
        if not self._ballast.hold():
            self._met_full_disk = True
            log.error("disk_full")

    def put(self, checkin: CheckIn, sealer: Sealer) -> QueueNumber:
        """Number, seal and store a check-in; its queue number, once all of it is on disk.

        The same check-in put again gets the number it has, and nothing changes. Raises `OutboxFullError`,
        `QueueNumbersUsedUpError` past the day's 999th, or `OutboxError`; then nothing of it is stored.
        """
        return self._carry_out(lambda db: self._put(db, checkin, sealer), takes_room=True)

    def head(self) -> SealedCheckIn | None:
        """The oldest pending check-in."""
        columns = "seq, checkin_id, sealed, sha256, key_id, attempts"
        rows = self._carry_out(
            lambda db: ask(db, f"SELECT {columns} FROM outbox WHERE state = 'pending' ORDER BY seq LIMIT 1")  # noqa: S608
        )
        return SealedCheckIn(*rows[0]) if rows else None

    def ack(self, seq: int, receipt: str) -> None:
        """Reception has it: note the receipt and let the sealed bytes go. A first receipt is never overwritten."""
        self._change(
            "state = 'acked', sealed = NULL, error = NULL, receipt = ?, done = ?",
            "state != 'acked'",
            (receipt, dates.instant_text(self._clock())),
            seq,
        )

    def park(self, seq: int, why: str) -> None:
        """Reception refused it for good: keep it, out of the others' way. `why` is a short constant word."""
        self._change("state = 'parked', attempts = attempts + 1, error = ?", "state = 'pending'", (why[:64],), seq)

    def unpark(self, seq: int) -> None:
        """A person wants it sent again: it takes its old place in the order."""
        self._change("state = 'pending', error = NULL", "state = 'parked'", (), seq)

    def tried(self, seq: int, why: str) -> None:
        """A try that failed and will be made again. `why` is a short constant word."""
        self._change("attempts = attempts + 1, error = ?", "state = 'pending'", (why[:64],), seq)

    def parked(self) -> tuple[Parked, ...]:
        """The parked check-ins, oldest first."""
        columns = "seq, checkin_id, queue_number, created, error"
        rows = self._carry_out(
            lambda db: ask(db, f"SELECT {columns} FROM outbox WHERE state = 'parked' ORDER BY seq")  # noqa: S608
        )
        return tuple(Parked(seq, visit, number, dates.instant(at), why or "") for seq, visit, number, at, why in rows)

    def waiting(self) -> Waiting:
        """How much is not delivered yet, and for how long."""
        pending, oldest, parked = self._carry_out(
            lambda db: ask(
                db,
                "SELECT (SELECT count(*) FROM outbox WHERE state = 'pending'), "
                "(SELECT created FROM outbox WHERE state = 'pending' ORDER BY seq LIMIT 1), "
                "(SELECT count(*) FROM outbox WHERE state = 'parked')",
            )[0]
        )
        age = 0.0 if oldest is None else (self._clock() - dates.instant(oldest)).total_seconds()
        return Waiting(pending, parked, max(0.0, age))

    def scrub(self) -> None:
        """When nothing is going on: delete what was delivered 30 days ago, and empty the log of old page images.

        After a full disk the reserved space is taken again here.
        """
        before = dates.instant_text(self._clock() - KEPT)
        self._carry_out(lambda db: self._scrub(db, before))

    def close(self) -> None:
        """Close the database. A call after it raises `OutboxError`."""
        with self._lock:
            self._closed = True
            self._let_go()

    # -- inside the lock ---------------------------------------------------------------------------------------------

    def _put(self, db: Connection, checkin: CheckIn, sealer: Sealer) -> QueueNumber:
        day = dates.japanese_day(checkin.confirmed_at).isoformat()
        with transaction(db):
            known = ask(db, "SELECT queue_number FROM outbox WHERE checkin_id = ?", checkin.checkin_id)
            if known:
                return QueueNumber(known[0][0])
            if not self._ballast.hold():
                self._met_full_disk = True
                raise self._no_room()
            number = self._next_number(db, day)
            queue_number = ids.queue_number(f"{self._letter}{number:03d}")
            body = record.to_json(checkin.numbered(queue_number))
            sealed = sealer.seal(body, checkin.checkin_id)
            if len(sealed) > record.MAX_BYTES:
                raise OutboxError(
                    f"{self._path}: a check-in of more than {record.MAX_BYTES} bytes, sealed", "too_large"
                )
            ask(
                db,
                "INSERT INTO outbox(checkin_id, day, number, queue_number, sealed, sha256, key_id, created) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                checkin.checkin_id,
                day,
                number,
                queue_number,
                sealed,
                hashlib.sha256(sealed).hexdigest(),
                sealer.key_id,
                dates.instant_text(self._clock()),
            )
        return queue_number

    def _next_number(self, db: Connection, day: str) -> int:
        rows = ask(
            db,
            "SELECT (SELECT max(number) FROM outbox WHERE day = ?), (SELECT max(number) FROM skipped WHERE day = ?)",
            day,
            day,
        )
        number = 1 + max(given or 0 for given in rows[0])
        if number > LAST_NUMBER:
            raise QueueNumbersUsedUpError(f"{self._path}: all {LAST_NUMBER} queue numbers of {day} are given out")
        return number

    def _change(self, what: str, only_if: str, values: tuple[str, ...], seq: int) -> None:
        sql = f"UPDATE outbox SET {what} WHERE seq = ? AND {only_if}"  # noqa: S608  (constants of this file only)
        self._carry_out(lambda db: ask(db, sql, *values, seq))

    def _scrub(self, db: Connection, before: str) -> None:
        ask(db, "DELETE FROM outbox WHERE state = 'acked' AND done < ?", before)
        ask(db, "PRAGMA wal_checkpoint(TRUNCATE)")
        if self._met_full_disk:
            # What is delivered leaves its page nearly empty, but does not free it: hand that space back to the disk.
            ask(db, "VACUUM")
            ask(db, "PRAGMA wal_checkpoint(TRUNCATE)")
        self._met_full_disk = not self._ballast.hold()

    def _carry_out(self, work: Callable[[Connection], _T], *, takes_room: bool = False) -> _T:
        """Do `work` on the open database; once more where the first failure could be cured."""
        with self._lock:
            try:
                return work(self._open())
            except Exception as error:
                if not self._cured(error, takes_room=takes_room):
                    self._tell(error)
                    raise
            try:
                return work(self._open())
            except Exception as error:
                self._tell(error)
                raise

    def _cured(self, error: Exception, *, takes_room: bool) -> bool:
        code = database.result_code(error)
        if code == database.FULL:
            self._met_full_disk = True
            if takes_room:
                return self._log_emptied()
            given_back = self._ballast.give_back()
            if given_back:
                log.error("ballast_given_back")
            return given_back
        if isinstance(error, database.DamagedDatabaseError) or code in database.DAMAGED:
            self._let_go()
            self._start_anew()
            return True
        return False

    def _log_emptied(self) -> bool:
        """Move the log into the database, which may have free pages: room for a put without touching the ballast."""
        try:
            busy = ask(self._open(), "PRAGMA wal_checkpoint(TRUNCATE)")[0][0]
        except Exception as error:
            if database.result_code(error) != database.FULL:
                raise
            return False
        return bool(busy == 0)

    def _tell(self, error: Exception) -> None:
        """Raise what the caller is to hear of a trouble with disk or database; anything else is left alone."""
        if isinstance(error, OSError):
            raise OutboxError(f"{self._path}: cannot be used ({error.strerror})") from error
        code = database.result_code(error)
        if code == database.FULL:
            raise self._no_room() from error
        if code is not None or isinstance(error, database.DamagedDatabaseError):
            self._let_go()
            raise OutboxError(f"{self._path}: the database cannot be used: check the disk") from error

    def _open(self) -> Connection:
        if self._closed:
            raise OutboxError(f"{self._path}: the outbox is closed")
        if self._db is None:
            if damage.finish(self._path):
                log.error("outbox_was_damaged")
            self._db = database.opened(self._path, self._connect, self._first_seq())
        return self._db

    def _first_seq(self) -> int:
        """A new database goes on from the Unix second: a sequence number is not used twice even on a new disk."""
        return int(self._clock().timestamp())

    def _start_anew(self) -> None:
        """Put the damaged database aside and carry over what is whole."""
        self._ballast.give_back()
        rescued = damage.rescue(self._path, self._connect)
        today = dates.japanese_day(self._clock())
        try:
            damage.rebuild(self._path, self._connect, rescued, self._first_seq(), today)
        except Exception as error:
            self._tell(error)
            raise
        aside = damage.swap(self._path)
        self.damage = Damage(aside, len(rescued.rows), rescued.complete)
        log.error("outbox_damaged", extra=journal.numbers(rescued=len(rescued.rows), complete=rescued.complete))

    def _let_go(self) -> None:
        """Close the connection, whatever state it is in: the next call opens a fresh one."""
        db, self._db = self._db, None
        if db is None:
            return
        try:
            db.close()
        except Exception as error:
            if database.result_code(error) is None:
                raise
            log.warning("outbox_close_failed", exc_info=error)

    def _no_room(self) -> OutboxFullError:
        return OutboxFullError(f"{self._path}: the disk is full: make room on it")
