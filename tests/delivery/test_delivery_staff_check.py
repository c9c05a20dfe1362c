"""A staff member's code and PIN at the kiosk: held for a moment, told to reception only, and overwritten whatever it says."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from kiosk.delivery.settings import DeliverySettings
from kiosk.delivery.staff_check import DIGITS, StaffCheck, TypedDigits, Verified
from kiosk.record import dates, ids
from kiosk.record.door import StaffOutcome
from kiosk.staff.commands import Command, CommandKind
from kiosk.stations.delivery import DeliveryStation
from kiosk.visit import effects as fx
from kiosk.visit import events as ev
from kiosk.visit.appliance import Ask
from kiosk.visit.vocabulary import StaffTrouble

KIOSK = ids.kiosk_id("kiosk-1")
VISIT = ids.new_visit_id()
TYPED = "4711830417"


class Door:
    """Reception's kiosk door: `status` and `fields` of its next answer."""

    def __init__(self) -> None:
        self.status = 200
        self.fields: object = {
            "ok": True,
            "check_id": ids.new_visit_id(),
            "staff_id": "mori",
            "expires_at": dates.instant_text(datetime.now(UTC) + timedelta(minutes=3)),
        }
        self.asked: list[dict[str, object]] = []
        self.client = httpx.Client(transport=httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/k/v1/staff/verify"
        assert request.headers["X-Kiosk-Id"] == KIOSK
        self.asked.append(json.loads(request.content))
        if self.status == 0:
            raise httpx.ConnectError("refused", request=request)
        if self.status == 302:
            return httpx.Response(200, html="<h1>Welcome to the Wi-Fi</h1>")
        return httpx.Response(self.status, json=self.fields)


@pytest.fixture
def door() -> Iterator[Door]:
    one = Door()
    yield one
    one.client.close()


def asking(door: Door) -> StaffCheck:
    return StaffCheck(door.client, ("http://reception.test",), KIOSK)


def typed(text: str = TYPED) -> TypedDigits:
    digits = TypedDigits()
    for digit in text:
        digits.type(digit)
    return digits


# -- what is typed ---------------------------------------------------------------------------------------------------


def test_ten_digits_are_handed_over_once_and_nothing_is_left() -> None:
    digits = typed()
    assert digits.taken() == bytearray(TYPED.encode())
    assert digits.taken() is None


def test_fewer_are_handed_to_nobody_and_are_gone_all_the_same() -> None:
    digits = typed("123")
    assert digits.taken() is None
    for digit in "4567890":
        digits.type(digit)
    assert digits.taken() is None


def test_the_last_one_can_be_taken_back() -> None:
    digits = typed(TYPED[:9] + "0")
    digits.erase()
    digits.type("7")
    assert digits.taken() == bytearray(TYPED.encode())


@pytest.mark.parametrize("other", ["", "a", "12", "１", "\n"])
def test_what_is_no_digit_is_dropped(other: str) -> None:
    digits = typed(TYPED[:9])
    digits.type(other)
    assert digits.taken() is None


def test_what_is_too_much_is_dropped() -> None:
    assert typed(TYPED + "9").taken() == bytearray(TYPED.encode())


def test_forgetting_overwrites_the_very_memory_and_no_repr_shows_a_digit() -> None:
    digits = typed()
    held = next(one for one in vars(digits).values() if isinstance(one, bytearray))
    assert held == TYPED.encode()
    assert "4711" not in repr(digits)
    digits.forget()
    assert held == bytes(DIGITS)


# -- asking reception ------------------------------------------------------------------------------------------------


def test_reception_says_who_it_is_and_for_how_long(door: Door) -> None:
    digits = bytearray(TYPED.encode())
    found = asking(door).verify(VISIT, digits)
    assert isinstance(found, Verified)
    assert found.staff_id == "mori"
    assert 170 < found.lasts <= 180
    assert door.asked == [{"visit_id": VISIT, "code": "4711", "pin": "830417"}]
    assert digits == bytes(DIGITS)


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (403, "wrong"),
        (429, "slow_down"),
        (0, "unreachable"),
        (500, "unreachable"),
        (404, "unreachable"),
        (302, "unreachable"),
    ],
)
def test_everything_else_is_one_of_three_words_and_the_digits_are_gone(door: Door, status: int, refusal: str) -> None:
    door.status = status
    digits = bytearray(TYPED.encode())
    assert asking(door).verify(VISIT, digits) == refusal
    assert digits == bytes(DIGITS)


