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
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import share
from kiosk.errors import MissingError
from kiosk.simulation import card_control, pcsc
from kiosk.simulation.card_control import ControlError
from kiosk.simulation.pcsc import PrivateReader, PrivateReaderError
from tests.simulation.stack import alive, await_that, client, descendants, line, program, run

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


@pytest.fixture(scope="module")
def shared_reader(issued_card: Path) -> Iterator[PrivateReader]:
    """For tests that leave it as it is."""
    with PrivateReader(issued_card, inserted=True) as reader:
        yield reader


def pcscd_of(reader: PrivateReader) -> int:
    assert reader._process is not None
    return next(pid for pid, _ in descendants(reader._process.pid) if program(pid) == "pcscd")


def names(reader: PrivateReader) -> str:
    return run(reader, "opensc-tool", "-l").stdout


class TestPlacingAndPulling:
    def test_clients_see_the_card_come_and_go(self, issued_card: Path) -> None:
        with PrivateReader(issued_card) as reader, client("events", reader) as process:
            assert line(process.stdout) == "empty"
            for _ in range(2):
                reader.place()
                assert line(process.stdout) == "present"
                reader.pull()
                assert line(process.stdout) == "empty"

    def test_a_card_inserted_from_the_start_has_been_seen_at_the_start(self, private_reader: PrivateReader) -> None:
        status = private_reader.tell("status")
        assert (status["placed"], status["seen"]) == (True, True)
        assert [word for word in names(private_reader).split() if word in ("Yes", "No")] == ["Yes", "No"]

    def test_placing_and_pulling_twice_is_once(self, private_reader: PrivateReader) -> None:
        private_reader.place()
        private_reader.pull()
        private_reader.pull()
        status = private_reader.tell("status")
        assert (status["placed"], status["seen"]) == (False, False)
        private_reader.place()
        await_that(lambda: private_reader.tell("status")["seen"] is True, "seen again")

    def test_a_card_can_be_pulled_in_the_middle_of_a_command(self, issued_card: Path) -> None:
        with (
            PrivateReader(issued_card, inserted=True, delay_ms=5000) as reader,
            client("command", reader) as process,
        ):
            assert line(process.stdout) == "connected"
            reader.pull()
            assert line(process.stdout) == "lost"

    def test_a_delay_is_added_to_every_command(self, issued_card: Path) -> None:
        with PrivateReader(issued_card, inserted=True, delay_ms=300) as reader, client("command", reader) as process:
            assert line(process.stdout) == "connected"
            before = time.monotonic()
            assert line(process.stdout) == "answered 9000"
            assert time.monotonic() - before > 0.2


class TestControl:
    def test_several_clients_talk_at_once(self, shared_reader: PrivateReader) -> None:
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(5)]
            for each in clients:
                each.settimeout(5)
                each.connect(str(shared_reader.control))
            for each in reversed(clients):
                each.sendall(b"status\naudit\n")
                with each.makefile("rb") as lines:
                    assert json.loads(lines.readline())["placed"] is True
                    assert json.loads(lines.readline()) == {"ok": True, "audit": []}

    def test_an_unknown_command_is_one_sentence(self, shared_reader: PrivateReader) -> None:
        with pytest.raises(ControlError, match=r"expected one of: place, pull, swap, .*, quit"):
            shared_reader.tell("explode")

    def test_a_line_without_end_is_hung_up_on(self, shared_reader: PrivateReader) -> None:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(shared_reader.control))
            connection.sendall(b"x" * 1000)
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(100) == b""

    def test_quit_ends_the_reader(self, private_reader: PrivateReader) -> None:
        card_control.ask(private_reader.control, "quit")
        assert select.select([private_reader.ended()], [], [], 5)[0]
        assert private_reader.failure() is None
        with pytest.raises(ControlError, match="does not answer"):
            private_reader.place()

    def test_the_audit_reaches_the_caller(self, private_reader: PrivateReader) -> None:
        assert private_reader.audit() == []
        juki = "00:A4:04:0C:0A:D3:92:10:00:31:00:01:01:04:01"
        assert run(private_reader, "opensc-tool", "--reader", "0", "-s", juki).returncode == 0
        assert private_reader.audit() == ["SELECT juki application"]


