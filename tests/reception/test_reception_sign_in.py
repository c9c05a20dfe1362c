"""Coming in: the link of the first time, password with code, a passkey; what is wrong is refused and slowed down."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page, expect

from kiosk.reception import accounts
from kiosk.reception.accounts import Role
from tests.reception.authenticator import Authenticator

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]

PASSWORD = "kettle-moon-9-river"


async def enrol(desk: Any, staff_id: str = "sato", role: Role = Role.RECEPTION) -> str:
    """Somebody with password and authenticator; gives the secret. Nobody is signed in afterwards."""
    link = (await desk.desk.store.write(accounts.create(staff_id, "佐藤", role, "chief"))).path
    client = desk.at_staff_door
    secret = secret_of((await client.get(link)).text)
    answer = await client.post(link, data=joining(desk, secret), headers=origin(desk))
    assert answer.status_code == 303
    client.cookies.clear()
    desk.clock.later(seconds=60)
    return secret


def secret_of(page: str) -> str:
    return re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")  # type: ignore[index]


def origin(desk: Any) -> dict[str, str]:
    return {"origin": str(desk.at_staff_door.base_url)}


def code(desk: Any, secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(desk.clock.now + timedelta(seconds=30 * steps))


def joining(desk: Any, secret: str, **changes: str) -> dict[str, str]:
    return {"password": PASSWORD, "again": PASSWORD, "code": code(desk, secret)} | changes


async def sign_in(desk: Any, secret: str, **changes: str) -> Any:
    form = {"staff_id": "sato", "password": PASSWORD, "code": code(desk, secret), "back": "/board"} | changes
    return await desk.at_staff_door.post("/sign-in", data=form, headers=origin(desk))


async def test_a_link_sets_password_and_authenticator_once(open_desk: OpenDesk) -> None:
    async with open_desk(password_hashing="small") as desk:
        desk.at_staff_door.cookies.clear()
        link = (await desk.desk.store.write(accounts.create("sato", "佐藤", Role.RECEPTION, "chief"))).path
        page = await desk.at_staff_door.get(link)
        secret = secret_of(page.text)
        assert secret_of((await desk.at_staff_door.get(link)).text) == secret, "the page may be opened again"
        picture = await desk.at_staff_door.get(f"{link}/qr.svg")
        assert picture.headers["content-type"] == "image/svg+xml"
        assert b"style=" not in picture.content
        post = desk.at_staff_door.post
        assert (await post(link, data=joining(desk, secret))).status_code == 403, "from a page of ours only"
        for wrong in ({"again": "x"}, {"password": "short", "again": "short"}, {"code": "000000"}):
            answer = await post(link, data=joining(desk, secret, **wrong), headers=origin(desk))
            assert answer.status_code == 422
        answer = await post(link, data=joining(desk, secret), headers=origin(desk))
        assert (answer.status_code, answer.headers["location"]) == (303, "/board")
        assert (await desk.at_staff_door.get("/board")).status_code == 200, "and is signed in"
        assert (await desk.at_staff_door.get(link)).status_code == 410
        assert (await post(link, data=joining(desk, secret), headers=origin(desk))).status_code == 410
        assert [act for who, act in desk.audit() if who == "sato"] == ["credentials_set", "signed_in"]


async def test_a_link_is_over_after_fifteen_minutes(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        link = (await desk.desk.store.write(accounts.create("sato", "佐藤", Role.RECEPTION, "chief"))).path
        desk.clock.later(minutes=15)
        answer = await desk.at_staff_door.get(link)
        assert answer.status_code == 410
        assert "新しいリンク" in answer.text


async def test_a_new_link_replaces_what_was_there(open_desk: OpenDesk) -> None:
    async with open_desk(password_hashing="small") as desk:
        before = await enrol(desk)
        link = (await desk.desk.store.write(accounts.invite_again("sato", "chief"))).path
        assert (await sign_in(desk, before)).status_code == 303, "until it is used"
        secret = secret_of((await desk.at_staff_door.get(link)).text)
        form = joining(desk, secret, password="another-9-kettle-sea", again="another-9-kettle-sea")
        assert (await desk.at_staff_door.post(link, data=form, headers=origin(desk))).status_code == 303
        desk.clock.later(seconds=60)
        assert (await sign_in(desk, before)).status_code == 403


async def test_password_and_code_sign_in(open_desk: OpenDesk) -> None:
    async with open_desk(password_hashing="small") as desk:
        secret = await enrol(desk)
        answer = await sign_in(desk, secret)
        assert (answer.status_code, answer.headers["location"]) == (303, "/board")
        cookie = answer.headers["set-cookie"].lower()
        assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/", "max-age=43200"))
        assert (await desk.at_staff_door.get("/board")).status_code == 200


async def test_each_code_is_good_once_and_a_step_before_or_after(open_desk: OpenDesk) -> None:
    async with open_desk(password_hashing="small") as desk:
        secret = await enrol(desk)
        used = code(desk, secret)
        assert (await sign_in(desk, secret, code=used)).status_code == 303
        assert (await sign_in(desk, secret, code=used)).status_code == 403
        assert (await sign_in(desk, secret, code=code(desk, secret, 2))).status_code == 403
        assert (await sign_in(desk, secret, code=code(desk, secret, 1))).status_code == 303
        assert (await sign_in(desk, secret, code=used)).status_code == 403, "nor one from before the last"
        desk.clock.later(seconds=90)
        assert (await sign_in(desk, secret, code=code(desk, secret, -1))).status_code == 303


async def test_whatever_is_wrong_the_sentence_is_the_same(open_desk: OpenDesk) -> None:
    async with open_desk(password_hashing="small") as desk:
        secret = await enrol(desk)
        said = set()
        for wrong in ({"staff_id": "nobody"}, {"staff_id": "あ"}, {"password": "x"}, {"code": "000000"}, {"code": ""}):
            answer = await sign_in(desk, secret, **wrong)
            assert answer.status_code == 403
            said.add(re.search(r'role="alert">.*?</svg>(.*?)</p>', answer.text)[1])  # type: ignore[index]
        assert len(said) == 1
        assert (await sign_in(desk, secret, staff_id="tanaka")).status_code == 403, "who has no password has no way"
        await desk.desk.store.write(accounts.disable("sato", "chief"))
        assert (await sign_in(desk, secret)).status_code == 403
        failed = [row for row in desk.whole_audit() if row[1] == "sign_in_failed"]
        assert set(failed) == {("unknown", "sign_in_failed")}
        assert len(failed) == 6


async def test_guessing_is_slowed_down_at_that_machine_and_never_locks_the_desk_out(open_desk: OpenDesk) -> None:
    async with open_desk(password_hashing="small") as desk:
        secret = await enrol(desk)
        answers = [(await sign_in(desk, secret, password="x")).status_code for _ in range(7)]
        assert answers == [403] * 5 + [429] * 2
        assert (await sign_in(desk, secret)).status_code == 429
        await desk.sit_down("mori")
        assert (await desk.at_staff_door.get("/board")).status_code == 200, "others at that machine come in"
        transport = desk.at_staff_door._transport
        transport.client = ("192.0.2.7", 1)
        desk.clock.later(seconds=30)
        assert (await sign_in(desk, secret)).status_code == 303, "and that person at another machine"
        transport.client = ("127.0.0.1", 1)
        for wait in (1, 2, 4):
            desk.clock.later(seconds=wait)
            assert (await sign_in(desk, secret, password="x")).status_code == 403
            assert (await sign_in(desk, secret, password="x")).status_code == 429
        desk.clock.later(seconds=300)
        assert (await sign_in(desk, secret)).status_code == 303


async def test_many_guesses_at_once_are_counted_each(open_desk: OpenDesk) -> None:
    async with open_desk(password_hashing="small") as desk:
        secret = await enrol(desk)
        answers = await asyncio.gather(*(sign_in(desk, secret, password=f"guess {n}") for n in range(12)))
        assert sorted(answer.status_code for answer in answers) == [403] * 5 + [429] * 7


async def test_signing_in_leads_back_to_our_own_pages_only(open_desk: OpenDesk) -> None:
    async with open_desk(password_hashing="small") as desk:
        secret = await enrol(desk)
        for back in ("//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:x", "/a\nb", ""):
            desk.clock.later(seconds=60)
            assert (await sign_in(desk, secret, back=back)).headers["location"] == "/board"


async def test_a_one_time_link_signs_in_once_within_ten_minutes_on_a_test_site(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        client, write = desk.at_staff_door, desk.desk.store.write
        client.cookies.clear()
        link = await write(accounts.one_time_link("mori"))
        assert (await client.get(link)).headers["location"] == "/board"
        client.cookies.clear()
        assert (await client.get(link)).status_code == 410
        late = await write(accounts.one_time_link("mori"))
        desk.clock.later(minutes=10)
        assert (await client.get(late)).status_code == 410
        assert (await client.get("/once/nothing")).status_code == 410
    async with open_desk(site="live") as desk:
        link = await desk.desk.store.write(accounts.one_time_link("mori"))
        assert (await desk.at_staff_door.get(link)).status_code == 404


# -- passkeys ------------------------------------------------------------------------------------------------------------


async def with_passkey(desk: Any, key: Authenticator, **changes: Any) -> Any:
    """Sign in with a passkey as a browser does."""
    post = desk.at_staff_door.post
    options = (await post("/api/v1/sign-in/options", headers=origin(desk))).json()
    answer = key.signs(options, str(desk.at_staff_door.base_url)) | changes
    return await post("/api/v1/sign-in/passkey?back=/board", json=answer, headers=origin(desk))


async def joined(desk: Any, staff_id: str = "sato") -> Authenticator:
    """Somebody with a passkey. Nobody is signed in afterwards."""
    link = (await desk.desk.store.write(accounts.create(staff_id, "佐藤", Role.RECEPTION, "chief"))).path
    post = desk.at_staff_door.post
    options = (await post(f"/api/v1{link}/options", headers=origin(desk))).json()
    key = Authenticator()
    made = key.made(options, str(desk.at_staff_door.base_url))
    answer = await post(f"/api/v1{link}/passkey", json=made, headers=origin(desk))
    assert (answer.status_code, answer.json()) == (200, {"to": "/board"})
    assert (await desk.at_staff_door.get(link)).status_code == 410
    desk.at_staff_door.cookies.clear()
    return key


async def test_a_passkey_is_made_by_a_link_and_signs_in(open_desk: OpenDesk) -> None:
    async with open_desk(host="localhost") as desk:
        key = await joined(desk)
        answer = await with_passkey(desk, key)
        assert (answer.status_code, answer.json()) == (200, {"to": "/board"})
        assert (await desk.at_staff_door.get("/board")).status_code == 200
        assert [row[1] for row in desk.audit() if row[0] == "sato"][-1] == "signed_in"


async def test_passkeys_that_do_not_hold(open_desk: OpenDesk) -> None:
    async with open_desk(host="localhost") as desk:
        key, post = await joined(desk), desk.at_staff_door.post
        url = str(desk.at_staff_door.base_url)
        options = (await post("/api/v1/sign-in/options", headers=origin(desk))).json()
        good = key.signs(options, url)
        wrong = {
            "another origin": key.signs(options, "http://evil.example"),
            "another challenge": key.signs(options | {"challenge": "AAAA"}, url),
            "nobody looked": key.signs(options, url, verified=False),
            "another key": Authenticator().signs(options, url) | {"id": good["id"], "rawId": good["rawId"]},
            "an unknown key": Authenticator().signs(options, url),
            "no credential": {},
            "not a credential": {"id": good["id"], "response": {"clientDataJSON": "eyJ9"}},
        }
        for what, answer in wrong.items():
            told = await post("/api/v1/sign-in/passkey", json=answer, headers=origin(desk))
            assert (told.status_code, told.json()["code"]) == (403, "passkey"), what
        assert (await post("/api/v1/sign-in/passkey", json=good)).status_code == 403, "from a page of ours only"
        assert (await post("/api/v1/sign-in/passkey", json=good, headers=origin(desk))).status_code == 200
        again = await post("/api/v1/sign-in/passkey", json=good, headers=origin(desk))
        assert again.status_code == 403, "an answer is good once"
        old = (await post("/api/v1/sign-in/options", headers=origin(desk))).json()
        desk.clock.later(minutes=6)
        late = await post("/api/v1/sign-in/passkey", json=key.signs(old, url), headers=origin(desk))
        assert late.status_code == 403
        await desk.desk.store.write(accounts.disable("sato", "chief"))
        assert (await with_passkey(desk, key)).status_code == 403


async def test_a_second_passkey_is_added_by_the_person(open_desk: OpenDesk) -> None:
    async with open_desk(host="localhost") as desk:
        headers, post = await desk.sit_down("tanaka"), desk.at_staff_door.post
        options = (await post("/api/v1/me/passkey/options", headers=headers)).json()
        made = (key := Authenticator()).made(options, str(desk.at_staff_door.base_url))
        assert (await post("/api/v1/me/passkey", json=made, headers=headers)).status_code == 201
        assert (await post("/api/v1/me/passkey", json=made, headers=headers)).status_code == 409
        assert "パスキー 1個" in (await desk.at_staff_door.get("/me")).text
        desk.at_staff_door.cookies.clear()
        assert (await with_passkey(desk, key)).status_code == 200


async def test_an_address_takes_no_passkey_and_says_so(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        assert "パスキー" not in (await desk.at_staff_door.get("/sign-in")).text
        answer = await desk.at_staff_door.post("/api/v1/sign-in/options", headers=origin(desk))
        assert (answer.status_code, answer.json()["code"]) == (409, "no_name")


# -- in a real browser ---------------------------------------------------------------------------------------------------


def test_a_person_comes_in_by_password_and_by_passkey_in_a_real_browser(
    page: Page, start_reception: Callable[..., Any]
) -> None:
    reception = start_reception(more="  - {id: chief, name: 山田 なお, role: administrator}\npassword_hashing: small\n")
    home = reception.staff_url.replace("127.0.0.1", "localhost")
    page.goto(reception.links["chief"].replace("127.0.0.1", "localhost"))
    page.fill("[name=staff_id]", "sato")
    page.fill("[name=name]", "佐藤 けん")
    page.get_by_role("button", name="リンクを作る").click()
    link = page.locator("#link").inner_text()
    assert link.startswith(home)
    page.context.clear_cookies()

    page.goto(link)
    secret = page.locator("code").inner_text().replace(" ", "")
    assert page.locator(".qr img").evaluate("(picture) => picture.naturalWidth") > 100
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=again]", PASSWORD)
    page.fill("[name=code]", pyotp.TOTP(secret).now())
    page.get_by_role("button", name="決めてサインイン").click()
    page.wait_for_selector("html[data-live=open]")
    expect(page.locator("a.staff")).to_contain_text("佐藤 けん")

    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.click("a.staff")
    page.get_by_role("button", name="この端末のパスキーを加える").click()
    expect(page.get_by_text("パスキー 1個")).to_be_visible()
    page.get_by_role("button", name="サインアウト").click()
    expect(page).to_have_url(f"{home}/sign-in")

    page.goto(f"{home}/board")
    expect(page).to_have_url(f"{home}/sign-in?back=/board")
    page.get_by_role("button", name="パスキーでサインイン").click()
    page.wait_for_selector("html[data-live=open]")
    expect(page.locator("a.staff")).to_contain_text("佐藤 けん")
