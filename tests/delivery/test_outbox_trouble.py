"""Kills, full disks, damaged files: what was promised stays promised."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kiosk.delivery import damage, database
from kiosk.delivery.courier import Courier
from kiosk.delivery.errors import OutboxError
from kiosk.delivery.outbox import Outbox
from kiosk.record import ids
from kiosk.record.checkin import to_json

if TYPE_CHECKING:
    from tests.delivery.conftest import NewCheckIn, Reception

HERE = Path(__file__).parent


def body_of(new_checkin: NewCheckIn) -> bytes:
    return to_json(new_checkin().numbered(ids.queue_number("A001")))


def public_key(reception: Reception) -> bytes:
    return reception.private_key.public_key().public_bytes_raw()


@pytest.mark.parametrize("promises", [1, 7, 40])
def test_a_kiosk_killed_right_after_a_promise_keeps_it_and_delivers_it_once(
    promises: int, tmp_path: Path, reception: Reception, new_checkin: NewCheckIn
) -> None:
    path = tmp_path / "outbox.db"
    kiosk = subprocess.Popen(
        [sys.executable, str(HERE / "kiosk_that_dies.py"), str(path), public_key(reception).hex()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=HERE.parent.parent,
    )
    assert kiosk.stdin is not None
    assert kiosk.stdout is not None
    with kiosk:
        kiosk.stdin.write(body_of(new_checkin))
        kiosk.stdin.close()
        promised = [kiosk.stdout.readline().decode().split() for _ in range(promises)]
        kiosk.send_signal(signal.SIGKILL)
        promised += [line.decode().split() for line in kiosk.stdout.readlines() if line.endswith(b"\n")]
        assert kiosk.wait(10) == -signal.SIGKILL

    outbox = Outbox(path, "A")
    courier = Courier(outbox, reception.client, ("http://reception",), ids.kiosk_id("k"), lambda _: None)
    while courier.step() is not None:
        pass
    stored = [(visit, checkin.queue_number) for visit, checkin in reception.stored.items()]
    assert stored[: len(promised)] == [(visit, number) for visit, number in promised]
    assert len(stored) - len(promised) <= 1, "at most the one whose promise was not printed any more"
    assert len(reception.asked) == len(stored)
    outbox.close()


def test_on_a_full_disk_acknowledgements_go_on_and_puts_come_back_when_there_is_room(
    tmp_path: Path, reception: Reception, new_checkin: NewCheckIn
) -> None:
    unshare = shutil.which("unshare")
    mount = 'mount -t tmpfs -o size=3m none "$0" && exec "$@"'
    if unshare is None or subprocess.run([unshare, "-rm", "sh", "-c", mount, tmp_path, "true"], check=False).returncode:
        pytest.skip("no small disk can be mounted here: user namespaces are not allowed")
    script = [sys.executable, str(HERE / "kiosk_on_a_full_disk.py"), str(tmp_path), public_key(reception).hex()]
    done = subprocess.run(
        [unshare, "-rm", "sh", "-c", mount, str(tmp_path), *script],
        input=body_of(new_checkin),
        capture_output=True,
        check=True,
        cwd=HERE.parent.parent,
        timeout=60,
    )
    told = json.loads(done.stdout)
    assert told["accepted"] > 100
    assert told["typed"]
    assert told["ballast_before"]
    assert not told["ballast_after"]
    assert told["acked"] == told["accepted"]
    assert told["refused_while_short"], "puts must not eat what the acknowledgements need"
    assert told["again"] > 100


def test_a_disk_that_fails_to_write_is_a_typed_error_and_promises_nothing(
    tmp_path: Path, reception: Reception, new_checkin: NewCheckIn
) -> None:
    """Files may not grow beyond 2 MiB in that process: the write fails with EFBIG, an I/O error to SQLite."""
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))\n"
        "import dataclasses; from pathlib import Path\n"
        "from kiosk.delivery.outbox import Outbox; from kiosk.delivery.sealing import Sealer\n"
        "from kiosk.delivery.errors import OutboxError; from kiosk.record import ids, checkin\n"
        "one = checkin.from_json(sys.stdin.buffer.read()); sealer = Sealer(bytes.fromhex(sys.argv[2]))\n"
        "outbox = Outbox(Path(sys.argv[1]), 'A', clock=lambda: one.confirmed_at)\n"
        "try:\n"
        "    for _ in range(999):\n"
        "        fat = dataclasses.replace(one, checkin_id=ids.new_visit_id(), unknown={'pad': 'x' * 20000})\n"
        "        outbox.put(fat, sealer); print(fat.checkin_id, flush=True)\n"
        "except OutboxError as error: print(error.code)\n"
    )
    path = tmp_path / "outbox.db"
    done = subprocess.run(
        [sys.executable, "-c", limited, str(path), public_key(reception).hex()],
        input=body_of(new_checkin),
        capture_output=True,
        check=True,
        cwd=HERE.parent.parent,
        timeout=60,
    )
    *promised, code = done.stdout.decode().split()
    assert code in ("outbox", "outbox_full")
    assert len(promised) > 50
    outbox = Outbox(path, "A")
    assert outbox.damage is None
    stored = []
    while (head := outbox.head()) is not None:
        stored.append(head.checkin_id)
        outbox.ack(head.seq, "r")
    assert stored == promised
    outbox.close()


def filled(path: Path, reception: Reception, new_checkin: NewCheckIn, count: int) -> list[str]:
    outbox = Outbox(path, "A")
    put: list[str] = []
    for _ in range(count):
        checkin = new_checkin()
        outbox.put(checkin, reception.sealer)
        put.append(checkin.checkin_id)
    outbox.close()
    return put


def drained(outbox: Outbox) -> list[str]:
    found: list[str] = []
    while (head := outbox.head()) is not None:
        assert hashlib.sha256(head.sealed).hexdigest() == head.sha256
        found.append(head.checkin_id)
        outbox.ack(head.seq, "r")
    return found


def test_a_file_that_is_no_database_is_put_aside_and_a_new_one_started(
    tmp_path: Path, reception: Reception, new_checkin: NewCheckIn, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "outbox.db"
    rubbish = b"this was a database once" * 500
    path.write_bytes(rubbish)
    with caplog.at_level(logging.ERROR, "kiosk.delivery"):
        outbox = Outbox(path, "A")
    assert outbox.damage is not None
    assert outbox.damage.aside.read_bytes() == rubbish
    assert (outbox.damage.rescued, outbox.damage.complete) == (0, False)
    assert "outbox_damaged" in caplog.messages
    outbox.close()


def test_after_a_damage_that_hid_rows_no_number_of_the_day_comes_twice(
    tmp_path: Path, reception: Reception, new_checkin: NewCheckIn
) -> None:
    path = tmp_path / "outbox.db"
    path.write_bytes(b"rubbish" * 1000)
    morning = new_checkin().confirmed_at
    outbox = Outbox(path, "A", clock=lambda: morning)
    assert outbox.put(new_checkin(), reception.sealer) == "A501"
    outbox.close()
    outbox = Outbox(path, "A", clock=lambda: morning)
    assert outbox.put(new_checkin(), reception.sealer) == "A502"
    outbox.close()


@pytest.mark.parametrize("broken_page", range(1, 18, 2))
def test_what_is_whole_in_a_damaged_database_is_carried_over_and_nothing_else(
    broken_page: int, tmp_path: Path, reception: Reception, new_checkin: NewCheckIn
) -> None:
    path = tmp_path / "outbox.db"
    put = filled(path, reception, new_checkin, 30)
    raw = bytearray(path.read_bytes())
    assert broken_page * 4096 < len(raw)
    raw[broken_page * 4096 : (broken_page + 1) * 4096] = b"\xa5" * 4096
    path.write_bytes(raw)
    outbox = Outbox(path, "A", clock=lambda: new_checkin().confirmed_at)
    found = drained(outbox)
    assert [visit for visit in put if visit in set(found)] == found, "in their old order, none twice, none invented"
    if outbox.damage is None:
        # The rubbish fell into a sealed body: the database is whole, and only a hash can tell.
        pytest.fail("a broken page must be found at opening")
    assert outbox.damage.aside.read_bytes() == bytes(raw), "what was found stays as it was"
    assert outbox.damage.rescued == len(found)
    number = outbox.put(new_checkin(), reception.sealer)
    assert number not in [f"A{n:03d}" for n in range(1, 31)]
    outbox.close()


def test_a_damage_found_while_running_is_cured_and_the_put_still_promises(
    tmp_path: Path, reception: Reception, new_checkin: NewCheckIn
) -> None:
    path = tmp_path / "outbox.db"
    put = filled(path, reception, new_checkin, 5)
    reads = iter([False, True])

    class Sick:
        """A connection whose fifth-page reads go wrong once: the first INSERT answers SQLITE_CORRUPT."""

        def __init__(self, at: str) -> None:
            self._db = database.connect(at)
            self._sick = next(reads, False) if at == str(path) else False

        @property
        def in_transaction(self) -> bool:
            return self._db.in_transaction

        def execute(self, sql: str, parameters: object = (), /) -> database.Rows:
            if sql.startswith("INSERT INTO outbox") and not self._sick:
                self._sick = True
                error = sqlite3.DatabaseError("database disk image is malformed")
                error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
                raise error
            return self._db.execute(sql, parameters)  # type: ignore[arg-type]

        def close(self) -> None:
            self._db.close()

    def connect(at: str) -> database.Connection:
        return Sick(at) if at == str(path) else database.connect(at)

    outbox = Outbox(path, "A", connect=connect)
    assert outbox.damage is None
    late = new_checkin()
    assert outbox.put(late, reception.sealer) == "A006"
    assert outbox.damage is not None
    assert (outbox.damage.rescued, outbox.damage.complete) == (5, True)
    assert drained(outbox) == [*put, late.checkin_id]
    outbox.close()


def test_a_power_cut_between_aside_and_new_is_finished_at_the_next_start(
    tmp_path: Path, reception: Reception, new_checkin: NewCheckIn
) -> None:
    path = tmp_path / "outbox.db"
    put = filled(path, reception, new_checkin, 5)
    path.rename(tmp_path / "outbox.db.rebuilt")
    (tmp_path / "outbox.db-wal").write_bytes(b"left by the damaged one")
    outbox = Outbox(path, "A")
    assert drained(outbox) == put
    assert (tmp_path / "outbox.db.damaged-1-wal").read_bytes() == b"left by the damaged one"
    outbox.close()


def test_sequence_numbers_are_not_used_twice_by_a_new_database(
    tmp_path: Path, reception: Reception, new_checkin: NewCheckIn
) -> None:
    path = tmp_path / "outbox.db"
    first = Outbox(path, "A")
    first.put(new_checkin(), reception.sealer)
    head = first.head()
    assert head is not None
    first.close()
    damage.rebuild(
        path, database.connect, damage.Rescued((), complete=True), head.seq, new_checkin().confirmed_at.date()
    )
    aside = damage.swap(path)
    assert aside.exists()
    second = Outbox(path, "A")
    second.put(new_checkin(), reception.sealer)
    later = second.head()
    assert later is not None
    assert later.seq > head.seq
    second.close()


def test_a_disk_that_went_read_only_is_a_typed_error_and_heals(
    tmp_path: Path, reception: Reception, new_checkin: NewCheckIn
) -> None:
    sick = [False]

    class ReadOnly:
        def __init__(self, at: str) -> None:
            self._db = database.connect(at)

        @property
        def in_transaction(self) -> bool:
            return self._db.in_transaction

        def execute(self, sql: str, parameters: object = (), /) -> database.Rows:
            if sick[0] and sql == "COMMIT":
                error = sqlite3.OperationalError("disk I/O error")
                error.sqlite_errorcode = sqlite3.SQLITE_IOERR
                raise error
            return self._db.execute(sql, parameters)  # type: ignore[arg-type]

        def close(self) -> None:
            self._db.close()

    outbox = Outbox(tmp_path / "o.db", "A", connect=ReadOnly)
    checkin = new_checkin()
    sick[0] = True
    with pytest.raises(OutboxError, match="check the disk") as told:
        outbox.put(checkin, reception.sealer)
    assert told.value.code == "outbox"
    sick[0] = False
    assert outbox.put(checkin, reception.sealer) == "A001"
    assert outbox.waiting().pending == 1
    outbox.close()
