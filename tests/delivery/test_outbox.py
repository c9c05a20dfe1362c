from __future__ import annotations

import dataclasses
import hashlib
import sqlite3
import stat
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kiosk.delivery import database
from kiosk.delivery.errors import OutboxError, OutboxFullError, QueueNumbersUsedUpError
from kiosk.delivery.outbox import Outbox, Waiting
from kiosk.record import ids
from kiosk.record.checkin import CheckIn, from_json

if TYPE_CHECKING:
    from tests.delivery.conftest import NewCheckIn, Reception

LAST_SECOND_OF_A_DAY_IN_JAPAN = datetime(2026, 11, 21, 14, 59, 59, tzinfo=UTC)


def everything_on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()))


def test_a_put_checkin_is_numbered_sealed_and_at_the_head(
    outbox: Outbox, reception: Reception, new_checkin: NewCheckIn
) -> None:
    checkin = new_checkin()
    assert outbox.put(checkin, reception.sealer) == "A001"
    head = outbox.head()
    assert head is not None
    assert head.checkin_id == checkin.checkin_id
    assert head.key_id == reception.sealer.key_id
    assert head.sha256 == hashlib.sha256(head.sealed).hexdigest()
    opened = from_json(reception.open(head.sealed, checkin.checkin_id))
    assert opened == checkin.numbered(ids.queue_number("A001"))


def test_the_same_checkin_put_twice_is_one_row_with_one_number(
    outbox: Outbox, reception: Reception, new_checkin: NewCheckIn
) -> None:
    checkin = new_checkin()
    first = outbox.put(checkin, reception.sealer)
    head = outbox.head()
    assert outbox.put(dataclasses.replace(checkin, complete=False), reception.sealer) == first
    assert outbox.waiting().pending == 1
    again = outbox.head()
    assert head is not None
    assert again is not None
    assert again.sealed == head.sealed


def test_a_delivered_checkin_put_again_is_not_sent_again(
    outbox: Outbox, reception: Reception, new_checkin: NewCheckIn
) -> None:
    checkin = new_checkin()
    number = outbox.put(checkin, reception.sealer)
    head = outbox.head()
    assert head is not None
    outbox.ack(head.seq, "r1")
    assert outbox.put(checkin, reception.sealer) == number
    assert outbox.head() is None


def test_queue_numbers_start_anew_at_midnight_in_japan(
    outbox: Outbox, reception: Reception, new_checkin: NewCheckIn
) -> None:
    last = LAST_SECOND_OF_A_DAY_IN_JAPAN
    days = [last - timedelta(minutes=1), last, last + timedelta(seconds=1), last + timedelta(hours=8)]
    assert [outbox.put(new_checkin(at), reception.sealer) for at in days] == ["A001", "A002", "A001", "A002"]
    assert outbox.put(new_checkin(last), reception.sealer) == "A003", "a clock set back goes on where that day was"


def test_queue_numbers_go_on_after_a_restart_and_after_delivery(
    tmp_path: Path, reception: Reception, new_checkin: NewCheckIn
) -> None:
    for expected in ("C001", "C002", "C003"):
        outbox = Outbox(tmp_path / "o.db", "C")
        assert outbox.put(new_checkin(), reception.sealer) == expected
        head = outbox.head()
        assert head is not None
        outbox.ack(head.seq, "r")
        outbox.scrub()
        outbox.close()


def test_the_thousandth_patient_of_a_day_gets_a_typed_error(
    outbox: Outbox, reception: Reception, new_checkin: NewCheckIn, tmp_path: Path
) -> None:
    outbox.put(new_checkin(), reception.sealer)
    other = sqlite3.connect(tmp_path / "outbox.db")
    other.execute("UPDATE outbox SET number = 998")
    other.commit()
    other.close()
    assert outbox.put(new_checkin(), reception.sealer) == "A999"
    with pytest.raises(QueueNumbersUsedUpError, match="999"):
        outbox.put(new_checkin(), reception.sealer)
    assert outbox.waiting().pending == 2
    assert outbox.put(new_checkin(LAST_SECOND_OF_A_DAY_IN_JAPAN + timedelta(days=2)), reception.sealer) == "A001"


