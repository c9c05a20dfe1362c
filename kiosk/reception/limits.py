"""How fast anybody may guess: after a few wrong tries each further one waits twice as long. Counted in the store.

Never a lock-out: a desk that is locked out at 8:30 is worse than a guess a minute. A person at their own machine is slowed
down by what is typed there, hardly by what others type elsewhere (domain/reception-and-reliability.md 3.2).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from kiosk.reception.errors import RefusedError
from kiosk.reception.store import Transaction
from kiosk.record import dates

FORGOTTEN_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True)
class Limit:
    """`what` is counted; `free` wrong tries wait for nothing, the next waits `first` seconds, at last `longest`."""

    what: str
    free: int
    first: float
    longest: float


def of_sign_in(staff_id: str, address: str) -> tuple[Limit, ...]:
    """What a try to sign in with a password counts towards."""
    near = _network(address)
    return (
        Limit(f"account:{staff_id}@{near}", 5, 1, 300),
        Limit(f"account:{staff_id}", 50, 1, 30),
        *of_address(address),
    )


def of_address(address: str) -> tuple[Limit, ...]:
    """What every try from an address counts towards: links and passkeys too."""
    return (Limit(f"address:{_network(address)}", 30, 1, 300),)


def of_kiosk_pin(code: str, kiosk_id: str) -> tuple[Limit, ...]:
    """What a PIN typed at a kiosk counts towards."""
    return (Limit(f"pin:{code}", 5, 30, 3600), Limit(f"pins:{kiosk_id}", 20, 30, 300))


def count(limits: Sequence[Limit]) -> Callable[[Transaction], None]:
    """Count a try before it is looked at, so that many at once count too. Raises `RefusedError` (429) while it must wait."""

    def change(transaction: Transaction) -> None:
        for limit in limits:
            row = transaction.one("SELECT * FROM attempt WHERE what = ?", limit.what)
            if row is not None and dates.instant(row["wait_until"]) > transaction.now:
                left = dates.instant(row["wait_until"]) - transaction.now
                raise RefusedError(429, "slow_down", f"続けて間違えたため、あと{_words(left)}お待ちください。")
        for limit in limits:
            _count(transaction, limit)

    return change


def right(limits: Sequence[Limit]) -> Callable[[Transaction], None]:
    """The try that was counted was right: what was wrong before it is forgotten, but not what came from that address."""

    def change(transaction: Transaction) -> None:
        for limit in limits:
            if limit.what.startswith(("address:", "pins:")):
                transaction.run(
                    "UPDATE attempt SET failures = failures - 1, wait_until = last_at WHERE what = ? AND failures > 0",
                    limit.what,
                )
            else:
                transaction.run("DELETE FROM attempt WHERE what = ?", limit.what)

    return change


def forget(transaction: Transaction) -> None:
    """Erase what is too old to count."""
    transaction.run("DELETE FROM attempt WHERE last_at < ?", dates.instant_text(transaction.now - FORGOTTEN_AFTER))


def _count(transaction: Transaction, limit: Limit) -> None:
    row = transaction.one("SELECT * FROM attempt WHERE what = ?", limit.what)
    fresh = row is None or transaction.now - dates.instant(row["last_at"]) > FORGOTTEN_AFTER
    failures = 1 if row is None or fresh else row["failures"] + 1
    over = failures - limit.free
    wait = min(limit.longest, limit.first * 2.0 ** min(over, 32)) if over >= 0 else 0.0
    transaction.run(
        "INSERT INTO attempt(what, failures, wait_until, last_at) VALUES (?, ?, ?, ?) ON CONFLICT(what) DO UPDATE SET"
        " failures = excluded.failures, wait_until = excluded.wait_until, last_at = excluded.last_at",
        limit.what,
        failures,
        dates.instant_text(transaction.now + timedelta(seconds=wait)),
        transaction.now_text,
    )


def _network(address: str) -> str:
    """The address, or the network that one machine with IPv6 has to itself."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _words(left: timedelta) -> str:
    seconds = int(left.total_seconds()) + 1
    return f"{seconds}秒" if seconds < 60 else f"{-(-seconds // 60)}分"
