"""Arrivals at the official reader on the board: each once, in words, and never joined to a visit of ours."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.eligibility.terminal.sight import Watch
from kiosk.reception import reader_rows
from kiosk.reception.errors import StoreError
from kiosk.reception.reader_watch import ReaderWatch
from kiosk.record.checkin import CheckIn

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]
Build = Callable[..., CheckIn]
SAMPLES = Path(__file__).parent.parent / "data" / "oqs" / "face"
NOW = datetime(2026, 10, 5, 0, 30, tzinfo=UTC)
"""09:30 in Japan, on the day of the samples."""

TARO = "20261005090005"
"""厚労 太郎, 照会番号 00123, every consent given, an electronic prescription."""
NEW = "20261005090210"
"""Nobody's number yet."""
INVALID = "20261005091405"
NOBODY = "20261005091655"


def sample(stamp: str) -> Path:
    (path,) = SAMPLES.glob(f"*_{stamp}.xml")
    return path


@contextlib.asynccontextmanager
async def watching(desk: Any) -> AsyncIterator[None]:
    """The task of this desk, running, its clock on the day of the samples."""
    desk.clock.now = NOW
    running = asyncio.create_task(ReaderWatch(desk.desk, look_every=0.02).run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled()


async def rows(desk: Any) -> list[str]:
    """The rows of the board, each as its HTML."""
    page = (await desk.at_staff_door.get("/board")).text
    return re.findall(r"<tr data-checkin-id.*?</tr>", page, re.DOTALL)


async def until_rows(desk: Any, count: int, seconds: float = 10.0) -> list[str]:
    end = time.monotonic() + seconds
    while len(found := await rows(desk)) < count:
        assert time.monotonic() < end, f"{len(found)} rows and not {count} came in time"
        await asyncio.sleep(0.01)
    return found


async def until_away(desk: Any, *, away: bool, seconds: float = 10.0) -> None:
    """Until the board says, or does not say, that the reader's results cannot be read."""
    end = time.monotonic() + seconds
    while ('data-trouble="reader_away"' in (await desk.at_staff_door.get("/api/v1/troubles")).text) is not away:
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


def words(row: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", row).split())


def seen(face: Path) -> dict[str, tuple[bytes, int, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_ino, path.stat().st_mtime_ns) for path in face.iterdir()}


def id_of(row: str) -> str:
    found = re.search(r'data-checkin-id="([^"]+)"', row)
    assert found is not None
    return found[1]


async def stays(desk: Any, count: int) -> None:
    """For many looks of the watch, no more rows come."""
    for _ in range(15):
        await asyncio.sleep(0.02)
        assert len(await rows(desk)) == count


def taro(build: Build, number: str = "A007", **person: Any) -> CheckIn:
    """An earlier check-in at a kiosk of ours of the man in the sample."""
    told: dict[str, Any] = {
        "insurer_number": "01139997",
        "insured_symbol": "99990001",
        "insured_number": "12",
        "insured_branch": "00",
        "name": "厚労　太郎",
        "name_kana": "ｺｳﾛｳ ﾀﾛｳ",
        "birth_date": born(TARO),
        "reference_number": "00123",
    }
    return build(NOW - timedelta(days=20), number, **(told | person))


def born(stamp: str) -> date:
    found = re.search(r"<Birthdate>(\d{8})<", sample(stamp).read_text(encoding="utf-8"))
    assert found is not None
    return datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=UTC).date()


async def test_an_arrival_is_a_row_that_says_where_the_patient_was(open_desk: OpenDesk, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings()) as desk, watching(desk):
        with desk.desk.board.listen() as heard:
            shutil.copy(sample(TARO), terminal.folder / "face")
            (row,) = await until_rows(desk, 1)
            told = await heard.next(1.0)
        assert (told.kind, told.flags) == ("checkin", {"checkin_id": id_of(row), "state": "open", "new": True})
        assert 'data-source="official_reader"' in row
        assert 'data-queue-number=""' in row
        assert "顔認証付きカードリーダーで受付（こちらの受付機ではありません）" in row
        said = words(row)
        assert said.startswith("未対応 患者番号 00123 模擬")
        assert "コウロウ タロウ 厚労 太郎" in said
        assert "有効 電子処方箋" in said
        assert "記録なし" in said
        assert "9:00 カードリーダー" in said
        assert "番号照会" not in said
        assert row.count("mark given") == 4
        assert "10/6 9:00 まで閲覧できます" in row
        alone = await desk.at_staff_door.get(f"/api/v1/rows/{id_of(row)}", headers={"accept": "text/html"})
        assert words(alone.text) == said
        assert ("official_reader", "arrival_kept") in desk.audit()


async def test_the_file_stays_as_it_is(open_desk: OpenDesk, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings()) as desk, watching(desk):
        shutil.copy(sample(TARO), terminal.folder / "face")
        before = seen(terminal.folder / "face")
        await until_rows(desk, 1)
        await stays(desk, 1)
        assert seen(terminal.folder / "face") == before


async def test_a_row_is_taken_and_finished_like_any_other(open_desk: OpenDesk, terminal: Any) -> None:
    shutil.copy(sample(TARO), terminal.folder / "face")
    async with open_desk(terminal=terminal.settings()) as desk, watching(desk):
        (row,) = await until_rows(desk, 1)
        headers = await desk.sit_down("tanaka")
        url = f"/api/v1/rows/{id_of(row)}"
        for step, state in (("take", "taken"), ("finish", "done"), ("back", "taken")):
            answer = await desk.at_staff_door.post(f"{url}/{step}", headers=headers)
            assert answer.json() == {"state": state}
        assert (await desk.at_staff_door.post(f"{url}/take", headers=headers)).status_code == 409
        assert "対応中 田中 みさき" in words((await rows(desk))[0])
        told = (await desk.at_staff_door.get(url)).json()
        assert (told["arrival_id"], told["state"], told["taken_by"]) == (id_of(row), "taken", "tanaka")
        assert told["arrival"]["eligibility"]["source"] == "official_reader"


async def test_a_restart_doubles_no_row_and_a_copy_neither(open_desk: OpenDesk, terminal: Any) -> None:
    face = terminal.folder / "face"
    shutil.copy(sample(TARO), face)
    async with open_desk(terminal=terminal.settings()) as desk, watching(desk):
        (first,) = await until_rows(desk, 1)
    shutil.copy(sample(TARO), face / sample(TARO).name.replace("0a1b", "ffff"))
    async with open_desk(terminal=terminal.settings()) as desk, watching(desk):
        await stays(desk, 1)
        shutil.copy(sample(NEW), face)
        found = {id_of(row) for row in await until_rows(desk, 2)}
        assert id_of(first) in found
        assert len(found) == 2


async def test_an_arrival_while_reception_was_away_is_shown_when_it_is_back(open_desk: OpenDesk, terminal: Any) -> None:
    shutil.copy(sample(INVALID), terminal.folder / "face")
    shutil.copy(sample(NOBODY), terminal.folder / "face")
    async with open_desk(terminal=terminal.settings()) as desk, watching(desk):
        said = sorted(words(row) for row in await until_rows(desk, 2))
        assert any("無効 資格喪失" in one for one in said)
        assert any("該当する資格なし" in one and "氏名は届いていません" in one for one in said)


# -- whose it is -----------------------------------------------------------------------------------------------------------

CASES: dict[str, tuple[str, dict[str, Any], str]] = {
    "by the clinic's number": (TARO, {}, "患者番号 00123 模擬 コウロウ"),
    "the number is somebody else's": (TARO, {"name_kana": "ﾍﾞﾂ ｼﾞﾝ"}, "照会番号不一致"),
    "the number is of another birth date": (TARO, {"birth_date": date(1950, 1, 1)}, "照会番号不一致"),
    "by name and birth date, without a number": (TARO, {"reference_number": None}, "番号未登録"),
    "another number of ours": (TARO, {"reference_number": "00999"}, "照会番号不一致"),
    "nobody we know": (NEW, {}, "照会番号なし"),
}


@pytest.mark.parametrize("case", CASES)
async def test_an_arrival_is_matched_to_the_clinics_patients(
    open_desk: OpenDesk, terminal: Any, checkin_at: Build, case: str
) -> None:
    stamp, person, expected = CASES[case]
    async with open_desk(terminal=terminal.settings()) as desk:
        desk.clock.now = NOW
        assert (await desk.post(taro(checkin_at, **person))).status_code == 201
        async with watching(desk):
            shutil.copy(sample(stamp), terminal.folder / "face")
            found = await until_rows(desk, 2)
        (row,) = [one for one in found if "official_reader" in one]
        assert expected in words(row)
        assert ("whose look" in row) == ("不一致" in expected)


async def test_a_new_patient_is_found_by_name_once_the_number_is_known(
    open_desk: OpenDesk, terminal: Any, checkin_at: Build
) -> None:
    text = sample(TARO).read_text(encoding="utf-8")
    without = re.sub(r"\s*<ReferenceNumber>.*?</ReferenceNumber>", "", text)
    assert without != text
    async with open_desk(terminal=terminal.settings()) as desk:
        desk.clock.now = NOW
        await desk.post(taro(checkin_at))
        async with watching(desk):
            (terminal.folder / "face" / sample(TARO).name).write_text(without, encoding="utf-8")
            found = await until_rows(desk, 2)
        assert any("患者番号 00123 模擬" in words(row) and "氏名で一致" in words(row) for row in found)


async def test_namesakes_are_told_apart_by_their_insurance(
    open_desk: OpenDesk, terminal: Any, checkin_at: Build
) -> None:
    text = sample(TARO).read_text(encoding="utf-8")
    without = re.sub(r"\s*<ReferenceNumber>.*?</ReferenceNumber>", "", text)
    async with open_desk(terminal=terminal.settings()) as desk:
        desk.clock.now = NOW
        await desk.post(taro(checkin_at))
        await desk.post(taro(checkin_at, reference_number="00777", insured_number="99", number="A013"))
        async with watching(desk):
            (terminal.folder / "face" / sample(TARO).name).write_text(without, encoding="utf-8")
            found = await until_rows(desk, 3)
        (row,) = [one for one in found if "official_reader" in one]
        assert "患者番号 00123" in words(row)
        other = without.replace(">12<", ">34<")
        assert other != without
        async with watching(desk):
            (terminal.folder / "face" / sample(TARO).name.replace("0a1b", "ffff")).write_text(other, encoding="utf-8")
            found = await until_rows(desk, 4)
        assert any("whose look" in row and "複数該当" in words(row) for row in found)


async def test_assistance_beside_an_insurance_is_one_row_of_one_person(open_desk: OpenDesk, terminal: Any) -> None:
    shutil.copy(sample("20261005091005"), terminal.folder / "face")
    async with open_desk(terminal=terminal.settings()) as desk, watching(desk):
        (row,) = await until_rows(desk, 1)
        assert "併用 三郎" in words(row)
        assert "医療扶助" in words(row)


async def test_a_consent_past_its_day_is_none(open_desk: OpenDesk, terminal: Any) -> None:
    shutil.copy(sample(TARO), terminal.folder / "face")
    async with open_desk(terminal=terminal.settings()) as desk, watching(desk):
        (row,) = await until_rows(desk, 1)
        assert row.count("mark given") == 4
        desk.clock.later(hours=24)
        (row,) = await until_rows(desk, 1)
        assert row.count("mark given") == 0


async def test_an_arrival_at_the_reader_is_never_joined_to_a_visit_of_ours(
    open_desk: OpenDesk, terminal: Any, checkin_at: Build, unanswered: Build
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        desk.clock.now = NOW
        ours = replace(unanswered(taro(checkin_at)), confirmed_at=NOW - timedelta(seconds=20))
        await desk.post(ours)
        before = (await desk.at_staff_door.get(f"/api/v1/rows/{ours.checkin_id}")).json()
        async with watching(desk):
            shutil.copy(sample(TARO), terminal.folder / "face")
            await until_rows(desk, 2)
        assert (await desk.at_staff_door.get(f"/api/v1/rows/{ours.checkin_id}")).json() == before
        assert before["later"] is None


# -- what is no arrival, and what means harm -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("manner", "sentence"),
    [
        ("portal", ""),
        ("entities", ""),
        ("torn", ""),
        ("encrypted", "暗号化されています。"),
        ("huge", "大きすぎます。"),
        ("link", "ファイルではありません。"),
        ("folder", "ファイルではありません。"),
        ("pipe", "ファイルではありません。"),
    ],
)
async def test_a_hostile_file_is_one_sentence_and_the_next_arrival_comes(
    open_desk: OpenDesk, terminal: Any, manner: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Watch.__init__, "__defaults__", (0.5,))  # seconds that the end of a torn file is waited for
    async with open_desk(terminal=terminal.settings()) as desk:
        watch = asyncio.create_task(ReaderWatch(desk.desk, look_every=0.02).run())
        desk.clock.now = datetime.now(UTC)
        terminal.tell(manner=manner)
        terminal.tell(arrive=0)
        (row,) = await until_rows(desk, 1)
        assert f"要確認 結果が読めません {sentence}照会端末の画面で確認する" in words(row)
        assert '<span class="none">—</span>' in row
        terminal.tell(manner="ordinary")
        terminal.tell(arrive=0)
        await until_rows(desk, 2)
        watch.cancel()
        await asyncio.wait([watch])


async def test_a_folder_full_of_rubbish_buries_nobody(open_desk: OpenDesk, terminal: Any) -> None:
    face = terminal.folder / "face"
    for number in range(reader_rows.MOST_FAILED + 20):
        (face / f"OQSsiquc01res_face_x{number}_20261005080000.xml").write_text(f"<XmlMsg>{number}</XmlMsg>")
    async with open_desk(terminal=terminal.settings()) as desk, watching(desk):
        await until_rows(desk, reader_rows.MOST_FAILED)
        shutil.copy(sample(TARO), face)
        found = await until_rows(desk, reader_rows.MOST_FAILED + 1)
        assert any("コウロウ タロウ" in words(row) for row in found)
        await stays(desk, reader_rows.MOST_FAILED + 1)


async def test_texts_of_a_file_are_texts_on_the_page(open_desk: OpenDesk, terminal: Any) -> None:
    text = sample(TARO).read_text(encoding="utf-8").replace("厚労　太郎", "&lt;script&gt;alert(1)&lt;/script&gt;")
    (terminal.folder / "face" / sample(TARO).name).write_text(text, encoding="utf-8")
    async with open_desk(terminal=terminal.settings()) as desk, watching(desk):
        (row,) = await until_rows(desk, 1)
        assert "<script" not in row
        assert "&lt;script&gt;" in row


async def test_a_folder_that_is_away_loses_nobody(open_desk: OpenDesk, terminal: Any) -> None:
    face = terminal.folder / "face"
    async with open_desk(terminal=terminal.settings()) as desk, watching(desk):
        await until_away(desk, away=False)
        with desk.desk.board.listen(lambda event: event.kind == "reader") as heard:
            face.rename(terminal.folder / "aside")
            await until_away(desk, away=True)
            shutil.copy(sample(TARO), terminal.folder / "aside")
            (terminal.folder / "aside").rename(face)
            await until_rows(desk, 1)
            await until_away(desk, away=False)
            assert [(await heard.next(1.0)).flags for _ in range(2)] == [{"away": True}, {"away": False}]


async def test_an_arrival_waits_for_a_store_in_trouble(
    open_desk: OpenDesk, terminal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.reception.reader_watch.STORE_AGAIN_EVERY", 0.02)
    async with open_desk(terminal=terminal.settings()) as desk, watching(desk):
        write, tries = desk.desk.store.write, []

        async def failing(change: Any) -> Any:
            tries.append(change)
            if len(tries) < 3:
                raise StoreError("the disk is full")
            return await write(change)

        monkeypatch.setattr(desk.desk.store, "write", failing)
        shutil.copy(sample(TARO), terminal.folder / "face")
        await until_rows(desk, 1)
        assert len(tries) == 3


async def test_without_the_folder_in_the_settings_nothing_is_watched(open_desk: OpenDesk, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings(face=None)) as desk:
        await asyncio.wait_for(ReaderWatch(desk.desk).run(), 1)
    async with open_desk() as desk:
        await asyncio.wait_for(ReaderWatch(desk.desk).run(), 1)


async def test_what_is_kept_of_an_arrival_names_no_file(open_desk: OpenDesk, terminal: Any) -> None:
    shutil.copy(sample(TARO), terminal.folder / "face")
    async with open_desk(terminal=terminal.settings()) as desk, watching(desk):
        (row,) = await until_rows(desk, 1)
        told = (await desk.at_staff_door.get(f"/api/v1/rows/{id_of(row)}")).json()
        assert "OQS" not in json.dumps(told)
