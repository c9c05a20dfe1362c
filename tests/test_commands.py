"""The command line: help everywhere, one sentence for what is wrong, the exit codes of the contract."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HELPS = [
    [],
    ["run"],
    ["demo"],
    ["reception"],
    ["reception", "init"],
    ["reception", "restore"],
    ["reception", "invite"],
    ["reception", "token"],
    ["audit", "verify"],
    ["enrol"],
    ["check"],
    ["simulate"],
    ["simulate", "card"],
    ["simulate", "centre"],
    ["simulate", "camera"],
    ["simulate", "dock"],
]


def kiosk(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kiosk", *words]
    import os

    variables = {**{k: v for k, v in os.environ.items() if k != "KIOSK_CONFIG"}, **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=variables)


@pytest.mark.parametrize("words", HELPS, ids=lambda words: " ".join(words) or "kiosk")
def test_every_command_has_help(words: list[str]) -> None:
    done = kiosk(*words, "--help")
    assert done.returncode == 0, done.stderr
    assert "usage: kiosk" in done.stdout


@pytest.mark.parametrize("command", ["run", "check", "reception"])
def test_a_command_without_settings_says_what_to_give(command: str) -> None:
    done = kiosk(command)
    assert done.returncode == 2
    assert done.stderr.strip().count("\n") == 0
    assert "--config" in done.stderr


def test_settings_can_be_named_in_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.yaml"
    path.write_text("site: nowhere\n", encoding="utf-8")
    done = kiosk("check", KIOSK_CONFIG=str(path))
    assert done.returncode == 2
    assert str(path) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_word_is_a_usage_error() -> None:
    assert kiosk("dance").returncode == 2
