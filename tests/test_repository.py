"""What must never stand in the repository."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FORBIDDEN = {
    "a path of one machine": re.compile(rb"(?<![\w.])/(work|root|home/\w+)/"),
    "ending somebody else's process by name": re.compile(rb"\b(p)kill\b|\b(k)illall\b"),
    "a package registry's host": re.compile(rb"(pypi|files\.pythonhosted|deb\.debian|registry\.npmjs)\.(org|com)"),
}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this tree is not a git checkout")
    return [ROOT / name.decode() for name in listed.stdout.split(b"\0") if name]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_repository_is_free_of(what: str) -> None:
    for path in tracked():
        if path.is_file() and path != Path(__file__):
            found = FORBIDDEN[what].search(path.read_bytes())
            assert found is None, f"{path.relative_to(ROOT)}: {what}"


def test_no_index_lines_in_the_locked_requirements() -> None:
    fewest = {"requirements.txt": 20, "requirements-dev.txt": 20}
    for path in sorted((ROOT / "deploy").glob("requirements*.txt")):
        text = path.read_text(encoding="utf-8")
        pins = re.findall(r"^[a-z0-9][a-z0-9._-]*==\S+", text, re.MULTILINE)
        assert len(pins) >= fewest.pop(path.name, 1), path.name
        assert not re.search(r"^\s*(--(extra-)?index-url|--find-links|-i )", text, re.MULTILINE)
        assert not re.search(r"^[a-z0-9].*==\S+$(?!\n\s+--hash)", text.replace(" \\\n", "\n"), re.MULTILINE)
    assert not fewest


def test_no_picture_of_a_real_person_is_kept() -> None:
    pictures = [p for p in tracked() if p.suffix.lower() in {".jpg", ".jpeg", ".jp2", ".pgm", ".mp4", ".avi"}]
    assert pictures == []
