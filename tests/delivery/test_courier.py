from __future__ import annotations

import io
import logging
import random
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from kiosk import journal
from kiosk.delivery.backoff import Backoff
from kiosk.delivery.courier import Courier
from kiosk.delivery.exchange import MAX_ANSWER
from kiosk.delivery.outbox import Outbox
from kiosk.record import ids

if TYPE_CHECKING:
    from tests.delivery.conftest import NewCheckIn, Reception

KIOSK = ids.kiosk_id("kiosk-1")
URLS = ("http://reception",)


def attempts_and_error(tmp_path: Path) -> tuple[int, str | None]:
    db = sqlite3.connect(tmp_path / "outbox.db")
    attempts, error = db.execute("SELECT attempts, error FROM outbox").fetchone()
    db.close()
    return attempts, error


def test_a_delivery_names_kiosk_order_key_and_id_and_carries_the_stored_bytes(
    outbox: Outbox, reception: Reception, new_checkin: NewCheckIn
) -> None:
    checkin = new_checkin()
    outbox.put(checkin, reception.sealer)
    head = outbox.head()
    assert head is not None
    told: list[str] = []
    courier = Courier(outbox, reception.client, URLS, KIOSK, told.append)
    assert courier.step() == 0
    assert courier.step() is None
    [request] = reception.asked
    assert (request.method, request.url.path) == ("POST", "/k/v1/checkins")
    assert request.content == head.sealed
    assert request.headers["Content-Type"] == "application/octet-stream"
    assert request.headers["Idempotency-Key"] == checkin.checkin_id
    assert request.headers["X-Kiosk-Id"] == KIOSK
    assert request.headers["X-Kiosk-Seq"] == str(head.seq)
    assert request.headers["X-Key-Id"] == reception.sealer.key_id
    assert told == [checkin.checkin_id]


@pytest.mark.parametrize("mood", ["portal", "other_hash", "other_id", "no_receipt"])
def test_a_200_without_reception_s_own_receipt_is_no_delivery(
    mood: str, outbox: Outbox, reception: Reception, new_checkin: NewCheckIn, tmp_path: Path
) -> None:
    outbox.put(new_checkin(), reception.sealer)
    told: list[str] = []
    courier = Courier(outbox, reception.client, URLS, KIOSK, told.append)
    reception.mood = mood
    for _ in range(5):
        assert courier.step() is not None
    assert outbox.waiting().pending == 1
    assert not told
    assert attempts_and_error(tmp_path) == (5, "no_receipt")


@pytest.mark.parametrize("receipt", [None, "", True, 1.5, [], {}, "x" * 129])
def test_what_is_no_receipt_does_not_acknowledge(
    receipt: object, outbox: Outbox, reception: Reception, new_checkin: NewCheckIn
) -> None:
    outbox.put(new_checkin(), reception.sealer)
    head = outbox.head()
    assert head is not None
    answer = {"checkin_id": head.checkin_id, "sha256": head.sha256, "receipt": receipt}
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=answer))) as client:
        assert Courier(outbox, client, URLS, KIOSK, lambda _: None).step() is not None
    assert outbox.waiting().pending == 1


@pytest.mark.parametrize("status", ["400", "409", "413", "415", "422"])
def test_what_reception_refuses_for_good_is_parked_with_an_alarm_and_the_next_one_goes(
    status: str, outbox: Outbox, reception: Reception, new_checkin: NewCheckIn, caplog: pytest.LogCaptureFixture
) -> None:
    outbox.put(new_checkin(), reception.sealer)
    good = new_checkin()
    outbox.put(good, reception.sealer)
    told: list[str] = []
    courier = Courier(outbox, reception.client, URLS, KIOSK, told.append)
    reception.mood = status
    with caplog.at_level(logging.ERROR, "kiosk.delivery"):
        assert courier.step() == 0
    assert "checkin_parked" in caplog.messages
    reception.mood = "ok"
    courier.step()
    assert told == [good.checkin_id]
    [parked] = outbox.parked()
    assert parked.why == f"refused_{status}"


@pytest.mark.parametrize("mood", ["down", "401", "403", "404", "429", "500", "503", "302"])
def test_everything_else_waits_and_never_gives_up(
    mood: str, outbox: Outbox, reception: Reception, new_checkin: NewCheckIn
) -> None:
    outbox.put(new_checkin(), reception.sealer)
    courier = Courier(outbox, reception.client, URLS, KIOSK, lambda _: None)
    reception.mood = mood
    waits = [courier.step() for _ in range(40)]
    assert all(wait is not None and 0 <= wait <= 30 for wait in waits)
    assert outbox.waiting().pending == 1
    reception.mood = "ok"
    assert courier.step() == 0
    assert outbox.waiting().pending == 0


def test_a_lost_answer_is_asked_again_and_stored_once(
    outbox: Outbox, reception: Reception, new_checkin: NewCheckIn
) -> None:
    outbox.put(new_checkin(), reception.sealer)
    told: list[str] = []
    courier = Courier(outbox, reception.client, URLS, KIOSK, told.append)
    reception.mood = "lost_answer"
    courier.step()
    reception.mood = "ok"
    courier.step()
    assert len(reception.stored) == 1
    assert len(told) == 1
    assert reception.asked[0].content == reception.asked[1].content


