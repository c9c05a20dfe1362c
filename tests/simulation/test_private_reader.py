"""A real pcscd of one's own with a virtual card: it comes up, it goes without a trace, and nobody else can reach it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

import pytest

from kiosk import share
from kiosk.errors import MissingError
from kiosk.simulation import card_control, pcsc
from kiosk.simulation.card_control import ControlError
from kiosk.simulation.pcsc import PrivateReader, PrivateReaderError

CLIENT = Path(__file__).parent / "follow_reader.py"
READER = "Kiosk Card Reader 00 00"
NOBODY = 65534

HOLDER = """
import sys
from pathlib import Path
from kiosk.simulation.pcsc import PrivateReader
reader = PrivateReader(Path(sys.argv[1]), inserted=True)
reader.start()
print(reader.socket, flush=True)
sys.stdin.read()
reader.close()
"""


def await_that(true: Callable[[], bool], what: str, within: float = 5.0) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, f"did not come true within {within} s: {what}"
        select.select([], [], [], 0.01)


def line(stream: IO[str] | None, within: float = 5.0) -> str:
    assert stream is not None
    assert select.select([stream], [], [], within)[0], f"no line within {within} s"
    return stream.readline().strip()


def descendants(pid: int) -> set[tuple[int, str]]:
    """Every process below `pid`, with its start time so that a number used again is not mistaken for it."""
    parents: dict[int, int] = {}
    started: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)], started[int(entry.name)] = int(fields[1]), fields[19]
    found: set[int] = set()
    while more := {child for child, parent in parents.items() if parent in {pid, *found}} - found:
        found |= more
    return {(child, started[child]) for child in found}


def alive(process: tuple[int, str]) -> bool:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{process[0]}/stat").read_text().rpartition(")")[2].split()
        return fields[19] == process[1] and fields[0] != "Z"
    return False


@contextlib.contextmanager
def client(task: str, environment: Mapping[str, str], reader: str = READER) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(CLIENT), task, reader]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def names(reader: PrivateReader) -> str:
    environment = {**os.environ, "PCSCLITE_CSOCK_NAME": str(reader.socket)}
    done = subprocess.run(
        ["opensc-tool", "-l"], env=environment, capture_output=True, text=True, timeout=20, check=True
    )
    return done.stdout


class TestPlacingAndPulling:
    def test_clients_see_the_card_come_and_go(self, issued_card: Path) -> None:
        with PrivateReader(issued_card) as reader:
            environment = {**os.environ, "PCSCLITE_CSOCK_NAME": str(reader.socket)}
            with client("events", environment) as process:
                assert line(process.stdout) == "empty"
                for _ in range(2):
                    reader.place()
                    assert line(process.stdout) == "present"
                    reader.pull()
                    assert line(process.stdout) == "empty"

    def test_a_card_inserted_from_the_start_has_been_seen_at_the_start(self, private_reader: PrivateReader) -> None:
        assert card_control.ask(private_reader.control, "status") == {"ok": True, "placed": True, "seen": True}
        assert [word for word in names(private_reader).split() if word in ("Yes", "No")] == ["Yes", "No"]

    def test_placing_and_pulling_twice_is_once(self, private_reader: PrivateReader) -> None:
        private_reader.place()
        private_reader.pull()
        private_reader.pull()
        assert card_control.ask(private_reader.control, "status") == {"ok": True, "placed": False, "seen": False}
        private_reader.place()
        await_that(lambda: card_control.ask(private_reader.control, "status")["seen"] is True, "seen again")

    def test_a_card_can_be_pulled_in_the_middle_of_a_command(self, issued_card: Path) -> None:
        with PrivateReader(issued_card, inserted=True, delay_ms=5000) as reader:
            environment = {**os.environ, "PCSCLITE_CSOCK_NAME": str(reader.socket)}
            with client("command", environment) as process:
                assert line(process.stdout) == "connected"
                reader.pull()
                assert line(process.stdout) == "lost"

    def test_a_delay_is_added_to_every_command(self, issued_card: Path) -> None:
        with PrivateReader(issued_card, inserted=True, delay_ms=300) as reader:
            environment = {**os.environ, "PCSCLITE_CSOCK_NAME": str(reader.socket)}
            with client("command", environment) as process:
                assert line(process.stdout) == "connected"
                before = time.monotonic()
                assert line(process.stdout) == "answered 9000"
                assert time.monotonic() - before > 0.2


class TestControl:
    def test_several_clients_talk_at_once(self, private_reader: PrivateReader) -> None:
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(5)]
            for each in clients:
                each.settimeout(5)
                each.connect(str(private_reader.control))
            for each in reversed(clients):
                each.sendall(b"status\naudit\n")
                with each.makefile("rb") as lines:
                    assert json.loads(lines.readline())["placed"] is True
                    assert json.loads(lines.readline()) == {"ok": True, "audit": []}

    def test_an_unknown_command_is_one_sentence(self, private_reader: PrivateReader) -> None:
        with pytest.raises(ControlError, match="expected one of: place, pull, audit, status, quit"):
            card_control.ask(private_reader.control, "explode")

    def test_a_line_without_end_is_hung_up_on(self, private_reader: PrivateReader) -> None:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(private_reader.control))
            connection.sendall(b"x" * 1000)
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(100) == b""

    def test_quit_ends_the_reader(self, private_reader: PrivateReader) -> None:
        card_control.ask(private_reader.control, "quit")
        assert select.select([private_reader.ended()], [], [], 5)[0]
        assert private_reader.failure() is None
        with pytest.raises(ControlError, match="does not answer"):
            private_reader.place()

    def test_the_audit_reaches_the_caller(
        self, private_reader: PrivateReader, client_environment: Mapping[str, str]
    ) -> None:
        assert private_reader.audit() == []
        juki = "00:A4:04:0C:0A:D3:92:10:00:31:00:01:01:04:01"
        subprocess.run(
            ["opensc-tool", "--reader", "0", "-s", juki],
            env=client_environment,
            capture_output=True,
            timeout=20,
            check=True,
        )
        assert private_reader.audit() == ["SELECT juki application"]


class TestPrivacy:
    def test_two_readers_stand_side_by_side(self, issued_card: Path) -> None:
        left_reader = PrivateReader(issued_card, reader_name="Left", inserted=True)
        right_reader = PrivateReader(issued_card, reader_name="Right")
        with left_reader as left, right_reader as right:
            assert "Left 00 00" in names(left)
            assert "Right" not in names(left)
            assert "Right 00 00" in names(right)
            assert "Yes" not in names(right)

    @pytest.mark.usefixtures("private_reader")
    def test_nothing_listens_outside(self) -> None:
        with socket.socket() as connection:
            assert connection.connect_ex(("127.0.0.1", 0x8C7B)) != 0

    @pytest.mark.usefixtures("private_reader")
    def test_it_leaves_the_machines_own_readers_alone(self) -> None:
        pcscd = next(pid for pid, _ in descendants(os.getpid()) if program(pid) == "pcscd")
        usb_drivers = Path(f"/proc/{pcscd}") / "root" / "usr/lib/pcsc/drivers"
        assert not usb_drivers.exists() or list(usb_drivers.iterdir()) == []

    def test_the_sockets_lie_in_a_folder_for_this_user_alone(self, private_reader: PrivateReader) -> None:
        folder = private_reader.socket.parent.parent
        assert folder.stat().st_mode & 0o077 == 0
        assert folder in private_reader.control.parents

    def test_no_log_holds_a_pin(self, private_reader: PrivateReader, client_environment: Mapping[str, str]) -> None:
        command = ["pkcs15-tool", "--verify-pin", "--auth-id", "1", "--pin", "1234"]
        subprocess.run(command, env=client_environment, capture_output=True, timeout=20, check=True)
        for log in private_reader.socket.parent.parent.rglob("*.log"):
            text = log.read_text("utf-8", "replace")
            assert "1234" not in text
            assert "31 32 33 34" not in text


class TestEnding:
    def test_closing_leaves_nothing(self, issued_card: Path) -> None:
        before = descendants(os.getpid())
        with PrivateReader(issued_card, inserted=True) as reader:
            folder = reader.socket.parent.parent
            started = descendants(os.getpid()) - before
            assert len(started) == 3
        assert not any(map(alive, started))
        assert not folder.exists()
        reader.close()

    def test_a_killed_owner_leaves_no_orphans(self, issued_card: Path) -> None:
        command = [sys.executable, "-c", HOLDER, str(issued_card)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            folder = Path(line(holder.stdout, 15)).parent.parent
            started = descendants(holder.pid)
            assert len(started) == 3
            holder.kill()
            holder.wait(5)
        await_that(lambda: not any(map(alive, started)), "no process of the killed owner is left")
        await_that(lambda: not folder.exists(), "its folder is gone")

    def test_a_reader_whose_pcscd_dies_says_so_and_ends(self, issued_card: Path) -> None:
        with PrivateReader(issued_card) as reader:
            pcscd = next(pid for pid, _ in descendants(os.getpid()) if program(pid) == "pcscd")
            os.kill(pcscd, signal.SIGKILL)
            assert select.select([reader.ended()], [], [], 5)[0]
            assert "pcscd ended on its own" in str(reader.failure())


def program(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


class TestWhatIsMissing:
    def test_a_folder_without_a_card(self, tmp_path: Path) -> None:
        with pytest.raises(PrivateReaderError, match="no card has been issued here"):
            PrivateReader(tmp_path).start()

    def test_pcscd(self, issued_card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
        with pytest.raises(PrivateReaderError, match="pcscd is not installed: it is in Debian's package pcscd"):
            PrivateReader(issued_card).start()

    def test_the_driver(self, issued_card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(share, "FOLDER", tmp_path)
        with pytest.raises(MissingError, match=r"virtual-reader/libifdvpcd\.so has not been fetched"):
            PrivateReader(issued_card).start()

    def test_a_driver_that_cannot_be_loaded(
        self, issued_card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "virtual-reader").mkdir()
        (tmp_path / "virtual-reader" / "libifdvpcd.so").write_bytes(b"not a library")
        monkeypatch.setattr(share, "FOLDER", tmp_path)
        with pytest.raises(PrivateReaderError, match=r"pcscd could not load .*libifdvpcd\.so"):
            PrivateReader(issued_card).start()

    def test_the_right_to_make_namespaces(self, issued_card: Path) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root has this right to lose")
        without = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", sys.executable, "-c", HOLDER]
        done = subprocess.run([*without, str(issued_card)], capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode != 0
        assert "does not let root make the namespaces" in done.stderr
        assert "Operation not permitted" in done.stderr

    def test_room_for_the_sockets_path(
        self, issued_card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        deep = tmp_path / ("d" * 100)
        deep.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(deep))
        with pytest.raises(PrivateReaderError, match="too long a path"):
            PrivateReader(issued_card).start()
        assert list(deep.iterdir()) == []

    @pytest.mark.parametrize("name", ["", 'a"b', "a\nb", "x" * 200])
    def test_a_name_pcscd_can_take(self, issued_card: Path, name: str) -> None:
        with pytest.raises(PrivateReaderError, match="printable characters"):
            PrivateReader(issued_card, reader_name=name)


@pytest.fixture
def nobodys_python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """An interpreter that the user nobody can run with this checkout on its path, and a folder that is theirs."""
    if os.geteuid() != 0:
        pytest.skip("the whole run is an ordinary user's already")
    folder = Path(tempfile.mkdtemp(prefix="nobody-"))
    try:
        python = Path("/usr/bin/python3")
        told = subprocess.run(
            [python, "-c", "import sys; print(sys.version_info >= (3, 11))"], capture_output=True, check=False
        )
        if told.stdout.strip() != b"True":
            pytest.skip("no interpreter of 3.11 or newer that every user can run")
        subprocess.run([python, "-m", "venv", "--without-pip", folder / "venv"], check=True, timeout=30)
        (folder / "venv" / "share").symlink_to(Path(sys.prefix) / "share")
        site = next((folder / "venv" / "lib").glob("python*/site-packages"))
        (site / "kiosk.pth").write_text(str(Path(pcsc.__file__).parents[2]))
        folder.chmod(0o755)
        yield folder / "venv" / "bin" / "python", folder
    finally:
        shutil.rmtree(folder)


def test_an_ordinary_user_can_have_one(issued_card: Path, nobodys_python: tuple[Path, Path]) -> None:
    python, folder = nobodys_python
    card = folder / "card"
    shutil.copytree(issued_card, card)
    for path in (card, *card.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    ordinary = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]
    tried = subprocess.run(
        [*ordinary, "unshare", "-Urnm", "true"], capture_output=True, text=True, timeout=10, check=False
    )
    if tried.returncode != 0:
        pytest.skip(f"this kernel refuses user namespaces: {tried.stderr.strip()}")
    command = [*ordinary, str(python), "-B", "-c", HOLDER, str(card)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as holder:
        assert holder.stdin is not None
        assert holder.stderr is not None
        said = line(holder.stdout, 15)
        assert said, holder.stderr.read()
        environment = {**os.environ, "PCSCLITE_CSOCK_NAME": said}
        seen = subprocess.run(
            ["opensc-tool", "--reader", "0", "--name"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        assert seen.stdout.strip() == "jpki"
        started = descendants(holder.pid)
        holder.stdin.close()
        assert holder.wait(10) == 0
    assert not any(map(alive, started))
