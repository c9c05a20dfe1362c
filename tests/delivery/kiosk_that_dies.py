"""Puts check-ins into an outbox for ever and prints each promise. usage: OUTBOX PUBLIC_KEY_HEX < a check-in's JSON"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

from kiosk.delivery.outbox import Outbox
from kiosk.delivery.sealing import Sealer
from kiosk.record import ids
from kiosk.record.checkin import from_json

outbox = Outbox(Path(sys.argv[1]), "A")
sealer = Sealer(bytes.fromhex(sys.argv[2]))
checkin = from_json(sys.stdin.buffer.read())
for _ in range(900):
    one = dataclasses.replace(checkin, checkin_id=ids.new_visit_id())
    print(one.checkin_id, outbox.put(one, sealer), flush=True)
