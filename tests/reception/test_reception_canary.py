"""A canary patient: their name, birth date and numbers stand in reception's store, and nowhere else on either machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk.delivery.courier import Courier
from kiosk.delivery.desk import Desk
from kiosk.delivery.exchange import door_client
from kiosk.delivery.keys import KeyCache
from kiosk.delivery.outbox import Outbox
from kiosk.delivery.settings import DeliverySettings
from kiosk.record import checkin as contract
from kiosk.record import ids
from kiosk.record.checkin import CheckIn
from kiosk.record.door import Heartbeat, HelpCall, HelpReason

KIOSK = ids.kiosk_id("a")
PERSON = {
    "name": "加那利　鳥子",
    "name_kana": "ｶﾅﾘ ﾄﾘｺ",
    "birth_date": date(1931, 7, 13),
    "insured_number": "9182736",
    "insured_symbol": "カナリ記",
}
CANARIES = ("加那利", "鳥子", "ｶﾅﾘ", "カナリ", "1931-07-13", "19310713", "昭和6年7月13日", "9182736")
PATIENCE_S = 20.0


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "it did not come about in time"
        threading.Event().wait(0.02)


def holding(paths: Iterator[Path]) -> list[tuple[str, str]]:
    """Which files hold which canary, in UTF-8, UTF-16, Shift_JIS or as JSON writes it."""
    found = []
    for path in paths:
        content = path.read_bytes()
        for word in CANARIES:
            escaped = word.encode("ascii", "backslashreplace")
            spellings = (word.encode(), word.encode("utf-16-le"), word.encode("cp932"), escaped)
            if any(spelling in content for spelling in spellings):
                found.append((path.name, word))
    return found


def files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def test_after_the_ack_the_canary_is_in_receptions_store_and_nowhere_else(
    tmp_path: Path, start_reception: Callable[..., Any], checkin_now: Callable[..., CheckIn], caplog: Any
) -> None:
    caplog.set_level(0)
    reception = start_reception()
    settings = DeliverySettings((reception.kiosk_url,), tmp_path / "kiosk")
    outbox = Outbox(settings.folder / "outbox.db", "A")
    keys = KeyCache(settings.folder / "reception-key.json")
    stop = threading.Event()
    delivered: list[str] = []
    visit = checkin_now(**PERSON)
    beat = Heartbeat(KIOSK, datetime.now(UTC), "open", "comparing", visit.checkin_id, 0, 0, 0.0)
    with door_client(settings) as client:
        courier = Courier(outbox, client, settings.urls, KIOSK, delivered.append)
        desk = Desk(client, settings.urls, KIOSK, keys, lambda: replace(beat, at=datetime.now(UTC)))
        threads = [threading.Thread(target=run.run, args=(stop,)) for run in (courier, desk)]
        for thread in threads:
            thread.start()
        try:
            until((settings.folder / "reception-key.json").exists)
            desk.call(
                HelpCall(ids.new_visit_id(), KIOSK, visit.checkin_id, HelpReason.CALLED, "comparing", datetime.now(UTC))
            )
            outbox.put(visit, keys.sealer())
            courier.wake()
            until(lambda: delivered == [visit.checkin_id])
        finally:
            stop.set()
            courier.wake()
            desk.beat_now()
            for thread in threads:
                thread.join()
        # What goes wrong is written down too, and must not say who: refused, and broken.
        kiosk = reception.kiosk
        for body in (contract.to_json(visit)[:-3], contract.to_json(replace(visit, simulated=False)), b"\xff" * 900):
            other = ids.new_visit_id()
            sealed = kiosk.sealed(body, other)
            answer = reception.http.post(
                f"{reception.kiosk_url}/k/v1/checkins", content=sealed, headers=kiosk.headers(other)
            )
            assert answer.status_code == 422
            assert not [word for word in CANARIES if word in answer.text]
    outbox.scrub()
    outbox.close()
    assert reception.stop() == 0
    kiosk_files = list(files(settings.folder))
    assert len(kiosk_files) > 2
    assert holding(iter(kiosk_files)) == []
    stores = {path for path in files(tmp_path) if path.name.startswith("reception.db")}
    others = [path for path in files(tmp_path) if path not in stores]
    assert any(path.name == "reception.log" and path.stat().st_size for path in others)
    assert holding(iter(others)) == []
    assert {word for _, word in holding(iter(stores))} >= {"加那利", "1931-07-13", "9182736"}, "there it is found"
    assert not [word for word in CANARIES if word in caplog.text]


def test_the_search_would_find_it(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text('{"name": "\\u52a0\\u90a3\\u5229"}', encoding="utf-8")
    (tmp_path / "b.xml").write_bytes("ｶﾅﾘ".encode("cp932"))
    assert sorted(holding(files(tmp_path))) == [("a.log", "加那利"), ("b.xml", "ｶﾅﾘ")]


@pytest.mark.parametrize("word", CANARIES)
def test_every_canary_is_somebodys(word: str) -> None:
    assert any(word in str(value) or value == date(1931, 7, 13) for value in PERSON.values())
