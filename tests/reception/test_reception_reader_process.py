"""The official reader from outside: the simulated terminal, a reception and a browser, each a process of its own."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

Start = Callable[..., Any]


def arrivals(folder: Path) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{folder}/reception.db?mode=ro", uri=True)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM reader_arrival").fetchone()
        return int(count)


def until(folder: Path, count: int, seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while arrivals(folder) != count:
        assert time.monotonic() < end, "the arrival was not kept in time"
        time.sleep(0.05)


def test_an_arrival_at_the_reader_comes_to_the_open_board_by_itself(
    page: Page, start_reception: Start, terminal: Any
) -> None:
    reception = start_reception(more=terminal.section())
    reception.open_board(page)
    page.wait_for_selector("html[data-live=open]")
    terminal.tell(arrive=0)
    row = page.locator("tr[data-source=official_reader]")
    expect(row).to_contain_text("シケン ハナコ", timeout=15_000)
    expect(row).to_contain_text("カードリーダー")
    expect(row.locator("td.came")).to_have_attribute("title", re.compile("顔認証付きカードリーダーで受付"))
    expect(page.locator("#count-open")).to_have_text("1")
    box = row.bounding_box()
    assert box is not None
    assert box["height"] <= 56, "as high as any other row"
    row.get_by_role("button", name="対応する").click()
    expect(row).to_contain_text("対応中")
    terminal.tell(arrive=1)
    expect(page.locator("#rows tr")).to_have_count(2, timeout=15_000)
    expect(page.locator("#rows tr").first).to_have_attribute("data-state", "open")


def test_a_reception_that_was_killed_doubles_no_arrival_and_misses_none(
    start_reception: Start, terminal: Any, tmp_path: Path
) -> None:
    reception = start_reception(more=terminal.section())
    terminal.tell(arrive=0)
    until(tmp_path, 1)
    reception.process.kill()
    reception.process.wait(10)
    terminal.tell(arrive=1)
    again = start_reception(more=terminal.section())
    until(tmp_path, 2)
    page = again.http.get(f"{again.staff_url}/board").text
    assert page.count('data-source="official_reader"') == 2
    assert again.stop() == 0
    assert "試験" not in (tmp_path / "reception.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("manner", ["entities", "pipe", "torn"])
def test_a_hostile_folder_does_not_stop_reception(
    start_reception: Start, terminal: Any, tmp_path: Path, manner: str
) -> None:
    terminal.tell(manner=manner)
    reception = start_reception(more=terminal.section())
    terminal.tell(arrive=0)
    until(tmp_path, 1)
    terminal.tell(manner="ordinary")
    terminal.tell(arrive=0)
    until(tmp_path, 2)
    assert "結果が読めません" in reception.http.get(f"{reception.staff_url}/board").text
    assert reception.stop() == 0
