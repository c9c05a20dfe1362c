"""Ids that travel: visits, kiosks, queue numbers."""

from __future__ import annotations

import re
import secrets
import time
import uuid
from typing import NewType

from kiosk.record import RecordError

VisitId = NewType("VisitId", str)
"""visit_id = checkin_id = Idempotency-Key: a UUIDv7 in its usual form, 36 lower-case characters."""

KioskId = NewType("KioskId", str)
"""Given at pairing: `[a-z0-9-]{1,32}`."""

QueueNumber = NewType("QueueNumber", str)
"""What the patient is called by: the kiosk's letter and three digits, from 001 each day in Japan (A012)."""

_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_KIOSK = re.compile(r"[a-z0-9-]{1,32}")
_QUEUE = re.compile(r"[A-Z][0-9]{3}")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


def new_visit_id(unix_ms: int | None = None) -> VisitId:
    """A fresh UUIDv7 (RFC 9562 section 5.7): 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000 if unix_ms is None else unix_ms
    if not 0 <= milliseconds < 1 << 48:
        raise RecordError(f"visit id: {milliseconds} ms does not fit 48 bits")
    rand_a, rand_b = secrets.randbits(12), secrets.randbits(62)
    return VisitId(str(uuid.UUID(int=milliseconds << 80 | 7 << 76 | rand_a << 64 | 2 << 62 | rand_b)))


def visit_id(text: object) -> VisitId:
    """`text` as a `VisitId`; raises `RecordError` if it is not a UUIDv7 in lower case."""
    if isinstance(text, str) and _UUID7.fullmatch(text):
        return VisitId(text)
    raise RecordError("visit id: expected a UUIDv7 in lower case")


def visit_id_bytes(visit: VisitId) -> bytes:
    """The 16 bytes of a visit id: what is signed together with the centre's challenge."""
    return uuid.UUID(visit).bytes


def kiosk_id(text: object) -> KioskId:
    """`text` as a `KioskId`; raises `RecordError`."""
    if isinstance(text, str) and _KIOSK.fullmatch(text):
        return KioskId(text)
    raise RecordError("kiosk id: expected 1 to 32 of a-z, 0-9 and -")


def queue_number(text: object) -> QueueNumber:
    """`text` as a `QueueNumber`; raises `RecordError`."""
    if isinstance(text, str) and _QUEUE.fullmatch(text):
        return QueueNumber(text)
    raise RecordError("queue number: expected a letter A to Z and three digits")


def fingerprint(text: object) -> str:
    """`text` as a SHA-256 in 64 lower-case hex digits; raises `RecordError`."""
    if isinstance(text, str) and _FINGERPRINT.fullmatch(text):
        return text
    raise RecordError("fingerprint: expected 64 hex digits in lower case")
