"""A studio that hangs says nothing: the kiosk's handle notices, and ends it."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from kiosk.face import handle
from kiosk.face.handle import Studio
from kiosk.face.messages import Alive, Look, Matched, Ready, Seen, StudioMessage, command, packet

PATIENCE = 0.4

Ask = Callable[[Studio], None]


class Line:
    """A process that does nothing, the handle on it, and the studio's end of their line."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
        ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.theirs.settimeout(5)
        self.studio = Studio(self.process, ours)
        self.heard: list[StudioMessage] = []
        self.over = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def says(self, said: StudioMessage) -> None:
        self.theirs.send(packet(said))

    def close(self) -> None:
        self.studio.kill()
        self.theirs.close()
        self._thread.join()
        assert self.process.stdin is not None
        self.process.stdin.close()

    def _listen(self) -> None:
        self.heard.extend(self.studio.messages())
        self.over.set()


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    monkeypatch.setattr(handle, "SILENT_SECONDS", PATIENCE)
    monkeypatch.setattr(handle, "WARM_SECONDS", 4 * PATIENCE)
    monkeypatch.setattr(handle, "_LISTENS", 0.05)
    made = Line()
    yield made
    made.close()


@pytest.mark.parametrize(
    "ask", [lambda s: s.look(1), lambda s: s.compare(1), lambda s: s.read_front(1)], ids=["look", "compare", "front"]
)
def test_a_studio_that_was_asked_and_says_nothing_is_ended(line: Line, ask: Ask) -> None:
    line.says(Ready())
    ask(line.studio)
    assert line.over.wait(10)
    assert line.process.poll() is not None
    assert line.heard == [Ready()]


def test_one_that_goes_on_saying_so_is_waited_for(line: Line) -> None:
    line.says(Ready())
    line.studio.look(1)
    until = time.monotonic() + 3 * PATIENCE
    while time.monotonic() < until:
        line.says(Alive())
        assert not line.over.wait(PATIENCE / 4)
    line.says(Seen(1, None, 0.5))
    line.says(Matched(1))
    assert not line.over.wait(3 * PATIENCE), "it has answered: nothing is waited for"


def test_one_that_nobody_asked_may_be_silent(line: Line) -> None:
    line.says(Ready())
    assert not line.over.wait(3 * PATIENCE)
    line.studio.look(1)
    line.studio.stop()
    assert not line.over.wait(3 * PATIENCE)
    assert command(line.theirs.recv(4096)) == Look(1)


def test_one_that_still_loads_its_models_is_given_more_time(line: Line) -> None:
    line.studio.look(1)
    assert not line.over.wait(2 * PATIENCE)
    assert line.over.wait(10)
    assert line.process.poll() is not None
