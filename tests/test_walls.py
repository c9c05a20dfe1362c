"""The walls stand, and a hole in any of them is found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINTER = Path(sys.executable).parent / "lint-imports"

HOLES = {
    "the record reads settings": ("kiosk/record/ids.py", "import kiosk.settings"),
    "the heart knows a room": ("kiosk/visit/flow.py", "import kiosk.delivery"),
    "a screen imports pygame": ("screens/pin.py", "import pygame"),
    "the ui knows a visit": ("kiosk/ui/text.py", "import kiosk.visit"),
    "the card imports the face": ("kiosk/card/apdu.py", "import kiosk.face.settings"),
    "a station imports another": ("kiosk/stations/card.py", "import kiosk.stations.face"),
    "reception imports the kiosk's delivery": ("kiosk/reception/store.py", "import kiosk.delivery.sealing"),
    "the app imports reception": ("kiosk/app.py", "import kiosk.reception.store"),
    "the face talks to the reader": ("kiosk/face/studio.py", "import smartcard"),
    "delivery looks at pictures": ("kiosk/delivery/outbox.py", "import cv2"),
    "the app is simulated": ("kiosk/app.py", "import kiosk.simulation"),
    "the simulated centre uses the client's code": ("kiosk/simulation/patients.py", "import kiosk.eligibility.centre"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [str(LINTER), "--no-cache", "--config", "pyproject.toml"]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("walls")
    for name in ("kiosk", "screens"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_every_wall_stands(tree: Path) -> None:
    done = lint(tree)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("hole", HOLES, ids=lambda hole: hole.replace(" ", "_"))
def test_a_seeded_forbidden_import_is_caught(tree: Path, hole: str) -> None:
    name, line = HOLES[hole]
    path = tree / name
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{before}\n{line}\n", encoding="utf-8")
    try:
        done = lint(tree)
    finally:
        path.write_text(before, encoding="utf-8")
    assert done.returncode != 0
    assert "BROKEN" in done.stdout
