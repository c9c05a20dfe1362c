from __future__ import annotations

import base64
import json
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.delivery.desk import MAX_CALLS, Desk
from kiosk.delivery.errors import DeliveryError, NoKeyError, SealingError
from kiosk.delivery.keys import KeyCache
from kiosk.delivery.sealing import key_id
from kiosk.record import ids
from kiosk.record.door import (
    Heartbeat,
    HelpCall,
    HelpReason,
    StaffOutcome,
    StaffReport,
    heartbeat_from_json,
    help_from_json,
    staff_report_from_json,
)

KIOSK = ids.kiosk_id("kiosk-1")
AT = datetime(2026, 11, 21, 1, tzinfo=UTC)
BEAT = Heartbeat(KIOSK, AT, "open", "idle", None, 0, 0, 0.0)


def help_call() -> HelpCall:
    return HelpCall(ids.new_visit_id(), KIOSK, None, HelpReason.CALLED, "idle", AT)


def fresh_key() -> dict[str, object]:
    raw = X25519PrivateKey.generate().public_key().public_bytes_raw()
    return {"key_id": key_id(raw), "public_key": base64.b64encode(raw).decode()}


class Door:
    """Reception's kiosk door: notes what comes; `moods` by path, else it answers well."""

    def __init__(self) -> None:
        self.key = fresh_key()
        self.moods: dict[str, int | str] = {}
        self.calls: list[HelpCall] = []
        self.reports: list[StaffReport] = []
        self.beats: list[Heartbeat] = []
        self.asked: list[str] = []
        self.client = httpx.Client(transport=httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rsplit("/", 1)[-1]
        self.asked.append(name)
        assert request.headers["X-Kiosk-Id"] == KIOSK
        mood = self.moods.get(name, 200)
        if mood == "down":
            raise httpx.ConnectError("refused", request=request)
        if mood == "portal":
            return httpx.Response(200, html="<h1>Welcome</h1>")
        if mood != 200:
            return httpx.Response(int(mood))
        if name == "key":
            return httpx.Response(200, json=self.key)
        if name == "help":
            self.calls.append(help_from_json(json.loads(request.content)))
        elif name == "outcome":
            self.reports.append(staff_report_from_json(json.loads(request.content)))
        else:
            self.beats.append(heartbeat_from_json(json.loads(request.content)))
        return httpx.Response(204)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def door() -> Iterator[Door]:
    one = Door()
    yield one
    one.client.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(tmp_path: Path) -> KeyCache:
    return KeyCache(tmp_path / "reception-key.json")


@pytest.fixture
def desk(door: Door, keys: KeyCache, clock: Clock) -> Desk:
    return Desk(door.client, ("http://reception",), KIOSK, keys, lambda: BEAT, mono=clock)


def test_the_heart_beats_every_ten_seconds_and_at_once_when_told(desk: Desk, door: Door, clock: Clock) -> None:
    assert desk.step() == pytest.approx(10.0)
    clock.now += 9.9
    desk.step()
    assert len(door.beats) == 1
    clock.now += 0.1
    desk.step()
    assert door.beats == [BEAT, BEAT]
    desk.beat_now()
    assert desk.step() == pytest.approx(10.0)
    assert len(door.beats) == 3


def test_a_call_goes_at_once_and_first(desk: Desk, door: Door) -> None:
    call = help_call()
    desk.call(call)
    desk.step()
    assert door.calls == [call]
    assert door.asked[0] == "help"


@pytest.mark.parametrize("mood", ["down", "portal", 401, 503])
def test_a_call_nobody_heard_is_tried_again_in_order_for_ten_minutes(
    mood: int | str, desk: Desk, door: Door, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = help_call(), help_call()
    door.moods["help"] = mood
    desk.call(first)
    clock.now += 300
    desk.call(second)
    desk.step()
    assert door.calls == []
    clock.now += 299
    door.moods.clear()
    desk.step()
    desk.step()
    assert door.calls == [first, second]
    door.moods["help"] = mood
    desk.call(help_call())
    desk.step()
    clock.now += 600
    door.moods.clear()
    with caplog.at_level(logging.ERROR, "kiosk.delivery"):
        desk.step()
    assert len(door.calls) == 2, "too old to be of use"
    assert "help_call_dropped" in caplog.messages


def test_a_call_that_reception_refuses_does_not_block_the_next(desk: Desk, door: Door) -> None:
    door.moods["help"] = 422
    desk.call(help_call())
    desk.step()
    door.moods.clear()
    good = help_call()
    desk.call(good)
    desk.step()
    assert door.calls == [good]


def staff_report() -> StaffReport:
    return StaffReport(ids.new_visit_id(), KIOSK, ids.new_visit_id(), StaffOutcome.CONFIRMED, AT)


def test_how_a_visual_check_ended_waits_for_reception_longer_than_a_call(
    desk: Desk, door: Door, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    door.moods.update({"help": "down", "outcome": "down"})
    report = staff_report()
    desk.report(report)
    desk.call(help_call())
    desk.step()
    clock.now += 700
    desk.step()
    door.moods.clear()
    clock.now += 60
    desk.step()
    assert (door.reports, door.calls) == ([report], [])
    assert "help_call_dropped" in caplog.text


def test_calls_are_bounded_and_the_newest_are_kept(desk: Desk, door: Door) -> None:
    calls = [help_call() for _ in range(MAX_CALLS + 3)]
    for call in calls:
        desk.call(call)
    for _ in calls:
        desk.step()
    assert door.calls == calls[3:]


def test_a_heartbeat_that_fails_is_not_repeated_but_the_next_one_goes(desk: Desk, door: Door, clock: Clock) -> None:
    door.moods["heartbeat"] = "down"
    desk.step()
    door.moods.clear()
    clock.now += 10
    desk.step()
    assert len(door.beats) == 1


def test_the_key_is_fetched_kept_and_survives_a_restart_without_reception(
    desk: Desk, door: Door, keys: KeyCache, tmp_path: Path
) -> None:
    with pytest.raises(NoKeyError):
        keys.sealer()
    desk.step()
    assert keys.sealer().key_id == door.key["key_id"]
    assert KeyCache(tmp_path / "reception-key.json").sealer().key_id == door.key["key_id"]


def test_a_changed_key_is_taken_over_and_logged(
    desk: Desk, door: Door, keys: KeyCache, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    desk.step()
    door.key = fresh_key()
    clock.now += 60
    with caplog.at_level(logging.WARNING, "kiosk.delivery"):
        desk.step()
    assert "key_changed" in caplog.messages
    assert keys.sealer().key_id == door.key["key_id"]


def test_a_changed_key_replaces_the_kept_one(keys: KeyCache, tmp_path: Path) -> None:
    keys.take(fresh_key())
    later = fresh_key()
    keys.take(later)
    assert KeyCache(tmp_path / "reception-key.json").sealer().key_id == later["key_id"]
    assert [file.name for file in tmp_path.iterdir()] == ["reception-key.json"]


def test_a_key_is_asked_for_until_it_comes(desk: Desk, door: Door, keys: KeyCache, clock: Clock) -> None:
    for mood in ("down", "portal", 503):
        door.moods["key"] = mood
        desk.step()
        clock.now += 30
    door.moods.clear()
    desk.step()
    assert keys.sealer().key_id == door.key["key_id"]


@pytest.mark.parametrize(
    "change",
    [
        {"public_key": "AAAA"},
        {"public_key": "!!!!"},
        {"public_key": "A" * 4000},
        {"public_key": None},
        {"key_id": "0123456789abcdef"},
        {"key_id": None},
    ],
)
def test_what_is_no_key_is_not_taken(change: dict[str, object], keys: KeyCache, tmp_path: Path) -> None:
    good = fresh_key()
    keys.take(good)
    with pytest.raises(SealingError):
        keys.take({**fresh_key(), **change})
    assert keys.sealer().key_id == good["key_id"]
    assert KeyCache(tmp_path / "reception-key.json").sealer().key_id == good["key_id"]


@pytest.mark.parametrize("rubbish", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b"x" * 5000])
def test_a_key_file_that_cannot_be_used_counts_as_none(rubbish: bytes, tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_bytes(rubbish)
    keys = KeyCache(path)
    with pytest.raises(NoKeyError):
        keys.sealer()
    keys.take(fresh_key())
    KeyCache(path).sealer()


def test_a_key_that_cannot_be_kept_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    keys = KeyCache(tmp_path / "folder" / "key.json")
    (tmp_path / "folder").write_text("not a folder either")
    with pytest.raises(DeliveryError, match="cannot be written"):
        keys.take(fresh_key())


def test_run_goes_on_when_the_heartbeat_cannot_be_made_and_ends_when_told(door: Door, keys: KeyCache) -> None:
    tried, stop = threading.Event(), threading.Event()

    def beat() -> Heartbeat:
        tried.set()
        raise RuntimeError("the outbox is away")

    desk = Desk(door.client, ("http://reception",), KIOSK, keys, beat)
    thread = threading.Thread(target=desk.run, args=(stop,))
    thread.start()
    for _ in range(2):
        assert tried.wait(10)
        tried.clear()
        desk.beat_now()
    stop.set()
    desk.beat_now()
    thread.join(10)
    assert not thread.is_alive()
