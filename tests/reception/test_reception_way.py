"""Which hop is dead: seen from reception, and from the kiosk that looks up through it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from kiosk.eligibility.kiosk_key import KioskKey
from kiosk.eligibility.settings import EligibilitySettings, KioskDoorSettings
from kiosk.eligibility.state import CentreState, centre_state
from kiosk.errors import ExitCode
from kiosk.reception import selfcheck
from kiosk.record import ids
from kiosk.record.checkin import CheckIn
from tests.reception.desks import ON_SQLITE_ONLY

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]
Build = Callable[..., CheckIn]
Start = Callable[..., Any]


def from_kiosk(folder: Path, url: str) -> CentreState:
    """What `kiosk check` says of the centre where the gateway is `reception`."""
    key_file = folder / "kiosk.key"
    if not key_file.exists():
        KioskKey.create(key_file)
    door = KioskDoorSettings(url=url, timeout_seconds=8.0)
    return centre_state(EligibilitySettings(gateway="reception", reception=door, key_file=key_file))


@ON_SQLITE_ONLY  # what is told depends on the terminal alone
@pytest.mark.anyio
@pytest.mark.parametrize(
    ("manner", "hop", "said"),
    [
        ("ordinary", "", "the terminal's folders are there"),
        ("idle", "terminal", "its software may not be running"),
        ("never", "line", "its line may be down"),
        ("maintenance", "centre", "cannot answer now"),
        ("processing", "centre", "still working"),
        ("person_error", "", "the terminal's folders are there"),
        ("other_patient", "", "the terminal's folders are there"),
    ],
)
async def test_the_last_question_tells_what_no_folder_shows(
    open_desk: OpenDesk, terminal: Any, patient_at: Build, manner: str, hop: str, said: str
) -> None:
    terminal.tell(manner=manner)
    async with open_desk(terminal=terminal.settings(timeout_seconds=0.6)) as desk:
        await desk.post(patient_at(desk.clock.now))
        body = {"visit_id": ids.new_visit_id(), "fingerprint": "cd" * 32, "limit_consent": False}
        await desk.at_kiosk_door.post("/k/v1/lookup", json=body, headers={"x-kiosk-id": "a"})
        for path in (terminal.folder / "req").iterdir():
            path.unlink()
        told = (await desk.at_kiosk_door.get("/k/v1/terminal", headers={"x-kiosk-id": "a"})).json()
        assert (told["ok"], told["hop"]) == (not hop, hop)
        assert said in told["sentence"]
        terminal.tell(manner="ordinary")
        await desk.at_kiosk_door.post("/k/v1/lookup", json=body, headers={"x-kiosk-id": "a"})
        told = (await desk.at_kiosk_door.get("/k/v1/terminal", headers={"x-kiosk-id": "a"})).json()
        assert told["ok"], "an answer makes it good again"


@pytest.mark.anyio
async def test_a_reception_without_a_terminal_says_so(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        told = (await desk.at_kiosk_door.get("/k/v1/terminal", headers={"x-kiosk-id": "a"})).json()
        assert (told["ok"], told["hop"]) == (False, "terminal")
        assert (await desk.at_kiosk_door.get("/k/v1/terminal")).status_code == 400


def test_the_kiosk_names_the_first_dead_hop(start_reception: Start, terminal: Any, tmp_path: Path) -> None:
    reception = start_reception(more=terminal.section())

    good = from_kiosk(tmp_path, reception.kiosk_url)
    assert good.ok
    assert good.sentence.startswith(
        "number look-ups go through reception, which answers: the terminal's folders are there"
    )

    old = terminal.folder / "req" / "OQSsiquc01req_202610050001.xml"
    terminal.tell(manner="idle")
    old.write_bytes(b"<XmlMsg></XmlMsg>")
    os.utime(old, (time.time() - 120, time.time() - 120))
    dead = from_kiosk(tmp_path, reception.kiosk_url)
    assert not dead.ok
    assert dead.sentence.startswith("reception answers, but the eligibility terminal is dead: 1 requests lie in")
    old.unlink()

    (terminal.folder / "res").rename(terminal.folder / "away")
    dead = from_kiosk(tmp_path, reception.kiosk_url)
    (terminal.folder / "away").rename(terminal.folder / "res")
    assert not dead.ok
    assert "its network (LAN) to the eligibility terminal is dead" in dead.sentence
    assert "is the share mounted?" in dead.sentence

    assert reception.stop() == 0
    dead = from_kiosk(tmp_path, reception.kiosk_url)
    assert not dead.ok
    assert "the network (LAN) between kiosk and reception is dead, or reception does not run" in dead.sentence


class Portal(BaseHTTPRequestHandler):
    """A captive portal: whatever is asked, a page that wants a password."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<html>Please sign in</html>")

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_what_answers_in_receptions_place_is_not_believed(tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), Portal) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        state = from_kiosk(tmp_path, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        serving.join()
    assert not state.ok
    assert "reception's reply is not JSON" in state.sentence


def test_reception_looked_at_from_its_own_machine(
    start_reception: Start, terminal: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from kiosk import settings
    from kiosk.reception.settings import ReceptionSettings

    reception = start_reception(more=terminal.section())
    told = settings.read(tmp_path / "reception.yaml", ReceptionSettings)
    before = sorted(path.name for path in tmp_path.iterdir())

    assert selfcheck.check(told, print) == ExitCode.DONE
    said = capsys.readouterr().out
    assert "ok       terminal  the terminal's folders are there; it is a simulated one" in said
    assert "ok       reader    arrivals at the official reader are read in" in said
    assert said.endswith("All is there.\n")
    assert reception.stop() == 0

    (terminal.folder / "face").rename(terminal.folder / "away")
    (tmp_path / "reception.key").rename(tmp_path / "elsewhere")
    assert selfcheck.check(told, print) == ExitCode.MISSING
    (terminal.folder / "away").rename(terminal.folder / "face")
    (tmp_path / "elsewhere").rename(tmp_path / "reception.key")
    said = capsys.readouterr().out
    assert "LACKING  terminal" in said
    assert "face: the terminal's folder is not there: is the share mounted?" in said
    assert "the key is gone but the database is there" in said
    assert "2 of 6 parts cannot be used." in said
    assert {path.name for path in tmp_path.iterdir()} <= {*before, "reception.db-wal", "reception.db-shm"}


def test_a_reception_that_was_never_started_is_looked_at_and_nothing_is_made(tmp_path: Path) -> None:
    from kiosk.reception.settings import Door, ReceptionSettings

    told = ReceptionSettings(
        site="test",
        clinic="みほん内科",
        database=tmp_path / "reception.db",
        key_file=tmp_path / "reception.key",
        kiosk_door=Door("127.0.0.1", 1),
        staff_door=Door("127.0.0.1", 2),
    )
    lines: list[str] = []
    assert selfcheck.check(told, lines.append) == ExitCode.DONE
    assert "both are made at the first start" in lines[0]
    assert "the kiosk door at 127.0.0.1, port 1 is closed: reception does not run" in lines[2]
    assert list(tmp_path.iterdir()) == []
