"""The journal tells what happened, never who."""

from __future__ import annotations

import ast
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import journal
from kiosk.record.ids import new_visit_id

ROOT = Path(__file__).parent.parent
LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log"}


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root, kiosk = logging.getLogger(), logging.getLogger("kiosk")
    handlers, levels = root.handlers[:], (root.level, kiosk.level)
    stream = io.StringIO()
    journal.start(stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    kiosk.setLevel(levels[1])
    logging.captureWarnings(capture=False)


def test_a_line_is_one_json_object_with_the_end_of_the_visits_id(stream: io.StringIO) -> None:
    visit = new_visit_id()
    logging.getLogger("kiosk.card").info("card_placed", extra=journal.numbers(visit=visit, ms=3))
    (line,) = stream.getvalue().splitlines()
    told = json.loads(line)
    assert told["event"] == "card_placed"
    assert told["room"] == "kiosk.card"
    assert told["ms"] == 3
    assert told["visit"] == visit[-6:]
    assert told["t"].endswith("Z")


def test_an_exception_is_told_by_type_and_place_only(stream: io.StringIO) -> None:
    try:
        int("the PIN was 1234")
    except ValueError:
        logging.getLogger("kiosk.app").exception("visit_failed")
    told = json.loads(stream.getvalue())
    assert told["error"] == "ValueError"
    assert "test_journal.py" in told["at"]
    assert "1234" not in stream.getvalue()


def calls() -> list[tuple[str, ast.Call]]:
    found = []
    for path in sorted((ROOT / "kiosk").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS):
                continue
            if isinstance(node.func.value, ast.Name) and node.func.value.id in {"log", "logger"}:
                found.append((f"{path.relative_to(ROOT)}:{node.lineno}", node))
    return found


def test_every_log_text_is_a_constant() -> None:
    assert len(calls()) > 20
    for place, call in calls():
        text = call.args[0]
        if isinstance(text, ast.IfExp):
            assert isinstance(text.body, ast.Constant), place
            assert isinstance(text.orelse, ast.Constant), place
        else:
            assert isinstance(text, ast.Constant), place
        assert len(call.args) == 1, f"{place}: a log text is never formatted with data"
