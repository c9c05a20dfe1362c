from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import hypothesis.strategies as st
import pytest
from hypothesis import given

from kiosk.delivery.errors import ReceptionError
from kiosk.delivery.line import Line
from kiosk.delivery.sse import MAX_EVENT, EventReader, ServerEvent
from kiosk.record import ids
from kiosk.staff.commands import Command, CommandKind, CommandState, command_json

KIOSK = ids.kiosk_id("kiosk-1")
URLS = ("http://reception",)
NOW = datetime(2026, 11, 21, 1, tzinfo=UTC)


def command(kiosk: str = "kiosk-1", expires_at: datetime = NOW + timedelta(minutes=3)) -> Command:
    return Command(
        ids.new_visit_id(), CommandKind.GRANT_VISUAL, ids.kiosk_id(kiosk), ids.new_visit_id(), "sato", expires_at
    )


def event(one: Command) -> bytes:
    return f"event: command\ndata: {json.dumps(command_json(one))}\n\n".encode()


def stream(*chunks: bytes) -> httpx.Response:
    def content() -> Iterator[bytes]:
        yield from chunks

    return httpx.Response(200, headers={"Content-Type": "text/event-stream; charset=utf-8"}, content=content())


class Heard:
    """A line over canned answers; it ends when they are used up."""

    def __init__(self, *answers: Callable[[httpx.Request], httpx.Response]) -> None:
        self.commands: list[Command] = []
        self.reachable: list[bool] = []
        self.requests: list[httpx.Request] = []
        stop = threading.Event()
        left = list(answers)

        def answer(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            current = left.pop(0)
            if not left:
                stop.set()
            return current(request)

        with httpx.Client(transport=httpx.MockTransport(answer)) as client:
            line = Line(client, URLS, KIOSK, self.commands.append, self.reachable.append, clock=lambda: NOW)
            thread = threading.Thread(target=line.run, args=(stop,))
            thread.start()
            thread.join(20)
            assert not thread.is_alive()


def down(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


def test_a_command_comes_through_and_pings_do_not() -> None:
    one = command()
    heard = Heard(lambda _: stream(b": ping\n\n", event(one), b": ping\n\n"), down)
    assert heard.commands == [one]
    assert heard.reachable == [True, False]
    assert heard.requests[0].headers["X-Kiosk-Id"] == KIOSK
    assert heard.requests[0].url.path == "/k/v1/line"


def test_each_command_is_handled_once_even_over_a_reconnection() -> None:
    one, two = command(), command()
    heard = Heard(lambda _: stream(event(one), event(one)), lambda _: stream(event(one), event(two)), down)
    assert heard.commands == [one, two]
    assert heard.reachable == [True, False, True, False]


def test_expired_foreign_and_unreadable_commands_are_dropped_and_the_line_goes_on() -> None:
    good = command()
    heard = Heard(
        lambda _: stream(
            event(command(expires_at=NOW)),
            event(command(kiosk="kiosk-2")),
            b"event: command\ndata: {not json\n\n",
            b"event: command\ndata: []\n\n",
            b'event: command\ndata: {"kind": "reboot"}\n\n',
            event(good).replace(b"event: command", b"event: gossip"),
            event(good),
        ),
        down,
    )
    assert heard.commands == [good]


def test_a_captive_portal_is_not_the_line() -> None:
    heard = Heard(lambda _: httpx.Response(200, html="<h1>Welcome</h1>"), lambda _: httpx.Response(503), down)
    assert heard.reachable == [False]
    assert heard.commands == []


def test_an_event_without_end_is_cut_off() -> None:
    good = command()
    heard = Heard(lambda _: stream(b"data: ", b"x" * MAX_EVENT, b"x", b"\n\n", event(good)), down)
    assert heard.commands == []
    assert heard.reachable == [True, False]


def test_a_handler_that_fails_loses_no_later_command() -> None:
    one, two, stop = command(), command(), threading.Event()
    seen: list[Command] = []

    def handle(got: Command) -> None:
        seen.append(got)
        stop.set() if got == two else None
        raise RuntimeError("a handler's own failure")

    with httpx.Client(transport=httpx.MockTransport(lambda _: stream(event(one), event(two)))) as client:
        Line(client, URLS, KIOSK, handle, lambda _: None, clock=lambda: NOW).run(stop)
    assert seen == [one, two]


def test_an_answer_is_tried_again_and_a_refused_one_is_not() -> None:
    asked: list[httpx.Request] = []
    statuses = [503, 200]

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(statuses.pop(0), json={})

    one = command()
    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        line = Line(client, URLS, KIOSK, lambda _: None, lambda _: None)
        line.answer(one.id, CommandState.COMPARING)
        assert [request.url.path for request in asked] == [f"/k/v1/line/{one.id}"] * 2
        assert json.loads(asked[1].content) == {"state": "comparing"}
        statuses += [404, 200]
        with pytest.raises(ReceptionError) as told:
            line.answer(one.id, CommandState.CONFIRMED)
    assert told.value.status == 404
    assert statuses == [200]


@given(st.integers(1, 9), st.sampled_from(["\n", "\r\n"]))
def test_events_are_the_same_however_the_stream_is_cut(size: int, end: str) -> None:
    lines = [
        ": ping",
        "",
        "event: command",
        "data: {",
        "data:  1}",
        "",
        "data: あ",
        "id: 7",
        "retry: 5",
        "",
        "event: x",
        "",
        "",
    ]
    raw = end.join(lines).encode()
    reader, events = EventReader(), []
    for at in range(0, len(raw), size):
        events += reader.feed(raw[at : at + size])
    assert events == [ServerEvent("command", "{\n 1}"), ServerEvent("message", "あ")]


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_any_bytes_are_events_or_nothing(chunks: list[bytes]) -> None:
    reader = EventReader()
    for chunk in chunks:
        for one in reader.feed(chunk):
            assert isinstance(one, ServerEvent)
