"""Handing results off while everything breaks: each once, in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kiosk.reception import hand_off, hand_off_rows, later_answers
from kiosk.reception.feed import Feed
from kiosk.reception.hand_off import MARK, HandOff
from kiosk.reception.hand_off_folder import HandOffFolder
from kiosk.reception.store import DeskEvent
from kiosk.record.checkin import CheckIn
from tests.reception.checkins import nobody_answered
from tests.reception.desks import ON_SQLITE_ONLY
from tests.reception.handing_off import (
    handing_off,
    later,
    lying,
    results,
    section,
    settings_of,
    states,
    take,
    until,
    until_states,
    wait_for,
)

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]
Build = Callable[..., CheckIn]


class CrashError(Exception):
    """The process is gone."""


@dataclass
class Fate:
    """Counts every step in the folder and every change in the store, and ends the life at one of them."""

    at: int
    after: bool
    share: Path
    taken: list[str]
    eager: bool
    steps: int = 0
    over: bool = False

    def before(self) -> None:
        self.steps += 1
        if self.over or (self.steps == self.at and not self.after):
            self.over = True
            raise CrashError

    def afterwards(self) -> None:
        if self.eager:
            self.taken += take(self.share)
        if self.steps == self.at and self.after:
            self.over = True
            raise CrashError


@dataclass
class FatefulSteps:
    """The folder of one life."""

    fate: Fate
    folder: HandOffFolder

    def names(self) -> frozenset[str]:
        names: frozenset[str] = self._do(self.folder.names)
        return names

    def write(self, name: str, content: bytes) -> None:
        if self.fate.steps + 1 == self.fate.at and not self.fate.after:  # a file of which half is there
            (self.fate.share / name).write_bytes(content[: len(content) // 2])
        self._do(lambda: self.folder.write(name, content))

    def rename(self, name: str, new_name: str) -> None:
        self._do(lambda: self.folder.rename(name, new_name))

    def remove(self, name: str) -> None:
        self._do(lambda: self.folder.remove(name))

    def _do(self, step: Callable[[], Any]) -> Any:
        self.fate.before()
        found = step()
        self.fate.afterwards()
        return found


@dataclass
class FatefulStore:
    """The store of one life; what is kept stays kept."""

    fate: Fate
    store: Any

    async def read(self, question: Callable[..., Any]) -> Any:
        return await self.store.read(question)

    async def write(self, change: Callable[..., Any]) -> Any:
        self.fate.before()
        found = await self.store.write(change)
        self.fate.afterwards()
        return found


@pytest.mark.parametrize("eager", [False, True], ids=["taken_in_the_end", "taken_at_once"])
@pytest.mark.parametrize("after", [False, True], ids=["before_a_step", "after_a_step"])
@ON_SQLITE_ONLY
async def test_a_crash_at_any_step_loses_nothing_and_writes_nothing_twice(
    open_desk: OpenDesk, checkin_at: Build, share: Path, after: bool, eager: bool
) -> None:
    taken: list[str] = []
    expected: list[str] = []
    settings = settings_of(share)
    async with open_desk() as desk:
        await desk.desk.store.write(hand_off_rows.begin)
        at = 0
        while True:
            at += 1
            fate = Fate(at, after, share, taken, eager)
            answered = checkin_at(desk.clock.now, "A001")
            await desk.post(nobody_answered(answered))
            await desk.desk.store.write(later_answers.join(later(answered)))
            second = checkin_at(desk.clock.now, "A002")
            await desk.post(second)
            life = SimpleNamespace(
                store=FatefulStore(fate, desk.desk.store), board=desk.desk.board, clock=desk.desk.clock
            )
            steps = FatefulSteps(fate, HandOffFolder(share))
            running = asyncio.create_task(HandOff(life, settings, steps).run())  # type: ignore[arg-type]

            async def handed(one: CheckIn = answered, other: CheckIn = second) -> bool:
                how_far = await states(desk, one) + await states(desk, other)
                return len(how_far) == 3 and set(how_far) <= {"nothing", "written", "taken"}

            async def over(running: asyncio.Task[None] = running) -> bool:
                return running.done() or await handed()

            await until(over)
            crashed = running.done()
            if crashed:
                assert isinstance(running.exception(), CrashError)
            else:
                running.cancel()
                await asyncio.wait([running])
            # The next life: nothing crashes in it.
            calm = asyncio.create_task(HandOff(desk.desk, settings).run())
            await until(handed)
            taken += take(share)
            await until_states(desk, second, "taken")
            await until_states(desk, answered, "nothing", "taken")
            calm.cancel()
            await asyncio.wait([calm])
            # Answers of both sweeps come in the order in which they were queued: first the check-ins, then what came later.
            expected += [second.checkin_id, f"{answered.checkin_id} later"]
            assert sorted(taken) == sorted(expected), f"at step {at}"
            assert taken == expected, f"at step {at}"
            assert lying(share) == {MARK}
            if not crashed:
                break
        assert at > 12


async def test_two_lives_of_the_task_never_write_one_result_twice(
    open_desk: OpenDesk, checkin_at: Build, share: Path
) -> None:
    """Where duty passes from node to node while a share hangs, two may be at it for a moment."""
    async with open_desk() as desk:
        settings = settings_of(share)
        async with handing_off(desk, settings), handing_off(desk, settings):
            sent = [checkin_at(desk.clock.now, f"A{number:03}") for number in range(1, 31)]
            for checkin in sent:
                await desk.post(checkin)

            async def all_written() -> bool:
                return [await states(desk, one) for one in sent] == [["written"]] * len(sent)

            await until(all_written)
        assert sorted(take(share)) == sorted(checkin.checkin_id for checkin in sent)


class JustTooLate:
    """A board whose first news comes in the very moment in which the wait for it is over."""

    def __init__(self, board: Feed[DeskEvent]) -> None:
        self._board = board
        self._came = False

    @contextlib.contextmanager
    def listen(self, wanted: Callable[[DeskEvent], bool]) -> Iterator[Any]:
        with self._board.listen(wanted) as listener:

            async def next_(within: float) -> DeskEvent | None:
                if self._came:
                    return await listener.next(within)
                event = await listener.next(10)
                assert event is not None
                listener.offer(event)
                self._came = True
                raise TimeoutError

            yield SimpleNamespace(next=next_)


@ON_SQLITE_ONLY
async def test_what_comes_in_the_moment_of_a_look_is_handed_off_with_the_next_one(
    open_desk: OpenDesk, checkin_at: Build, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hand_off, "SWEEP_EVERY", 3600.0)
    async with open_desk() as desk:
        late = SimpleNamespace(store=desk.desk.store, board=JustTooLate(desk.desk.board), clock=desk.desk.clock)
        async with handing_off(SimpleNamespace(desk=late), settings_of(share)):
            await until(lambda: desk.desk.store.read(hand_off_rows.marked))
            checkin = checkin_at(desk.clock.now)
            await desk.post(checkin)
            await until_states(desk, checkin, "written")


def test_a_reception_that_is_killed_and_started_again_goes_on_handing_off(
    start_reception: Callable[..., Any], checkin_now: Build, share: Path
) -> None:
    reception = start_reception(more=section(share))
    first, second = checkin_now(), checkin_now("A013")
    reception.post(first)
    wait_for(lambda: len(results(share)) == 1)
    reception.process.kill()
    reception.process.wait(10)
    assert take(share) == [first.checkin_id]
    again = start_reception(more=section(share))
    again.post(second)
    wait_for(lambda: len(results(share)) == 1)
    assert take(share) == [second.checkin_id]
    assert again.stop() == 0
    assert lying(share) == {MARK}
