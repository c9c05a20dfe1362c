"""Everything fails at once, shortly: the long runs are `python -m tests.chaos.run`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import run
from tests.chaos.chaos_kiosk import CANARY
from tests.reception import postgresql

SECONDS = 15.0


def found(folder: Path, word: str) -> list[str]:
    """The files that hold `word` in the clear, but for reception's own store."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("reception.db")]
    assert len(files) > 4, "there was something to search"
    return [path.name for path in files if word.encode() in path.read_bytes()]


def test_promised_is_stored_though_kiosks_network_and_reception_fail(tmp_path: Path) -> None:
    outcome = run.run(tmp_path, None, kiosks=3, checkins=80, seconds=SECONDS, seed=11)
    assert outcome.balanced, outcome
    assert outcome.events["kiosk_killed"] + outcome.events["reception_killed"] > 2, outcome
    assert found(tmp_path, CANARY) == []
    assert CANARY.encode() in (tmp_path / "reception.db").read_bytes(), "where it should be, it is found"


def test_and_with_two_nodes_on_one_postgresql_that_crashes_too(tmp_path: Path) -> None:
    try:
        with postgresql.server() as server:
            outcome = run.run(tmp_path, server, kiosks=3, checkins=80, seconds=SECONDS, seed=12)
    except postgresql.NoPostgresqlError as error:
        pytest.skip(str(error))
    assert outcome.balanced, outcome
    assert found(tmp_path, CANARY) == []
