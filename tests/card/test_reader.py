"""What `kiosk check` says of the reader. A process each: libpcsclite takes one socket for the whole life of a process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.card.conftest import DEADLINE, Desk, stack_cannot_run

ASK = """
import sys
from pathlib import Path
from kiosk.card.reader import reader_state
from kiosk.card.settings import CardSettings, TrustedRoot
report = reader_state(CardSettings((TrustedRoot(Path("none")),), sys.argv[2] or None, Path(sys.argv[1])))
print(report.state.usable, report.state.word, report.sentence, sep="|")
"""


def state_of(socket: Path, name: str = "") -> list[str]:
    asked = subprocess.run(
        [sys.executable, "-c", ASK, str(socket), name], capture_output=True, text=True, timeout=DEADLINE, check=True
    )
    return asked.stdout.strip().split("|")


def test_a_machine_without_pcscd_is_told_what_to_do(tmp_path: Path) -> None:
    usable, word, sentence = state_of(tmp_path / "nobody")
    assert (usable, word) == ("False", "no_pcscd")
    assert "pcscd is not running" in sentence


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", ["True", "ok", "card reader ready: Kiosk Card Reader 00 00"]),
        ("00 01", ["True", "ok", "card reader ready: Kiosk Card Reader 00 01"]),
        ("Other", ["False", "other_reader", "no connected card reader has the name that is set under card: reader"]),
    ],
)
def test_the_reader_is_chosen_by_part_of_its_name(desk: Desk, name: str, expected: list[str]) -> None:
    assert state_of(desk.reader.socket, name) == expected


def test_a_pcscd_without_a_reader_is_told_from_no_pcscd(tmp_path: Path) -> None:
    reason = stack_cannot_run()
    if reason is not None:
        pytest.skip(f"no real pcscd: {reason}")
    for folder in ("run", "readers"):
        (tmp_path / folder).mkdir()
    # A /run of its own, as for the private reader; here without any reader's configuration.
    script = 'exec 3<"$0"/run; mount -t tmpfs none /run; mkdir /run/pcscd; mount --bind /proc/self/fd/3 /run/pcscd; '
    script += 'PATH="$PATH:/usr/sbin" exec pcscd --foreground --config "$0"/readers'
    flags = ["--net", "--mount", "--pid", "--fork", "--kill-child"]
    flags += [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    log = (tmp_path / "log").open("wb")
    with log, subprocess.Popen(["unshare", *flags, "sh", "-c", script, str(tmp_path)], stdout=log, stderr=log) as pcscd:
        try:
            deadline = time.monotonic() + DEADLINE
            said = state_of(tmp_path / "run" / "pcscd.comm")
            while said[1] == "no_pcscd" and pcscd.poll() is None and time.monotonic() < deadline:
                said = state_of(tmp_path / "run" / "pcscd.comm")
        finally:
            pcscd.kill()
    assert said == ["False", "no_reader", "no card reader is connected: plug it in, or check its cable"]


def test_the_kiosks_handle_imports_no_pyscard() -> None:
    code = "import sys, kiosk.card.handle; sys.exit('smartcard' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=DEADLINE, check=False).returncode == 0
