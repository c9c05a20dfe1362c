"""What is kept for how long: check-ins and what belongs to them thirty days, the audit log five years, with a trace."""
# ruff: noqa: S608 - the statements of these tests are made of their own words

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from kiosk.reception import audit, audit_check, audit_cut, forgetting, witnesses
from kiosk.reception.forgetting import Forgetting
from kiosk.record import ids
from kiosk.record.checkin import CheckIn
from kiosk.record.door import AuditSeen, HelpReason

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]
Build = Callable[..., CheckIn]

OF_VISITS = ("checkin", "later_answer", "reader_arrival", "command", "help", "event")


async def counts(desk: Any) -> dict[str, int]:
    def question(connection: Any) -> dict[str, int]:
        return {
            name: connection.execute(f"SELECT count(*) AS many FROM {name}").fetchone()["many"] for name in OF_VISITS
        }

    found: dict[str, int] = await desk.desk.store.read(question)
    return found


async def a_day(desk: Any, checkin_at: Build) -> None:
    """A visit with all that may belong to one."""
    visit = ids.new_visit_id(int(desk.clock.now.timestamp() * 1000))
    headers = await desk.sit_down("tanaka")
    await desk.beat("choosing_method", visit)
    await desk.at_staff_door.post("/api/v1/kiosks/a/grant", json={"visit_id": visit}, headers=headers)
    call = desk.kiosk.help(desk.clock.now, HelpReason.FACE_FAILED)
    await desk.at_kiosk_door.post("/k/v1/help", json=call, headers={"x-kiosk-id": "a"})
    checkin = checkin_at(desk.clock.now)
    await desk.post(checkin)

    def more(transaction: Any) -> None:
        now, arrival = transaction.now_text, ids.new_visit_id()
        transaction.run(
            "INSERT INTO later_answer(checkin_id, received_at, message) VALUES (?, ?, ?)", checkin.checkin_id, now, b"x"
        )
        transaction.run(
            "INSERT INTO reader_arrival(arrival_id, file_key, digest, day, received_at, message, reference, born)"
            " VALUES (?, ?, ?, ?, ?, ?, '', '')",
            *(arrival, arrival, arrival.encode(), now[:10], now, b"x"),
        )

    await desk.desk.store.write(more)


async def test_visits_are_erased_after_thirty_days_with_a_trace(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        await a_day(desk, checkin_at)
        desk.clock.later(days=29)
        await a_day(desk, checkin_at)
        before = await counts(desk)
        assert all(before[name] >= 2 for name in OF_VISITS)
        await Forgetting(desk.desk).once()
        assert await counts(desk) == before, "nothing is thirty days old yet"
        desk.clock.later(days=1, seconds=1)
        await Forgetting(desk.desk).once()
        after = await counts(desk)
        assert {name: after[name] for name in OF_VISITS if name != "event"} == dict.fromkeys(OF_VISITS[:-1], 1)
        assert 0 < after["event"] < before["event"]

        def trace(connection: Any) -> list[str]:
            return [row["note"] for row in connection.execute("SELECT note FROM audit WHERE action = 'erased'")]

        (note,) = await desk.desk.store.read(trace)
        for told in ("checkin 1", "later_answer 1", "reader_arrival 1", "command 1", "help 1", "event "):
            assert told in note
        await Forgetting(desk.desk).once()
        assert len(await desk.desk.store.read(trace)) == 1, "and nothing is said where nothing was erased"
        assert audit_check.verify(desk.desk.settings, lambda _: None) == 0


async def test_the_setting_says_how_long_and_a_lot_goes_in_pieces(
    open_desk: OpenDesk, checkin_at: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "AT_ONCE", 2)
    async with open_desk(keep_checkins_days=3) as desk:
        for number in range(5):
            await desk.post(checkin_at(desk.clock.now, f"A00{number}"))
        desk.clock.later(days=3, seconds=1)
        await Forgetting(desk.desk).once()
        assert (await counts(desk))["checkin"] == 0
        assert [act for _, act in desk.audit()].count("erased") == 3


async def test_boards_go_on_after_everything_was_erased(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        await desk.post(checkin_at(desk.clock.now))
        place = (await desk.at_staff_door.get("/board")).text.split('name="events-after" content="')[1].split('"')[0]
        desk.clock.later(days=40)
        await Forgetting(desk.desk).once()
        await desk.sit_down("tanaka")
        again = (await desk.at_staff_door.get("/board")).text.split('name="events-after" content="')[1].split('"')[0]
        assert int(again) >= int(place) > 0


async def entries(desk: Any) -> list[int]:
    def question(connection: Any) -> list[int]:
        return [row["seq"] for row in connection.execute("SELECT seq FROM audit ORDER BY seq")]

    found: list[int] = await desk.desk.store.read(question)
    return found


async def test_the_audit_log_is_cut_after_five_years_and_still_verifies(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        for staff_id in ("tanaka", "mori", "tanaka"):
            await desk.sit_down(staff_id)
        old = await entries(desk)
        seen = await desk.desk.store.read(audit.head)
        await desk.desk.store.write(witnesses.heard(ids.kiosk_id("a"), AuditSeen(seen.seq - 1, "0" * 64)))
        await desk.desk.store.write(witnesses.seen_to("chief"))
        desk.clock.later(days=1826)
        await Forgetting(desk.desk).once()
        assert (await entries(desk))[0] == 1, "not a day too early"
        await desk.sit_down("mori")
        desk.clock.later(seconds=1)
        await Forgetting(desk.desk).once()
        kept = await entries(desk)
        assert not set(kept) & set(old)
        said: list[str] = []
        assert audit_check.verify(desk.desk.settings, said.append) == 0, said
        assert f"entries {kept[0]} to {kept[-1]}" in said[0]
        assert ("reception", "audit_cut") in desk.audit()
        desk.clock.later(days=1826, seconds=1)
        await desk.sit_down("mori")
        await Forgetting(desk.desk).once()
        assert audit_check.verify(desk.desk.settings, said.append) == 0, "nor after it was cut again"


async def test_nothing_else_may_erase_or_change_an_entry(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        desk.clock.later(days=1827)
        await desk.sit_down("tanaka")
        await desk.desk.store.write(audit_cut.cut(desk.clock.now - desk.clock.now))
        for statement in ("DELETE FROM audit", "UPDATE audit SET actor = 'x'"):
            with pytest.raises(Exception, match="could not keep it"):
                await desk.desk.store.write(lambda transaction, sql=statement: transaction.run(sql))
        assert await entries(desk)


async def test_a_log_of_which_all_is_too_old_keeps_its_last_entry(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await desk.sit_down("tanaka")
        desk.clock.later(days=4000)
        await Forgetting(desk.desk).once()
        assert len(await entries(desk)) == 2, "the last one, and the one that says that it was cut"
        assert audit_check.verify(desk.desk.settings, lambda _: None) == 0
