"""Fills the disk under an outbox, then drains it. usage: FOLDER PUBLIC_KEY_HEX < a check-in's JSON; prints JSON."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

from kiosk.delivery.errors import OutboxFullError
from kiosk.delivery.outbox import Outbox
from kiosk.delivery.sealing import Sealer
from kiosk.record import ids
from kiosk.record.checkin import from_json

folder = Path(sys.argv[1])
outbox = Outbox(folder / "outbox.db", "A")
sealer = Sealer(bytes.fromhex(sys.argv[2]))
checkin = from_json(sys.stdin.buffer.read())


def fill() -> tuple[int, bool]:
    """Put until the disk is full; how many went in, and if the end was the typed error."""
    for count in range(999):
        try:
            outbox.put(dataclasses.replace(checkin, checkin_id=ids.new_visit_id(), unknown={"pad": "x" * 2000}), sealer)
        except OutboxFullError:
            return count, True
    return 999, False


def drain() -> int:
    """Acknowledge everything; how many."""
    count = 0
    while (oldest := outbox.head()) is not None:
        outbox.ack(oldest.seq, "r")
        count += 1
    return count


accepted, typed = fill()
# Somebody else's log takes what is left, to the last byte.
try:
    with (folder / "other").open("wb", buffering=0) as other:
        while True:
            other.write(b"x" * 512)
except OSError:
    pass
ballast_before = (folder / "outbox.db.ballast").exists()
acked = drain()
ballast_after = (folder / "outbox.db.ballast").exists()
refused_while_short = fill() == (0, True)
(folder / "other").unlink()
outbox.scrub()
again, _ = fill()
print(
    json.dumps(
        {
            "accepted": accepted,
            "typed": typed,
            "ballast_before": ballast_before,
            "acked": acked,
            "ballast_after": ballast_after,
            "refused_while_short": refused_while_short,
            "again": again,
        }
    )
)
outbox.close()
