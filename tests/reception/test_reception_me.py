"""One's own page: passkeys one by one, another password; what it ends elsewhere, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page, expect

from kiosk.reception import accounts, passkeys, session
from kiosk.reception.accounts import Role
from tests.reception.authenticator import Authenticator

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]

PASSWORD = "kettle-moon-9-river"
ANOTHER = "gravel-7-lantern-oak"


async def enrol(desk: Any, staff_id: str = "sato", role: Role = Role.RECEPTION) -> str:
    """Somebody with password and authenticator, signed in by them; gives the authenticator's secret."""
    link = (await desk.desk.store.write(accounts.create(staff_id, "佐藤", role, "chief"))).path
    client = desk.at_staff_door
    client.cookies.clear()
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", (await client.get(link)).text)[1].replace(" ", "")  # type: ignore[index]
    form = {"password": PASSWORD, "again": PASSWORD, "code": code(desk, secret)}
    assert (await client.post(link, data=form, headers=origin(desk))).status_code == 303
    return secret


def origin(desk: Any) -> dict[str, str]:
    return {"origin": str(desk.at_staff_door.base_url)}


def code(desk: Any, secret: str) -> str:
    return pyotp.TOTP(secret).at(desk.clock.now)


async def sign_in(desk: Any, secret: str, password: str) -> int:
    """With password and code, after a minute: a code is good once."""
    desk.clock.later(seconds=60)
    form = {"staff_id": "sato", "password": password, "code": code(desk, secret)}
    status: int = (await desk.at_staff_door.post("/sign-in", data=form, headers=origin(desk))).status_code
    return status


async def change(desk: Any, **form: str) -> Any:
    told = {"token": desk.headers()["x-csrf-token"], "password": ANOTHER, "again": ANOTHER} | form
    return await desk.at_staff_door.post("/me/password", data=told, headers=origin(desk))


async def elsewhere(desk: Any, staff_id: str) -> str:
    """The same person signed in at another browser too; gives its cookie. This browser stays as it is."""
    client = desk.at_staff_door
    mine = client.cookies[session.COOKIE]
    client.cookies.clear()
    assert (await client.get(await desk.desk.store.write(accounts.one_time_link(staff_id)))).status_code == 303
    other = str(client.cookies[session.COOKIE])
    client.cookies.clear()
    client.cookies.set(session.COOKIE, mine)
    return other


async def is_in(desk: Any, cookie: str) -> bool:
    client, mine = desk.at_staff_door, desk.at_staff_door.cookies[session.COOKIE]
    client.cookies.clear()
    client.cookies.set(session.COOKIE, cookie)
    answer = await client.get("/api/v1/me")
    client.cookies.clear()
    client.cookies.set(session.COOKIE, mine)
    return bool(answer.status_code == 200)


def sentence(answer: Any) -> str:
    return re.search(r'role="alert">.*?</svg>(.*?)</p>', answer.text)[1]  # type: ignore[index]


async def add_passkey(desk: Any) -> Authenticator:
    """Another one of whoever is signed in."""
    post, headers = desk.at_staff_door.post, desk.headers()
    options = (await post("/api/v1/me/passkey/options", headers=headers)).json()
    key = Authenticator()
    made = key.made(options, str(desk.at_staff_door.base_url))
    assert (await post("/api/v1/me/passkey", json=made, headers=headers)).status_code == 201
    return key


async def with_passkey(desk: Any, key: Authenticator) -> int:
    post = desk.at_staff_door.post
    options = (await post("/api/v1/sign-in/options", headers=origin(desk))).json()
    answer = key.signs(options, str(desk.at_staff_door.base_url))
    status: int = (await post("/api/v1/sign-in/passkey", json=answer, headers=origin(desk))).status_code
    return status


async def keys_on_page(desk: Any) -> list[str]:
    page = (await desk.at_staff_door.get("/me")).text
    return re.findall(r'name="key" value="([0-9a-f]{64})"', page)


async def remove(desk: Any, key: str) -> Any:
    told = {"token": desk.headers()["x-csrf-token"], "key": key}
    return await desk.at_staff_door.post("/me/passkey/remove", data=told, headers=origin(desk))


def own_rows(desk: Any) -> list[str]:
    return [act for who, act in desk.audit() if who == "sato"]


# -- the password --------------------------------------------------------------------------------------------------------


async def test_the_present_password_changes_it_and_ends_the_other_sessions(open_desk: OpenDesk) -> None:
    async with open_desk(staying=False, password_hashing="small") as desk:
        secret = await enrol(desk)
        desk.clock.later(minutes=6)
        other = await elsewhere(desk, "sato")
        assert 'name="current"' in (await desk.at_staff_door.get("/me")).text
        answer = await change(desk, current=PASSWORD)
        assert (answer.status_code, answer.headers["location"]) == (303, "/me?done=password")
        assert "パスワードを変えました" in (await desk.at_staff_door.get("/me?done=password")).text
        assert (await desk.at_staff_door.get("/board")).status_code == 200, "here one stays signed in"
        assert not await is_in(desk, other)
        assert own_rows(desk)[-1] == "password_changed"
        assert await sign_in(desk, secret, PASSWORD) == 403
        assert await sign_in(desk, secret, ANOTHER) == 303


