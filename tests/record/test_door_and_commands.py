from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from kiosk.record import RecordError, ids
from kiosk.record.door import (
    Heartbeat,
    HelpCall,
    HelpReason,
    StaffOutcome,
    StaffReport,
    heartbeat_from_json,
    heartbeat_json,
    help_from_json,
    help_json,
    staff_report_from_json,
    staff_report_json,
)
from kiosk.staff.commands import WITHOUT_VISIT, Command, CommandKind, command_from_json, command_json, staff_id

AT = datetime(2026, 11, 21, 0, 30, 0, 5000, tzinfo=UTC)
KIOSK = ids.kiosk_id("kiosk-1")
HELP = HelpCall(ids.new_visit_id(), KIOSK, ids.new_visit_id(), HelpReason.PIN_LOCKED, "typing_pin", AT)
BEAT = Heartbeat(KIOSK, AT, "open", "consenting", ids.new_visit_id(), 3, 1, 61.25)
COMMAND = Command(ids.new_visit_id(), CommandKind.GRANT_VISUAL, KIOSK, ids.new_visit_id(), "sato", AT)

visits = st.integers(0, (1 << 48) - 1).map(ids.new_visit_id)
names = st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True)
words = st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
)


def through_the_wire(data: dict[str, object]) -> Any:
    return json.loads(json.dumps(data))


@given(
    st.builds(
        HelpCall, visits, names.map(ids.kiosk_id), st.none() | visits, st.sampled_from(HelpReason), words, instants
    )
)
def test_a_call_for_help_comes_back_as_it_was_written(call: HelpCall) -> None:
    assert help_from_json(through_the_wire(help_json(call))) == call


@given(
    st.builds(
        Heartbeat,
        names.map(ids.kiosk_id),
        instants,
        words,
        words,
        st.none() | visits,
        st.integers(0, 1 << 20),
        st.integers(0, 1 << 20),
        st.floats(0, 1e8),
    )
)
def test_a_heartbeat_comes_back_as_it_was_written(beat: Heartbeat) -> None:
    assert heartbeat_from_json(through_the_wire(heartbeat_json(beat))) == beat


def commands_of(kinds: st.SearchStrategy[CommandKind], of_visits: st.SearchStrategy[ids.VisitId | None]) -> Any:
    return st.builds(Command, visits, kinds, names.map(ids.kiosk_id), of_visits, names, instants)


ABOUT_VISITS = [kind for kind in CommandKind if kind not in WITHOUT_VISIT]


@given(
    commands_of(st.sampled_from(ABOUT_VISITS), visits) | commands_of(st.sampled_from(sorted(WITHOUT_VISIT)), st.none())
)
def test_a_command_comes_back_as_it_was_written(command: Command) -> None:
    assert command_from_json(through_the_wire(command_json(command))) == command


@given(
    commands_of(st.sampled_from(ABOUT_VISITS), st.none()) | commands_of(st.sampled_from(sorted(WITHOUT_VISIT)), visits)
)
def test_a_command_names_a_visit_exactly_where_it_is_about_one(command: Command) -> None:
    with pytest.raises(RecordError, match="visit_id"):
        command_from_json(through_the_wire(command_json(command)))


@given(st.builds(StaffReport, visits, names.map(ids.kiosk_id), visits, st.sampled_from(StaffOutcome), instants))
def test_a_staff_report_comes_back_as_it_was_written(report: StaffReport) -> None:
    assert staff_report_from_json(through_the_wire(staff_report_json(report))) == report


@pytest.mark.parametrize("data", [None, [], "x", 1, {}])
def test_what_is_no_object_or_empty_is_refused(data: object) -> None:
    for read in (help_from_json, heartbeat_from_json, command_from_json, staff_report_from_json):
        with pytest.raises(RecordError):
            read(data)


@pytest.mark.parametrize("field", ["help_id", "kiosk_id", "reason", "stage", "at"])
@pytest.mark.parametrize("value", [None, 1, "", "?", [], "山" * 5, "x" * 33])
def test_a_wrong_field_of_a_call_is_refused(field: str, value: object) -> None:
    with pytest.raises(RecordError):
        help_from_json(help_json(HELP) | {field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pending", -1),
        ("pending", True),
        ("pending", 1.5),
        ("pending", 1 << 31),
        ("parked", None),
        ("oldest_age", -0.1),
        ("oldest_age", float("nan")),
        ("oldest_age", float("inf")),
        ("oldest_age", "1"),
        ("oldest_age", False),
        ("service", "two words"),
        ("stage", ""),
        ("visit_id", "x"),
        ("at", "today"),
        ("kiosk_id", "K"),
    ],
)
def test_a_wrong_field_of_a_heartbeat_is_refused(field: str, value: object) -> None:
    with pytest.raises(RecordError):
        heartbeat_from_json(heartbeat_json(BEAT) | {field: value})


@pytest.mark.parametrize("field", ["id", "kind", "kiosk_id", "visit_id", "issued_by", "expires_at"])
@pytest.mark.parametrize("value", [None, 1, "", "?", [], {}, "X"])
def test_a_wrong_field_of_a_command_is_refused(field: str, value: object) -> None:
    with pytest.raises(RecordError):
        command_from_json(command_json(COMMAND) | {field: value})


def test_a_staff_id_says_so_when_it_is_none() -> None:
    assert staff_id("sato-1") == "sato-1"
    with pytest.raises(RecordError, match="staff id"):
        staff_id("佐藤")
