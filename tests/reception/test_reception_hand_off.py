"""Handing results to the claims computer: what becomes a file, and what never does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk.eligibility.oqs import file_names
from kiosk.eligibility.oqs.file_names import FaceName
from kiosk.eligibility.oqs.reading import read_result
from kiosk.reception import hand_off_rows, later_answers
from kiosk.reception.forgetting import Forgetting
from kiosk.reception.hand_off import MARK, HandOff
from kiosk.reception.hand_off_rows import HandOffState
from kiosk.reception.store import Transaction
from kiosk.record.checkin import CheckIn
from kiosk.record.eligibility import Validity
from tests.reception.checkins import nobody_answered
from tests.reception.handing_off import (
    CLINIC,
    handing_off,
    later,
    lying,
    results,
    settings_of,
    states,
    take,
    until_states,
    until_troubles,
)

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]
Build = Callable[..., CheckIn]


async def test_a_result_becomes_one_file_which_is_watched_until_it_is_taken(
    open_desk: OpenDesk, checkin_at: Build, share: Path
) -> None:
    async with open_desk() as desk, handing_off(desk, settings_of(share)):
        checkin = checkin_at(desk.clock.now)
        assert (await desk.post(checkin)).status_code == 201
        await until_states(desk, checkin, "written")
        (row,) = await desk.desk.store.read(hand_off_rows.of_checkin(checkin.checkin_id))
        (file,) = results(share)
        assert row.file == file.name
        named = file_names.parse(file.name)
        assert isinstance(named, FaceName)
        assert (len(named.session), named.session[:10]) == (30, CLINIC)
        read = read_result(file.read_bytes())
        assert (read.validity, read.results[0].name) == (Validity.VALID, "見本　花子")
        assert lying(share) == {MARK, file.name}
        assert take(share) == [checkin.checkin_id]
        await until_states(desk, checkin, "taken")
        assert ("reception", "handed_off") in desk.audit()


@pytest.mark.parametrize("encoding", ["shift_jis", "utf-8"])
async def test_the_encoding_is_the_one_of_the_settings(
    open_desk: OpenDesk, checkin_at: Build, share: Path, encoding: Any
) -> None:
    async with open_desk() as desk, handing_off(desk, settings_of(share, encoding=encoding)):
        checkin = checkin_at(desk.clock.now, name="髙橋　𠮷子")
        await desk.post(checkin)
        await until_states(desk, checkin, "written")
        content = results(share)[0].read_bytes()
        (row,) = await desk.desk.store.read(hand_off_rows.of_checkin(checkin.checkin_id))
        if encoding == "utf-8":
            assert "髙橋　𠮷子".encode() in content
            assert not row.gaiji
        else:
            assert "髙橋　●子".encode("cp932") in content
            assert row.gaiji
        assert b"\r\n" in content


async def test_an_answer_that_came_later_is_a_file_of_its_own(
    open_desk: OpenDesk, checkin_at: Build, share: Path
) -> None:
    async with open_desk() as desk, handing_off(desk, settings_of(share)):
        answered = checkin_at(desk.clock.now)
        late = nobody_answered(answered)
        await desk.post(late)
        await until_states(desk, late, "nothing")
        assert results(share) == []
        await desk.desk.store.write(later_answers.join(later(answered)))
        await until_states(desk, late, "nothing", "written")
        assert take(share) == [f"{late.checkin_id} later"]


async def test_what_a_list_said_before_the_visit_waits_for_the_answer_that_counts(
    open_desk: OpenDesk, checkin_at: Build, share: Path
) -> None:
    async with open_desk() as desk, handing_off(desk, settings_of(share)):
        checkin = checkin_at(desk.clock.now)
        await desk.desk.store.write(
            lambda transaction: transaction.run(
                "INSERT INTO told_early(checkin_id, at, answered_at) VALUES (?, ?, ?)",
                *(checkin.checkin_id, transaction.now_text, transaction.now_text),
            )
        )
        await desk.post(checkin)
        await until_states(desk, checkin, "nothing")
        await desk.desk.store.write(later_answers.join(later(checkin)))
        await until_states(desk, checkin, "nothing", "written")
        assert take(share) == [f"{checkin.checkin_id} later"]


async def test_what_came_before_it_was_switched_on_stays_where_it_is(
    open_desk: OpenDesk, checkin_at: Build, share: Path
) -> None:
    async with open_desk() as desk:
        before, after = checkin_at(desk.clock.now), checkin_at(desk.clock.now, "A013", insured_number="77")
        await desk.post(before)
        async with handing_off(desk, settings_of(share)):
            await desk.post(after)
            await until_states(desk, after, "written")
            assert await states(desk, before) == []
        await HandOff(desk.desk, None).run()
        assert not await desk.desk.store.read(hand_off_rows.is_on)


@pytest.mark.parametrize(("simulated", "test"), [(True, False), (False, True)])
async def test_real_and_simulated_results_never_meet(
    open_desk: OpenDesk, checkin_at: Build, share: Path, simulated: bool, test: bool
) -> None:
    settings = settings_of(share, test=test, institution_code=CLINIC if test else "1311234566")
    async with open_desk() as desk, handing_off(desk, settings):
        checkin = replace(checkin_at(desk.clock.now), simulated=simulated)
        await desk.post(checkin)
        await until_states(desk, checkin, "refused")
        (row,) = await desk.desk.store.read(hand_off_rows.of_checkin(checkin.checkin_id))
        assert row.reason == ("simulated" if simulated else "not_simulated")
        assert results(share) == []
        await until_troubles(desk, "refused")
        headers = await desk.sit_down("tanaka")
        for step in ("take", "finish"):
            url = f"/api/v1/rows/{checkin.checkin_id}/{step}"
            assert (await desk.at_staff_door.post(url, headers=headers)).status_code == 200
        await until_troubles(desk)


async def test_a_character_that_may_not_be_lost_refuses_one_result_and_holds_up_no_other(
    open_desk: OpenDesk, checkin_at: Build, share: Path
) -> None:
    async with open_desk() as desk, handing_off(desk, settings_of(share)):
        odd, plain = checkin_at(desk.clock.now, insured_symbol="𠮷１"), checkin_at(desk.clock.now, "A013")
        await desk.post(odd)
        await desk.post(plain)
        await until_states(desk, plain, "written")
        assert await states(desk, odd) == ["refused"]


async def test_a_record_that_cannot_be_read_any_more_holds_up_no_other(
    open_desk: OpenDesk, checkin_at: Build, share: Path, kept_in: dict[str, Any]
) -> None:
    async with open_desk() as desk:
        await desk.desk.store.write(hand_off_rows.begin)
        broken, whole = checkin_at(desk.clock.now), checkin_at(desk.clock.now, "A013")
        for checkin in (broken, whole):
            await desk.post(checkin)

        def break_it(transaction: Transaction) -> None:
            """A page of the disk gone bad; reception itself refuses to change a record."""
            transaction.run(f"DROP TRIGGER checkin_stays_as_it_came{' ON checkin' if kept_in else ''}")
            transaction.run("UPDATE checkin SET record = ? WHERE checkin_id = ?", b"{", broken.checkin_id)

        await desk.desk.store.write(break_it)
        async with handing_off(desk, settings_of(share)):
            await until_states(desk, whole, "written")
        assert await states(desk, broken) == ["refused"]


async def test_the_boards_row_says_how_far_it_is_and_where_a_character_was_lost(
    open_desk: OpenDesk, checkin_at: Build, share: Path
) -> None:
    async with open_desk() as desk:
        lost, odd = (
            checkin_at(desk.clock.now, name="𠮷田　花子"),
            checkin_at(desk.clock.now, "A013", insured_symbol="𠮷"),
        )
        odd = replace(odd, card=replace(lost.card, fingerprint="cd" * 32))  # type: ignore[type-var]

        async def said(checkin: CheckIn) -> str:
            url, headers = f"/api/v1/rows/{checkin.checkin_id}", {"accept": "text/html"}
            return str((await desk.at_staff_door.get(url, headers=headers)).text)

        async with handing_off(desk, settings_of(share)):
            for checkin in (lost, odd):
                await desk.post(checkin)
            await until_states(desk, odd, "refused")
            assert "取込待ち・●あり" in await said(lost)
            assert "レセコンに渡せません" in await said(odd)
            take(share)
            await until_states(desk, lost, "taken")
            assert "取込済・●あり" in await said(lost)


async def test_what_belongs_to_an_erased_checkin_is_erased_its_file_too(
    open_desk: OpenDesk, checkin_at: Build, share: Path
) -> None:
    async with open_desk() as desk, handing_off(desk, settings_of(share)):
        taken, lying_there = checkin_at(desk.clock.now), checkin_at(desk.clock.now, "A013")
        await desk.post(taken)
        await until_states(desk, taken, "written")
        take(share)
        await until_states(desk, taken, "taken")
        await desk.post(lying_there)
        await until_states(desk, lying_there, "written")
        desk.clock.later(days=31)
        await Forgetting(desk.desk).once()
        assert await states(desk, taken) == []
        await until_states(desk, lying_there)
        assert lying(share) == {MARK}
        assert ("reception", "hand_off_erased") in desk.audit()
        await until_troubles(desk)


def test_every_step_of_a_row_has_a_name() -> None:
    assert {state.value for state in HandOffState} == {
        "queued",
        "named",
        "ready",
        "written",
        "taken",
        "refused",
        "nothing",
    }
