"""The way to the terminal: opened with the first question, bounded, and let go of whatever holds it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from kiosk.eligibility.errors import NoAnswerError
from kiosk.eligibility.terminal.bridge import Terminal
from kiosk.eligibility.terminal.errors import WithdrawnError
from kiosk.eligibility.terminal.look_up import LookUpAnswer
from kiosk.reception import lookups
from kiosk.reception.typed import Typed
from kiosk.record import dates

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]

CARD = Typed(insurer="01139997", symbol="12340005", number="67", era="昭和", year="55", month="2", day="17").query(
    dates.day("2026-11-24")
)


async def test_nothing_touches_the_share_before_the_first_question(open_desk: OpenDesk, terminal: Any) -> None:
    gone = terminal.settings(req=terminal.folder / "gone", res=terminal.folder / "gone too")
    async with open_desk(terminal=gone) as desk:
        assert desk.desk.lookups.possible
        assert desk.desk.lookups._terminal is None


async def test_a_share_that_hangs_is_let_go_and_told(
    open_desk: OpenDesk, terminal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Future[LookUpAnswer]] = []

    def hang(_: Terminal, __: object) -> Future[LookUpAnswer]:
        asked.append(Future())
        return asked[-1]

    monkeypatch.setattr(Terminal, "ask", hang)
    monkeypatch.setattr(lookups, "_GRACE_SECONDS", 0.05)
    async with open_desk(terminal=terminal.settings(timeout_seconds=0.5)) as desk:
        with pytest.raises(NoAnswerError) as error:
            await desk.desk.lookups.ask(CARD)
        assert error.value.code == "share"
        assert asked[0].cancelled(), "the bridge is told that nobody waits any more"


async def test_more_questions_than_a_site_can_have_are_turned_away(
    open_desk: OpenDesk, terminal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookups, "MOST_AT_ONCE", 4)
    terminal.tell(delay_seconds=0.5)
    async with open_desk(terminal=terminal.settings()) as desk:
        outcomes = await asyncio.gather(*(desk.desk.lookups.ask(CARD) for _ in range(6)), return_exceptions=True)
        assert [isinstance(outcome, LookUpAnswer) for outcome in outcomes] == [True] * 4 + [False] * 2
        assert all(isinstance(outcome, NoAnswerError) and outcome.code == "busy" for outcome in outcomes[4:])
        assert isinstance(await desk.desk.lookups.ask(CARD), LookUpAnswer), "there is room again"


async def test_open_questions_are_taken_back_at_the_end(open_desk: OpenDesk, terminal: Any) -> None:
    terminal.tell(manner="never")
    async with open_desk(terminal=terminal.settings()) as desk:
        waiting = asyncio.create_task(desk.desk.lookups.ask(CARD))
        await asyncio.wait([waiting], timeout=0.1)
        desk.desk.lookups.close()
        with pytest.raises(WithdrawnError):
            await waiting
