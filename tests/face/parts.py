"""Real parts for tests with a face: the simulated camera's process, a studio with its preview block and booth."""

from __future__ import annotations

import json
import queue
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from kiosk.face.handle import Studio
from kiosk.face.messages import StudioMessage
from kiosk.face.preview import PreviewBlock
from kiosk.face.settings import FaceSettings

_Said = TypeVar("_Said")

CAMERA = """
import argparse, sys
from kiosk.simulation import camera
parser = argparse.ArgumentParser()
camera.add_arguments(parser)
sys.exit(camera.simulate_camera(parser.parse_args()))
"""


class CameraProcess:
    """A simulated camera's process; `ready` is the line it printed."""

    def __init__(self, path: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", CAMERA, "--socket", str(path), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdout is not None
        self.ready = json.loads(self.process.stdout.readline())
        self.spec: str = self.ready["camera"]

    def tell(self, words: str) -> dict[str, str]:
        """A line on its standard input, and its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(words.encode() + b"\n")
        self.process.stdin.flush()
        answer: dict[str, str] = json.loads(self.process.stdout.readline())
        return answer

    def end(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            return self.process.wait(10)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()


class StudioRoom:
    """A studio as the kiosk holds it: what it says is gathered by a thread, as a station would."""

    def __init__(self, settings: FaceSettings) -> None:
        self.block = PreviewBlock.create()
        inherited, self.booth = socket.socketpair()
        self.spawned = time.monotonic()
        self.studio = Studio.spawn(settings, inherited, self.block.fd)
        inherited.close()
        self.gone = threading.Event()
        self.heard: list[StudioMessage] = []
        self._said: queue.Queue[StudioMessage] = queue.Queue()
        self._ears = threading.Thread(target=self._hear)
        self._ears.start()

    def _hear(self) -> None:
        for said in self.studio.messages():
            self._said.put(said)
        self.gone.set()

    def until(self, kind: type[_Said] | tuple[type[_Said], ...], seconds: float = 15.0) -> _Said:
        """The next message of this kind; what comes before it is kept in `heard`."""
        deadline = time.monotonic() + seconds
        while True:
            said = self._said.get(timeout=max(0.01, deadline - time.monotonic()))
            self.heard.append(said)
            if isinstance(said, kind):
                return said

    def send_photo(self, jp2: bytes) -> None:
        self.booth.sendall(b"PHO1" + struct.pack(">I", len(jp2)) + jp2)

    def rss_mb(self) -> float:
        status = Path(f"/proc/{self.studio.pid}/status").read_text(encoding="utf-8")
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def end(self) -> None:
        self.studio.kill()
        self._ears.join(5)
        assert self.gone.is_set()
        self.booth.close()
        self.block.close()


def wait_for(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until `holds()`, or fail."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        pause.wait(0.01)