class TestPrivacy:
    def test_three_stand_side_by_side_and_each_moves_its_own_cards(self, issued_card: Path) -> None:
        with contextlib.ExitStack() as stack:
            three = [stack.enter_context(PrivateReader(issued_card, inserted=True)) for _ in range(3)]
            told = [stack.enter_context(client("events", each)) for each in three]
            assert [line(each.stdout) for each in told] == ["present"] * 3
            three[0].pull()
            three[1].restart_pcscd()
            three[2].set_tries("pin", 1)
            assert line(told[0].stdout) == "empty"
            assert line(told[1].stdout) == "no service"
            assert [each.tries()["pin"] for each in three] == [3, 3, 1]
            assert len({each.socket for each in three}) == 3

    def test_two_readers_stand_side_by_side(self, issued_card: Path) -> None:
        left_reader = PrivateReader(issued_card, reader_name="Left", inserted=True)
        right_reader = PrivateReader(issued_card, reader_name="Right")
        with left_reader as left, right_reader as right:
            assert "Left 00 00" in names(left)
            assert "Right" not in names(left)
            assert "Right 00 00" in names(right)
            assert "Yes" not in names(right)

    @pytest.mark.usefixtures("shared_reader")
    def test_nothing_listens_outside(self) -> None:
        with socket.socket() as connection:
            assert connection.connect_ex(("127.0.0.1", 0x8C7B)) != 0

    def test_it_leaves_the_machines_own_readers_alone(self, shared_reader: PrivateReader) -> None:
        pcscd = pcscd_of(shared_reader)
        usb_drivers = Path(f"/proc/{pcscd}") / "root" / "usr/lib/pcsc/drivers"
        assert not usb_drivers.exists() or list(usb_drivers.iterdir()) == []

    def test_the_sockets_lie_in_a_folder_for_this_user_alone(self, shared_reader: PrivateReader) -> None:
        folder = shared_reader.socket.parent.parent
        assert folder.stat().st_mode & 0o077 == 0
        assert folder in shared_reader.control.parents

    def test_no_log_holds_a_pin(self, shared_reader: PrivateReader) -> None:
        assert run(shared_reader, "pkcs15-tool", "--verify-pin", "--auth-id", "1", "--pin", "1234").returncode == 0
        for log in shared_reader.socket.parent.parent.rglob("*.log"):
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

    @pytest.mark.parametrize("after", [0.0, 0.2, 0.4])
    def test_an_owner_killed_while_it_starts_leaves_nothing(self, issued_card: Path, after: float) -> None:
        command = [sys.executable, "-c", HOLDER, str(issued_card)]
        pipe = subprocess.PIPE
        # A short path: the address of a socket in it holds 107 bytes.
        with tempfile.TemporaryDirectory(prefix="own-") as own:
            environment = {**os.environ, "TMPDIR": own}
            with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) as holder:
                assert holder.stdout is not None
                await_that(lambda: bool(descendants(holder.pid)), "it has begun to start", within=15)
                select.select([holder.stdout], [], [], after)
                started = descendants(holder.pid)
                holder.kill()
                holder.wait(5)
            # Those that the first ones had still to start end with the first process of their namespace.
            await_that(lambda: not any(map(alive, started)), "no process of the killed owner is left", within=15)
            await_that(lambda: not any(Path(own).iterdir()), "its folder is gone")

    def test_a_killed_owner_of_a_restarted_pcscd_leaves_no_orphans(self, issued_card: Path) -> None:
        command = [sys.executable, "-c", HOLDER, str(issued_card)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            control = Path(line(holder.stdout, 15)).with_name("control")
            card_control.ask(control, "restart_pcscd")
            card_control.ask(control, "swap")
            started = descendants(holder.pid)
            assert sum(program(pid) == "pcscd" for pid, _ in started) == 1
            holder.kill()
            holder.wait(5)
        await_that(lambda: not any(map(alive, started)), "no process of the killed owner is left")

    def test_a_reader_whose_pcscd_dies_says_so_and_ends(self, issued_card: Path) -> None:
        with PrivateReader(issued_card) as reader:
            os.kill(pcscd_of(reader), signal.SIGKILL)
            assert select.select([reader.ended()], [], [], 5)[0]
            assert "pcscd ended on its own" in str(reader.failure())


def test_cards_may_lie_where_pcscd_has_its_folder(issued_card: Path) -> None:
    """/run is covered inside: a session's folder for passing files often lies below it."""
    try:
        below = tempfile.TemporaryDirectory(prefix="kiosk-test-", dir="/run")
    except OSError as error:
        pytest.skip(f"/run is not writable: {error.strerror}")
    with below as folder:
        shutil.copytree(issued_card, Path(folder) / "card")
        with PrivateReader(Path(folder) / "card", patients=Path(folder) / "patients.json") as reader:
            reader.kind("foreign")
        assert (Path(folder) / "card" / "kinds" / "foreign" / "card.json").exists()
        assert (Path(folder) / "patients.json").exists()


class TestWhatIsMissing:
    def test_a_folder_without_a_card(self, tmp_path: Path) -> None:
        with pytest.raises(PrivateReaderError, match=f"{tmp_path}: no card has been issued here"):
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
