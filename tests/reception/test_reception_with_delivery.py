"""Both sides of the kiosk door as they are: a kiosk's outbox, courier, line and desk against a reception that dies."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kiosk.delivery.courier import Courier
from kiosk.delivery.desk import Desk
from kiosk.delivery.exchange import door_client
from kiosk.delivery.keys import KeyCache
from kiosk.delivery.line import Line
from kiosk.delivery.outbox import Outbox
from kiosk.delivery.settings import DeliverySettings
from kiosk.record import ids
from kiosk.record.checkin import CheckIn
from kiosk.record.door import Heartbeat, HelpCall, HelpReason
from kiosk.staff.commands import Command, CommandState

KIOSK = ids.kiosk_id("a")


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not true():
        assert time.monotonic() < until, "it did not come about in time"
        threading.Event().wait(0.02)


def test_everything_a_kiosk_sends_arrives_once_though_reception_is_killed(
    tmp_path: Path, start_reception: Callable[..., Any], checkin_now: Callable[..., CheckIn]
) -> None:
    reception = start_reception()
    settings = DeliverySettings((reception.kiosk_url,), tmp_path / "kiosk")
    outbox = Outbox(settings.folder / "outbox.db", settings.kiosk_letter)
    keys = KeyCache(settings.folder / "reception-key.json")
    stop = threading.Event()
    delivered: list[str] = []
    commands: list[Command] = []
    visit = ids.new_visit_id()
    beat = Heartbeat(KIOSK, datetime.now(UTC), "open", "choosing_method", visit, 0, 0, 0.0)
    with door_client(settings) as client:
        courier = Courier(outbox, client, settings.urls, KIOSK, delivered.append)
        line = Line(client, settings.urls, KIOSK, commands.append, lambda _: None)
        desk = Desk(client, settings.urls, KIOSK, keys, lambda: beat)
        threads = [threading.Thread(target=part.run, args=(stop,)) for part in (courier, line, desk)]
        for thread in threads:
            thread.start()
        try:
            wait_until((settings.folder / "reception-key.json").exists)
            put = []
            for number in range(12):
                checkin = replace(checkin_now(), queue_number=None)
                put.append(checkin.checkin_id)
                outbox.put(checkin, keys.sealer())
                courier.wake()
                if number == 5:
                    wait_until(lambda: len(delivered) >= 2)
                    reception.process.kill()
                    reception.process.wait(10)
            again = start_reception(kiosk_port=int(reception.kiosk_url.rsplit(":", 1)[1]))
            desk.call(
                HelpCall(ids.new_visit_id(), KIOSK, visit, HelpReason.CALLED, "choosing_method", datetime.now(UTC))
            )
            desk.beat_now()
            wait_until(lambda: len(delivered) == 12)
            headers = again.sit_down("tanaka")
            grant = f"{again.staff_url}/api/v1/kiosks/a/grant"
            wait_until(
                lambda: again.http.post(grant, json={"visit_id": visit}, headers=headers).status_code in (201, 409)
            )
            wait_until(lambda: len(commands) == 1)
            line.answer(commands[0].id, CommandState.COMPARING)
            page = f"{again.staff_url}/board"
            wait_until(lambda: "confirm_visual" in again.http.get(page).text)
            wait_until(lambda: again.http.get(page).text.count("data-help-id=") == 1)
        finally:
            stop.set()
            courier.wake()
            desk.beat_now()
            line.hang_up()
            for thread in threads:
                thread.join(20)
    rows = again.http.get(f"{again.staff_url}/api/v1/rows").json()["rows"]
    assert [row["checkin_id"] for row in rows] == put == delivered
    assert [row["record"]["queue_number"] for row in rows] == [f"A{number:03}" for number in range(1, 13)]
    assert outbox.parked() == ()
    assert outbox.waiting().pending == 0
    outbox.close()
