"""Handing results to the claims computer: each once, in order, whatever breaks; and nothing where it must not be."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kiosk.eligibility.oqs import file_names
from kiosk.eligibility.oqs.file_names import FaceName
from kiosk.eligibility.oqs.reading import read_result
from kiosk.eligibility.terminal.settings import TerminalSettings
from kiosk.errors import SettingsError
from kiosk.reception import hand_off, hand_off_rows, later_answers, troubles
from kiosk.reception.forgetting import Forgetting
from kiosk.reception.hand_off import MARK, HandOff
from kiosk.reception.hand_off_folder import FolderAwayError, HandOffFolder, Steps
from kiosk.reception.hand_off_rows import HandOffState
from kiosk.reception.hand_off_settings import HandOffSettings
from kiosk.reception.later_answers import LaterAnswer
from kiosk.reception.settings import ReceptionSettings
from kiosk.reception.store import Transaction
from kiosk.record import consent
from kiosk.record.checkin import CheckIn, Eligibility
from kiosk.record.eligibility import Source, Validity
from kiosk.settings import read as from_file

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]
Build = Callable[..., CheckIn]

CLINIC = "1319999996"


@pytest.fixture
def share(tmp_path: Path) -> Path:
    folder = tmp_path / "receipt"
    folder.mkdir()
    return folder


def settings_of(share: Path, **others: Any) -> HandOffSettings:
    told: dict[str, Any] = {"folder": share, "institution_code": CLINIC, "test": True, "look_seconds": 0.02}
    return HandOffSettings(**(told | others))


@contextlib.asynccontextmanager
async def handing_off(desk: Any, settings: HandOffSettings, steps: Steps | None = None) -> AsyncIterator[None]:
    """The task of this desk, running; it has begun when this is entered."""
    running = asyncio.create_task(HandOff(desk.desk, settings, steps).run())
    await until(lambda: desk.desk.store.read(hand_off_rows.is_on))
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled()


async def until(true: Callable[[], Awaitable[object]], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not await true():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.005)


async def states(desk: Any, checkin: CheckIn) -> list[str]:
    return [row.state.value for row in await desk.desk.store.read(hand_off_rows.of_checkin(checkin.checkin_id))]


async def until_states(desk: Any, checkin: CheckIn, *wanted: str) -> None:
    async def there() -> bool:
        return await states(desk, checkin) == list(wanted)

    await until(there)


async def until_troubles(desk: Any, *keys: str) -> None:
    async def there() -> bool:
        standing = await desk.desk.store.read(troubles.told)
        return [trouble.key for trouble in standing if trouble.kind == hand_off.KIND] == list(keys)

    await until(there)


def results(share: Path) -> list[Path]:
    return sorted(path for path in share.iterdir() if isinstance(file_names.parse(path.name), FaceName))


def take(share: Path) -> list[str]:
    """What a claims computer does: read the files in the order of their names, and take them away."""
    taken = []
    for path in results(share):
        content = path.read_bytes().decode("cp932")
        identifier = content.split("<ArbitraryFileIdentifier>")[1].split("<")[0]
        taken.append(identifier.removeprefix("SIM") + (" later" if "<ReferenceClassification>2" in content else ""))
        path.unlink()
    return taken


def lying(share: Path) -> set[str]:
    return {path.name for path in share.iterdir()}


def unmounted(share: Path, *, mount_point: bool) -> Path:
    """Take the share away; where it was, an empty folder, or nothing. Gives where it is now."""
    away = share.rename(share.with_name("away"))
    if mount_point:
        share.mkdir()
    return away


def mounted(away: Path, share: Path) -> None:
    if share.exists():
        share.rmdir()
    away.rename(share)


def later(checkin: CheckIn) -> LaterAnswer:
    answer = replace(checkin.eligibility, source=Source.NUMBER_LOOKUP)
    return LaterAnswer(checkin.checkin_id, simulated=True, eligibility=answer)


def nobody_answered(checkin: CheckIn) -> CheckIn:
    none = Eligibility(Source.NONE, Validity.UNCONFIRMED, None)
    return replace(checkin, eligibility=none, consents=consent.no_consents())


# -- what is handed off ------------------------------------------------------------------------------------------------


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


# -- what goes wrong with the folder -----------------------------------------------------------------------------------


async def test_a_file_that_stays_for_a_minute_is_an_alarm_until_it_is_taken(
    open_desk: OpenDesk, checkin_at: Build, share: Path
) -> None:
    async with open_desk() as desk, handing_off(desk, settings_of(share)):
        checkin = checkin_at(desk.clock.now)
        await desk.post(checkin)
        await until_states(desk, checkin, "written")
        await until_troubles(desk)
        desk.clock.later(seconds=61)
        await until_troubles(desk, "not_taken")
        take(share)
        await until_troubles(desk)
        await until_states(desk, checkin, "taken")


async def test_a_share_that_is_away_holds_everything_in_its_order(
    open_desk: OpenDesk, checkin_at: Build, share: Path
) -> None:
    async with open_desk() as desk, handing_off(desk, settings_of(share)):
        first = checkin_at(desk.clock.now)
        await desk.post(first)
        await until_states(desk, first, "written")
        away = unmounted(share, mount_point=False)
        await until_troubles(desk, "away")
        more = [checkin_at(desk.clock.now, f"A{number:03}") for number in range(20, 24)]
        for checkin in more:
            await desk.post(checkin)
        assert await states(desk, first) == ["written"]
        mounted(away, share)
        await until_states(desk, more[-1], "written")
        assert take(share) == [checkin.checkin_id for checkin in (first, *more)]
        await until_troubles(desk)


async def test_an_empty_mount_point_is_not_a_folder_whose_files_were_taken(
    open_desk: OpenDesk, checkin_at: Build, share: Path
) -> None:
    async with open_desk() as desk, handing_off(desk, settings_of(share)):
        first, second = checkin_at(desk.clock.now), checkin_at(desk.clock.now, "A013")
        await desk.post(first)
        await until_states(desk, first, "written")
        away = unmounted(share, mount_point=True)
        await until_troubles(desk, "no_mark")
        await desk.post(second)
        await until(lambda: desk.desk.store.read(hand_off_rows.next_queued))
        assert await states(desk, first) == ["written"]
        assert lying(share) == set()
        mounted(away, share)
        await until_states(desk, second, "written")
        assert take(share) == [first.checkin_id, second.checkin_id]


async def test_nothing_is_written_where_a_terminal_writes(open_desk: OpenDesk, checkin_at: Build, share: Path) -> None:
    theirs = share / "OQSsiquc01res_face_13199999960a1b2c3d4e5f60718293_20261124091500.xml"
    theirs.write_bytes(b"<XmlMsg/>")
    async with open_desk() as desk, handing_off(desk, settings_of(share)):
        checkin = checkin_at(desk.clock.now)
        await desk.post(checkin)
        await until_troubles(desk, "foreign")
        assert lying(share) == {theirs.name}
        theirs.unlink()
        await until_states(desk, checkin, "written")
        again = share / theirs.name
        again.write_bytes(b"<XmlMsg/>")
        second = checkin_at(desk.clock.now, "A013")
        await desk.post(second)
        await until_troubles(desk, "foreign")
        await until_states(desk, second, "queued")
        assert len(results(share)) == 2


async def test_a_file_of_ours_that_is_put_back_is_still_ours(
    open_desk: OpenDesk, checkin_at: Build, share: Path
) -> None:
    async with open_desk() as desk, handing_off(desk, settings_of(share)):
        first, second = checkin_at(desk.clock.now), checkin_at(desk.clock.now, "A013")
        await desk.post(first)
        await until_states(desk, first, "written")
        (file,) = results(share)
        trash = file.rename(share.parent / file.name)
        await until_states(desk, first, "taken")
        trash.rename(file)
        await desk.post(second)
        await until_states(desk, second, "written")
        await until_troubles(desk)


@pytest.mark.parametrize("name", ["face", "FACE", "req", "Res"])
def test_the_terminals_own_folders_cannot_be_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="nothing is ever written there"):
        settings_of(tmp_path / name)


def test_nor_can_they_be_named_in_another_way(tmp_path: Path) -> None:
    (tmp_path / "OQS" / "face").mkdir(parents=True)
    link = tmp_path / "receipt"
    link.symlink_to(tmp_path / "OQS" / "face")
    terminal = TerminalSettings(
        req=tmp_path / "OQS/req", res=tmp_path / "OQS/res", face=tmp_path / "oqs/FACE", institution_code="1311234566"
    )
    theirs = (link, tmp_path / "OQS" / "Face" / "kiosk")
    for folder in theirs:
        with pytest.raises(ValueError, match="nothing is ever written there"):
            settings_of(folder).check_apart_from(terminal)
    settings_of(tmp_path / "OQS" / "kiosk").check_apart_from(terminal)
    settings_of(link).check_apart_from(None)


def test_the_folders_step_never_writes_over_a_file(tmp_path: Path) -> None:
    folder = HandOffFolder(tmp_path)
    folder.write("a.tmp", b"first")
    with pytest.raises(FolderAwayError):
        folder.write("a.tmp", b"second")
    (tmp_path / "Taken.XML").write_bytes(b"theirs")
    with pytest.raises(FolderAwayError):
        folder.rename("a.tmp", "taken.xml")
    assert (tmp_path / "Taken.XML").read_bytes() == b"theirs"


# -- what breaks on the way --------------------------------------------------------------------------------------------


class CrashError(Exception):
    """The process is gone."""


@dataclass
class Fate:
    """Counts every step in the folder and every change in the store, and ends the life at one of them."""

    at: int
    after: bool
    share: Path
    taken: list[str]
    eager: bool
    steps: int = 0
    over: bool = False

    def before(self) -> None:
        self.steps += 1
        if self.over or (self.steps == self.at and not self.after):
            self.over = True
            raise CrashError

    def afterwards(self) -> None:
        if self.eager:
            self.taken += take(self.share)
        if self.steps == self.at and self.after:
            self.over = True
            raise CrashError


@dataclass
class FatefulSteps:
    """The folder of one life."""

    fate: Fate
    folder: HandOffFolder

    def names(self) -> frozenset[str]:
        names: frozenset[str] = self._do(self.folder.names)
        return names

    def write(self, name: str, content: bytes) -> None:
        if self.fate.steps + 1 == self.fate.at and not self.fate.after:  # a file of which half is there
            (self.fate.share / name).write_bytes(content[: len(content) // 2])
        self._do(lambda: self.folder.write(name, content))

    def rename(self, name: str, new_name: str) -> None:
        self._do(lambda: self.folder.rename(name, new_name))

    def remove(self, name: str) -> None:
        self._do(lambda: self.folder.remove(name))

    def _do(self, step: Callable[[], Any]) -> Any:
        self.fate.before()
        found = step()
        self.fate.afterwards()
        return found


@dataclass
class FatefulStore:
    """The store of one life; what is kept stays kept."""

    fate: Fate
    store: Any

    async def read(self, question: Callable[..., Any]) -> Any:
        return await self.store.read(question)

    async def write(self, change: Callable[..., Any]) -> Any:
        self.fate.before()
        found = await self.store.write(change)
        self.fate.afterwards()
        return found


@pytest.mark.parametrize("eager", [False, True], ids=["taken_in_the_end", "taken_at_once"])
@pytest.mark.parametrize("after", [False, True], ids=["before_a_step", "after_a_step"])
@pytest.mark.parametrize("kept_in", [{}], ids=["sqlite"])
async def test_a_crash_at_any_step_loses_nothing_and_writes_nothing_twice(
    open_desk: OpenDesk, checkin_at: Build, share: Path, after: bool, eager: bool
) -> None:
    taken: list[str] = []
    expected: list[str] = []
    settings = settings_of(share)
    async with open_desk() as desk:
        await desk.desk.store.write(hand_off_rows.begin)
        at = 0
        while True:
            at += 1
            fate = Fate(at, after, share, taken, eager)
            answered = checkin_at(desk.clock.now, "A001")
            await desk.post(nobody_answered(answered))
            await desk.desk.store.write(later_answers.join(later(answered)))
            second = checkin_at(desk.clock.now, "A002")
            await desk.post(second)
            life = SimpleNamespace(
                store=FatefulStore(fate, desk.desk.store), board=desk.desk.board, clock=desk.desk.clock
            )
            steps = FatefulSteps(fate, HandOffFolder(share))
            running = asyncio.create_task(HandOff(life, settings, steps).run())  # type: ignore[arg-type]

            async def handed(one: CheckIn = answered, other: CheckIn = second) -> bool:
                how_far = await states(desk, one) + await states(desk, other)
                return len(how_far) == 3 and set(how_far) <= {"nothing", "written", "taken"}

            async def over(running: asyncio.Task[None] = running) -> bool:
                return running.done() or await handed()

            await until(over)
            crashed = running.done()
            if crashed:
                assert isinstance(running.exception(), CrashError)
            else:
                running.cancel()
                await asyncio.wait([running])
            # The next life: nothing crashes in it.
            calm = asyncio.create_task(HandOff(desk.desk, settings).run())
            await until(handed)
            taken += take(share)
            await until_states(desk, second, "taken")
            await until_states(desk, answered, "nothing", "taken")
            calm.cancel()
            await asyncio.wait([calm])
            # Answers of both sweeps come in the order in which they were queued: first the check-ins, then what came later.
            expected += [second.checkin_id, f"{answered.checkin_id} later"]
            assert sorted(taken) == sorted(expected), f"at step {at}"
            assert taken == expected, f"at step {at}"
            assert lying(share) == {MARK}
            if not crashed:
                break
        assert at > 12


async def test_two_lives_of_the_task_never_write_one_result_twice(
    open_desk: OpenDesk, checkin_at: Build, share: Path
) -> None:
    """Where duty passes from node to node while a share hangs, two may be at it for a moment."""
    async with open_desk() as desk:
        settings = settings_of(share)
        async with handing_off(desk, settings), handing_off(desk, settings):
            sent = [checkin_at(desk.clock.now, f"A{number:03}") for number in range(1, 31)]
            for checkin in sent:
                await desk.post(checkin)

            async def all_written() -> bool:
                return [await states(desk, one) for one in sent] == [["written"]] * len(sent)

            await until(all_written)
        assert sorted(take(share)) == sorted(checkin.checkin_id for checkin in sent)


async def test_a_share_that_hangs_is_told_of_while_it_hangs(
    open_desk: OpenDesk, checkin_at: Build, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    monkeypatch.setattr(hand_off, "PATIENCE", 0.05)
    let_go = threading.Event()

    class Hanging(HandOffFolder):
        def names(self) -> frozenset[str]:
            let_go.wait(20)
            return super().names()

    async with open_desk() as desk, handing_off(desk, settings_of(share), Hanging(share)):
        checkin = checkin_at(desk.clock.now)
        assert (await desk.post(checkin)).status_code == 201
        try:
            await until_troubles(desk, "away")
        finally:
            let_go.set()
        await until_states(desk, checkin, "written")
        await until_troubles(desk)


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


def section(share: Path) -> str:
    told = f"folder: {share}, institution_code: '{CLINIC}', test: true, look_seconds: 0.05"
    return f"hand_off: {{{told}}}\n"


def test_a_reception_that_is_killed_and_started_again_goes_on_handing_off(
    start_reception: Callable[..., Any], checkin_now: Build, share: Path
) -> None:
    reception = start_reception(more=section(share))
    first, second = checkin_now(), checkin_now("A013")
    reception.post(first)
    wait_for(lambda: len(results(share)) == 1)
    reception.process.kill()
    reception.process.wait(10)
    assert take(share) == [first.checkin_id]
    again = start_reception(more=section(share))
    again.post(second)
    wait_for(lambda: len(results(share)) == 1)
    assert take(share) == [second.checkin_id]
    assert again.stop() == 0
    assert lying(share) == {MARK}


def wait_for(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def read_settings(tmp_path: Path, site: str, more: str) -> ReceptionSettings:
    file = tmp_path / "reception.yaml"
    file.write_text(
        f"site: {site}\nclinic: みほん\ndatabase: r.db\nkey_file: r.key\n{more}"
        "kiosk_door: {host: 127.0.0.1, port: 0}\nstaff_door: {host: 127.0.0.1, port: 0}\n",
        encoding="utf-8",
    )
    return from_file(file, ReceptionSettings)


def test_the_settings_are_checked_together(tmp_path: Path, share: Path) -> None:
    assert read_settings(tmp_path, "test", section(share)).hand_off is not None
    assert read_settings(tmp_path, "test", "").hand_off is None
    terminal = f"terminal: {{req: {share}/req, res: {share}, institution_code: '{CLINIC}', test: true}}\n"
    for site, more, said in (
        ("live", section(share), "hand_off.test"),
        ("test", section(share) + terminal, "hand_off.folder"),
        ("test", section(share).replace("1319999996", "12"), "institution_code"),
        ("test", section(share).replace(", test: true", ""), "institution_code"),
        ("test", section(share / "Face"), "folder"),
        ("test", section(share).replace("look_seconds: 0.05", "look_seconds: 0"), "look_seconds"),
    ):
        with pytest.raises(SettingsError, match=said):
            read_settings(tmp_path, site, more)


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
