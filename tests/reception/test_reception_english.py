"""English second: a page in English has no Japanese left, whoever is signed in and whatever is refused."""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk.delivery.certificate import Asking
from kiosk.reception import audit_words, authority, devices, language, pairings
from kiosk.reception.accounts import Role
from kiosk.record import ids, pairing
from kiosk.record.checkin import CheckIn
from kiosk.record.door import HelpReason
from kiosk.record.eligibility import Validity
from tests.reception import secured
from tests.reception.desks import NOW, ON_SQLITE_ONLY

pytestmark = [pytest.mark.anyio, ON_SQLITE_ONLY]

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]

PERSONAL = (
    "ミホン ハナコ",
    "見本　花子",
    "シケン ハナコ",
    "試験　花子",
    "見本　一郎",
    "田中 みさき",
    "新田 あきら",
    "森 そうた",
    "架空健康保険協会東京支部",
    "みほん内科クリニック",
    "みほん健康保険組合",
    "日本語",
)
COLUMNS = ("保険者番号", "番号", "生年月日", "患者氏名", "記号", "枝番")
"""The titles of a list's columns: the file has them so, and the page says them beside their English."""
AS_A_PAGE = {"accept": "text/html"}
CARD = {
    "insurer": "01139997",
    "symbol": "12340005",
    "number": "67",
    "era": "昭和",
    "year": "55",
    "month": "2",
    "day": "17",
}
CSV = """患者氏名,保険者番号,記号,番号,枝番,生年月日
試験　花子,01139997,12340005,67,00,1980/02/17
見本　一郎,1139997,12340005,68,,S55.2.17
見本　一郎,01139997,12340005,69,,昭和55年2月17日
見本　一郎,01139998,12340005,67,,1980-02-17
見本　一郎,01139997,12340005,70,,1980-02-17
見本　一郎,01139997,12340005,67,,
見本　一郎,12139994,,1000017,,1980-02-17
"""


def visible(page: str) -> str:
    """What a page says: texts and spoken or shown attributes, without names."""
    told = re.findall(r'(?:title|aria-label|placeholder|alt|data-ask)="([^"]*)"', page)
    text = html.unescape(" ".join([*told, re.sub(r"<[^>]*>", " ", page)]))
    for name in PERSONAL:
        text = text.replace(name, "")
    return text


def japanese(page: str) -> list[str]:
    """What is Japanese in it."""
    return re.findall(r"[^\s]*[\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff]+[^\s]*", visible(page))


async def speak(opened: Any, wanted: str) -> None:
    opened.at_staff_door.cookies.delete(language.COOKIE)
    if wanted == "en":
        opened.at_staff_door.cookies.set(language.COOKIE, "en")


async def both(opened: Any, path: str, status: int = 200) -> str:
    """A page in English, which has no Japanese left; without the cookie it is Japanese."""
    await speak(opened, "en")
    answer = await opened.at_staff_door.get(path, headers=AS_A_PAGE)
    assert answer.status_code == status, path
    page: str = answer.text
    assert '<html lang="en"' in page or path.startswith("/api")
    assert japanese(page) == [], path
    await speak(opened, "ja")
    answer = await opened.at_staff_door.get(path, headers=AS_A_PAGE)
    assert answer.status_code == status
    assert japanese(answer.text), "Japanese comes first"
    assert '<html lang="ja"' in answer.text or path.startswith("/api")
    return page


async def posted(opened: Any, path: str, headers: dict[str, str], **form: str) -> Any:
    """What a form is answered in English."""
    await speak(opened, "en")
    told = form | {"token": headers.get("x-csrf-token", "")}
    return await opened.at_staff_door.post(path, data=told, headers={"origin": headers["origin"]} | AS_A_PAGE)


@pytest.mark.parametrize("path", ["/board", "/day", "/search", "/api/v1/troubles"])
async def test_the_board_and_its_pages(
    open_desk: OpenDesk, checkin_at: Callable[..., CheckIn], with_validity: Callable[..., CheckIn], path: str
) -> None:
    async with open_desk() as opened:
        for number, validity in enumerate(Validity, 1):
            if validity is not Validity.UNCONFIRMED:
                await opened.post(with_validity(checkin_at(opened.clock.now, f"A{number:03}"), validity))
        opened.clock.later(minutes=1)
        again = checkin_at(opened.clock.now, "A090", copay_ratio=30)
        await opened.post(replace(again, card=checkin_at(opened.clock.now, "A001").card))
        for reason in HelpReason:
            body = opened.kiosk.help(opened.clock.now, reason, "typing_pin")
            await opened.at_kiosk_door.post("/k/v1/help", json=body, headers={"x-kiosk-id": "a"})
        await opened.beat("choosing_method", ids.new_visit_id(), pending=1, parked=1, oldest_age=90.0)
        opened.desk.reader_away = True
        headers = await opened.sit_down("tanaka")
        await both(opened, path)
        if path == "/search":
            found = await posted(opened, path, headers, q="ミホン")
            assert "A090" in found.text
            assert "branch 01" in found.text
            assert japanese(found.text.replace('value="ミホン"', "")) == []