@pytest.mark.parametrize(
    "fields",
    [
        [],
        {},
        {"ok": True},
        {"check_id": "x", "staff_id": "mori", "expires_at": "2026-11-21T01:00:00.000Z"},
        {"check_id": ids.new_visit_id(), "staff_id": "Mori!", "expires_at": "2026-11-21T01:00:00.000Z"},
        {"check_id": ids.new_visit_id(), "staff_id": "mori", "expires_at": "soon"},
    ],
)
def test_an_answer_that_is_not_the_contract_s_confirms_nobody(door: Door, fields: object) -> None:
    door.fields = fields
    assert asking(door).verify(VISIT, bytearray(TYPED.encode())) == "unreachable"


def test_the_journal_tells_no_digit(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for status in (200, 403, 0):
        door.status = status
        asking(door).verify(VISIT, bytearray(TYPED.encode()))
    told = caplog.text + repr([record.__dict__ for record in caplog.records])
    assert "830417" not in told
    assert "4711" not in told


# -- the station -----------------------------------------------------------------------------------------------------


class Heard:
    """The loop's inbox."""

    def __init__(self) -> None:
        self.events: list[ev.Event] = []
        self.came = threading.Event()

    def __call__(self, event: ev.Event) -> None:
        self.events.append(event)
        self.came.set()


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Callable[[Heard], DeliveryStation]]:
    """A station whose reception is not there."""
    made: list[DeliveryStation] = []

    def make(heard: Heard) -> DeliveryStation:
        settings = DeliverySettings(("http://127.0.0.1:9",), tmp_path / "outbox")
        made.append(DeliveryStation(settings, KIOSK, heard, lambda _word, _present: None))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_reception_that_is_not_there_is_told_as_that_and_the_digits_are_gone(
    station: Callable[[Heard], DeliveryStation],
) -> None:
    heard = Heard()
    here, ask = station(heard), Ask(VISIT, 7)
    for digit in TYPED:
        here.digit(digit)
    assert here.carry_out(fx.VerifyStaff(ask))
    assert heard.came.wait(20)
    assert heard.events == [ev.StaffNotVerified(ask, StaffTrouble.UNREACHABLE)]
    heard.came.clear()
    assert here.carry_out(fx.VerifyStaff(ask))
    assert heard.came.wait(20)
    assert heard.events[-1] == ev.StaffNotVerified(ask, StaffTrouble.WRONG)


@pytest.mark.parametrize("way", ["effect", "wipe", "erased"])
def test_what_was_typed_is_forgotten_with_the_visit_and_on_wish(
    station: Callable[[Heard], DeliveryStation], way: str
) -> None:
    heard = Heard()
    here, ask = station(heard), Ask(VISIT, 7)
    for digit in TYPED:
        here.digit(digit)
    if way == "effect":
        assert here.carry_out(fx.ForgetStaffDigits())
    elif way == "wipe":
        here.forget_digits()
    else:
        here.erase()
    here.carry_out(fx.VerifyStaff(ask))
    assert heard.came.wait(20)
    assert heard.events == [ev.StaffNotVerified(ask, StaffTrouble.WRONG)]


def test_the_station_takes_the_report_of_how_a_check_ended(station: Callable[[Heard], DeliveryStation]) -> None:
    assert station(Heard()).carry_out(fx.ReportVisual(ids.new_visit_id(), VISIT, StaffOutcome.CONFIRMED))


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        (CommandKind.PAUSE, ev.Paused),
        (CommandKind.RESUME, ev.Resumed),
        (CommandKind.RESTART, ev.RestartAsked),
    ],
)
def test_a_pause_comes_to_the_heart_without_a_visit(
    station: Callable[[Heard], DeliveryStation],
    kind: CommandKind,
    event: type[ev.Paused | ev.Resumed | ev.RestartAsked],
) -> None:
    heard = Heard()
    command = Command(ids.new_visit_id(), kind, KIOSK, None, "mori", datetime.now(UTC) + timedelta(minutes=1))
    station(heard)._command(command)
    assert heard.events == [event(command.id)]


def test_the_heart_hears_whether_reception_can_be_reached(station: Callable[[Heard], DeliveryStation]) -> None:
    heard = Heard()
    here = station(heard)
    here._reachable(False)
    here._reachable(True)
    assert heard.events == [ev.ReceptionReached(reachable=False), ev.ReceptionReached(reachable=True)]
