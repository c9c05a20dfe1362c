"""pcscd inside the namespaces of a private reader: started, stopped, and started again behind the same socket."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kiosk.errors import ExitCode, KioskError

_SOCKET_WITHIN, _LISTENING_WITHIN = 6.0, 2.0
"""Seconds for pcscd to open its socket (0.02 are usual), and for the driver to listen, which it does before that."""

_END_WITHIN = 3.0
_LOG_TAIL = 5


class PcscdError(KioskError):
    """pcscd cannot come up, or has gone."""

    exit_code = ExitCode.MISSING

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "pcscd")


@dataclass(frozen=True)
class Reader:
    """A virtual reader: the name clients see (less the slot's number) and the port of its first slot."""

    name: str
    port: int


class Pcscd:
    """The daemon of one private stack; `folder` is what it is compiled to use, which is empty and its own here."""

    def __init__(self, program: Path, folder: Path, driver: Path, *, gone: Callable[[], None]) -> None:
        """`gone` is called, from a thread of its own, when pcscd ends without having been stopped."""
        self._folder = folder
        self._socket = folder / "pcscd.comm"
        self._conf = folder / "reader.conf.d"
        self._driver = driver
        self._gone = gone
        self._command = [str(program), "--foreground", "--config", str(self._conf)]
        # Newer pcscd asks polkit over a bus that is not in this namespace; Debian 12's neither asks nor knows the option.
        if "--disable-polkit" in said(program, "--help"):
            self._command.append("--disable-polkit")
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether it has been started, and not stopped."""
        return self._process is not None

    def start(self, readers: Sequence[Reader]) -> None:
        """Start it with these readers and return when clients can connect. Raises `PcscdError`."""
        self._configure(readers)
        self._socket.unlink(missing_ok=True)
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("PCSCLITE_", "LISTEN_"))
        }
        with (self._folder / "pcscd.log").open("ab") as log:
            process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        self._process = process
        self._watcher = threading.Thread(target=self._watch, args=(process,), name="pcscd-watcher", daemon=True)
        try:
            self._await(self._socket.exists, _SOCKET_WITHIN, "did not open its socket")
            # A test connection would be a card, so ask the kernel.
            tables = Path("/proc/self/net/tcp")
            for reader in readers:
                listening = f":{reader.port:04X} 00000000:0000 0A"
                self._await(
                    lambda: listening in tables.read_text(),  # noqa: B023  (called before the loop goes on)
                    _LISTENING_WITHIN,
                    "could not load the virtual reader's driver",
                )
        except PcscdError:
            self._process = None
            process.kill()
            process.wait()
            raise
        self._watcher.start()

    def stop(self) -> None:
        """End it as its service would be ended: asked, then made to. Nothing happens if it does not run."""
        process, self._process = self._process, None
        if process is None or self._watcher is None:
            return
        process.terminate()
        self._watcher.join(_END_WITHIN)
        if self._watcher.is_alive():
            process.kill()
            self._watcher.join()

    def log_tail(self) -> str:
        """The last lines it wrote, as a sentence."""
        lines = (self._folder / "pcscd.log").read_text("utf-8", "replace").splitlines()[-_LOG_TAIL:]
        return " Its last lines: " + " | ".join(lines) if lines else " It wrote no log."

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        if self._process is process:
            self._gone()

    def _configure(self, readers: Sequence[Reader]) -> None:
        """Write the readers' configuration, in a place without blanks: pcscd's parser takes none in a path."""
        shutil.rmtree(self._conf, ignore_errors=True)
        self._conf.mkdir()
        for reader in readers:
            # The driver keeps its slots in global variables: each reader needs a library of its own.
            library = self._folder / f"libifdvpcd.so.{reader.port}"
            if not library.exists():
                shutil.copyfile(self._driver, library)
            (self._conf / f"reader-{reader.port}").write_text(
                f'FRIENDLYNAME "{reader.name}"\nDEVICENAME /dev/null:{reader.port:#x}\n'
                f"LIBPATH {library}\nCHANNELID {reader.port:#x}\n"
            )

    def _await(self, true: Callable[[], bool], within: float, failure: str) -> None:
        process = self._process
        deadline = time.monotonic() + within
        while not true():
            if process is not None and process.poll() is not None:
                raise PcscdError(f"pcscd ended at once with code {process.returncode}.{self.log_tail()}")
            if time.monotonic() > deadline:
                raise PcscdError(f"pcscd {failure} within {within:.0f} s.{self.log_tail()}")
            threading.Event().wait(0.005)


def usb_drivers(program: Path) -> Path | None:
    """The folder from which this pcscd takes drivers of real readers; None where it has none."""
    compiled_in = re.search(r"\busbdropdir=(\S+)", said(program, "--version"))
    return Path(compiled_in[1]) if compiled_in is not None and Path(compiled_in[1]).is_dir() else None


def said(program: Path, option: str) -> str:
    """What pcscd prints of itself. Raises `PcscdError`."""
    try:
        return subprocess.run([program, option], capture_output=True, text=True, check=False, timeout=5).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PcscdError(f"{program} cannot be run: is Debian's package pcscd whole?") from error