async def test_a_name_is_never_translated(open_desk: OpenDesk, checkin_at: Callable[..., CheckIn]) -> None:
    """受付 and 公立：東 could be words of ours; in a name or a symbol they are not."""
    async with open_desk() as opened:
        await opened.post(checkin_at(opened.clock.now, "A001", name="受付", insured_symbol="公立：東"))
        headers = await opened.sit_down("tanaka")
        await speak(opened, "en")
        page = (await opened.at_staff_door.get("/board")).text
        assert "<span>受付</span>" in page
        assert "公立：東・3456" in page
        assert 'value="昭和16年4月2日"' in (await posted(opened, "/search", headers, q="昭和16年4月2日")).text


async def test_the_administrators_pages(open_desk: OpenDesk, tmp_path: Path) -> None:
    secured.make_authority(tmp_path / "trust", NOW)
    own = authority.load(tmp_path / "trust", NOW)
    async with open_desk(trust_folder=tmp_path / "trust") as opened:
        headers = await opened.sit_down("chief", Role.ADMINISTRATOR)
        assert "No kiosk is waiting" in await both(opened, "/kiosks")
        await _kiosks(opened, own)
        await opened.desk.store.write(_every_action)
        for path in ("/people", "/me", "/kiosks", "/api/v1/pairings", "/audit", "/audit?day=2020-01-01"):
            await both(opened, path)
        for path, status in (("/board", 403), ("/audit?day=never", 422), (f"/join/{'x' * 40}", 410)):
            await both(opened, path, status)
        invited = await posted(opened, "/people", headers, staff_id="nitta", name="新田 あきら", role="qualified")
        assert (invited.status_code, japanese(invited.text)) == (200, [])
        path = re.findall(r"/join/[\w-]+", invited.text)[0]
        for form in (
            {"staff_id": "nitta", "name": "新田 あきら", "role": "auditor"},
            {"staff_id": "新", "name": "新田 あきら", "role": "auditor"},
            {"staff_id": "other", "name": "", "role": "auditor"},
            {"staff_id": "other", "name": "新田 あきら", "role": "king"},
        ):
            refused = await posted(opened, "/people", headers, **form)
            assert (refused.status_code in (409, 422), japanese(refused.text)) == (True, []), form
        for act in ("role", "disable", "dance"):
            refused = await posted(opened, "/people/chief", headers, act=act, role="auditor")
            assert (refused.status_code in (409, 422), japanese(refused.text)) == (True, []), act
        await opened.sit_down(None)
        assert "Set up your sign-in" in await both(opened, path)
        for form in ({"password": "a", "again": "b"}, {"password": "short", "again": "short"}):
            refused = await posted(opened, path, {"origin": headers["origin"]}, code="000000", **form)
            assert (refused.status_code, japanese(refused.text)) == (422, []), form


async def _kiosks(opened: Any, own: authority.Authority) -> None:
    """Two devices, one of them revoked, and two pairings under the name of a device."""
    for name in ("a", "b"):
        issued = own.issue(authority.asked(Asking(ids.kiosk_id(name)).csr), opened.clock())
        await opened.desk.store.write(devices.pair(issued, ids.kiosk_id(name), "chief"))
    await opened.desk.store.write(devices.revoke(issued.key_hash, "chief"))
    for number in ("1", "2"):
        asking, nonce = Asking(ids.kiosk_id("a")), secrets.token_bytes(32)
        who = authority.asked(asking.csr)
        committed = pairing.commitment(who.spki, nonce)
        change = pairings.opened(number * 32, who, asking.csr, committed, b"7" * 32, b"certificate", "192.0.2.1")
        await opened.desk.store.write(change)
        await opened.desk.store.write(pairings.revealed(number * 32, nonce))


def _every_action(transaction: Any) -> None:
    """Whatever the audit log can hold, and a kiosk that has seen another one."""
    for action in audit_words.ACTIONS:
        transaction.audit("chief", action)
    transaction.run(
        "INSERT INTO witness(kiosk_id, seq, hash, seen_at, misfit_seq, misfit_at) VALUES ('a', 7, ?, ?, 7, ?)",
        *("0" * 64, transaction.now_text, transaction.now_text),
    )