def test_the_order_is_the_order_of_the_puts_and_parking_steps_aside(
    outbox: Outbox, reception: Reception, new_checkin: NewCheckIn
) -> None:
    put = [new_checkin() for _ in range(3)]
    for checkin in put:
        outbox.put(checkin, reception.sealer)
    first = outbox.head()
    assert first is not None
    outbox.park(first.seq, "refused_422")
    second = outbox.head()
    assert second is not None
    assert second.checkin_id == put[1].checkin_id
    outbox.ack(second.seq, "r2")
    [parked] = outbox.parked()
    assert (parked.checkin_id, parked.queue_number, parked.why) == (put[0].checkin_id, "A001", "refused_422")
    outbox.unpark(parked.seq)
    third = outbox.head()
    assert third is not None
    assert third.checkin_id == put[0].checkin_id, "it takes its old place"
    assert third.sealed == first.sealed
    assert outbox.parked() == ()


def test_a_first_receipt_is_never_overwritten(
    outbox: Outbox, reception: Reception, new_checkin: NewCheckIn, tmp_path: Path
) -> None:
    outbox.put(new_checkin(), reception.sealer)
    head = outbox.head()
    assert head is not None
    outbox.tried(head.seq, "timeout")
    outbox.ack(head.seq, "first")
    outbox.ack(head.seq, "second")
    outbox.park(head.seq, "refused_400")
    outbox.unpark(head.seq)
    outbox.close()
    db = sqlite3.connect(tmp_path / "outbox.db")
    rows = db.execute("SELECT state, sealed, receipt, attempts FROM outbox").fetchall()
    db.close()
    assert rows == [("acked", None, "first", 1)]


def test_waiting_tells_counts_and_the_oldest_age(tmp_path: Path, reception: Reception, new_checkin: NewCheckIn) -> None:
    now = [datetime(2026, 11, 21, 1, tzinfo=UTC)]
    outbox = Outbox(tmp_path / "o.db", "A", clock=lambda: now[0])
    assert outbox.waiting() == Waiting(0, 0, 0.0)
    for _ in range(3):
        outbox.put(new_checkin(), reception.sealer)
        now[0] += timedelta(seconds=10)
    assert outbox.waiting() == Waiting(3, 0, 30.0)
    head = outbox.head()
    assert head is not None
    outbox.park(head.seq, "refused_400")
    assert outbox.waiting() == Waiting(2, 1, 20.0)
    now[0] -= timedelta(hours=1)
    assert outbox.waiting().oldest_age == 0.0, "a clock set back makes nothing negative"
    outbox.close()


def test_delivered_rows_go_after_thirty_days_and_undelivered_ones_never(
    tmp_path: Path, reception: Reception, new_checkin: NewCheckIn
) -> None:
    now = [datetime(2026, 11, 21, 1, tzinfo=UTC)]
    outbox = Outbox(tmp_path / "o.db", "A", clock=lambda: now[0])
    for _ in range(3):
        outbox.put(new_checkin(), reception.sealer)
    delivered = outbox.head()
    assert delivered is not None
    outbox.ack(delivered.seq, "r")
    parked = outbox.head()
    assert parked is not None
    outbox.park(parked.seq, "refused_400")

    def rows() -> int:
        db = sqlite3.connect(tmp_path / "o.db")
        count = int(db.execute("SELECT count(*) FROM outbox").fetchone()[0])
        db.close()
        return count

    now[0] += timedelta(days=30)
    outbox.scrub()
    assert rows() == 3
    now[0] += timedelta(seconds=1)
    outbox.scrub()
    assert rows() == 2
    now[0] += timedelta(days=400)
    outbox.scrub()
    waiting = outbox.waiting()
    assert (waiting.pending, waiting.parked) == (1, 1)
    outbox.close()


def test_no_name_is_ever_on_the_disk_and_no_sealed_body_after_ack_and_scrub(
    outbox: Outbox, reception: Reception, new_checkin: NewCheckIn, canary: str, tmp_path: Path
) -> None:
    bodies = []
    for _ in range(20):
        outbox.put(new_checkin(), reception.sealer)
        head = outbox.head()
        assert head is not None
        on_disk = everything_on_disk(tmp_path)
        assert canary.encode() not in on_disk
        assert b'"schema"' not in on_disk
        assert head.sealed[:64] in on_disk, "the search must be able to find something"
        bodies.append(head.sealed)
        outbox.ack(head.seq, "r")
    outbox.scrub()
    left = everything_on_disk(tmp_path)
    assert canary.encode() not in left
    for body in bodies:
        assert all(body[at : at + 32] not in left for at in range(0, len(body) - 32, 32))


def test_what_waits_shows_no_person_and_no_body_in_its_repr(
    outbox: Outbox, reception: Reception, new_checkin: NewCheckIn, canary: str
) -> None:
    outbox.put(new_checkin(), reception.sealer)
    head = outbox.head()
    assert head is not None
    assert canary not in repr(head)
    assert repr(head.sealed)[2:30] not in repr(head)


def test_the_database_belongs_to_this_user_alone(outbox: Outbox, tmp_path: Path) -> None:
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


