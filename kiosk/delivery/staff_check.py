"""Code and PIN of a staff member at the kiosk: held here for the seconds they are typed in, and told right by reception alone.

`POST /k/v1/staff/verify` {"visit_id", "code", "pin"} -> {"check_id", "staff_id", "expires_at"}; 403 where one of them is
wrong, 429 while reception takes no further try.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

import httpx

from kiosk import journal
from kiosk.delivery.errors import ReceptionError
from kiosk.delivery.exchange import Addresses, Answer, exchange
from kiosk.record import RecordError, dates, ids
from kiosk.record.ids import KioskId, VisitId
from kiosk.staff import commands

log = logging.getLogger("kiosk.delivery.staff_check")

CODE_DIGITS: Final = 4
DIGITS: Final = 10
"""Of the code, and then of the PIN."""

Refusal = Literal["wrong", "slow_down", "unreachable"]
_REFUSALS: Final[dict[int, Refusal]] = {403: "wrong", 429: "slow_down"}


class TypedDigits:
    """At most ten digits in one place of memory, overwritten as soon as they are of no more use. It shows none of them."""

    def __init__(self) -> None:
        self._held = bytearray(DIGITS)
        self._count = 0

    def __repr__(self) -> str:
        return "TypedDigits(...)"

    def type(self, digit: str) -> None:
        """One more digit; what is none, and what is too much, is dropped."""
        if self._count < DIGITS and len(digit) == 1 and digit.isascii() and digit.isdigit():
            self._held[self._count] = ord(digit)
            self._count += 1

    def erase(self) -> None:
        """The last digit is none any more."""
        if self._count:
            self._count -= 1
            self._held[self._count] = 0

    def forget(self) -> None:
        """Overwrite all of them."""
        self._held[:] = bytes(DIGITS)
        self._count = 0

    def taken(self) -> bytearray | None:
        """All ten, for whoever overwrites them next; None where some are missing. Nothing is held here afterwards."""
        digits = bytearray(self._held) if self._count == DIGITS else None
        self.forget()
        return digits


@dataclass(frozen=True)
class Verified:
    """Reception knows the staff member, for `lasts` more seconds, as the check `check_id`."""

    check_id: str
    staff_id: str
    lasts: float


class StaffCheck:
    """Asks reception on the caller's thread."""

    def __init__(self, client: httpx.Client, urls: tuple[str, ...], kiosk_id: KioskId) -> None:
        self._client = client
        self._addresses = Addresses(urls)
        self._kiosk_id = kiosk_id

    def verify(self, visit_id: VisitId, digits: bytearray) -> Verified | Refusal:
        """Who typed them; they are overwritten before this returns.

        What the HTTP client copies of them on the way to the socket cannot be overwritten from here: it is freed at once.
        """
        try:
            told = {"visit_id": visit_id, "code": digits[:CODE_DIGITS].decode(), "pin": digits[CODE_DIGITS:].decode()}
            answer = self._asked(json.dumps(told).encode())
        except ReceptionError as error:
            self._addresses.turn()
            log.warning("staff_not_verified", extra=journal.numbers(why=error.code))
            return "unreachable"
        finally:
            digits[:] = bytes(len(digits))
        if answer.status == 200:
            return _verified(answer)
        log.warning("staff_not_verified", extra=journal.numbers(why=f"status_{answer.status}"))
        return _REFUSALS.get(answer.status, "unreachable")

    def _asked(self, body: bytes) -> Answer:
        url = self._addresses.url("/k/v1/staff/verify")
        headers = {"Content-Type": "application/json"}
        return exchange(self._client, "POST", url, kiosk_id=self._kiosk_id, content=body, headers=headers)


def _verified(answer: Answer) -> Verified | Refusal:
    fields = answer.fields()
    try:
        expires_at = dates.instant(fields.get("expires_at"))
        check_id, staff_id = ids.visit_id(fields.get("check_id")), commands.staff_id(fields.get("staff_id"))
    except RecordError:
        log.warning("staff_not_verified", extra=journal.numbers(why="not_the_contract"))
        return "unreachable"
    return Verified(check_id, staff_id, (expires_at - datetime.now(UTC)).total_seconds())