async def test_signing_in(open_desk: OpenDesk) -> None:
    async with open_desk() as opened:
        await both(opened, "/sign-in")
        headers = await opened.sit_down(None)
        assert 'data-action="language"' in await both(opened, "/sign-in")
        told = set()
        for _ in range(7):
            refused = await posted(opened, "/sign-in", headers, staff_id="tanaka", password="wrong", code="000000")
            told.add(refused.status_code)
            assert japanese(refused.text) == []
        assert told == {403, 429}
        await both(opened, f"/once/{'x' * 40}", 410)


async def test_ones_own_page(open_desk: OpenDesk) -> None:
    async with open_desk() as opened:
        headers = await opened.sit_down("tanaka")
        assert "staff number" in await both(opened, "/me")
        for pin, again in (("123", "123"), ("111111", "111111"), ("482913", "482914")):
            refused = await posted(opened, "/me/pin", headers, pin=pin, again=again)
            assert (refused.status_code, japanese(refused.text)) == (422, [])
        assert 'data-at="/me"' in refused.text, "the other language asks for a page that can be asked for"


async def test_looking_up(open_desk: OpenDesk, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings()) as opened:
        headers = await opened.sit_down("tanaka")
        page = await both(opened, "/lookup")
        assert 'value="昭和" selected>Showa' in page, "what is sent stays what the desk understands"
        for number in ("67", "68", "69", "70", "71"):
            answer = await posted(opened, "/lookup", headers, **CARD | {"number": number})
            assert answer.status_code == 200
            assert japanese(re.sub(r"[シフ]\S+ \S+コ", "", answer.text)) == [], number
        for wrong in (
            {"insurer": "1"},
            {"number": ""},
            {"month": "13"},
            {"year": "99"},
            {"branch": "x"},
            {"year": "x"},
        ):
            refused = await posted(opened, "/lookup", headers, **CARD | wrong)
            assert (refused.status_code, japanese(refused.text)) == (422, []), wrong


async def test_looking_a_list_up(open_desk: OpenDesk, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings()) as opened:
        headers = await opened.sit_down("tanaka")
        await speak(opened, "en")
        page = (await opened.at_staff_door.get("/list")).text
        assert {re.sub(r"\W", "", word) for word in japanese(page)} == set(COLUMNS)
        answer = await opened.at_staff_door.post("/api/v1/list", content=CSV.encode(), headers=headers)
        assert (answer.status_code, japanese(answer.text)) == (200, [])
        for body in ("", "a,b\n1,2\n", CSV.splitlines()[0], "\x80"):
            sentence = await opened.at_staff_door.post(
                "/api/v1/list", content=body.encode("latin-1") if body == "\x80" else body.encode(), headers=headers
            )
            assert sentence.status_code == 422
            assert set(re.findall(r"\w+", " ".join(japanese(sentence.json()["sentence"])))) <= set(COLUMNS)


async def test_no_terminal(open_desk: OpenDesk) -> None:
    async with open_desk() as opened:
        await opened.sit_down("tanaka")
        await both(opened, "/lookup")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("kiosks/a/grant", 422),
        ("kiosks/nowhere/pause", 404),
        (f"rows/{'0' * 36}/take", 404),
        (f"help/{ids.new_visit_id()}/done", 404),
        (f"rows/{ids.new_visit_id()}/take", 404),
        (f"grants/{ids.new_visit_id()}/confirm", 404),
        ("me/passkey", 403),
    ],
    ids=["grant", "pause", "no row's name", "help", "row", "decision", "passkey"],
)
async def test_what_a_press_is_refused_with(open_desk: OpenDesk, path: str, status: int) -> None:
    async with open_desk() as opened:
        headers = await opened.sit_down("tanaka")
        await speak(opened, "en")
        answer = await opened.at_staff_door.post(f"/api/v1/{path}", json={}, headers=headers)
        assert answer.status_code == status
        assert japanese(answer.json()["sentence"]) == []


async def test_a_press_without_the_cookie_is_refused_in_japanese(open_desk: OpenDesk) -> None:
    async with open_desk() as opened:
        headers = await opened.sit_down("tanaka")
        answer = await opened.at_staff_door.post(f"/api/v1/help/{ids.new_visit_id()}/done", headers=headers)
        assert answer.json()["sentence"] == "この呼び出しは見つかりません。"
