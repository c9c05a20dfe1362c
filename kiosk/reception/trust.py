"""What a reception with an authority of its own does at its doors, and which authority its database belongs to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from kiosk import journal
from kiosk.reception import authority, tls
from kiosk.reception.admission import TurnedAway
from kiosk.reception.database import Connection
from kiosk.reception.desk import AuthorityState, Desk
from kiosk.reception.errors import StartError
from kiosk.reception.seal import RESTORE
from kiosk.reception.store import Transaction

log = logging.getLogger("kiosk.reception.trust")

_META = "authority"
_ONLINE = "intermediate"


class SecuredDoors:
    """The TLS of both doors. Made on the event loop; raises `StartError` or `SettingsError`."""

    def __init__(self, desk: Desk, folder: Path, turned_away: TurnedAway) -> None:
        self._desk = desk
        self._turned_away = turned_away
        self._loop = asyncio.get_running_loop()
        self._noting: set[asyncio.Task[None]] = set()
        self._authority = authority.load(folder, desk.clock())
        self._shown = self._authority.server_certificate(desk.settings.names, desk.clock())
        self.kiosks = tls.kiosk_context(self._authority, self._refused)
        self.staff = tls.staff_context(self._authority)

    def renew(self) -> None:
        """Make reception's own certificate anew where its time has come, and show it from then on."""
        try:
            shown = self._authority.server_certificate(self._desk.settings.names, self._desk.clock())
        except StartError:
            log.exception("certificate_not_renewed")
            return
        if shown != self._shown:
            for context in (self.kiosks, self.staff):
                tls.show_newest(context, self._authority)
            self._shown = shown
            log.info("certificate_renewed")

    def _refused(self, why: str) -> None:
        """A handshake failed; on the event loop."""
        task = self._loop.create_task(self._turned_away.note(why))
        self._noting.add(task)
        task.add_done_callback(self._noted)

    def _noted(self, task: asyncio.Task[None]) -> None:
        self._noting.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.error("turned_away_not_noted", exc_info=fault, extra=journal.numbers())


def known(connection: Connection) -> str | None:
    """Which authority the database belongs to; None where none is known yet."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (_META,)).fetchone()
    return None if row is None else str(row["value"])


def adopt(authority_id: str) -> Callable[[Transaction], None]:
    """From now on the database belongs to that authority."""

    def change(transaction: Transaction) -> None:
        transaction.run("INSERT INTO meta(name, value) VALUES (?, ?)", _META, authority_id)
        transaction.audit("reception", "reception_initialised", about=authority_id)

    return change


def remember_online(online_id: str) -> Callable[[Transaction], None]:
    """The intermediate with that `online_id` is the newest there is."""

    def change(transaction: Transaction) -> None:
        transaction.run(
            "INSERT INTO meta(name, value) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
            *(_ONLINE, online_id),
        )

    return change


def newest_online(connection: Connection) -> str | None:
    """The `online_id` of the newest intermediate; None where the first one was never renewed."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (_ONLINE,)).fetchone()
    return None if row is None else str(row["value"])


async def check(desk: Desk) -> None:
    """Whether database and authority belong together; one that has none yet takes the one that is there.

    What the board must say of the authority stands in `desk.authority` afterwards. Raises `StartError`: the authority that
    the database knows is gone, or it is another one.
    """
    folder, before = desk.settings.trust_folder, await desk.store.read(known)
    if folder is None:
        if before is not None:
            raise StartError(
                "this reception has a certificate authority: put its folder back into the settings (trust_folder), "
                f"and if it is gone: {RESTORE}"
            )
        return
    present = authority.load(folder, desk.clock())
    if before is None:
        await desk.store.write(adopt(present.id))
    elif before != present.id:
        raise StartError(
            f"{folder}: is not the certificate authority that the database belongs to; put that one back: {RESTORE}"
        )
    newest = await desk.store.read(newest_online)
    desk.authority = AuthorityState(present.not_after, outdated=newest not in (None, present.online_id))
