"""Two thousand lives of an outbox, each ended by a power cut: what was promised is there, in order, with its number.

The statements are the shipped ones: `Outbox` as it is, over apsw and a disk that loses what was not flushed.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw
import pytest

from kiosk.delivery import database
from kiosk.delivery.errors import OutboxError
from kiosk.delivery.outbox import Outbox
from kiosk.record.ids import QueueNumber
from tests.delivery.crash_disk import CUTS, CrashVfs, Disk, PowerCutError

if TYPE_CHECKING:
    from tests.delivery.conftest import NewCheckIn, Reception

LIVES = 2_000
LIVES_A_DISK = 4
WORK = 40
CHANGES = 260
"""The power goes after so many changes of the disk at most: a put is about five."""

Maker = Callable[[CrashVfs], database.Connect]


@dataclass
class Books:
    """What the outbox has promised: a number for each check-in in order, and which of them reception has."""

    numbers: dict[str, QueueNumber] = field(default_factory=dict)
    acked: set[int] = field(default_factory=set)
    lost: int = 0
    back: int = 0
    broken: int = 0
    promised: int = 0
    cuts: int = 0

    def check(self, outbox: Outbox, sealed: dict[str, str]) -> None:
        """Compare with what is on the disk after the cut."""
        rows = database.ask(
            outbox._open(), "SELECT seq, checkin_id, queue_number, sealed, sha256, state FROM outbox ORDER BY seq"
        )
        there = {row[1]: row for row in rows}
        for checkin_id, number in list(self.numbers.items()):
            if checkin_id not in there or there[checkin_id][2] != number:
                self.lost += 1
                del self.numbers[checkin_id]
        self.back += sum(1 for row in rows if row[0] in self.acked and row[5] != "acked")
        promised = [checkin_id for checkin_id in self.numbers if checkin_id in there]
        self.broken += [row[1] for row in rows if row[1] in self.numbers] != promised
        self.broken += len({row[2] for row in rows}) != len(rows)
        for _, checkin_id, _, body, sha256, _ in rows:
            if body is not None:
                self.broken += hashlib.sha256(body).hexdigest() != sha256
                sealed.setdefault(checkin_id, sha256)
                self.broken += sealed[checkin_id] != sha256


def lives(many: int, folder: Path, reception: Reception, new_checkin: NewCheckIn, maker: Maker, seed: int = 7) -> Books:
    """Live and die `many` times, on a new disk after every fourth."""
    whole = Books()
    for place in range(many // LIVES_A_DISK):
        chance = random.Random(seed * 1_000_003 + place)  # noqa: S311 - not for secrets
        disk, books = Disk(), Books()
        sealed: dict[str, str] = {}
        for _ in range(LIVES_A_DISK):
            disk.left = chance.randint(1, CHANGES)
            live(folder / "o.db", CrashVfs(disk), reception, new_checkin, maker, books, chance)
            disk = disk.after_a_cut(chance, chance.choice(CUTS))
            books.cuts += 1
            again = CrashVfs(disk)
            try:
                outbox = Outbox(folder / "o.db", "A", maker(again))
            except (OutboxError, apsw.Error, PowerCutError):
                books.broken += 1
                break
            books.broken += outbox.damage is not None
            books.check(outbox, sealed)
            outbox.close()
        whole.lost += books.lost
        whole.back += books.back
        whole.broken += books.broken
        whole.promised += books.promised
        whole.cuts += books.cuts
    return whole


def live(
    path: Path,
    vfs: CrashVfs,
    reception: Reception,
    new_checkin: NewCheckIn,
    maker: Maker,
    books: Books,
    chance: random.Random,
) -> None:
    """One life: check-ins come, reception takes some of the oldest, some wait for a person; then the power goes."""
    outbox: Outbox | None = None
    try:
        outbox = Outbox(path, "A", maker(vfs))
        for _ in range(WORK):
            checkin = new_checkin()
            books.numbers[checkin.checkin_id] = outbox.put(checkin, reception.sealer)
            books.promised += 1
            head = outbox.head()
            if head is not None and chance.random() < 0.4:
                outbox.ack(head.seq, "1")
                books.acked.add(head.seq)
            elif head is not None and chance.random() < 0.1:
                outbox.park(head.seq, "refused_422")
            if chance.random() < 0.05:
                outbox.scrub()
    except (OutboxError, apsw.Error, PowerCutError):
        pass
    finally:
        if outbox is not None:
            _abandon(outbox)


def _abandon(outbox: Outbox) -> None:
    """The process is dead: its connection can no longer reach the disk."""
    with suppress(OutboxError, apsw.Error, PowerCutError):
        outbox.close()


def test_two_thousand_power_cuts_lose_no_promise_and_bring_nothing_back(
    tmp_path: Path, reception: Reception, new_checkin: NewCheckIn
) -> None:
    books = lives(LIVES, tmp_path, reception, new_checkin, lambda vfs: vfs.connect)
    assert (books.lost, books.back, books.broken) == (0, 0, 0)
    assert books.cuts == LIVES
    assert books.promised > 5 * LIVES, "the lives were worth living"


def test_a_wrong_setting_is_caught(tmp_path: Path, reception: Reception, new_checkin: NewCheckIn) -> None:
    books = lives(40, tmp_path, reception, new_checkin, lambda vfs: vfs.connect_normal)
    assert books.lost > 20


@pytest.mark.parametrize("how", CUTS)
def test_the_disk_forgets_what_was_not_synced(how: str) -> None:
    disk = Disk()
    vfs = CrashVfs(disk)
    connection: Any = vfs.connect("x.db")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("CREATE TABLE t(x)")
    after = disk.after_a_cut(random.Random(1), how)  # noqa: S311
    assert len(after.live.get("x.db", b"")) < len(disk.live["x.db"]) or after.live["x.db"] != disk.live["x.db"]
    with pytest.raises((PowerCutError, apsw.Error)):
        connection.execute("INSERT INTO t VALUES (1)")
    with suppress(PowerCutError, apsw.Error):
        connection.close()
