"""A kiosk as reception's door sees it."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from kiosk.reception import seal
from kiosk.record import checkin as contract
from kiosk.record import door, ids
from kiosk.record.checkin import CheckIn
from kiosk.record.door import Heartbeat, HelpCall, HelpReason
from kiosk.record.ids import KioskId, VisitId


@dataclass
class SealingKiosk:
    """What a kiosk does at the door, without an outbox: seal, number, name itself."""

    public_key: X25519PublicKey
    key_id: str
    kiosk_id: str = "a"
    seq: int = field(default=0)

    def sealed(self, record: CheckIn | bytes, checkin_id: str) -> bytes:
        plain = record if isinstance(record, bytes) else contract.to_json(record)
        return seal.SUITE.encrypt(plain, self.public_key, info=checkin_id.encode("ascii"))

    def headers(self, checkin_id: str, **others: str) -> dict[str, str]:
        self.seq += 1
        own = {"idempotency-key": checkin_id, "x-kiosk-id": self.kiosk_id, "x-kiosk-seq": str(self.seq)}
        return own | {"x-key-id": self.key_id} | {name.replace("_", "-"): text for name, text in others.items()}

    def heartbeat(self, at: datetime, stage: str, visit_id: VisitId | None, **others: Any) -> dict[str, object]:
        beat = Heartbeat(KioskId(self.kiosk_id), at, "open", stage, visit_id, 0, 0, 0.0)
        return door.heartbeat_json(replace(beat, **others))

    def help(self, at: datetime, reason: HelpReason, stage: str = "choosing_method") -> dict[str, object]:
        call = HelpCall(ids.new_visit_id(), KioskId(self.kiosk_id), ids.new_visit_id(), reason, stage, at)
        return door.help_json(call)


def kiosk_of(public_key: str, key_id: str) -> SealingKiosk:
    """A kiosk that seals to this key, told as reception tells it."""
    raw = base64.b64decode(public_key, validate=True)
    return SealingKiosk(X25519PublicKey.from_public_bytes(raw), key_id)
