"""Who works here: made by an administrator, let in by a link that works once, changed and stopped with a trace."""
# ruff: noqa: S608 - the statements of these tests are made of their own words

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from kiosk.reception import accounts
from kiosk.reception.accounts import Role
from kiosk.reception.errors import RefusedError
from kiosk.reception.kiosk_pin import kiosk_pin_matches
from kiosk.reception.passwords import check_password, check_pin
from kiosk.record.ids import KioskId

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]


async def post(desk: Any, path: str, **fields: str) -> Any:
    """A form of a page that is open."""
    token = desk.headers()["x-csrf-token"]
    origin = {"origin": str(desk.at_staff_door.base_url)}
    return await desk.at_staff_door.post(path, data=fields | {"token": token}, headers=origin)


async def test_the_first_administrator_is_made_once(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        write = desk.desk.store.write
        first = await write(accounts.create_first("admin", "管理者"))
        again = await write(accounts.create_first("admin", "管理者"))
        assert first.path.startswith("/join/")
        assert first.token != again.token
        assert first.token not in repr(first), "a link is shown on purpose only"
        assert (await desk.at_staff_door.get(first.path)).status_code == 410, "the newer link stands alone"
        await write(
            lambda transaction: transaction.run("UPDATE account SET password = 'x' WHERE role = 'administrator'")
        )
        with pytest.raises(RefusedError) as refused:
            await write(accounts.create_first("admin", "管理者"))
        assert refused.value.code == "has_administrator"
        with pytest.raises(RefusedError):
            await write(accounts.create_first("tanaka", "田中"))


async def test_an_administrator_invites_changes_and_stops_people(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await desk.sit_down("chief", Role.ADMINISTRATOR)
        page = await post(desk, "/people", staff_id="Sato", name="佐藤 けん", role="reception")
        assert page.status_code == 200
        link = page.text.split('<code id="link">http://127.0.0.1')[1].split("</code>")[0]
        assert (await desk.at_staff_door.get(link)).status_code == 200
        assert link not in (await desk.at_staff_door.get("/people")).text, "it is shown once"
        assert (await post(desk, "/people", staff_id="sato", name="x", role="reception")).status_code == 409
        for wrong in ({"staff_id": "あ"}, {"name": " "}, {"role": "doctor"}):
            fields = {"staff_id": "new", "name": "新人", "role": "reception"} | wrong
            assert (await post(desk, "/people", **fields)).status_code == 422
        assert (await post(desk, "/people/sato", act="role", role="qualified")).status_code == 303
        assert (await post(desk, "/people/sato", act="disable")).status_code == 303
        assert (await desk.at_staff_door.get(link)).status_code == 410, "a stopped person's link is over"
        assert (await post(desk, "/people/sato", act="link")).status_code == 409
        assert (await post(desk, "/people/sato", act="enable")).status_code == 303
        assert (await post(desk, "/people/sato", act="burn")).status_code == 422
        assert (await post(desk, "/people/nobody", act="link")).status_code == 404
        acts = [act for who, act in desk.audit() if who == "chief"]
        assert acts == ["signed_in", "staff_role", "staff_disabled", "staff_enabled"]
        assert ("chief", "staff_created") in desk.whole_audit()


async def test_the_last_administrator_stays(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await desk.sit_down("chief", Role.ADMINISTRATOR)
        for fields in ({"act": "disable"}, {"act": "role", "role": "reception"}):
            assert (await post(desk, "/people/chief", **fields)).status_code == 409
        await desk.desk.store.write(accounts.create("other", "もう一人", Role.ADMINISTRATOR, "chief"))
        assert (await post(desk, "/people/chief", act="disable")).status_code == 303
        assert (await desk.at_staff_door.get("/people")).status_code == 401, "and is signed out at once"


async def test_no_secret_of_a_link_or_session_is_in_the_database(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        enrolment = await desk.desk.store.write(accounts.create("sato", "佐藤", Role.RECEPTION, "chief"))
        await desk.sit_down("tanaka")
        cookie = desk.at_staff_door.cookies["reception_session"]

        def everything(connection: Any) -> str:
            tables = ("link", "staff_session", "account")
            return " ".join(str(list(row)) for name in tables for row in connection.execute(f"SELECT * FROM {name}"))

        kept = await desk.desk.store.read(everything)
        assert enrolment.token not in kept
        assert cookie not in kept


@pytest.mark.parametrize(
    "password",
    ["short-one-1", "aaaaaaaaaaaaaaaa", "abcdefghijklmnop", "password1234", "tanakatanakatanaka", "passwordsakura1"],
)
def test_passwords_that_are_guessed_first_are_refused(password: str) -> None:
    with pytest.raises(RefusedError):
        check_password(password, ("tanaka", "田中 みさき", "みほん内科"))


@pytest.mark.parametrize("password", ["kettle-moon-9-river", "うみべの駅で三時にまつ犬", "X9$fk2!mQz0p"])
def test_passwords_that_are_not_are_taken(password: str) -> None:
    check_password(password, ("tanaka", "田中 みさき", "みほん内科"))


@pytest.mark.parametrize("pin", ["12345", "1234567", "12a456", "111111", "121212", "123456", "987654", "１２３４５６"])
def test_pins_that_are_guessed_first_are_refused(pin: str) -> None:
    with pytest.raises(RefusedError):
        check_pin(pin)


async def test_a_person_sets_the_kiosk_pin_and_confirms_with_it(open_desk: OpenDesk) -> None:
    async with open_desk(password_hashing="small") as desk:
        await desk.sit_down("tanaka")
        assert (await post(desk, "/me/pin", pin="850417", again="850418")).status_code == 422
        assert (await post(desk, "/me/pin", pin="850417", again="850417")).status_code == 303
        tanaka = await desk.desk.store.read(accounts.account("tanaka"))
        mori = await desk.desk.store.read(accounts.account("mori"))
        assert tanaka.has_kiosk_pin
        assert f"職員番号 <b>{tanaka.kiosk_code}</b>" in (await desk.at_staff_door.get("/me")).text
        kiosk = KioskId("a")
        found = await kiosk_pin_matches(desk.desk, tanaka.kiosk_code, "850417", kiosk)
        assert found is not None
        assert found.id == "tanaka"
        assert await kiosk_pin_matches(desk.desk, mori.kiosk_code, "850417", kiosk) is None, "who has no PIN has no way"
        for code, pin in (("tanaka", "850417"), (tanaka.kiosk_code, "85041"), ("", "")):
            assert await kiosk_pin_matches(desk.desk, code, pin, kiosk) is None
        await desk.desk.store.write(accounts.change_role("tanaka", Role.AUDITOR, "chief"))
        assert await kiosk_pin_matches(desk.desk, tanaka.kiosk_code, "850417", kiosk) is None
        assert desk.audit().count(("a", "sign_in_failed")) == 2


async def test_wrong_pins_slow_down_and_twice_as_much_each_time(open_desk: OpenDesk) -> None:
    async with open_desk(password_hashing="small") as desk:
        await desk.sit_down("tanaka")
        await post(desk, "/me/pin", pin="850417", again="850417")
        code = (await desk.desk.store.read(accounts.account("tanaka"))).kiosk_code

        async def tried(pin: str) -> str:
            with contextlib.suppress(RefusedError):
                return "wrong" if await kiosk_pin_matches(desk.desk, code, pin, KioskId("a")) is None else "right"
            return "wait"

        assert [await tried("000000") for _ in range(6)] == ["wrong"] * 5 + ["wait"]
        for seconds in (30, 60, 120):
            desk.clock.later(seconds=seconds - 1)
            assert await tried("850417") == "wait", "the right one must wait too"
            desk.clock.later(seconds=1)
            assert await tried("000000") == "wrong"
        desk.clock.later(seconds=240)
        assert await tried("850417") == "right"
        assert [await tried("000000") for _ in range(2)] == ["wrong", "wrong"], (
            "and then nothing is held against anybody"
        )
