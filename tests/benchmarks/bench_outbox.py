"""How long a promise takes: `put` (count, JSON, HPKE, commit on disk), alone and with its acknowledgement.

Run: python tests/benchmarks/bench_outbox.py [FOLDER]. Compares in one run and asserts nothing about time.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.delivery import database
from kiosk.delivery.database import Connection
from kiosk.delivery.outbox import Outbox
from kiosk.delivery.sealing import Sealer
from kiosk.record import consent, ids
from kiosk.record.checkin import CardSeen, CheckIn, Eligibility, Identity, Prescription, to_json
from kiosk.record.dates import Notice
from kiosk.record.eligibility import EligibilityResult, Sex, Source, Validity
from kiosk.record.identity import Method

ROUNDS = 1500
A_DAY_HAS = 900
"""Puts of one day; a day has 999 queue numbers."""
START = datetime(2026, 11, 21, 1, tzinfo=UTC)


def a_checkin(at: datetime) -> CheckIn:
    """An ordinary check-in of about 1.3 KB with three insurances."""
    result = EligibilityResult(
        insurer_number="06132013",
        insured_symbol="１２",
        insured_number="345",
        name="検査　太郎",
        name_kana="ｹﾝｻ ﾀﾛｳ",
        sex=Sex.MALE,
        birth_date=date(1941, 2, 3),
        address="東京都千代田区霞が関一丁目二番二号",
        copay_ratio=10,
    )
    return CheckIn(
        checkin_id=ids.new_visit_id(),
        kiosk_id=ids.kiosk_id("kiosk-1"),
        queue_number=None,
        opened_at=at,
        confirmed_at=at,
        complete=True,
        simulated=True,
        identity=Identity(Method.PIN),
        card=CardSeen("ab" * 32, Notice.NONE),
        eligibility=Eligibility(Source.CENTRE, Validity.VALID, at, (result,) * 3),
        consents=consent.no_consents(),
        prescription=Prescription.NOT_ASKED,
    )


def normal(path: str) -> Connection:
    """A connection that loses promises at a power cut (synchronous=NORMAL), to see what keeping them costs."""

    class Normal:
        def __init__(self) -> None:
            self._db = database.connect(path)

        @property
        def in_transaction(self) -> bool:
            return self._db.in_transaction

        def execute(self, sql: str, parameters: tuple[database.Value, ...] = (), /) -> database.Rows:
            return self._db.execute(sql.replace("synchronous=FULL", "synchronous=NORMAL"), parameters)

        def close(self) -> None:
            self._db.close()

    return Normal()  # type: ignore[return-value]


def measured(name: str, folder: Path, connect: Callable[[str], Connection], *, acknowledge: bool) -> None:
    """Print p50 and p99 of `ROUNDS` rounds on an outbox of its own."""
    outbox = Outbox(folder / f"{name.replace(' ', '-')}.db", "A", connect=connect)
    sealer = Sealer(X25519PrivateKey.generate().public_key().public_bytes_raw())
    checkins = [a_checkin(START + timedelta(days=n // A_DAY_HAS)) for n in range(ROUNDS)]
    micros = []
    for checkin in checkins:
        began = time.perf_counter_ns()
        outbox.put(checkin, sealer)
        if acknowledge:
            head = outbox.head()
            assert head is not None
            outbox.ack(head.seq, "receipt")
        micros.append((time.perf_counter_ns() - began) / 1000)
    outbox.close()
    micros.sort()
    p50, p99 = micros[len(micros) // 2], micros[int(len(micros) * 0.99)]
    print(f"{name:<28} p50 {p50:8.0f} us   p99 {p99:8.0f} us   {1e6 * len(micros) / sum(micros):8.0f} /s")


def main() -> None:
    """Measure in FOLDER (by default a fresh temporary one)."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        folder = Path(name)
        body = len(to_json(a_checkin(START).numbered(ids.queue_number("A001"))))
        load = os.getloadavg()[0]
        print(
            f"python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.machine()}, "
            f"{os.cpu_count()} cores, load {load:.1f}, {folder.parent}, body {body} bytes, {ROUNDS} rounds"
        )
        measured("put", folder, database.connect, acknowledge=False)
        measured("put, head and ack", folder, database.connect, acknowledge=True)
        measured("put at synchronous NORMAL", folder, normal, acknowledge=False)


if __name__ == "__main__":
    main()
