"""The people of a test site: made at the start, each with a one-time link that the `ready` line tells."""

from __future__ import annotations

from kiosk.reception import accounts
from kiosk.reception.accounts import Role
from kiosk.reception.desk import Desk
from kiosk.reception.store import Transaction


async def links(desk: Desk, staff_door: str) -> dict[str, object]:
    """What the `ready` line says besides: {"sign_in": {staff id: link}}; nothing where the settings name nobody."""

    def made(transaction: Transaction) -> dict[str, str]:
        found = {}
        for member in desk.settings.test_staff:
            if accounts.account(member.id)(transaction.connection) is None:
                accounts.create(member.id, member.name, Role(member.role), "reception")(transaction)
            found[member.id] = staff_door + accounts.one_time_link(member.id)(transaction)
        return found

    return {"sign_in": await desk.store.write(made)} if desk.settings.test_staff else {}
