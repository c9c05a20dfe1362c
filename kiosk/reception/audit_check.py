"""`kiosk audit verify`: whether the log is whole, in words; beside a reception that runs, for it only reads."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable

from kiosk.errors import ExitCode
from kiosk.reception import audit, schema, seal, witnesses
from kiosk.reception.audit import Chain
from kiosk.reception.database import Connection
from kiosk.reception.errors import StartError
from kiosk.reception.seal import SealKey
from kiosk.reception.settings import ReceptionSettings


def verify(settings: ReceptionSettings, tell: Callable[[str], object]) -> int:
    """Tell how it stands; 0 if the log is whole and fits what every kiosk has seen, else 3. Raises `StartError`."""
    if not settings.key_file.exists():
        raise StartError(f"{settings.key_file}: the key is not there, and without it nothing can be verified")
    key = seal.load_or_make(settings.key_file, settings.database)
    with contextlib.closing(_reading(settings, key)) as connection:
        # One moment of the log, however much is written meanwhile.
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ" if settings.postgresql else "BEGIN")
        verified = audit.verify(connection, Chain(key.derived(b"kiosk audit")))
        others = _told_by_kiosks(connection, tell)
    span = f"entries {verified.first} to {verified.last}" if verified.entries else "no entries"
    if verified.whole:
        tell(f"The audit log is whole: {span}, {verified.entries} in all; {verified.sentence}.")
    else:
        tell(f"The audit log is NOT whole: {verified.sentence}. What comes before entry {verified.first_misfit} fits.")
    return ExitCode.DONE if verified.whole and not others else ExitCode.MISSING


def _told_by_kiosks(connection: Connection, tell: Callable[[str], object]) -> int:
    """Say what does not fit what kiosks have seen; how many kiosks that are."""
    open_ones = {misfit.kiosk_id: misfit.seq for misfit in witnesses.misfits(connection)}
    for kiosk_id, seen in witnesses.every(connection):
        if witnesses.fits(connection, seen) is False:
            open_ones.setdefault(kiosk_id, seen.seq)
    for kiosk_id, seq in sorted(open_ones.items()):
        tell(
            f"Kiosk {kiosk_id} has seen entry {seq}, and the log does not have it as it was: it was rewritten or cut off."
        )
    return len(open_ones)


def _reading(settings: ReceptionSettings, key: SealKey) -> Connection:
    if settings.postgresql is not None:
        from kiosk.reception.postgres_engine import PostgresqlEngine  # noqa: PLC0415 - only where there is one

        return PostgresqlEngine(settings.postgresql, key.key_id).open_for_reading()
    try:
        connection = sqlite3.connect(f"file:{settings.database}?mode=ro", uri=True, isolation_level=None)
        connection.row_factory = sqlite3.Row
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        raise StartError(f"{settings.database}: the database cannot be read ({error})") from error
    if not schema.is_current(connection, version, key.key_id, str(settings.database)):
        connection.close()
        raise StartError(f"{settings.database}: is of an older version; start reception once to bring it up to date")
    return connection
