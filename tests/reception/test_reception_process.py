"""Reception as a program: its streams, what they replay, and what outlives a kill."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kiosk.record import ids
from kiosk.record.checkin import CheckIn
from kiosk.record.door import HelpReason

Start = Callable[..., Any]
Build = Callable[..., CheckIn]


class Board:
    """A board's stream of events, read one by one."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def event(self) -> tuple[str, str | None, dict[str, Any]]:
        """The next event that is not a ping: its kind, its id, what it says."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if line:
                name, _, text = line.partition(": ")
                fields[name] = text
            elif fields.get("event", "ping") != "ping":
                return fields["event"], fields.get("id"), json.loads(fields["data"])
            else:
                fields = {}
        raise AssertionError("the stream ended")


@contextlib.contextmanager
def board(reception: Any, after: int = 0, last_event_id: str | None = None) -> Iterator[Board]:
    headers = {} if last_event_id is None else {"last-event-id": last_event_id}
    with reception.http.stream("GET", f"{reception.staff_url}/events?after={after}", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Board(answer.iter_lines())


def test_what_was_receipted_outlives_a_kill(start_reception: Start, checkin_now: Build) -> None:
    reception = start_reception()
    kept = [checkin_now(f"A{number:03}") for number in range(1, 6)]
    bodies = [reception.kiosk.sealed(checkin, checkin.checkin_id) for checkin in kept]
    receipts = []
    for checkin, body in zip(kept, bodies, strict=True):
        answer = reception.post(checkin, body)
        assert answer.status_code == 201
        receipts.append(answer.text)
    reception.process.send_signal(signal.SIGKILL)
    reception.process.wait(10)
    again = start_reception()
    assert again.kiosk.key_id == reception.kiosk.key_id
    rows = again.http.get(f"{again.staff_url}/api/v1/rows").json()["rows"]
    assert [row["checkin_id"] for row in rows] == [checkin.checkin_id for checkin in kept]
    for checkin, body, receipt in zip(kept, bodies, receipts, strict=True):
        answer = again.post(checkin, body)
        assert (answer.status_code, answer.text) == (200, receipt)


def test_events_are_replayed_after_the_last_one_seen_and_then_go_on(start_reception: Start, checkin_now: Build) -> None:
    reception = start_reception()
    sent = [checkin_now(f"A{number:03}") for number in range(1, 5)]
    for checkin in sent[:3]:
        reception.post(checkin)
    with board(reception) as stream:
        seen = [stream.event() for _ in range(3)]
    assert [event[2]["checkin_id"] for event in seen] == [checkin.checkin_id for checkin in sent[:3]]
    with board(reception, after=0, last_event_id=seen[0][1]) as stream:
        assert [stream.event() for _ in range(2)] == seen[1:]
        reception.post(sent[3])
        kind, number, flags = stream.event()
        assert (kind, flags["checkin_id"], flags["new"]) == ("checkin", sent[3].checkin_id, True)
        assert int(number or 0) > int(seen[2][1] or 0)


def test_events_say_ids_and_flags_only(start_reception: Start, checkin_now: Build) -> None:
    reception = start_reception()
    reception.post(checkin_now())
    reception.beat("idle", None)
    reception.call_help(HelpReason.CALLED)
    with board(reception) as stream:
        events = [stream.event() for _ in range(3)]
    assert [kind for kind, _, _ in events] == ["checkin", "kiosk", "help"]
    allowed = {"checkin_id", "help_id", "kiosk_id", "state", "new"}
    assert all(set(flags) <= allowed for _, _, flags in events)


def test_a_heartbeat_that_says_nothing_new_is_told_in_passing(start_reception: Start) -> None:
    reception = start_reception()
    reception.beat("idle", None)
    with board(reception) as stream:
        assert stream.event()[1] == "1"
        reception.beat("idle", None)
        assert stream.event() == ("kiosk", None, {"kiosk_id": "a", "unchanged": True})
        reception.beat("reading", ids.new_visit_id())
        assert stream.event()[1] == "2"


def test_a_place_that_this_database_never_had_means_reload(start_reception: Start) -> None:
    reception = start_reception()
    with board(reception, after=1000) as stream:
        assert stream.event()[0] == "reload"
    assert reception.http.get(f"{reception.staff_url}/events?after=x").status_code == 400


def test_a_command_reaches_the_line_at_once_and_again_until_it_is_answered(start_reception: Start) -> None:
    reception = start_reception()
    visit = ids.new_visit_id()
    reception.beat("choosing_method", visit)
    headers = reception.sit_down("tanaka")
    with reception.line() as lines:
        assert next(lines).startswith("retry:")
        answer = reception.http.post(
            f"{reception.staff_url}/api/v1/kiosks/a/grant", json={"visit_id": visit}, headers=headers
        )
        assert answer.status_code == 201
        command = next_command(lines)
        assert command["id"] == answer.json()["command_id"]
        assert (command["kind"], command["visit_id"], command["issued_by"]) == ("grant_visual", visit, "tanaka")
    with reception.line("b") as others, reception.line() as lines:
        assert next_command(lines) == command
        assert reception.answer_command(command["id"], "comparing", "b") == 404
        assert reception.answer_command(command["id"], "comparing") == 204
        assert next(others).startswith("retry:")
    with reception.line() as lines, board(reception, after=0) as stream:
        told = [stream.event() for _ in range(3)]
        assert [flags.get("state") for _, _, flags in told] == [None, "sent", "comparing"]
        reception.process.terminate()
        assert not [line for line in lines if line.startswith("event:")]


def test_it_ends_at_once_when_told_though_streams_are_open(start_reception: Start) -> None:
    reception = start_reception()
    with reception.line() as lines, board(reception):
        next(lines)
        assert reception.stop() == 0


def test_a_browser_that_does_not_read_holds_nobody_up(start_reception: Start, checkin_now: Build) -> None:
    reception = start_reception()
    host, port = reception.staff_url.removeprefix("http://").split(":")
    with socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.connect((host, int(port)))
        stuck.sendall(f"GET /events HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        with board(reception) as stream:
            for number in range(1, 31):
                reception.post(checkin_now(f"A{number:03}"))
            assert [stream.event()[0] for _ in range(30)] == ["checkin"] * 30


def test_a_journal_never_says_who(tmp_path: Path, start_reception: Start, checkin_now: Build) -> None:
    reception = start_reception()
    reception.post(checkin_now())
    reception.http.get(f"{reception.staff_url}/board")
    reception.http.post(f"{reception.kiosk_url}/k/v1/checkins", content=b"x", headers={"x-kiosk-id": "a"})
    assert reception.stop() == 0
    journal = (tmp_path / "reception.log").read_text()
    events = [json.loads(line)["event"] for line in journal.splitlines()]
    assert events == ["duty", "doors_open", "checkin_kept", "refused", "doors_closed"]
    for secret in ("ﾐﾎﾝ", "ミホン", "見本", "06139999", "3456", "1941"):
        assert secret not in journal


def test_a_door_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        program = (
            "import sys; from pathlib import Path; from kiosk.errors import KioskError\n"
            "from kiosk.reception.settings import *; from kiosk.reception.service import serve\n"
            "folder = Path(sys.argv[1])\n"
            "door, free = Door('127.0.0.1', int(sys.argv[2])), Door('127.0.0.1', 0)\n"
            "try: serve(ReceptionSettings('test', 'c', folder / 'r.key', free, door, folder / 'r.db'))\n"
            "except KioskError as error: print(error); sys.exit(int(error.exit_code))\n"
        )
        ended = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path), str(port)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env=os.environ | {"PYTHONWARNINGS": "error"},
        )
    assert (ended.returncode, ended.stderr) == (3, "")
    assert ended.stdout.startswith(f"staff_door: 127.0.0.1 port {port} cannot be opened")


def next_command(lines: Iterator[str]) -> dict[str, Any]:
    told: dict[str, Any] = next(json.loads(line[5:]) for line in lines if line.startswith("data:"))
    return told
