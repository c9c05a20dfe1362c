"""The board as reception has it open: Debian's Chromium without a window, told when a row arrives."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import shutil
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from kiosk.errors import MissingError

_T = TypeVar("_T")

VIEW = (1366, 768)
"""The desk's screen (domain/reception-and-reliability.md section 6.2)."""

_QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
]

_TELL = """
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) {
    if (node.nodeType !== 1) continue;
    const all = [node, ...node.querySelectorAll('[data-checkin-id], [data-help-id]')];
    for (const one of all) {
      if (one.dataset.checkinId) arrived('checkin', one.dataset.checkinId);
      else if (one.dataset.helpId) arrived('help', one.dataset.helpId);
    }
  }
}).observe(document, {childList: true, subtree: true});
"""


@dataclass(frozen=True)
class Arrival:
    """Something came to the open board: `kind` "checkin" or "help", at `mono` seconds of this machine's monotonic clock."""

    kind: str
    id: str
    mono: float


class BoardPage:
    """One open board; `cookies` are those of somebody who is signed in.

    Its browser runs on a thread of its own; every method may be called from any other thread.
    """

    def __init__(self, url: str, cookies: Mapping[str, str]) -> None:
        self.arrivals: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
        self._url = url
        self._cookies = dict(cookies)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="board", daemon=True)
        self._thread.start()
        self._stack = contextlib.AsyncExitStack()
        self._page: Any = None

    def open(self) -> None:
        """Open the page and wait until its line to reception is open; raises `MissingError`."""
        chromium = shutil.which("chromium")
        if chromium is None:
            raise MissingError("Chromium is missing: run ./deploy/demo once as root, or install Debian's chromium")
        self._do(self._open(chromium), 60)

    def click(self, action: str) -> None:
        """Press the button with this `data-action`, waiting until it is there; what it is folded away in is opened first."""
        self._do(self._press(f"button[data-action={action}]"), 20)

    def wait_for_button(self, action: str) -> None:
        """Wait until the button with this `data-action` is there."""
        self._do(self._page.wait_for_selector(f"button[data-action={action}]", state="attached", timeout=15000), 20)

    def has_row(self, checkin_id: str) -> bool:
        """Whether the page shows a row for this check-in now."""
        return bool(self._do(self._page.locator(f"[data-checkin-id='{checkin_id}']").count(), 10))

    def told_of(self, checkin_id: str) -> tuple[str, str]:
        """(validity, queue number) as the row of this check-in carries them."""
        row = self._page.locator(f"[data-checkin-id='{checkin_id}']")
        validity = self._do(row.get_attribute("data-validity"), 10)
        return str(validity), str(self._do(row.get_attribute("data-queue-number"), 10))

    def rows(self) -> int:
        """How many check-ins the page shows."""
        return int(self._do(self._page.locator("#rows [data-checkin-id]").count(), 10))

    def help_texts(self) -> list[str]:
        """The words of every call for help the page shows."""
        return list(self._do(self._page.locator("[data-help-id]").all_inner_texts(), 10))

    def picture(self, path: Path) -> None:
        """Save what the desk sees as PNG."""
        self._do(self._page.screenshot(path=str(path)), 20)

    def close(self) -> None:
        """Close the browser."""
        with contextlib.suppress(Exception):
            self._do(self._stack.aclose(), 15)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _press(self, button: str) -> None:
        await self._page.wait_for_selector(button, state="attached", timeout=15000)
        folded = self._page.locator(f"details:not([open]):has({button}) summary")
        if await folded.count():
            await folded.first.click()
        await self._page.click(button, timeout=15000)

    async def _open(self, chromium: str) -> None:
        # Only the demo and the tests need a browser's driver.
        from playwright.async_api import async_playwright  # noqa: PLC0415

        playwright = await self._stack.enter_async_context(async_playwright())
        flags = [*_QUIET, "--no-sandbox"] if os.geteuid() == 0 else _QUIET
        browser = await playwright.chromium.launch(executable_path=chromium, args=flags)
        self._stack.push_async_callback(browser.close)
        self._page = await browser.new_page(viewport={"width": VIEW[0], "height": VIEW[1]})
        await self._page.expose_function("arrived", self._arrived)
        await self._page.add_init_script(_TELL)
        signed_in = [{"name": name, "value": value, "url": self._url} for name, value in self._cookies.items()]
        await self._page.context.add_cookies(signed_in)
        await self._page.goto(self._url)
        await self._page.wait_for_selector("html[data-live=open]", timeout=15000)

    def _arrived(self, kind: str, identifier: str) -> None:
        self.arrivals.put(Arrival(kind, identifier, time.monotonic()))

    def _do(self, work: Coroutine[Any, Any, _T] | Awaitable[_T], seconds: float) -> _T:
        async def awaited() -> _T:
            return await work

        return asyncio.run_coroutine_threadsafe(awaited(), self._loop).result(seconds)


def wait_for(arrivals: queue.SimpleQueue[Arrival], seconds: float, wanted: Callable[[Arrival], bool]) -> Arrival | None:
    """The next arrival that is `wanted`; None if none comes in time."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        with contextlib.suppress(queue.Empty):
            arrival = arrivals.get(timeout=left)
            if wanted(arrival):
                return arrival
    return None
