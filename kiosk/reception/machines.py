"""Programs that may read the feed (claims computer, EMR): a name and a token each. The store keeps the token's hash only.

Tokens are made and taken back on the command line, beside a reception that runs: `kiosk reception token --name emr`.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from kiosk.errors import UsageError
from kiosk.reception import accounts, schema, seal
from kiosk.reception.audit import Chain
from kiosk.reception.database import Connection
from kiosk.reception.errors import RefusedError, StartError
from kiosk.reception.settings import ReceptionSettings
from kiosk.reception.store import Transaction

PREFIX: Final = "kfeed_"
"""What a token begins with, so that one that was left lying about is known for what it is."""

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,23}")


@dataclass(frozen=True)
class Machine:
    """One program. `revoked`: its token is not taken any more."""

    name: str
    revoked: bool

    @property
    def actor(self) -> str:
        """What the audit calls it; no staff id has a colon."""
        return f"machine:{self.name}"


def create(name: str, token: str) -> Callable[[Transaction], None]:
    """Let `token` in as `name`; an earlier token of that name is not taken any more. Raises `RefusedError` (422)."""

    def change(transaction: Transaction) -> None:
        _check(name)
        transaction.run(
            "INSERT INTO machine(name, token_hash, made_at) VALUES (?, ?, ?) ON CONFLICT(name) DO UPDATE SET"
            " token_hash = excluded.token_hash, made_at = excluded.made_at, revoked_at = NULL",
            *(name, accounts.hash_of(token), transaction.now_text),
        )
        transaction.audit("reception", "machine_token", about=name)

    return change


def revoke(name: str) -> Callable[[Transaction], bool]:
    """Take the token back; False where there is none that is taken."""

    def change(transaction: Transaction) -> bool:
        revoked = transaction.run(
            "UPDATE machine SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL", transaction.now_text, name
        )
        if revoked:
            transaction.audit("reception", "machine_revoked", about=name)
        return bool(revoked)

    return change


def by_token(token: str) -> Callable[[Connection], Machine | None]:
    """Whose token this is, if anybody's."""

    def question(connection: Connection) -> Machine | None:
        row = connection.execute(
            "SELECT name, revoked_at FROM machine WHERE token_hash = ?", (accounts.hash_of(token),)
        ).fetchone()
        return None if row is None else Machine(row["name"], row["revoked_at"] is not None)

    return question


def new_token() -> str:
    """256 random bits: nobody guesses it, so it needs no slow hash."""
    return PREFIX + secrets.token_urlsafe(32)


def manage(settings: ReceptionSettings, name: str, *, take_back: bool, tell: Callable[[str], object]) -> None:
    """What the command does. Raises `UsageError` for a name that is none, `StartError` where the database is not ready."""
    if _NAME.fullmatch(name) is None:
        raise UsageError(f"--name {name}: expected a small letter, then at most 23 small letters, digits and hyphens")
    if not settings.key_file.exists():
        raise StartError(f"{settings.key_file}: there is no key yet; start reception once before")
    with _beside(settings) as transaction:
        if take_back:
            found = revoke(name)(transaction)
            tell(f"{name}: the token is not taken any more." if found else f"{name}: there is no token to take back.")
            return
        token = new_token()
        create(name, token)(transaction)
    tell(f"The token of {name}, told this once only (an earlier one is not taken any more):")
    tell(token)


@contextlib.contextmanager
def _beside(settings: ReceptionSettings) -> Iterator[Transaction]:
    """A transaction beside a reception that may be running. Raises `StartError`."""
    key = seal.load_or_make(settings.key_file, settings.database)
    chain = Chain(key.derived(b"kiosk audit"))
    if settings.postgresql is not None:
        from kiosk.reception.postgres_engine import PostgresqlEngine  # noqa: PLC0415 - only where there is one

        engine = PostgresqlEngine(settings.postgresql, key.key_id)
        with contextlib.closing(engine), contextlib.closing(engine.open_for_writing()) as connection:
            engine.begin(connection)
            transaction = Transaction(connection, chain, datetime.now(UTC))
            yield transaction
            transaction.write_down()
            connection.execute("COMMIT")
        return
    try:
        with contextlib.closing(
            sqlite3.connect(f"file:{settings.database}?mode=rw", uri=True, isolation_level=None, timeout=10)
        ) as opened:
            opened.row_factory = sqlite3.Row
            (version,) = opened.execute("PRAGMA user_version").fetchone()
            if not schema.is_current(opened, version, key.key_id, str(settings.database)):
                raise StartError(
                    f"{settings.database}: is of an older version; start reception once to bring it up to date"
                )
            opened.execute("PRAGMA synchronous=FULL")
            opened.execute("BEGIN IMMEDIATE")
            transaction = Transaction(opened, chain, datetime.now(UTC))
            yield transaction
            transaction.write_down()
            opened.execute("COMMIT")
    except sqlite3.Error as error:
        raise StartError(f"{settings.database}: the database cannot be used ({error})") from error


def _check(name: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise RefusedError(422, "name", "name: expected small letters, digits and hyphens")
