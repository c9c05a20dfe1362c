"""The inside of a private reader: pcscd, the virtual reader's driver and the card, alone in their namespaces.

Started by `kiosk.simulation.pcsc` under `unshare` as the first process of a process, mount and network namespace of its
own: nobody outside can reach the driver, which listens unauthenticated on every interface, and when this process ends the
kernel ends everything it started. It ends when its standard input does.

    python -m kiosk.simulation.card_server --scratch DIR --card DIR --driver FILE --pcscd FILE --reader-name TEXT ...

On standard output it writes one line of JSON: `{"ready": true}`, or `{"failed": sentence}` before it exits with 1.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import json
import os
import re
import select
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from kiosk import journal
from kiosk.errors import ExitCode, KioskError
from kiosk.simulation import card_control, card_image
from kiosk.simulation.card import VirtualCard
from kiosk.simulation.link import PORT, CardLink

_PCSCD_FOLDER = Path("/run/pcscd")
"""Compiled into pcscd; inside the namespace it is the folder `run` in the scratch folder."""

_SOCKET_WITHIN, _LISTENING_WITHIN, _SEEN_WITHIN = 6.0, 2.0, 2.0
"""Seconds for pcscd to open its socket (0.02 are usual), for the driver to listen, which it does before that, and for the
reader to see a card, which it looks for every 0.4 s (domain/virtual-reader.md sections 2 and 6)."""

_LOG_TAIL = 5

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1
_MS_BIND = 0x1000
"""linux/sockios.h, linux/if.h, linux/mount.h."""


class CardServerError(KioskError):
    """The private reader cannot come up."""

    exit_code = ExitCode.MISSING

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "card_server")


def main(argv: list[str]) -> int:
    """Run until standard input ends, `quit` is asked on the control channel, or pcscd is gone."""
    options = _parser().parse_args(argv)
    journal.start()
    try:
        _run(options)
    except KioskError as error:
        _tell({"failed": error.sentence})
        return ExitCode.MISSING
    # The parent removes the scratch folder too; if it was killed, nobody else will.
    shutil.rmtree(options.scratch, ignore_errors=True)
    return ExitCode.DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kiosk.simulation.card_server")
    for name in ("--scratch", "--card", "--driver", "--pcscd"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--reader-name", required=True)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--inserted", action="store_true")
    return parser


def _run(options: argparse.Namespace) -> None:
    card = VirtualCard(card_image.read(options.card))
    link = CardLink(card, delay=options.delay_ms / 1000)
    _bring_loopback_up()
    _mount_scratch(options.scratch)
    _configure(options.reader_name, options.driver)
    quit_asked, quit_ask = os.pipe()

    def answer(command: str) -> card_control.Answer:
        match command:
            case "place":
                link.place()
            case "pull":
                link.pull()
            case "audit":
                return {"audit": card.audit}
            case "status":
                return {"placed": link.placed, "seen": link.seen}
            case "quit":
                os.write(quit_ask, b"q")
            case _:
                raise CardServerError("unknown command; expected one of: place, pull, audit, status, quit")
        return {}

    pcscd = _start_pcscd(options.pcscd)
    gone = os.pidfd_open(pcscd.pid)
    try:
        _await_driver(pcscd)
        if options.inserted:
            link.place()
            _await(lambda: link.seen, _SEEN_WITHIN, "did not see the card", pcscd)
        card_control.listen(_PCSCD_FOLDER / "control", answer)
        _tell({"ready": True})
        while gone not in (told := select.select([sys.stdin.fileno(), quit_asked, gone], [], [])[0]):
            if quit_asked in told or not os.read(sys.stdin.fileno(), 1024):
                return
        raise CardServerError(f"pcscd ended on its own.{_log_tail()}")
    finally:
        link.pull()
        pcscd.kill()
        pcscd.wait()


def _bring_loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(sock, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(sock, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))


def _mount_scratch(scratch: Path) -> None:
    """Give pcscd its folder, in a /run of its own: an ordinary user may not write the machine's."""
    # A folder inside the scratch folder, since pcscd opens its own to everybody. Held by a descriptor before /run is
    # covered, since the scratch folder may lie there.
    inside = scratch / "run"
    inside.mkdir(mode=0o700)
    folder = os.open(inside, os.O_PATH | os.O_DIRECTORY)
    _mount("tmpfs", "/run", "tmpfs", 0)
    _PCSCD_FOLDER.mkdir()
    _mount(f"/proc/self/fd/{folder}", str(_PCSCD_FOLDER), "", _MS_BIND)
    os.close(folder)


