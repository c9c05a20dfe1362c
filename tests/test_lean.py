"""What the panel's process does without, and that the patient sees the first screen before the rest is there."""

from __future__ import annotations

import gc
import importlib
import subprocess
import sys

import pytest

from kiosk import lean

FIRST = """
import sys
from kiosk import lean
with lean.without("pkg_resources"):
    import screens, kiosk.app, kiosk.configuration, kiosk.journal, kiosk.secrecy
import kiosk.__main__
kiosk.__main__._parser(["run"])
print(*sorted(sys.modules))
"""
STATIONS = """
import sys
from kiosk import lean
with lean.without("httpx._main"):
    import kiosk.stations.wiring
print(*sorted(sys.modules))
"""


def imported(code: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.splitlines()[-1].split())


def test_the_first_screen_waits_for_no_station_and_no_simulation() -> None:
    there = imported(FIRST)
    assert "kiosk.ui.display" in there
    unwanted = {"httpx", "cryptography", "lxml", "sqlite3", "pkg_resources", "kiosk.simulation", "kiosk.stations.card"}
    assert there & unwanted == set()


def test_the_stations_bring_no_command_line_and_no_pictures_along() -> None:
    there = imported(STATIONS)
    assert "httpx" in there
    # An XML library comes with the gateway that needs it, and with no other.
    assert there & {"rich", "click", "pygments", "cv2", "PIL", "lxml", "kiosk.eligibility.driver"} == set()


def test_what_is_hidden_cannot_be_imported_inside_and_can_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with lean.without("colorsys"), pytest.raises(ModuleNotFoundError):
        importlib.import_module("colorsys")
    assert importlib.import_module("colorsys").rgb_to_hsv(0, 0, 0) == (0, 0, 0)


def test_what_is_imported_already_is_not_hidden() -> None:
    with lean.without("subprocess"):
        assert importlib.import_module("subprocess") is subprocess
    assert sys.modules["subprocess"] is subprocess


def test_a_failure_inside_hides_nothing_for_longer() -> None:
    with pytest.raises(ZeroDivisionError), lean.without("a_module_that_is_nowhere"):
        _ = 1 / 0
    assert "a_module_that_is_nowhere" not in sys.modules


def test_garbage_is_collected_again_once_everything_is_made() -> None:
    lean.begin()
    try:
        assert not gc.isenabled()
        lean.settle()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    finally:
        gc.enable()
        gc.unfreeze()


def test_the_c_library_takes_what_it_is_told() -> None:
    code = "import sys; from kiosk import lean; sys.exit(not lean.give_memory_back())"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
