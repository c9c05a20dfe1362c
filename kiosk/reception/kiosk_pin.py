"""Staff at a kiosk: a code of four digits and a PIN of six, for the visual check there. Checked here, hashes stay here."""

from __future__ import annotations

from kiosk.reception import accounts, limits
from kiosk.reception.accounts import Account
from kiosk.reception.database import Connection
from kiosk.reception.desk import Desk
from kiosk.reception.store import Transaction
from kiosk.record.ids import KioskId


async def kiosk_pin_matches(desk: Desk, code: str, pin: str, kiosk_id: KioskId) -> Account | None:
    """Who confirms at a kiosk with code and PIN, somebody of the desk; None where one is wrong, which is an audit row.

    Raises `RefusedError` (429) while whoever has the code, or the kiosk, must wait: after five wrong tries each further one
    waits twice as long. Counted in the store, for all nodes.
    """
    if not (len(code) == 4 and len(pin) == 6 and (code + pin).isascii() and (code + pin).isdigit()):
        return None
    counted = limits.of_kiosk_pin(code, kiosk_id)
    await desk.store.write(limits.count(counted))

    def kept(connection: Connection) -> tuple[Account, str] | None:
        row = connection.execute("SELECT staff_id, kiosk_pin FROM account WHERE kiosk_code = ?", (code,)).fetchone()
        found = None if row is None or row["kiosk_pin"] is None else accounts.account(row["staff_id"])(connection)
        return None if found is None else (found, row["kiosk_pin"])

    known = await desk.store.read(kept)
    usable = known is not None and not known[0].disabled and known[0].role in accounts.DESK
    right = await desk.hasher.matches(known[1] if known is not None and usable else None, pin)

    def noted(transaction: Transaction) -> None:
        if right:
            limits.right(counted)(transaction)
        else:
            about = None if known is None else known[0].id
            transaction.audit(kiosk_id, "sign_in_failed", kiosk_id=kiosk_id, about=about, note="kiosk_pin")

    await desk.store.write(noted)
    return known[0] if right and known is not None else None
