"""A kiosk as a witness of reception's audit log: it keeps what it was told, over restarts, and says it again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kiosk.delivery.witness import KEPT_EVERY, Witness
from kiosk.record.door import AuditSeen


def told(seq: int, hash_: str = "ab" * 32) -> dict[str, Any]:
    return {"at": "x", "audit": {"seq": seq, "hash": hash_}}


def test_what_was_told_is_said_again_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "witness.json"
    assert Witness(path).seen is None
    witness = Witness(path)
    witness.take(told(7))
    assert witness.seen == AuditSeen(7, "ab" * 32)
    assert Witness(path).seen == AuditSeen(7, "ab" * 32)
    assert [file.name for file in tmp_path.iterdir()] == ["witness.json"]


def test_the_disk_is_written_rarely_and_an_older_place_is_kept_meanwhile(tmp_path: Path) -> None:
    now = 0.0
    witness = Witness(tmp_path / "witness.json", mono=lambda: now)
    for seq in (1, 2, 3):
        witness.take(told(seq))
    assert witness.seen == AuditSeen(3, "ab" * 32)
    assert Witness(tmp_path / "witness.json").seen == AuditSeen(1, "ab" * 32)
    now = KEPT_EVERY
    witness.take(told(4))
    assert Witness(tmp_path / "witness.json").seen == AuditSeen(4, "ab" * 32)


@pytest.mark.parametrize("answer", [{}, {"audit": None}, {"audit": "x"}, {"audit": {"seq": -1, "hash": "ab" * 32}}])
def test_an_answer_that_tells_nothing_changes_nothing(tmp_path: Path, answer: dict[str, Any]) -> None:
    witness = Witness(tmp_path / "witness.json")
    witness.take(told(7))
    witness.take(answer)
    assert witness.seen == AuditSeen(7, "ab" * 32)


@pytest.mark.parametrize("content", ["", "{", "[]", json.dumps({"seq": 1}), "x" * 5000])
def test_a_file_that_cannot_be_used_counts_as_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "witness.json"
    path.write_text(content)
    witness = Witness(path)
    assert witness.seen is None
    witness.take(told(1))
    assert Witness(path).seen == AuditSeen(1, "ab" * 32)


def test_a_disk_that_fails_stops_nothing(tmp_path: Path) -> None:
    witness = Witness(tmp_path / "gone" / "witness.json")
    witness.take(told(7))
    assert witness.seen == AuditSeen(7, "ab" * 32)
