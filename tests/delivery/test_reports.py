"""How a visual check at the kiosk ended outlives the kiosk's process until reception has heard it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from kiosk.delivery.desk import CALL_LASTS, REPORT_LASTS, Desk
from kiosk.delivery.keys import KeyCache
from kiosk.delivery.reports import MOST, Reports
from kiosk.record import ids
from kiosk.record.door import Heartbeat, StaffOutcome, StaffReport, staff_report_from_json

KIOSK = ids.kiosk_id("a")
AT = datetime(2026, 11, 24, 0, 15, tzinfo=UTC)


def report(outcome: StaffOutcome = StaffOutcome.CONFIRMED) -> StaffReport:
    return StaffReport(ids.new_visit_id(), KIOSK, ids.new_visit_id(), outcome, AT)


class Door:
    """Reception's door: takes reports, refuses them for good, or is away."""

    def __init__(self) -> None:
        self.status = 201
        self.heard: list[StaffReport] = []
        self.client = httpx.Client(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/staff/outcome"):
            return httpx.Response(503)
        if self.status == 201:
            self.heard.append(staff_report_from_json(json.loads(request.content)))
        return httpx.Response(self.status, json={})


class Mono:
    """A monotonic clock that goes on only when told."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "visual-checks.json"


def life(file: Path, door: Door, mono: Mono | None = None) -> Desk:
    """The desk of one life of the kiosk's process."""
    beat = Heartbeat(KIOSK, AT, "open", "idle", None, 0, 0, 0.0)
    keys = KeyCache(file.with_name("key.json"))
    urls = ("http://reception",)
    return Desk(door.client, urls, KIOSK, keys, lambda: beat, reports=Reports(file), mono=mono or Mono())


def test_a_report_that_was_not_heard_is_told_by_the_next_life(file: Path) -> None:
    door, ended = Door(), report()
    door.status = 503
    first = life(file, door)
    first.report(ended)
    first.step()
    door.status = 201
    life(file, door).step()
    assert door.heard == [ended]
    life(file, door).step()
    assert door.heard == [ended]


def test_a_check_that_the_process_did_not_live_to_end_was_withdrawn(file: Path) -> None:
    door, visit, check = Door(), ids.new_visit_id(), ids.new_visit_id()
    first = life(file, door)
    first.check_begins(check, visit, AT)
    first.step()
    assert door.heard == []
    life(file, door).step()
    assert door.heard == [StaffReport(check, KIOSK, visit, StaffOutcome.WITHDRAWN, AT)]


def test_a_check_that_ended_is_told_once_as_it_ended(file: Path) -> None:
    door, ended = Door(), report(StaffOutcome.NOT_THE_PERSON)
    first = life(file, door)
    first.check_begins(ended.check_id, ended.visit_id, AT)
    first.report(ended)
    first.step()
    life(file, door).step()
    assert door.heard == [ended]


@pytest.mark.parametrize("status", [409, 422])
def test_what_reception_refuses_for_good_is_not_kept(file: Path, status: int) -> None:
    door = Door()
    door.status = status
    desk = life(file, door)
    desk.report(report())
    desk.step()
    assert Reports(file).waiting == ()


def test_what_is_too_old_is_not_kept(file: Path) -> None:
    door, mono = Door(), Mono()
    door.status = 503
    desk = life(file, door, mono)
    desk.report(report())
    mono.now += CALL_LASTS * 2
    desk.step()
    assert len(Reports(file).waiting) == 1
    mono.now += REPORT_LASTS
    desk.step()
    assert Reports(file).waiting == ()


def test_reports_are_bounded_and_the_newest_are_kept(file: Path) -> None:
    reports, all_of_them = Reports(file), [report() for _ in range(MOST + 3)]
    for each in all_of_them:
        reports.note(each)
    assert list(Reports(file).waiting) == all_of_them[3:]


@pytest.mark.parametrize("content", [b"", b"{", b"[{}]", b"7", b"[" * 60_000, b'[{"check_id": 5}]'])
def test_a_file_that_cannot_be_used_counts_as_none(
    file: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_bytes(content)
    reports = Reports(file)
    assert reports.waiting == ()
    assert "reports_file_unusable" in caplog.text
    reports.note(ended := report())
    assert Reports(file).waiting == (ended,)


def test_a_disk_that_fails_leaves_the_report_for_this_life(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    reports = Reports(file.with_name("away") / "visual-checks.json")
    reports.note(ended := report())
    assert reports.waiting == (ended,)
    assert "report_not_kept" in caplog.text