def _mount(source: str, target: str, kind: str, flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), None) != 0:
        error = ctypes.get_errno()
        raise CardServerError(f"{target} cannot be mounted inside the namespace ({os.strerror(error)})")


def _configure(reader_name: str, driver: Path) -> None:
    """Write the reader's configuration; the driver is named by a link, since pcscd's parser takes no blanks in a path."""
    folder = _PCSCD_FOLDER / "reader.conf.d"
    folder.mkdir()
    link = _PCSCD_FOLDER / "libifdvpcd.so"
    link.symlink_to(driver)
    (folder / "virtual").write_text(
        f'FRIENDLYNAME "{reader_name}"\nDEVICENAME /dev/null:{PORT:#x}\nLIBPATH {link}\nCHANNELID {PORT:#x}\n'
    )


def _start_pcscd(pcscd: Path) -> subprocess.Popen[bytes]:
    command = [str(pcscd), "--foreground", "--config", str(_PCSCD_FOLDER / "reader.conf.d")]
    # Newer pcscd asks polkit over a bus that is not in this namespace; Debian 12's neither asks nor knows the option.
    if "--disable-polkit" in _said(pcscd, "--help"):
        command.append("--disable-polkit")
    _hide_usb_drivers(_said(pcscd, "--version"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PCSCLITE_", "LISTEN_"))}
    with (_PCSCD_FOLDER / "pcscd.log").open("wb") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)


def _said(pcscd: Path, option: str) -> str:
    try:
        return subprocess.run([pcscd, option], capture_output=True, text=True, check=False, timeout=5).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CardServerError(f"{pcscd} cannot be run: is Debian's package pcscd whole?") from error


def _hide_usb_drivers(version: str) -> None:
    """Cover the folder of USB drivers with an empty one: real readers belong to the machine's own pcscd."""
    compiled_in = re.search(r"\busbdropdir=(\S+)", version)
    if compiled_in is not None and Path(compiled_in[1]).is_dir():
        _mount("tmpfs", compiled_in[1], "tmpfs", 0)


def _await_driver(pcscd: subprocess.Popen[bytes]) -> None:
    """Wait until clients can connect and the driver listens; a test connection would be a card, so ask the kernel."""
    socket_file = _PCSCD_FOLDER / "pcscd.comm"
    _await(socket_file.exists, _SOCKET_WITHIN, "did not open its socket", pcscd)
    listening = f":{PORT:04X} 00000000:0000 0A"
    tables = Path("/proc/self/net/tcp")
    _await(
        lambda: listening in tables.read_text(), _LISTENING_WITHIN, "could not load the virtual reader's driver", pcscd
    )


def _await(true: Callable[[], bool], within: float, failure: str, pcscd: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + within
    while not true():
        if pcscd.poll() is not None:
            raise CardServerError(f"pcscd ended at once with code {pcscd.returncode}.{_log_tail()}")
        if time.monotonic() > deadline:
            raise CardServerError(f"pcscd {failure} within {within:.0f} s.{_log_tail()}")
        threading.Event().wait(0.005)


def _log_tail() -> str:
    lines = (_PCSCD_FOLDER / "pcscd.log").read_text("utf-8", "replace").splitlines()[-_LOG_TAIL:]
    return " Its last lines: " + " | ".join(lines) if lines else " It wrote no log."


def _tell(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