class Recorded:
    """A connection that notes its statements; a wrapped sqlite3 connection satisfies the outbox as any other would."""

    def __init__(self, path: str, said: list[str]) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._said = said

    @property
    def in_transaction(self) -> bool:
        return self._db.in_transaction

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> sqlite3.Cursor:
        self._said.append(sql)
        return self._db.execute(sql, parameters)

    def close(self) -> None:
        self._db.close()


def test_the_pragmas_come_first_and_in_their_order(
    tmp_path: Path, reception: Reception, new_checkin: NewCheckIn
) -> None:
    said: list[str] = []
    outbox = Outbox(tmp_path / "o.db", "A", connect=lambda path: Recorded(path, said))
    assert said[:6] == [
        "PRAGMA synchronous=EXTRA",
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "PRAGMA secure_delete=ON",
        "PRAGMA wal_autocheckpoint=200",
        "PRAGMA temp_store=MEMORY",
    ]
    del said[:]
    outbox.put(new_checkin(), reception.sealer)
    assert (said[0], said[-1]) == ("BEGIN IMMEDIATE", "COMMIT")
    assert said.count("COMMIT") == 1
    outbox.close()


@pytest.fixture
def tight(tmp_path: Path) -> Iterator[Outbox]:
    """An outbox whose database may not grow beyond 24 pages: SQLite answers SQLITE_FULL, as on a full disk."""

    def connect(path: str) -> database.Connection:
        db = database.connect(path)
        database.ask(db, "PRAGMA max_page_count=24")
        return db

    one = Outbox(tmp_path / "o.db", "A", connect=connect)
    yield one
    one.close()


def test_a_full_database_refuses_with_a_typed_error_and_keeps_what_it_promised(
    tight: Outbox, reception: Reception, new_checkin: NewCheckIn
) -> None:
    promised: list[CheckIn] = []
    refused = None
    while refused is None:
        checkin = new_checkin()
        try:
            tight.put(checkin, reception.sealer)
            promised.append(checkin)
        except OutboxFullError as error:
            refused = error
    assert "full" in str(refused)
    assert promised
    assert tight.waiting().pending == len(promised)
    for checkin in promised:
        head = tight.head()
        assert head is not None
        assert head.checkin_id == checkin.checkin_id
        tight.ack(head.seq, "r")
    assert tight.put(new_checkin(), reception.sealer) == f"A{len(promised) + 1:03d}", "the refused one used no number"


def test_a_folder_that_cannot_be_used_is_one_typed_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutboxError, match="cannot be used"):
        Outbox(tmp_path / "file" / "o.db", "A")


def test_a_database_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "o.db")
    db.execute("PRAGMA user_version=7")
    db.close()
    with pytest.raises(OutboxError, match="another version"):
        Outbox(tmp_path / "o.db", "A")
    assert [file.name for file in tmp_path.iterdir()] == ["o.db"]


def test_a_checkin_larger_than_reception_takes_is_refused_before_it_is_promised(
    outbox: Outbox, reception: Reception, new_checkin: NewCheckIn
) -> None:
    fat = dataclasses.replace(new_checkin(), unknown={"pad": "x" * 256 * 1024})
    with pytest.raises(OutboxError, match="bytes") as told:
        outbox.put(fat, reception.sealer)
    assert told.value.code == "too_large"
    assert outbox.waiting().pending == 0
    assert outbox.put(new_checkin(), reception.sealer) == "A001"


def test_a_closed_outbox_says_so(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "o.db", "A")
    outbox.close()
    with pytest.raises(OutboxError, match="closed"):
        outbox.head()


def test_threads_that_put_and_acknowledge_at_once_lose_and_double_nothing(
    outbox: Outbox, reception: Reception, new_checkin: NewCheckIn
) -> None:
    numbers: list[str] = []
    acked: list[str] = []
    done = threading.Event()

    def put() -> None:
        numbers.extend(outbox.put(new_checkin(), reception.sealer) for _ in range(40))

    def acknowledge() -> None:
        while (head := outbox.head()) is not None or not done.is_set():
            if head is None:
                done.wait(0.001)
                continue
            outbox.ack(head.seq, "r")
            acked.append(head.checkin_id)

    putting = [threading.Thread(target=put) for _ in range(3)]
    acking = threading.Thread(target=acknowledge)
    for thread in (*putting, acking):
        thread.start()
    for thread in putting:
        thread.join(30)
    done.set()
    acking.join(30)
    assert sorted(numbers) == [f"A{n:03d}" for n in range(1, 121)]
    assert len(acked) == len(set(acked)) == 120
