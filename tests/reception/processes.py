"""Receptions as processes of their own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page

from kiosk.reception import session
from kiosk.record.checkin import CheckIn
from kiosk.record.door import HelpReason
from kiosk.record.ids import VisitId
from tests.reception.sealing_kiosk import SealingKiosk, kiosk_of

PROGRAM = """
import sys
from pathlib import Path
from kiosk import journal, settings
from kiosk.reception.service import serve
from kiosk.reception.settings import ReceptionSettings
journal.start()
raise SystemExit(serve(settings.read(Path(sys.argv[1]), ReceptionSettings)))
"""


@dataclass
class Reception:
    """A reception in a process of its own."""

    process: subprocess.Popen[str]
    kiosk_url: str
    staff_url: str
    kiosk: SealingKiosk
    http: httpx.Client
    """With Tanaka signed in, until somebody else sits down."""
    links: dict[str, str]
    _cookies: dict[str, str] = field(default_factory=dict)

    def cookie(self, staff_id: str) -> str:
        """The session of somebody, who signs in by the one-time link the first time."""
        if staff_id not in self._cookies:
            with httpx.Client(trust_env=False, timeout=10) as client:
                assert client.get(self.links[staff_id]).status_code == 303
                self._cookies[staff_id] = client.cookies[session.COOKIE]
        return self._cookies[staff_id]

    def sit_down(self, staff_id: str) -> dict[str, str]:
        """Sign in as somebody; the headers that a POST needs."""
        self.http.cookies.set(session.COOKIE, self.cookie(staff_id), domain="127.0.0.1")
        page = self.http.get(f"{self.staff_url}/board").text
        return {"origin": self.staff_url, "x-csrf-token": page.split('name="csrf-token" content="')[1].split('"')[0]}

    def open_board(self, page: Page, staff_id: str = "tanaka") -> None:
        """The board in a browser in which somebody is signed in."""
        cookie = {"name": session.COOKIE, "value": self.cookie(staff_id), "url": self.staff_url}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        page.goto(f"{self.staff_url}/board")

    def post(self, checkin: CheckIn, body: bytes | None = None) -> httpx.Response:
        kiosk = replace(self.kiosk, kiosk_id=checkin.kiosk_id)
        sealed = kiosk.sealed(checkin, checkin.checkin_id) if body is None else body
        headers = kiosk.headers(checkin.checkin_id)
        return self.http.post(f"{self.kiosk_url}/k/v1/checkins", content=sealed, headers=headers)

    def beat(self, stage: str, visit_id: VisitId | None, kiosk_id: str = "a", **others: Any) -> None:
        kiosk = replace(self.kiosk, kiosk_id=kiosk_id)
        body = kiosk.heartbeat(datetime.now(UTC), stage, visit_id, **others)
        headers = {"x-kiosk-id": kiosk_id}
        assert self.http.post(f"{self.kiosk_url}/k/v1/heartbeat", json=body, headers=headers).status_code == 200

    def call_help(self, reason: HelpReason, stage: str = "choosing_method") -> str:
        body = self.kiosk.help(datetime.now(UTC), reason, stage)
        answer = self.http.post(f"{self.kiosk_url}/k/v1/help", json=body, headers={"x-kiosk-id": "a"})
        assert answer.status_code == 201
        return str(body["help_id"])

    @contextlib.contextmanager
    def line(self, kiosk_id: str = "a") -> Iterator[Iterator[str]]:
        """The lines of the kiosk's own stream of commands."""
        headers = {"x-kiosk-id": kiosk_id}
        with self.http.stream("GET", f"{self.kiosk_url}/k/v1/line", headers=headers) as answer:
            assert answer.status_code == 200
            yield answer.iter_lines()

    def answer_command(self, command_id: str, state: str, kiosk_id: str = "a") -> int:
        url = f"{self.kiosk_url}/k/v1/line/{command_id}"
        return self.http.post(url, json={"state": state}, headers={"x-kiosk-id": kiosk_id}).status_code

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(10)

    def end(self) -> None:
        """Whatever became of it, nothing of it is left."""
        self.http.close()
        _ended(self.process)


def begin(
    folder: Path, staff_port: int = 0, kiosk_port: int = 0, more: str = "", kept_in: str = "database: reception.db"
) -> Reception:
    """Start one whose files lie in `folder`; whoever asked for it ends it. `more`: lines of its settings."""
    file = folder / "reception.yaml"
    file.write_text(
        f"site: test\nclinic: みほん内科クリニック\n{kept_in}\nkey_file: reception.key\n"
        f"kiosk_door: {{host: 127.0.0.1, port: {kiosk_port}}}\n"
        f"staff_door: {{host: 127.0.0.1, port: {staff_port}}}\n"
        f"test_staff:\n  - {{id: tanaka, name: 田中 みさき}}\n  - {{id: mori, name: 森 そうた}}\n{more}",
        encoding="utf-8",
    )
    with (folder / "reception.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(file)], stdout=subprocess.PIPE, stderr=log, text=True
        )
    http = httpx.Client(trust_env=False, timeout=10)
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        key = http.get(f"{ready['kiosk_door']}/k/v1/key", headers={"x-kiosk-id": "a"}).json()
        kiosk = kiosk_of(key["public_key"], key["key_id"])
        reception = Reception(process, ready["kiosk_door"], ready["staff_door"], kiosk, http, ready["sign_in"])
        reception.sit_down("tanaka")
    except BaseException:
        http.close()
        _ended(process)
        raise
    return reception


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[dict[str, str]]:
    """`kiosk reception` as it is started by hand, with the settings in `folder`; gives its ready line, and ends it."""
    command = [sys.executable, "-m", "kiosk", "reception", "--config", str(folder / "reception.yaml")]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line, (folder / "log").read_text()
            yield json.loads(line)
        finally:
            process.terminate()
            assert process.wait(10) == 0


def _ended(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
    with process:
        pass