async def test_who_has_just_signed_in_need_not_say_it(open_desk: OpenDesk) -> None:
    async with open_desk(staying=False, password_hashing="small") as desk:
        secret = await enrol(desk)
        assert 'name="current"' not in (await desk.at_staff_door.get("/me")).text
        desk.clock.later(minutes=5)
        assert (await change(desk)).status_code == 303
        desk.clock.later(seconds=1)  # from here on it must be said
        late = await change(desk, password=PASSWORD, again=PASSWORD)
        assert (late.status_code, sentence(late)) == (422, "いまのパスワードを入れてください。")
        assert 'name="current"' in late.text
        assert await sign_in(desk, secret, ANOTHER) == 303


async def test_a_wrong_one_changes_nothing_and_waits_as_at_the_sign_in(open_desk: OpenDesk) -> None:
    async with open_desk(staying=False, password_hashing="small") as desk:
        secret = await enrol(desk)
        desk.clock.later(minutes=6)
        answers = [(await change(desk, current="x")).status_code for _ in range(6)]
        assert answers == [403] * 5 + [429]
        slowed = await change(desk, current=PASSWORD)
        assert (slowed.status_code, "お待ちください" in sentence(slowed)) == (429, True)
        assert own_rows(desk).count("sign_in_failed") == 5
        assert "password_changed" not in own_rows(desk)
        desk.clock.later(seconds=300)
        assert (await change(desk, current=PASSWORD)).status_code == 303
        assert await sign_in(desk, secret, ANOTHER) == 303, "and what was wrong before is forgotten"


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"again": "another-9-kettle-sea"}, 422),
        ({"password": "short", "again": "short"}, 422),
        ({"password": "passwordpassword", "again": "passwordpassword"}, 422),
        ({"password": "みほん内科クリニック12", "again": "みほん内科クリニック12"}, 422),
        ({"password": "", "again": ""}, 422),
    ],
)
async def test_the_new_one_is_held_to_the_same_rules(open_desk: OpenDesk, form: dict[str, str], status: int) -> None:
    async with open_desk(staying=False, password_hashing="small") as desk:
        await enrol(desk)
        assert (await change(desk, **form)).status_code == status
        assert "password_changed" not in own_rows(desk)


async def test_it_is_kept_as_argon2id_and_nowhere_else(open_desk: OpenDesk) -> None:
    async with open_desk(staying=False, password_hashing="small") as desk:
        await enrol(desk)
        assert (await change(desk)).status_code == 303
        kept = await desk.desk.store.read(
            lambda found: found.execute("SELECT password FROM account WHERE staff_id = 'sato'").fetchone()["password"]
        )
        assert kept.startswith("$argon2id$")
        assert ANOTHER not in str(desk.whole_audit())


