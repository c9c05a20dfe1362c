"""A damaged outbox: its file is put aside and never deleted, and what can still be proved whole is carried over.

Every row keeps the SHA-256 of its sealed bytes, so a row read from a damaged file is either exactly what was promised
or is left alone. Sending a row that reception already has is harmless: it answers with the first receipt.
"""

from __future__ import annotations

import hashlib
import itertools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from kiosk.delivery.database import (
    Connect,
    Connection,
    Value,
    ask,
    opened,
    result_code,
    sync_folder,
    transaction,
)
from kiosk.delivery.errors import OutboxError
from kiosk.record import RecordError, dates, ids

COMPANIONS = ("", "-wal", "-shm")
SKIP_TO = 500
"""After a damage that hid rows, the day goes on from 501: nobody waits under the same number as somebody else. A busy
site counts a few hundred a day (domain/reception-and-reliability.md section 7)."""

COLUMNS = (
    "seq, checkin_id, day, number, queue_number, sealed, sha256, key_id, created, state, attempts, error, receipt, done"
)


@dataclass(frozen=True)
class Damage:
    """What happened: where the damaged file lies, how many check-ins were carried over, and if that was all of them."""

    aside: Path
    rescued: int
    complete: bool


@dataclass(frozen=True, repr=False)
class Rescued:
    """Rows proved whole, in the order of `COLUMNS`."""

    rows: tuple[tuple[Value, ...], ...]
    complete: bool

    @property
    def last_seq(self) -> int:
        """The highest sequence number seen."""
        return max((int(row[0]) for row in self.rows if isinstance(row[0], int)), default=0)


def rescue(path: Path, connection_maker: Connect) -> Rescued:
    """What a damaged database still gives. It is read from a copy: the file itself stays as it was found."""
    copy = path.with_name(f"{path.name}.copy")
    _remove(copy)
    try:
        for companion in ("", "-wal"):
            source = Path(f"{path}{companion}")
            if source.exists():
                shutil.copyfile(source, f"{copy}{companion}")
        return _read(str(copy), connection_maker)
    except OSError:
        return Rescued((), complete=False)
    finally:
        _remove(copy)


def rebuild(path: Path, connection_maker: Connect, rescued: Rescued, first_seq: int, today: date) -> None:
    """Write the rescued rows into a new database beside the damaged one, whole and on disk when this returns.

    After an incomplete rescue today's numbers go on far above. Raises what the connection raises.
    """
    new = _new_name(path)
    _remove(new)
    db = opened(new, connection_maker, max(first_seq, rescued.last_seq))
    try:
        marks = ", ".join("?" * len(COLUMNS.split(",")))
        with transaction(db):
            for row in rescued.rows:
                ask(db, f"INSERT INTO outbox({COLUMNS}) VALUES ({marks})", *row)  # noqa: S608  (constants only)
            if not rescued.complete:
                ask(db, "INSERT INTO skipped(day, number) VALUES (?, ?)", today.isoformat(), SKIP_TO)
        ask(db, "PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        db.close()


def swap(path: Path) -> Path:
    """Rename the damaged database and its companions, and the rebuilt one into its place; where the damaged lies now.

    Raises `OutboxError`. A power cut at any moment leaves what `finish` completes.
    """
    aside = _free_name(path)
    try:
        for companion in COMPANIONS:
            there = Path(f"{path}{companion}")
            if there.exists():
                there.rename(f"{aside}{companion}")
        sync_folder(path.parent)
        _new_name(path).rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise OutboxError(f"{path}: is damaged and cannot be put aside ({error.strerror})") from error
    return aside


def finish(path: Path) -> bool:
    """Complete a `swap` that the power cut short: the old database is out of the way, the rebuilt one not in yet.

    False where there was none.
    """
    if path.exists() or not _new_name(path).exists():
        return False
    swap(path)
    return True


def _new_name(path: Path) -> Path:
    return path.with_name(f"{path.name}.rebuilt")


def _remove(path: Path) -> None:
    for companion in COMPANIONS:
        Path(f"{path}{companion}").unlink(missing_ok=True)


def _free_name(path: Path) -> Path:
    for number in itertools.count(1):
        name = path.with_name(f"{path.name}.damaged-{number}")
        if not any(Path(f"{name}{companion}").exists() for companion in COMPANIONS):
            return name
    raise AssertionError


def _read(path: str, connection_maker: Connect) -> Rescued:
    found: dict[int, tuple[Value, ...]] = {}
    complete = True
    try:
        db = connection_maker(path)
    except Exception as error:
        if result_code(error) is None:
            raise
        return Rescued((), complete=False)
    try:
        # From both ends: a broken page in the middle hides as little as possible.
        for direction in ("ASC", "DESC"):
            for row in _rows(db, direction):
                if isinstance(row, _Broken) or not isinstance(row[0], int) or not _whole(row):
                    complete = False
                else:
                    found.setdefault(row[0], row)
    finally:
        db.close()
    rows_in_order, ids_seen, numbers_seen = [], set(), set()
    for seq in sorted(found):
        row = found[seq]
        if row[1] in ids_seen or (row[2], row[3]) in numbers_seen:
            complete = False
            continue
        ids_seen.add(row[1])
        numbers_seen.add((row[2], row[3]))
        rows_in_order.append(row)
    return Rescued(tuple(rows_in_order), complete)


class _Broken:
    """The rest of a reading cannot be had."""


def _rows(db: Connection, direction: str) -> Iterator[tuple[Value, ...] | _Broken]:
    try:
        cursor = db.execute(f"SELECT {COLUMNS} FROM outbox ORDER BY seq {direction}")  # noqa: S608  (constants only)
        while (row := cursor.fetchone()) is not None:
            yield tuple(row)
    except Exception as error:
        if result_code(error) is None:
            raise
        yield _Broken()


def _whole(row: tuple[Any, ...]) -> bool:
    _, checkin_id, day, number, queue_number, sealed, sha256, key_id, created, state, attempts, *notes = row
    try:
        ids.visit_id(checkin_id)
        dates.day(day)
        dates.instant(created)
        if int(ids.queue_number(queue_number)[1:]) != number:
            return False
    except RecordError:
        return False
    texts = isinstance(sha256, str) and isinstance(key_id, str) and all(isinstance(n, str | None) for n in notes)
    if not texts or not isinstance(attempts, int):
        return False
    if state == "acked":
        return sealed is None
    return state in ("pending", "parked") and isinstance(sealed, bytes) and hashlib.sha256(sealed).hexdigest() == sha256
