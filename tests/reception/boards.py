"""Reception's board in a browser, and what stands on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page

from tests.reception import browser
from tests.reception.processes import Reception


@contextmanager
def opened(within: Browser, reception: Reception) -> Iterator[Page]:
    """The board, with Tanaka in front of it; it hears what comes."""
    with browser.page(within, reception.staff_url) as page:
        reception.open_board(page)
        page.wait_for_selector("html[data-live=open]")
        yield page


def queue(board: Page) -> list[str]:
    """The queue numbers of its rows, from the top."""
    return [str(row.get_attribute("data-queue-number")) for row in board.locator("#rows tr").all()]


def until_row(board: Page, number: str, state: str) -> None:
    """Wait for a row in this state."""
    board.wait_for_selector(f"tr[data-queue-number={number}][data-state={state}]")


def command(lines: Iterator[str]) -> dict[str, Any]:
    """The next command on a kiosk's line."""
    told: dict[str, Any] = next(json.loads(line[5:]) for line in lines if line.startswith("data:"))
    return told
