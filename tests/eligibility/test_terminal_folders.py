"""The bridge and its folders when the world is not kind: a share that goes, a crash, leftovers, odd cases, others' marks."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.eligibility.oqs import file_names
from kiosk.eligibility.oqs.file_names import Business, Direction, MessageName
from kiosk.eligibility.terminal import folder as folders
from kiosk.eligibility.terminal import leftovers, rounds
from kiosk.eligibility.terminal.bridge import Terminal
from kiosk.eligibility.terminal.errors import LockedError, NotAFileError, NotTakenError, ShareError
from kiosk.eligibility.terminal.folder import Folder
from kiosk.eligibility.terminal.names import Mark, draft_name
from kiosk.eligibility.terminal.sight import Watch, sight
from kiosk.record.eligibility import Validity
from tests.eligibility.terminal_side import Side, query, settings, side, until

MARK = Mark("4610")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    with side(tmp_path_factory.mktemp("terminal")) as running:
        yield running


@pytest.fixture
def there(process: Side) -> Side:
    process.clear()
    return process


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """Folders with nobody behind them."""
    for name in ("req", "res", "face"):
        (tmp_path / name).mkdir()
    return tmp_path


# -- the share goes ------------------------------------------------------------------------------------------------------


def test_a_share_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with Terminal(settings(tmp_path)) as terminal, pytest.raises(ShareError) as gone:
        terminal.answer(query())
    assert gone.value.sentence == f"{tmp_path / 'req'}: the terminal's folder is not there: is the share mounted?"
    assert gone.value.code == "share"


def test_a_share_that_goes_while_an_answer_is_waited_for_is_told_before_the_time_is_over(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "GONE_SECONDS", 0.2)
    with Terminal(settings(empty)) as terminal:
        future = terminal.ask(query())
        until(lambda: any((empty / "req").iterdir()))
        shutil.rmtree(empty / "res")
        with pytest.raises(ShareError, match="res: the terminal's folder is not there"):
            future.result(5)


def test_a_share_that_is_away_for_a_moment_loses_no_answer(there: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    away: list[ShareError] = []
    names = Folder.names

    def hiccups(self: Folder) -> tuple[str, ...]:
        if self.path().name == "res" and len(away) < 3:
            away.append(ShareError(self.path(), "is away"))
            raise away[-1]
        return names(self)

    with Terminal(there.settings()) as terminal:
        assert terminal.answer(query("68")).validity is Validity.INVALID
        monkeypatch.setattr(Folder, "names", hiccups)
        assert terminal.answer(query("67")).validity is Validity.VALID
    assert len(away) == 3


def test_a_request_that_cannot_be_written_is_told_at_once(empty: Path) -> None:
    (empty / "req").rmdir()
    (empty / "req").write_bytes(b"a file")
    with Terminal(settings(empty)) as terminal:
        started = time.monotonic()
        with pytest.raises(ShareError):
            terminal.answer(query())
        assert time.monotonic() - started < 2


def test_a_share_that_hangs_frees_whoever_waits(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs = threading.Event()
    monkeypatch.setattr(Folder, "names", lambda _: hangs.wait(20) and ())
    terminal = Terminal(settings(empty))
    try:
        started = time.monotonic()
        with pytest.raises(ShareError, match="the share hangs"):
            terminal.answer(query(), within=0.2)
        assert time.monotonic() - started < 5
    finally:
        hangs.set()
        terminal.close()


def test_an_answer_that_cannot_be_opened_is_told_as_such(there: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Folder, "open", lambda *_: None)  # what EACCES and EBUSY become: root reads everything
    with Terminal(there.settings(timeout_seconds=5.0)) as terminal, pytest.raises(LockedError):
        terminal.answer(query())


def test_a_mistake_in_reading_is_its_askers_and_ends_nothing(there: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = query()
    with Terminal(there.settings()) as terminal:
        with monkeypatch.context() as patch:
            patch.setattr(type(asked), "answer", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                terminal.answer(asked)
        assert terminal.answer(asked).validity is Validity.VALID


# -- a crash ---------------------------------------------------------------------------------------------------------------


CRASHING = """
import os, sys, time
from pathlib import Path
from kiosk.eligibility.terminal.bridge import Terminal
from tests.eligibility.terminal_side import query, settings
at, folder = sys.argv[1], Path(sys.argv[2])

def stop(*_):
    print("here", flush=True)
    time.sleep(60)

if at == "before the rename":
    Path.rename = stop
elif at == "in the draft":
    os.fsync = stop
with Terminal(settings(folder, timeout_seconds=50.0, bulk_timeout_seconds=50.0)) as terminal:
    terminal.ask(query())
    if at == "while waiting":
        deadline = time.monotonic() + 10
        while not any(name.endswith(".xml") for name in os.listdir(folder / "req")):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        stop()
    time.sleep(60)
