"""Changes that share a COMMIT: each is undone alone, with what it told and audited, and the writer outlives what breaks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from kiosk.reception import audit
from kiosk.reception.audit import Chain
from kiosk.reception.errors import RefusedError, StoreError
from kiosk.reception.store import Store, Transaction

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]
Change = Callable[[Transaction], None]


def noted(word: str) -> Change:
    def change(transaction: Transaction) -> None:
        transaction.audit("reception", word)
        transaction.tell("kiosk", kiosk_id=word)

    return change


def refused(word: str) -> Change:
    def change(transaction: Transaction) -> None:
        noted(word)(transaction)
        raise RefusedError(409, "no", "no")

    return change


async def in_one_batch(store: Store, *changes: Change) -> list[object]:
    """What each gives or raises, all of them in one transaction: they wait while another change is at work."""
    working, go_on = threading.Event(), threading.Event()

    def hold(_: Transaction) -> None:
        working.set()
        assert go_on.wait(10)

    holding = asyncio.create_task(store.write(hold))
    assert await asyncio.to_thread(working.wait, 10)
    waiting = [asyncio.create_task(store.write(change)) for change in changes]
    await asyncio.sleep(0)  # each has put its change into the queue
    go_on.set()
    await holding
    return list(await asyncio.gather(*waiting, return_exceptions=True))


def told_kiosks(connection: Any) -> list[str]:
    return [row["flags"] for row in connection.execute("SELECT flags FROM event ORDER BY seq")]


async def test_what_a_refused_change_told_and_audited_is_undone_with_it_alone(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        store, before = desk.desk.store, len(desk.whole_audit())
        outcomes = await in_one_batch(store, noted("one"), refused("two"), noted("three"))
        assert [type(outcome) for outcome in outcomes] == [type(None), RefusedError, type(None)]
        assert desk.whole_audit()[before:] == [("reception", "one"), ("reception", "three")]
        assert await store.read(told_kiosks) == ['{"kiosk_id": "one"}', '{"kiosk_id": "three"}']
        chain = Chain(desk.desk.key.derived(b"kiosk audit"))
        assert (await store.read(lambda connection: audit.verify(connection, chain))).whole


async def test_a_change_that_is_refused_alone_leaves_nothing(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        store, before = desk.desk.store, desk.whole_audit()
        with pytest.raises(RefusedError):
            await store.write(refused("two"))
        assert desk.whole_audit() == before
        await store.write(noted("three"))
        assert desk.whole_audit() == [*before, ("reception", "three")]
        assert await store.read(told_kiosks) == ['{"kiosk_id": "three"}']


@pytest.mark.parametrize("text", ["田中", "a\0b", "\ud800"])
async def test_the_audit_takes_ids_and_words_only_and_says_so_to_whoever_tries(open_desk: OpenDesk, text: str) -> None:
    async with open_desk() as desk:
        outcomes = await in_one_batch(
            desk.desk.store, lambda transaction: transaction.audit("reception", "one", note=text), noted("two")
        )
        assert isinstance(outcomes[0], ValueError)
        assert outcomes[1] is None
        assert desk.whole_audit()[-1] == ("reception", "two")


async def test_the_writer_outlives_a_fault_of_ours_and_says_what_it_was(
    open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a fault")

    async with open_desk() as desk:
        store, before = desk.desk.store, desk.whole_audit()
        with monkeypatch.context() as patched:
            patched.setattr(Chain, "append", broken)
            with pytest.raises(StoreError):
                await store.write(noted("one"))
        assert "commit_broke" in caplog.text
        await store.write(noted("two"))
        assert desk.whole_audit() == [*before, ("reception", "two")]
