"""The desk's look-up of a 資格確認書: what is typed, what is asked, what is shown, and what is refused in one sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import date
from typing import Any

import pytest

from kiosk.eligibility.terminal.look_up import LookUpAnswer
from kiosk.reception.errors import RefusedError
from kiosk.reception.typed import Typed
from kiosk.record.eligibility import EligibilityResult, Validity
from tests.reception.desks import ON_SQLITE_ONLY

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]
TODAY = date(2026, 11, 24)

CARD = {
    "insurer": "01139997",
    "symbol": "12340005",
    "number": "67",
    "branch": "",
    "era": "昭和",
    "year": "55",
    "month": "2",
    "day": "17",
}


async def ask(desk: Any, staff_id: str | None = "tanaka", **changes: str) -> Any:
    headers = await desk.sit_down(staff_id)
    form = CARD | {"token": headers["x-csrf-token"]} | changes
    return await desk.at_staff_door.post("/lookup", data=form, headers={"origin": headers["origin"]})


def sentence(page: str) -> str:
    found = re.search(r'class="sentence" role="alert">.*?</svg>(.*?)</p>', page)
    assert found is not None
    return found[1]


async def test_a_valid_insurance_is_shown_whole(open_desk: OpenDesk, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        page = await ask(desk)
        assert page.status_code == 200
        assert 'data-validity="valid"' in page.text
        for words in ("有効", "シケン ハナコ", "試験　花子", "昭和55年2月17日（1980）", "46歳", "3割", "01139997"):
            assert words in page.text
        for words in ("12340005・67", "枝番 00", "模擬", "番号照会"):
            assert words in page.text
        assert desk.audit() == [("tanaka", "signed_in"), ("tanaka", "look_up")]


async def test_the_limit_is_shown_with_consent_only(open_desk: OpenDesk, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        without, with_consent = await ask(desk), await ask(desk, limit="yes")
        limits = [
            re.search(r"限度額</dt><dd class=\"large\">(.*?)</dd>", page.text) for page in (without, with_consent)
        ]
        assert limits[0] is not None
        assert limits[1] is not None
        assert limits[0][1] == "—"
        assert re.fullmatch("[アイウエオ]", limits[1][1])
        assert "checked" not in with_consent.text, "the next patient has not agreed to anything"
        assert "checked" in (await ask(desk, number="71", limit="yes")).text, "the same one has"


@pytest.mark.parametrize(
    ("number", "validity", "words"),
    [
        ("68", "invalid", "資格喪失"),
        ("69", "invalid_newer_exists", "新しい資格で照会し直す"),
        ("70", "not_found", "該当する資格なし"),
    ],
)
async def test_every_answer_says_what_to_do(
    open_desk: OpenDesk, terminal: Any, number: str, validity: str, words: str
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        page = (await ask(desk, number=number)).text
        assert f'data-validity="{validity}"' in page
        assert words in page


async def test_twins_are_chosen_by_branch(open_desk: OpenDesk, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        page = (await ask(desk, number="71")).text
        assert 'data-validity="multiple"' in page
        assert "枝番を入れて、もう一度照会してください" in page
        assert 'data-wrong="branch"' in page, "the branch is what is typed next"
        for branch, name in (("01", "フタバ イチコ"), ("2", "フタバ ニコ")):
            assert name in (await ask(desk, number="71", branch=branch)).text
        assert "フタバ ニコ" in (await ask(desk, number="71", branch="01", chosen="02")).text


@pytest.mark.parametrize("branches", [("01", "02"), (None, None), (None, "02")])
async def test_twins_that_the_system_names_are_chosen_with_one_press(
    open_desk: OpenDesk, terminal: Any, monkeypatch: pytest.MonkeyPatch, branches: tuple[str | None, ...]
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        twins = tuple(EligibilityResult(insured_branch=branch, name_kana="ﾌﾀﾊﾞ") for branch in branches)
        answer = LookUpAnswer(
            validity=Validity.MULTIPLE,
            answered_at=desk.clock.now,
            asked_for=TODAY,
            simulated=True,
            results=twins,
            notice_code=None,
        )

        async def both(_: object) -> LookUpAnswer:
            return answer

        monkeypatch.setattr(desk.desk.lookups, "ask", both)
        page = (await ask(desk, number="71")).text
        given = [branch for branch in branches if branch is not None]
        assert [branch for branch in ("01", "02") if f'name="chosen" value="{branch}"' in page] == given
        assert page.count("フタバ") == len(given)
        assert ("左のボタンで枝番を選んで" in page) == bool(given), "what is not there cannot be chosen"
        assert ("枝番を入れて" in page) != bool(given)


async def test_late_elderly_have_neither_symbol_nor_branch(open_desk: OpenDesk, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        born = {"era": "昭和", "year": "20", "month": "3", "day": "20"}
        page = (await ask(desk, insurer="３９１３９９９３", symbol="", number="09900011", **born)).text
        assert "コウキ ウメ" in page
        assert "2割" in page


@ON_SQLITE_ONLY  # it is refused before the database is asked
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"insurer": ""}, "保険者番号は8桁"),
        ({"insurer": "0113999"}, "保険者番号は8桁"),
        ({"insurer": "01139998"}, "保険者番号が違うようです"),
        ({"number": " "}, "番号を入れてください"),
        ({"number": "1" * 21}, "20文字まで"),
        ({"symbol": "x" * 41}, "40文字まで"),
        ({"branch": "abc"}, "枝番は2桁"),
        ({"year": ""}, "生年月日を数字で"),
        ({"month": "13"}, "暦にありません"),
        ({"year": "64", "month": "1", "day": "8"}, "この日は昭和ではありません"),
        ({"era": "令和", "year": "9"}, "今日より先"),
    ],
)
async def test_what_cannot_be_meant_is_said_in_one_sentence(
    open_desk: OpenDesk, terminal: Any, changes: dict[str, str], words: str
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        before = terminal.tell()["taken"]
        answer = await ask(desk, **changes)
        assert answer.status_code == 422
        assert words in sentence(answer.text)
        assert 'value="12340005"' in answer.text or "symbol" in changes, "what was typed is still there"
        assert terminal.tell()["taken"] == before
        assert ("tanaka", "look_up") not in desk.audit()


@ON_SQLITE_ONLY  # what is told depends on the terminal alone
@pytest.mark.parametrize(
    ("manner", "words"),
    [
        ("never", "資格確認システムから返事がありません"),
        ("idle", "照会端末のソフトが動いていないようです"),
        ("maintenance", "資格確認システムが今は答えられません"),
        ("person_error", "この番号は照会できませんでした"),
        ("other_patient", "確かめられないため、表示しません"),
        ("portal", "確かめられないため、表示しません"),
    ],
)
async def test_no_answer_says_which_hop_and_what_to_do(
    open_desk: OpenDesk, terminal: Any, manner: str, words: str
) -> None:
    terminal.tell(manner=manner)
    async with open_desk(terminal=terminal.settings(timeout_seconds=0.6)) as desk:
        answer = await ask(desk)
        assert answer.status_code == 504
        assert words in sentence(answer.text)
        assert "シケン" not in answer.text


async def test_a_share_that_is_gone_is_said_without_its_path(open_desk: OpenDesk, terminal: Any) -> None:
    gone = terminal.settings(req=terminal.folder / "gone", timeout_seconds=0.6)
    async with open_desk(terminal=gone) as desk:
        answer = await ask(desk)
        assert "照会端末のフォルダーにつながりません" in sentence(answer.text)
        assert str(terminal.folder) not in answer.text


async def test_only_who_sits_at_our_own_page_may_ask(open_desk: OpenDesk, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        desk.at_staff_door.cookies.clear()
        assert (
            await desk.at_staff_door.post("/lookup", data=CARD, headers={"origin": "http://127.0.0.1"})
        ).status_code == 401
        headers = await desk.sit_down("tanaka")
        door, form = desk.at_staff_door, CARD | {"token": headers["x-csrf-token"]}
        for wrong_form, origin in (
            (form, "http://evil.example"),
            (form | {"token": "x"}, headers["origin"]),
            (form | {"token": "é"}, headers["origin"]),
            (CARD, headers["origin"]),
        ):
            assert (await door.post("/lookup", data=wrong_form, headers={"origin": origin})).status_code == 403
        for body in (b"\xff", b"insurer=%ff", b"&".join(b"a=1" for _ in range(30))):
            answer = await door.post("/lookup", content=body, headers={"origin": headers["origin"]})
            assert answer.status_code == 400
        assert ("tanaka", "look_up") not in desk.audit()


async def test_the_board_leads_to_the_page_where_there_is_a_terminal(open_desk: OpenDesk, terminal: Any) -> None:
    async with open_desk() as desk:
        assert "/lookup" not in (await desk.at_staff_door.get("/board")).text
        page = await desk.at_staff_door.get("/lookup")
        assert "照会端末が設定されていません" in page.text
        assert (await ask(desk)).status_code == 503
    async with open_desk(terminal=terminal.settings()) as desk:
        assert 'href="/lookup"' in (await desk.at_staff_door.get("/board")).text


async def test_the_page_has_nothing_inline(open_desk: OpenDesk, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        for page in (await desk.at_staff_door.get("/lookup"), await ask(desk), await ask(desk, insurer='"><script>x')):
            assert "unsafe" not in page.headers["content-security-policy"]
            assert not re.search(r"<script(?![^>]*\bsrc=)", page.text)
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page.text)
            assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("era", "year", "month", "day", "expected"),
    [
        ("令和", "元", "5", "1", date(2019, 5, 1)),
        ("平成", "３１", "４", "３０", date(2019, 4, 30)),
        ("平成", "1", "1", "8", date(1989, 1, 8)),
        ("昭和", "元", "12", "25", date(1926, 12, 25)),
        ("昭和", "64", "01", "07", date(1989, 1, 7)),
        ("大正", "15", "12", "24", date(1926, 12, 24)),
        ("明治", "45", "7", "29", date(1912, 7, 29)),
        ("西暦", "1980", "2", "29", date(1980, 2, 29)),
    ],
)
def test_birth_dates_of_every_era(era: str, year: str, month: str, day: str, expected: date) -> None:
    assert Typed(era=era, year=year, month=month, day=day).birth_date(TODAY) == expected


@pytest.mark.parametrize(
    ("era", "year", "month", "day"),
    [
        ("令和", "1", "4", "30"),
        ("平成", "31", "5", "1"),
        ("大正", "1", "7", "29"),
        ("明治", "9999", "1", "1"),
        ("西暦", "55", "2", "17"),
        ("西暦", "元", "2", "17"),
        ("西暦", "2026", "11", "25"),
        ("昭和", "-5", "2", "17"),
        ("慶応", "元", "2", "17"),
    ],
)
def test_birth_dates_that_are_none(era: str, year: str, month: str, day: str) -> None:
    with pytest.raises(RefusedError) as refused:
        Typed(era=era, year=year, month=month, day=day).birth_date(TODAY)
    assert (refused.value.status, refused.value.code) == (422, "birth_date")
