from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk import secrecy
from kiosk.errors import MissingError

KEEP = """
import ctypes, json, os, resource
from pathlib import Path
from kiosk import secrecy
secrecy.keep()
status = Path("/proc/self/status").read_text()
print(json.dumps({
    "dumpable": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0),
    "core": resource.getrlimit(resource.RLIMIT_CORE),
    "locked": int(status.split("VmLck:")[1].split()[0]),
    "may_lock": secrecy.may_lock(),
}))
"""
SWAP_ON = "Filename Type Size Used Priority\n/dev/sda2 partition 2000000 0 -2\n"


def test_a_process_that_keeps_to_itself_cannot_be_dumped_or_traced_and_is_locked_where_it_may() -> None:
    done = subprocess.run([sys.executable, "-c", KEEP], capture_output=True, text=True, check=True, timeout=20)
    told = json.loads(done.stdout)
    assert told["dumpable"] == 0
    assert told["core"] == [0, 0]
    if told["may_lock"] and "memory_not_locked" not in done.stderr:
        assert told["locked"] > 1000


@pytest.fixture
def swaps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "swaps"
    path.write_text(SWAP_ON)
    monkeypatch.setattr(secrecy, "_SWAPS", path)
    monkeypatch.setattr(secrecy, "_kept_out_by_the_service", lambda: False)
    return path


def test_no_swap_is_told(swaps: Path) -> None:
    swaps.write_text(SWAP_ON.splitlines()[0] + "\n")
    assert secrecy.swap_state() == "no swap on this machine"


def test_swap_is_no_trouble_where_memory_may_be_locked(swaps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrecy, "may_lock", lambda: True)
    assert "stays out of it" in secrecy.swap_state()


def test_swap_that_a_face_could_reach_is_told_with_what_to_do(swaps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrecy, "may_lock", lambda: False)
    with pytest.raises(MissingError, match="MemorySwapMax=0"):
        secrecy.swap_state()


def test_a_service_that_is_kept_out_of_swap_is_enough(swaps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrecy, "may_lock", lambda: False)
    monkeypatch.setattr(secrecy, "_kept_out_by_the_service", lambda: True)
    assert "service" in secrecy.swap_state()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can try what another user may do")
def test_an_ordinary_user_may_keep_to_itself_too() -> None:
    words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-c", KEEP]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)
    if "Permission denied" in done.stderr and not done.stdout:
        pytest.skip("the environment lies where another user may not read it")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["dumpable"] == 0
