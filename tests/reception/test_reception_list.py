"""A whole list looked up at once: which files are read, who needs attention, and that nobody is valid by mistake."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import date
from typing import Any

import pytest

from kiosk.eligibility.oqs.errors import MalformedMessageError
from kiosk.eligibility.terminal.bulk import BulkAnswer, BulkRow
from kiosk.reception import lists, lookups
from kiosk.reception.errors import RefusedError
from tests.reception.desks import ON_SQLITE_ONLY

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]
TODAY = date(2026, 11, 24)

CSV = """患者氏名,保険者番号,記号,番号,枝番,生年月日
試験　花子,01139997,12340005,67,00,1980/02/17
見本　一郎,1139997,12340005,68,,S55.2.17
見本　二郎,01139997,12340005,69,,昭和55年2月17日
双葉　一子,01139997,12340005,71,,19800217
見本　三郎,01139998,12340005,67,,1980-02-17
見本　四郎,01139997,12340005,70,,1980-02-17
見本　五郎,01139997,12340005,67,,
医療　券子,12139994,,1000017,,1980-02-17
"""


async def ask(desk: Any, body: bytes, staff_id: str | None = "tanaka") -> Any:
    headers = await desk.sit_down(staff_id)
    return await desk.at_staff_door.post("/api/v1/list", content=body, headers=headers)


def attention(page: str) -> dict[str, str]:
    """Line and name of every row that is shown, and its words."""
    rows = re.findall(
        r"<tr><td>(\d+)</td><td class=\"name\" title=\"[^\"]*\">(.*?)</td><td class=.*?><b>(.*?)</b>(.*?)</span></td><td>(.*?)</td>",
        page,
    )
    return {f"{line} {name}": f"{word} {reason} {step}".strip() for line, name, word, reason, step in rows}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
async def test_a_list_says_who_needs_attention(open_desk: OpenDesk, terminal: Any, encoding: str) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        answer = await ask(desk, CSV.encode(encoding))
        assert answer.status_code == 200
        assert 'data-valid="1" data-invalid="2" data-check="5"' in answer.text
        told = attention(answer.text)
        assert [key.split()[0] for key in told] == ["3", "4", "5", "6", "7", "8", "9"]
        assert told["9 医療　券子"] == "要確認 医療券が未登録 福祉事務所に連絡"
        assert told["3 見本　一郎"].startswith("無効 資格喪失")
        assert told["4 見本　二郎"].startswith("無効 新しい資格あり")
        assert told["5 双葉　一子"].startswith("要確認 複数該当")
        assert "保険者番号が違うようです" in told["6 見本　三郎"]
        assert told["7 見本　四郎"].startswith("要確認 該当する資格なし")
        assert "生年月日を数字で" in told["8 見本　五郎"]
        assert desk.audit() == [("tanaka", "signed_in"), ("tanaka", "look_up_list")]


@ON_SQLITE_ONLY  # what is told depends on the terminal alone
@pytest.mark.parametrize("manner", ["rows_missing", "rows_repeated", "rows_swapped", "other_patient"])
async def test_a_row_that_is_not_believed_is_never_valid(open_desk: OpenDesk, terminal: Any, manner: str) -> None:
    two = "\n".join([*CSV.splitlines()[:1], CSV.splitlines()[2], CSV.splitlines()[1]])
    terminal.tell(manner=manner)
    async with open_desk(terminal=terminal.settings()) as desk:
        answer = await ask(desk, two.encode())
        valid = 1 if manner == "rows_repeated" else 0
        assert f'data-valid="{valid}"' in answer.text
        if manner != "rows_repeated":
            assert "3 試験　花子" in attention(answer.text)


async def test_a_result_that_is_not_ready_is_fetched_again(
    open_desk: OpenDesk, terminal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookups, "FETCH_AGAIN_EVERY", 0.1)
    terminal.tell(manner="processing")
    async with open_desk(terminal=terminal.settings()) as desk:
        waiting = asyncio.create_task(ask(desk, CSV.encode()))
        await asyncio.wait([waiting], timeout=0.6)
        assert not waiting.done()
        terminal.tell(manner="ordinary")
        assert 'data-valid="1"' in (await waiting).text


async def test_a_result_that_breaks_off_keeps_what_came_before(
    open_desk: OpenDesk, terminal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = BulkAnswer.__iter__

    def broken(answer: BulkAnswer) -> Iterator[BulkRow]:
        yield next(iter(whole(answer)))
        raise MalformedMessageError("the message ends before its end")

    monkeypatch.setattr(BulkAnswer, "__iter__", broken)
    async with open_desk(terminal=terminal.settings()) as desk:
        answer = await ask(desk, "\n".join(CSV.splitlines()[:4]).encode())
        assert 'data-valid="1" data-invalid="0" data-check="2"' in answer.text
        told = attention(answer.text)
        assert [words.startswith("要確認 照会できず") for words in told.values()] == [True, True]


async def test_one_list_at_a_time(open_desk: OpenDesk, terminal: Any) -> None:
    terminal.tell(delay_seconds=0.3)
    async with open_desk(terminal=terminal.settings()) as desk:
        headers = await desk.sit_down("tanaka")
        door = desk.at_staff_door
        answers = await asyncio.gather(
            *(door.post("/api/v1/list", content=CSV.encode(), headers=headers) for _ in range(2))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 504]
        assert (await door.post("/api/v1/list", content=CSV.encode(), headers=headers)).status_code == 200


@ON_SQLITE_ONLY  # what is told depends on the terminal alone
async def test_no_answer_is_one_sentence(open_desk: OpenDesk, terminal: Any) -> None:
    terminal.tell(manner="idle")
    async with open_desk(terminal=terminal.settings(timeout_seconds=0.5, bulk_timeout_seconds=0.6)) as desk:
        answer = await ask(desk, CSV.encode())
        assert answer.status_code == 504
        assert "照会端末のソフトが動いていないようです" in answer.json()["sentence"]


async def test_only_staff_may_ask_and_only_at_a_terminal(open_desk: OpenDesk, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        assert (await ask(desk, CSV.encode(), None)).json()["code"] == "signed_out"
        await desk.sit_down("tanaka")
        assert (await desk.at_staff_door.post("/api/v1/list", content=CSV.encode())).status_code == 403
        page = await desk.at_staff_door.get("/list")
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page.text)
        assert 'href="/list"' in (await desk.at_staff_door.get("/lookup")).text
    async with open_desk() as desk:
        assert (await ask(desk, CSV.encode())).json()["code"] == "no_terminal"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "columns"),
        ("患者氏名,記号\n".encode(), "columns"),
        ("保険者番号,番号,生年月日\n\n,,\n".encode(), "empty"),
        ('保険者番号,番号,生年月日\n"a'.encode(), "csv"),
        (b"\x81\xff\xfe", "csv"),
        (("保険者番号,番号,生年月日\n" + "1,1,1\n" * (lists.MAX_ROWS + 1)).encode(), "too_many"),
        (("保険者番号,番号,生年月日\n" + "1" * 200_000 + ",1,1\n").encode(), "csv"),
    ],
    ids=["nothing", "no columns", "no rows", "torn", "no text", "too many", "huge field"],
)
def test_what_is_no_list_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        lists.read(body, TODAY)
    assert (refused.value.status, refused.value.code) == (422, code)


@pytest.mark.parametrize("number", ["6\0", "6\t7", "😀", "\ufffd"])
def test_a_number_that_cannot_be_written_is_told_and_the_others_are_asked(number: str) -> None:
    head, good = "生年月日,番号,保険者番号", "19800217,67,01139997"
    wrong, right = lists.read(f"{head}\n19800217,{number},01139997\n{good}\n".encode(), TODAY)
    assert wrong.query is None
    assert "使えない文字" in wrong.sentence
    assert right.query is not None


def test_a_symbol_may_have_a_blank_in_it() -> None:
    (row,) = lists.read("生年月日,番号,保険者番号,記号\n19800217,67,01139997,架　９\n".encode(), TODAY)
    assert row.query is not None
    assert row.query.insured.symbol == "架　９"


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        ("1980-02-17", date(1980, 2, 17)),
        ("1980/2/17 0:00", date(1980, 2, 17)),
        ("19800217", date(1980, 2, 17)),
        ("昭和５５年２月１７日", date(1980, 2, 17)),
        ("S55.02.17", date(1980, 2, 17)),
        ("R元.5.1", date(2019, 5, 1)),
        ("平成元年1月8日", date(1989, 1, 8)),
        ("55.2.17", None),
        ("S64.1.8", None),
        ("2027-01-01", None),
        ("昨日", None),
    ],
)
def test_birth_dates_as_lists_have_them(born: str, expected: date | None) -> None:
    (row,) = lists.read(f"生年月日,番号,保険者番号\n{born},67,01139997\n".encode(), TODAY)
    assert (None if row.query is None else row.query.birth_date) == expected
    assert (row.sentence == "") == (expected is not None)
