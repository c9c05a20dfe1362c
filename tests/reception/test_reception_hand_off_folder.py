"""What goes wrong with the folder that results are handed off in, and what may not be one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from kiosk.eligibility.terminal.settings import TerminalSettings
from kiosk.errors import SettingsError
from kiosk.reception import hand_off, hand_off_rows
from kiosk.reception.hand_off_folder import FolderAwayError, HandOffFolder
from kiosk.reception.settings import ReceptionSettings
from kiosk.record.checkin import CheckIn
from kiosk.settings import read as from_file
from tests.reception.handing_off import (
    CLINIC,
    handing_off,
    lying,
    mounted,
    results,
    section,
    settings_of,
    states,
    take,
    unmounted,
    until,
    until_states,
    until_troubles,
)

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]
Build = Callable[..., CheckIn]


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


async def test_a_share_that_hangs_is_told_of_while_it_hangs(
    open_desk: OpenDesk, checkin_at: Build, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_the_folders_step_never_writes_over_a_file(tmp_path: Path) -> None:
    folder = HandOffFolder(tmp_path)
    folder.write("a.tmp", b"first")
    with pytest.raises(FolderAwayError):
        folder.write("a.tmp", b"second")
    (tmp_path / "Taken.XML").write_bytes(b"theirs")
    with pytest.raises(FolderAwayError):
        folder.rename("a.tmp", "taken.xml")
    assert (tmp_path / "Taken.XML").read_bytes() == b"theirs"


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