async def test_without_a_password_there_is_none_to_change(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await desk.sit_down("mori")
        assert "/me/password" not in (await desk.at_staff_door.get("/me")).text
        assert (await change(desk)).status_code == 409


async def test_without_the_pages_own_token_nothing_is_changed(open_desk: OpenDesk) -> None:
    async with open_desk(password_hashing="small", host="localhost") as desk:
        await enrol(desk)
        await add_passkey(desk)
        (key,) = await keys_on_page(desk)
        post = desk.at_staff_door.post
        for path, form in (
            ("/me/password", {"password": ANOTHER, "again": ANOTHER}),
            ("/me/passkey/remove", {"key": key}),
        ):
            assert (await post(path, data=form | {"token": "0" * 64}, headers=origin(desk))).status_code == 403
            foreign = {"origin": "http://evil.example"}
            token = {"token": desk.headers()["x-csrf-token"]}
            assert (await post(path, data=form | token, headers=foreign)).status_code == 403
        assert await keys_on_page(desk) == [key]


async def test_one_that_was_changed_meanwhile_is_not_changed_again(open_desk: OpenDesk) -> None:
    """Two pages at once: the second had looked at a password that is gone."""
    async with open_desk(staying=False, password_hashing="small") as desk:
        await enrol(desk)
        hashed = desk.desk.hasher.hashed

        async def overtaken(secret: str) -> str:
            made: str = await hashed(secret)
            await desk.desk.store.write(
                lambda transaction: transaction.run("UPDATE account SET password = 'other' WHERE staff_id = 'sato'")
            )
            return made

        desk.desk.hasher.hashed = overtaken
        assert (await change(desk)).status_code == 409


# -- passkeys ------------------------------------------------------------------------------------------------------------


async def test_each_passkey_is_shown_with_its_days_and_one_is_removed(open_desk: OpenDesk) -> None:
    async with open_desk(host="localhost", staying=False, password_hashing="small") as desk:
        await enrol(desk)
        first = await add_passkey(desk)
        desk.clock.later(minutes=1)
        await add_passkey(desk)
        desk.clock.later(days=1)
        desk.at_staff_door.cookies.clear()
        assert await with_passkey(desk, first) == 200
        page = (await desk.at_staff_door.get("/me")).text
        cells = [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td>(\d+年.*?|まだ.*?)</td>", page)]
        assert cells == ["2026年11月24日", "2026年11月25日", "2026年11月24日", "まだ使っていません"]
        other = await elsewhere(desk, "sato")
        one, two = await keys_on_page(desk)
        answer = await remove(desk, one)
        assert (answer.status_code, answer.headers["location"]) == (303, "/me?done=passkey")
        assert await keys_on_page(desk) == [two]
        assert not await is_in(desk, other)
        assert own_rows(desk)[-1] == "passkey_removed"
        desk.at_staff_door.cookies.clear()
        assert await with_passkey(desk, first) == 403


async def test_the_last_way_in_stays(open_desk: OpenDesk) -> None:
    async with open_desk(host="localhost") as desk:
        await desk.sit_down("sato", Role.RECEPTION)  # by a link of a test site: neither password nor passkey yet
        key = await add_passkey(desk)
        (only,) = await keys_on_page(desk)
        refused = await remove(desk, only)
        assert (refused.status_code, "最後のサインイン方法なので外せません" in sentence(refused)) == (409, True)
        await add_passkey(desk)
        assert len(await keys_on_page(desk)) == 2
        assert (await remove(desk, only)).status_code == 303
        assert (await remove(desk, (await keys_on_page(desk))[0])).status_code == 409
        desk.at_staff_door.cookies.clear()
        assert await with_passkey(desk, key) == 403


async def test_beside_a_password_the_last_passkey_may_go(open_desk: OpenDesk) -> None:
    async with open_desk(host="localhost", staying=False, password_hashing="small") as desk:
        secret = await enrol(desk)
        await add_passkey(desk)
        (only,) = await keys_on_page(desk)
        assert (await remove(desk, only)).status_code == 303
        assert await keys_on_page(desk) == []
        assert await sign_in(desk, secret, PASSWORD) == 303


async def test_nobody_removes_somebody_elses_or_after_a_long_while(open_desk: OpenDesk) -> None:
    async with open_desk(host="localhost", staying=False, password_hashing="small") as desk:
        await desk.sit_down("mori")
        await add_passkey(desk)
        (of_mori,) = await keys_on_page(desk)
        await enrol(desk)
        await add_passkey(desk)
        (own,) = await keys_on_page(desk)
        for wrong in (of_mori, "", "0" * 64, "x'--"):
            assert (await remove(desk, wrong)).status_code == 404
        for minutes in (8, 8):
            assert await keys_on_page(desk) == [own], "somebody is there all the while"
            desk.clock.later(minutes=minutes)
        stale = await remove(desk, own)
        assert (stale.status_code, "もう一度サインイン" in sentence(stale)) == (401, True)
        assert await keys_on_page(desk) == [own]
        assert len(await desk.desk.store.read(passkeys.of_account("mori"))) == 1


async def test_two_that_are_removed_at_once_leave_one(open_desk: OpenDesk) -> None:
    import asyncio

    async with open_desk(host="localhost") as desk:
        await desk.sit_down("sato", Role.RECEPTION)
        await add_passkey(desk)
        await add_passkey(desk)
        keys = await keys_on_page(desk)
        answers = await asyncio.gather(*(remove(desk, key) for key in keys))
        assert sorted(answer.status_code for answer in answers) == [303, 409]
        assert len(await keys_on_page(desk)) == 1


# -- in a real browser ---------------------------------------------------------------------------------------------------


def test_a_person_tidies_up_their_ways_in_in_a_real_browser(page: Page, start_reception: Callable[..., Any]) -> None:
    reception = start_reception(more="password_hashing: small\n")
    home = reception.staff_url.replace("127.0.0.1", "localhost")
    page.goto(reception.links["mori"].replace("127.0.0.1", "localhost"))
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    made = []
    for transport in ("internal", "usb"):
        made.append(
            devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options | {"transport": transport}})[
                "authenticatorId"
            ]
        )
        page.goto(f"{home}/me")
        page.get_by_role("button", name="この端末のパスキーを加える").click()
        expect(page.locator("table.own tbody tr")).to_have_count(len(made))
        if transport == "internal":
            devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": made[0]})
    expect(page.get_by_text("パスキー 2個")).to_be_visible()
    row = page.locator("table.own tbody tr").first
    expect(row.get_by_role("button", name="このパスキーを外す")).to_be_hidden()
    row.get_by_text("外す", exact=True).click()
    row.get_by_role("button", name="このパスキーを外す").click()
    expect(page.get_by_text("パスキーを外しました")).to_be_visible()
    expect(page.locator("table.own tbody tr")).to_have_count(1)

    page.get_by_role("button", name="サインアウト").click()
    page.get_by_role("button", name="パスキーでサインイン").click()
    page.wait_for_selector("html[data-live=open]")
    page.goto(f"{home}/me")
    row = page.locator("table.own tbody tr")
    expect(row).not_to_contain_text("まだ使っていません")
    row.get_by_text("外す", exact=True).click()
    row.get_by_role("button", name="このパスキーを外す").click()
    expect(page.get_by_text("最後のサインイン方法なので外せません")).to_be_visible()
