"""A check-in by sight that nobody was granted is kept, and the desk looks at the person."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import pytest

from kiosk.reception import checkins, staff_check, troubles, visual
from kiosk.reception.forgetting import Forgetting
from kiosk.record import ids
from kiosk.record.checkin import CheckIn, Identity
from kiosk.record.door import StaffOutcome, StaffReport
from kiosk.record.identity import Method
from kiosk.staff.commands import CommandKind, CommandState

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]
Build = Callable[..., CheckIn]


def by_sight(checkin: CheckIn, staff_id: str = "tanaka") -> CheckIn:
    return replace(checkin, identity=Identity(Method.VISUAL, staff_id))


async def unvouched(desk: Any) -> list[str]:
    standing = await desk.desk.store.read(troubles.standing(desk.clock.now))
    return [trouble.sentence for trouble in standing if trouble.kind == "unvouched"]


async def granted(desk: Any, checkin: CheckIn, staff_id: str = "tanaka", *, decided: bool = True) -> None:
    """Switched at the board, answered by the kiosk, and confirmed there by the same person."""
    store, grant, decision = desk.desk.store, ids.new_visit_id(), ids.new_visit_id()
    await desk.beat("choosing_method", checkin.checkin_id)
    await store.write(visual.grant(checkin.kiosk_id, checkin.checkin_id, staff_id, grant))
    await store.write(visual.answered(grant, checkin.kiosk_id, CommandState.COMPARING))
    await desk.beat("comparing", checkin.checkin_id)
    if decided:
        await store.write(visual.decide(grant, CommandKind.CONFIRM_VISUAL, staff_id, decision))


async def test_a_check_from_the_board_is_known(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        checkin = by_sight(checkin_at(desk.clock.now))
        await granted(desk, checkin)
        assert (await desk.post(checkin)).status_code == 201
        assert await unvouched(desk) == []


@pytest.mark.parametrize("outcome", [None, StaffOutcome.CONFIRMED])
async def test_a_check_at_the_kiosk_is_known_also_before_its_end_is_told(
    open_desk: OpenDesk, checkin_at: Build, outcome: StaffOutcome | None
) -> None:
    async with open_desk() as desk:
        checkin, check = by_sight(checkin_at(desk.clock.now)), ids.new_visit_id()
        await desk.desk.store.write(staff_check.begin(checkin.kiosk_id, checkin.checkin_id, "tanaka", check))
        if outcome is not None:
            report = StaffReport(check, checkin.kiosk_id, checkin.checkin_id, outcome, desk.clock.now)
            await desk.desk.store.write(staff_check.ended(report))
        await desk.post(checkin)
        assert await unvouched(desk) == []


@pytest.mark.parametrize("known", ["nothing", "another_person", "only_granted", "refused_at_the_kiosk"])
async def test_what_nobody_was_granted_is_kept_and_stands_until_the_desk_has_finished_with_it(
    open_desk: OpenDesk, checkin_at: Build, known: str
) -> None:
    async with open_desk() as desk:
        checkin, check = by_sight(checkin_at(desk.clock.now)), ids.new_visit_id()
        if known == "another_person":
            await granted(desk, checkin, "mori")
        elif known == "only_granted":
            await granted(desk, checkin, decided=False)
        elif known == "refused_at_the_kiosk":
            await desk.desk.store.write(staff_check.begin(checkin.kiosk_id, checkin.checkin_id, "tanaka", check))
            refused = StaffReport(
                check, checkin.kiosk_id, checkin.checkin_id, StaffOutcome.NOT_THE_PERSON, desk.clock.now
            )
            await desk.desk.store.write(staff_check.ended(refused))
        assert (await desk.post(checkin)).status_code == 201
        assert await unvouched(desk) == ["受付機 AのA012は、目視確認の記録が受付にありません"]
        assert ("reception", "visual_unvouched") in desk.audit()
        url = f"/api/v1/rows/{checkin.checkin_id}"
        assert "目視確認の記録なし" in (await desk.at_staff_door.get(url, headers={"accept": "text/html"})).text
        for step in ("take", "finish"):
            assert (await desk.at_staff_door.post(f"{url}/{step}", headers=desk.headers())).status_code == 200
        assert await unvouched(desk) == []


async def test_one_that_joined_an_earlier_row_stands_until_that_row_is_done(
    open_desk: OpenDesk, checkin_at: Build
) -> None:
    async with open_desk() as desk:
        first = checkin_at(desk.clock.now)
        again = replace(by_sight(checkin_at(desk.clock.now, "A013")), card=first.card)
        for checkin in (first, again):
            await desk.post(checkin)
        assert len(await unvouched(desk)) == 1
        for step in ("take", "finish"):
            url = f"/api/v1/rows/{first.checkin_id}/{step}"
            assert (await desk.at_staff_door.post(url, headers=desk.headers())).status_code == 200
        assert await unvouched(desk) == []


async def test_it_is_forgotten_with_its_check_in(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        checkin = by_sight(checkin_at(desk.clock.now))
        await desk.post(checkin)
        desk.clock.later(days=31)
        await Forgetting(desk.desk).once()
        assert await desk.desk.store.read(checkins.row(checkin.checkin_id)) is None
        assert await unvouched(desk) == []