def test_stored_bytes_that_changed_are_parked_and_not_sent(
    outbox: Outbox, reception: Reception, new_checkin: NewCheckIn, tmp_path: Path
) -> None:
    outbox.put(new_checkin(), reception.sealer)
    db = sqlite3.connect(tmp_path / "outbox.db")
    db.execute("UPDATE outbox SET sealed = x'00'")
    db.commit()
    db.close()
    Courier(outbox, reception.client, URLS, KIOSK, lambda _: None).step()
    assert not reception.asked
    assert outbox.parked()[0].why == "stored_bytes_changed"


def test_an_endless_answer_is_cut_off(
    outbox: Outbox, reception: Reception, new_checkin: NewCheckIn, tmp_path: Path
) -> None:
    outbox.put(new_checkin(), reception.sealer)
    sent = []

    def endless() -> object:
        while True:
            sent.append(1)
            yield b" " * 4096

    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=endless()))) as client:  # type: ignore[arg-type]
        Courier(outbox, client, URLS, KIOSK, lambda _: None).step()
    assert len(sent) <= MAX_ANSWER / 4096 + 2
    assert attempts_and_error(tmp_path) == (1, "answer_too_large")


def test_a_compressed_answer_is_not_unpacked(
    outbox: Outbox, reception: Reception, new_checkin: NewCheckIn, tmp_path: Path
) -> None:
    outbox.put(new_checkin(), reception.sealer)
    stream = httpx.ByteStream(b"\x1f\x8b rubbish")
    answer = httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=stream)
    with httpx.Client(transport=httpx.MockTransport(lambda _: answer)) as client:
        Courier(outbox, client, URLS, KIOSK, lambda _: None).step()
    assert attempts_and_error(tmp_path) == (1, "encoding")


def test_a_second_address_takes_over_when_the_first_is_away(
    outbox: Outbox, reception: Reception, new_checkin: NewCheckIn
) -> None:
    hosts: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        if request.url.host == "one":
            raise httpx.ConnectTimeout("away", request=request)
        return reception.answer(request)

    for _ in range(3):
        outbox.put(new_checkin(), reception.sealer)
    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        courier = Courier(outbox, client, ("https://one/", "https://two"), KIOSK, lambda _: None)
        for _ in range(4):
            courier.step()
    assert hosts == ["one", "two", "two", "two"]
    assert outbox.waiting().pending == 0


def test_run_delivers_what_is_put_later_and_ends_when_told(
    outbox: Outbox, reception: Reception, new_checkin: NewCheckIn
) -> None:
    told: list[str] = []
    arrived, stop = threading.Event(), threading.Event()

    def delivered(visit: str) -> None:
        told.append(visit)
        arrived.set()
        raise RuntimeError("a listener's own failure")

    courier = Courier(outbox, reception.client, URLS, KIOSK, delivered)
    thread = threading.Thread(target=courier.run, args=(stop,))
    thread.start()
    put = []
    for _ in range(3):
        arrived.clear()
        checkin = new_checkin()
        put.append(checkin.checkin_id)
        outbox.put(checkin, reception.sealer)
        courier.wake()
        assert arrived.wait(10), "a listener that fails does not stop the courier"
    stop.set()
    courier.wake()
    thread.join(10)
    assert not thread.is_alive()
    assert told == put


def test_the_journal_of_a_delivery_tells_no_person_and_no_whole_id(
    outbox: Outbox, reception: Reception, new_checkin: NewCheckIn, canary: str
) -> None:
    told = io.StringIO()
    handler = logging.StreamHandler(told)
    handler.setFormatter(journal.JournalFormatter())
    log = logging.getLogger("kiosk")
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        checkins = [new_checkin() for _ in range(3)]
        for checkin, mood in zip(checkins, ("503", "422", "ok"), strict=True):
            outbox.put(checkin, reception.sealer)
            reception.mood = mood
            Courier(outbox, reception.client, URLS, KIOSK, lambda _: None).step()
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
    lines = told.getvalue()
    assert "not_delivered" in lines
    assert "checkin_parked" in lines
    assert "delivered" in lines
    for secret in (canary, canary.encode().hex(), "A001", "ab" * 32, *(checkin.checkin_id for checkin in checkins)):
        assert secret not in lines


def test_the_wait_grows_to_thirty_seconds_with_full_jitter() -> None:
    backoff = Backoff(random.Random(1))  # noqa: S311  (a fixed course, no secret)
    rounds = []
    for _ in range(300):
        backoff.reset()
        rounds.append([backoff.failed() for _ in range(12)])
    for at, ceiling in enumerate([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30, 30, 30]):
        waits = [waits[at] for waits in rounds]
        assert max(waits) <= ceiling
        assert max(waits) > 0.9 * ceiling
        assert min(waits) < 0.1 * ceiling
