"""A kiosk's outbox and courier in a process that is killed at random. usage: FOLDER KIOSK_ID LETTER N KEY_HEX URL [URL]

Puts check-ins until the outbox has seen `N`, prints each promise (`ID NUMBER SECONDS`) once it is on disk, and `drained`
when reception has them all. The last name of each patient is the canary of the test that looks for it.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from datetime import UTC, date, datetime
from pathlib import Path

import httpx

from kiosk.delivery.backoff import Backoff
from kiosk.delivery.courier import Courier
from kiosk.delivery.database import ask
from kiosk.delivery.outbox import Outbox
from kiosk.delivery.sealing import Sealer
from kiosk.record import consent, dates, ids
from kiosk.record.checkin import CardSeen, CheckIn, Eligibility, Identity, Prescription
from kiosk.record.dates import Notice
from kiosk.record.eligibility import EligibilityResult, Sex, Source, Validity
from kiosk.record.identity import Method

CANARY = "カナリア"


def new_checkin(kiosk_id: str) -> CheckIn:
    now = dates.instant(dates.instant_text(datetime.now(UTC)))
    person = EligibilityResult(name=f"{CANARY}　花子", sex=Sex.FEMALE, birth_date=date(1941, 2, 3), copay_ratio=10)
    return CheckIn(
        checkin_id=ids.new_visit_id(),
        kiosk_id=ids.kiosk_id(kiosk_id),
        queue_number=None,
        opened_at=now,
        confirmed_at=now,
        complete=True,
        simulated=True,
        identity=Identity(Method.FACE),
        card=CardSeen(os.urandom(32).hex(), Notice.NONE),
        eligibility=Eligibility(Source.CENTRE, Validity.VALID, now, (person,)),
        consents=consent.no_consents(),
        prescription=Prescription.NOT_ASKED,
    )


def main() -> None:
    folder, kiosk_id, letter, many, key, *urls = sys.argv[1:]
    outbox = Outbox(Path(folder) / "outbox.db", letter)
    sealer = Sealer(bytes.fromhex(key))
    client = httpx.Client(timeout=httpx.Timeout(1.5, connect=0.5), trust_env=False)
    backoff = Backoff(longest=0.5)
    courier = Courier(outbox, client, tuple(urls), ids.kiosk_id(kiosk_id), lambda _: None, backoff=backoff)
    threading.Thread(target=courier.run, args=(threading.Event(),), daemon=True).start()
    for _ in range(int(many) - ask(outbox._open(), "SELECT count(*) FROM outbox")[0][0]):
        began = time.perf_counter()
        checkin = new_checkin(kiosk_id)
        number = outbox.put(checkin, sealer)
        print(checkin.checkin_id, number, f"{time.perf_counter() - began:.6f}", flush=True)
        courier.wake()
        time.sleep(random.uniform(0.01, 0.08))  # noqa: S311
    while outbox.waiting().pending:
        time.sleep(0.05)
    outbox.scrub()
    print("drained", flush=True)


if __name__ == "__main__":
    main()