"""


def crash(at: str, folder: Path) -> None:
    command = [sys.executable, "-c", CRASHING, at, str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGKILL)


def later() -> datetime:
    """Ten minutes on: nobody who crashed can be waiting any more."""
    return datetime.now(UTC) + timedelta(minutes=10)


@pytest.mark.parametrize("at", ["in the draft", "before the rename", "while waiting"])
def test_what_a_crash_leaves_is_taken_by_nobody_and_taken_away(empty: Path, at: str) -> None:
    crash(at, empty)
    (left,) = (empty / "req").iterdir()
    assert (file_names.parse(left.name) is None) == (at != "while waiting")

    with Terminal(settings(empty), later):
        until(lambda: not any((empty / "req").iterdir()))


def test_after_a_crash_the_old_answer_is_not_the_new_questions(there: Side) -> None:
    there.tell(manner="idle")
    crash("while waiting", there.folder)
    there.tell(manner="ordinary")
    until(lambda: there.names("res") != set())

    with Terminal(there.settings(), later) as terminal:
        assert terminal.answer(query("68")).validity is Validity.INVALID
        until(lambda: there.names("res") == set())


def test_two_who_share_a_mark_by_mistake_do_not_take_each_others_answers(there: Side) -> None:
    there.tell(delay_seconds=0.3)
    with Terminal(there.settings()) as one, Terminal(there.settings()) as other:
        mine, theirs = one.ask(query("67")), other.ask(query("68"))
        assert (mine.result(5).validity, theirs.result(5).validity) == (Validity.VALID, Validity.INVALID)


# -- leftovers -------------------------------------------------------------------------------------------------------------


def left_over(folder: Path, mark: Mark, at: datetime) -> set[Path]:
    tail = mark.new_tail(at)
    name = MessageName(Business.LOOKUP, "01", Direction.REQUEST, tail)
    paths = {
        folder / "req" / str(name),
        folder / "req" / draft_name(tail),
        folder / "res" / str(name.answer()),
        folder / "res" / str(name.answer()).upper(),
        folder / "res" / str(MessageName(Business.BULK_LOOKUP, "02", Direction.RESPONSE, tail, "zip")),
        folder / "res" / f"DEL_{name.answer()}.txt",
    }
    for path in paths:
        path.write_bytes(b"left")
    return paths


def test_only_ours_and_only_old_ones_are_taken_away(empty: Path) -> None:
    now = datetime.now(UTC)
    old = left_over(empty, MARK, now - timedelta(hours=1))
    spared = (
        left_over(empty, MARK, now)
        | left_over(empty, Mark("4611"), now - timedelta(hours=1))
        | {empty / "res" / "DEL20261004.txt", empty / "res" / "OQSsiquc01res_202610050001.xml"}
    )
    folder = empty / "res" / str(MessageName(Business.LOOKUP, "01", Direction.RESPONSE, "1" * 14 + "461000000000"))
    folder.mkdir()
    for path in spared:
        path.write_bytes(b"left")

    with Terminal(settings(empty)):
        until(lambda: not any(path.exists() for path in old))

    assert all(path.read_bytes() == b"left" for path in spared)
    assert folder.is_dir()


def test_a_clock_that_jumps_takes_nothing_away_that_is_waited_for_or_read(
    there: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    jumped = threading.Event()
    monkeypatch.setattr(leftovers, "SWEEP_SECONDS", 0.02)
    with Terminal(there.settings(), lambda: later() if jumped.is_set() else datetime.now(UTC)) as terminal:
        receipt = terminal.submit_bulk([query()])
        taken = there.tell(delay_seconds=1.5)["taken"]
        waited = terminal.ask(query())
        until(lambda: there.tell()["taken"] > taken)
        there.tell(delay_seconds=0, manner="idle")
        untaken = terminal.ask(query())
        until(lambda: there.names("req") != set())
        there.tell(manner="ordinary")
        with terminal.fetch_bulk(receipt) as answer:
            jumped.set()
            old = left_over(there.folder, MARK, datetime.now(UTC))
            until(lambda: not any(path.exists() for path in old))
            assert len(there.names("res")) == 1
            assert [row.number for row in answer] == [0]
        assert waited.result(5).validity is untaken.result(5).validity is Validity.VALID


def test_a_link_under_a_name_of_ours_is_not_ours(empty: Path) -> None:
    name = str(MessageName(Business.LOOKUP, "01", Direction.RESPONSE, MARK.new_tail(datetime(2026, 1, 1, tzinfo=UTC))))
    elsewhere = empty / "elsewhere"
    elsewhere.write_bytes(b"somebody's")
    (empty / "res" / name).symlink_to(elsewhere)
    with Terminal(settings(empty)) as terminal, pytest.raises(NotTakenError):
        terminal.answer(query(), within=0.3)
    assert (empty / "res" / name).is_symlink()
    assert elsewhere.read_bytes() == b"somebody's"


def test_it_looks_as_often_as_it_is_set_to_and_sleeps_while_nobody_asks(empty: Path) -> None:
    with Terminal(settings(empty, poll_seconds=0.1)) as terminal:
        wake = terminal._rounds._wake
        naps: list[float] = []
        wait = wake.wait

        def nap(timeout: float | None = None) -> bool:
            naps.append(timeout or 0.0)
            return wait(timeout)

        wake.wait = nap  # type: ignore[method-assign]

        with pytest.raises(NotTakenError):
            terminal.answer(query(), within=0.5)

        until(lambda: bool(naps) and naps[-1] > 10)
        assert len(naps) <= 10


# -- names -----------------------------------------------------------------------------------------------------------------


def test_folders_may_be_written_in_any_case(there: Side) -> None:
    (there.folder / "res").rename(there.folder / "RES_")
    (there.folder / "RES_").rename(there.folder / "res")
    odd = there.settings(req=there.folder / "REQ", res=there.folder / "Res")
    with Terminal(odd) as terminal:
        assert terminal.answer(query()).validity is Validity.VALID


def test_a_folder_that_is_there_twice_is_neither(tmp_path: Path) -> None:
    (tmp_path / "Res").mkdir()
    (tmp_path / "RES").mkdir()
    with pytest.raises(ShareError, match="more than once"):
        Folder(tmp_path / "res").names()


def test_a_folder_nobody_looked_after_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MAX_NAMES", 3)
    for number in range(4):
        (tmp_path / str(number)).touch()
    with pytest.raises(ShareError, match="more than 3 files"):
        Folder(tmp_path).names()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "NAME.XML").write_bytes(b"somebody's")
    folder = Folder(tmp_path)
    with folder.new("draft") as target:
        target.write(b"ours")
    with pytest.raises(ShareError, match="already holds"):
        folder.rename("draft", "name.xml")
    with pytest.raises(ShareError), folder.new("NAME.XML"):
        pass
    assert (tmp_path / "NAME.XML").read_bytes() == b"somebody's"


def test_a_device_or_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("/dev/zero")
    for name in ("pipe", "folder", "link"):
        with pytest.raises(NotAFileError):
            Folder(tmp_path).read(name, 100)
        assert not Folder(tmp_path).remove(name)
    assert Folder(tmp_path).read("gone", 100) is None
    assert Folder(tmp_path).remove("gone")


INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(at=INSTANTS, business=st.sampled_from(Business), phase=st.sampled_from(["01", "02"]), upper=st.booleans())
def test_every_name_of_ours_is_known_as_ours_and_as_old_as_it_is(
    at: datetime, business: Business, phase: str, upper: bool
) -> None:
    tail = MARK.new_tail(at)
    request = file_names.request_name(business, tail, phase)
    for name in (str(request), str(request.answer()), str(request.answer("zip")), draft_name(tail), f"DEL{tail}.txt"):
        told = name.upper() if upper else name
        assert MARK.tail_of(told) == tail
        assert Mark("0000").tail_of(told) is None
    made_at = MARK.made_at(tail)
    assert made_at is not None
    assert timedelta(0) <= at - made_at < timedelta(seconds=1)


@given(
    name=st.one_of(st.text(max_size=60), st.from_regex(r"(OQSsiquc01res_|DEL|\.kiosk-)[0-9]{8,40}(\.xml|\.txt|\.tmp)"))
)
def test_no_name_of_others_is_taken_for_ours_but_by_its_mark(name: str) -> None:
    tail = MARK.tail_of(name)
    assert tail is None or (len(tail) == 26 and tail[14:18] == "4610" and tail in name)


# -- when a file is believed ---------------------------------------------------------------------------------------------


END = b"</XmlMsg>\r\n"


@given(pieces=st.lists(st.binary(min_size=1, max_size=5), min_size=1, max_size=8), looks=st.lists(st.integers(0, 3)))
def test_a_file_that_grows_is_never_believed_before_its_end(pieces: list[bytes], looks: list[int]) -> None:
    watch, message, at = Watch(5.0), b"", 0.0
    for piece, again in zip(pieces, [*looks, *([0] * len(pieces))], strict=False):
        message += piece.replace(b"<", b"")
        for _ in range(again + 1):
            at += 0.3
            assert not watch.saw(sight(message, "xml"), at)
    at += 0.3
    assert not watch.saw(sight(message + END, "xml"), at)
    assert watch.saw(sight(message + END, "xml"), at + 0.3)


def test_a_file_that_stays_broken_is_handed_over_to_be_refused() -> None:
    watch = Watch(5.0)
    broken = sight(b"<XmlMsg><Mess", "xml")
    assert [watch.saw(broken, at) for at in (0.0, 2.5, 4.9, 5.0)] == [False, False, False, True]


def test_a_file_that_vanishes_between_two_looks_begins_anew() -> None:
    watch = Watch()
    whole = sight(END, "xml")
    assert [watch.saw(one, at) for at, one in enumerate((whole, None, whole, whole))] == [False, False, False, True]
