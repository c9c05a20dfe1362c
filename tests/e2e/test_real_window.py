"""Whole visits at a real window, by real fingers: every way to be confirmed, every way to end, every language.

One kiosk takes them all, one after another, as at a clinic's door; only the visit that nobody finishes has a kiosk of its own,
because it takes two and a half minutes: it goes on beside the others.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass

import pytest

from kiosk.record.checkin import CheckIn, Identity
from kiosk.record.consent import ConsentState
from kiosk.record.eligibility import Validity
from kiosk.record.identity import Method
from kiosk.simulation.demo.board_page import BoardPage, wait_for
from kiosk.simulation.demo.site import STAFF
from kiosk.ui.messages import JAPANESE, LANGUAGES
from kiosk.visit.patience import WARNED_AFTER_SECONDS, WARNING_SECONDS
from kiosk.visit.profiles import FLOW_2025_03
from kiosk.visit.stages.putting_back import PUT_BACK_SECONDS
from tests.e2e.real_window import REST_SECONDS, Patient, Room, room

SPOKEN = 20.0
"""Seconds that the voice may go on for on one screen: nobody's time runs meanwhile."""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Started]:
    programs = ("pcscd", "unshare", "Xvfb", "chromium")
    missing = [name for name in programs if not shutil.which(name, path="/usr/sbin:" + os.defpath)]
    if missing:
        pytest.skip(f"not on this machine: {', '.join(missing)} (./deploy/test installs them)")
    with contextlib.ExitStack() as stack:
        waiting = None
        if any(item.name == "test_" + UNFINISHED for item in request.session.items):
            waiting = stack.enter_context(beside(stack.enter_context(room(tmp_path_factory.mktemp("unfinished")))))
        here = stack.enter_context(room(tmp_path_factory.mktemp("window")))
        patient = stack.enter_context(here.kiosk())
        patient.screen("P00", seconds=40)
        patient.learns_what_is_offered()
        yield Started(here, patient, waiting)


@dataclass(frozen=True)
class Started:
    """The kiosk of nearly all visits, and the one whose visit nobody finishes."""

    here: Room
    patient: Patient
    unfinished: Future[Unfinished] | None


@pytest.fixture
def here(started: Started) -> Room:
    return started.here


@pytest.fixture
def patient(started: Started) -> Patient:
    """Whoever comes next: the last visit is over, however it went."""
    started.patient.is_at_rest()
    started.here.forget()
    return started.patient


def states(checkin: CheckIn) -> set[ConsentState]:
    """Of the consents that this site asks for."""
    return {checkin.consents[item].state for item in FLOW_2025_03.items}


def test_the_glass_is_touched_by_fingers(here: Room) -> None:
    if "touch device" not in here.glass.kind:
        pytest.skip(here.glass.kind)


# -- ways to be confirmed ------------------------------------------------------------------------------------------------


def test_a_patient_checks_in_by_face(here: Room, patient: Patient) -> None:
    patient.comes()
    patient.choose_face()
    patient.screen("P08", seconds=45)
    patient.press("P08", "agree_all")
    patient.is_done()
    checkin = here.new_check_in()
    assert (checkin.identity, checkin.complete) == (Identity(Method.FACE), True)
    assert states(checkin) == {ConsentState.GIVEN}
    patient.takes_the_card()


def test_a_patient_checks_in_by_pin(here: Room, patient: Patient) -> None:
    patient.comes()
    patient.by_pin()
    patient.press("P08", "agree_all")
    patient.is_done()
    checkin = here.new_check_in()
    assert (checkin.identity, checkin.complete) == (Identity(Method.PIN), True)
    assert checkin.eligibility.validity is Validity.VALID
    assert states(checkin) == {ConsentState.GIVEN}
    patient.takes_the_card()


def test_staff_confirm_a_patient_at_the_board(here: Room, patient: Patient) -> None:
    board = BoardPage(here.around.board_url + "/board", here.around.signed_in(STAFF[0]["id"]))
    with contextlib.closing(board):
        board.open()
        patient.comes()
        board.click("grant_visual")
        patient.screen("P05")
        board.wait_for_button("confirm_visual")
        board.click("confirm_visual")
        patient.screen("P08", seconds=45)
        patient.press("P08", "agree_all")
        patient.is_done()
        checkin = here.new_check_in()
        assert wait_for(board.arrivals, 10, lambda one: one.id == checkin.checkin_id) is not None
        assert board.has_row(checkin.checkin_id)
    assert checkin.identity == Identity(Method.VISUAL, STAFF[0]["id"])
    patient.takes_the_card()


PIN = "830417"
KIOSK_ID = "kiosk-a"


def test_staff_confirm_a_patient_at_the_kiosk_with_their_own_pin(here: Room, patient: Patient) -> None:
    staff_id = STAFF[0]["id"]
    number = here.give_pin(staff_id, PIN)
    patient.comes()
    patient.staff_come_in(number, "000000")
    assert patient.hears("staff_not_verified", 10)
    patient.staff_type(number, PIN)
    patient.screen("P05k")
    assert patient.hears("staff_verified", 5)
    patient.press("P05k", "visual_confirm")
    patient.screen("P08", seconds=45)
    patient.press("P08", "agree_all")
    patient.is_done()
    checkin = here.new_check_in()
    assert checkin.identity == Identity(Method.VISUAL, staff_id)
    here.audit_tells(staff_id, "visual_at_kiosk", "visual_confirmed")
    patient.takes_the_card()


def test_staff_who_refuse_at_the_kiosk_say_why_and_the_patient_chooses_again(here: Room, patient: Patient) -> None:
    staff_id = STAFF[0]["id"]
    number = here.give_pin(staff_id, PIN)
    patient.comes()
    patient.staff_come_in(number, PIN)
    patient.screen("P05k")
    patient.press("P05k", "visual_refuse")
    patient.screen("P05r")
    patient.press("P05r", "visual_because:not_the_person")
    patient.screen("P02")
    here.audit_tells(staff_id, "visual_at_kiosk", "visual_not_the_person")
    patient.press("P02", "stop")
    patient.screen("P17")
    assert here.has_nothing_new()


def test_staff_put_the_kiosk_out_of_service_and_back_from_the_board(here: Room, patient: Patient) -> None:
    patient.is_idle()
    board = BoardPage(here.around.board_url + "/board", here.around.signed_in(STAFF[0]["id"]))
    with contextlib.closing(board):
        board.open()
        board.click("pause")
        patient.screen("P99")
        here.around.place()
        board.wait_for_button("resume")
        board.click("resume")
        patient.screen("P00")
        here.around.pull()
        patient.comes()
    patient.press("P02", "stop")
    patient.screen("P17")


def test_staff_restart_the_kiosk_from_the_board_and_the_patient_there_is_done_first(
    here: Room, patient: Patient
) -> None:
    """The visit that runs comes to its end; then the same process starts anew, and takes the next patient."""
    patient.comes()
    patient.by_pin()
    process = patient.kiosk.process.pid
    board = BoardPage(here.around.board_url + "/board", here.around.signed_in(STAFF[0]["id"]))
    with contextlib.closing(board):
        board.open()
        board.click("restart")
        board.click("restart")
        here.audit_tells(KIOSK_ID, "kiosk_restarting")
        patient.press("P08", "agree_all")
        patient.is_done()
        assert here.new_check_in().complete
        patient.takes_the_card()
        assert patient.hears("kiosk_restarting", REST_SECONDS)
        assert patient.hears("kiosk_open", 40)
        assert patient.screens[-2:] == ["P99", "P00"]
        here.audit_tells(KIOSK_ID, "kiosk_open")
        board.wait_for_button("pause")
    assert patient.kiosk.process.pid == process
    assert patient.kiosk.process.poll() is None
    patient.comes()
    patient.by_pin()
    patient.press("P08", "agree_all")
    patient.is_done()
    assert here.new_check_in().complete
    patient.takes_the_card()


def test_a_kiosk_whose_settings_were_broken_meanwhile_goes_on_instead_of_restarting(
    here: Room, patient: Patient
) -> None:
    patient.is_idle()
    settings = here.around.kiosk_yaml.read_bytes()
    board = BoardPage(here.around.board_url + "/board", here.around.signed_in(STAFF[0]["id"]))
    with contextlib.closing(board):
        board.open()
        here.around.kiosk_yaml.write_bytes(b"site: [")
        try:
            board.click("restart")
            board.click("restart")
            assert patient.hears("not_restarted", 10)
            here.audit_tells(KIOSK_ID, "kiosk_restarting", "kiosk_not_possible")
        finally:
            here.around.kiosk_yaml.write_bytes(settings)
    patient.comes()
    patient.press("P02", "stop")
    patient.screen("P17")


# -- what is not given ---------------------------------------------------------------------------------------------------


def test_who_refuses_every_consent_is_checked_in_all_the_same(here: Room, patient: Patient) -> None:
    patient.comes()
    patient.by_pin()
    patient.press("P08", "refuse_all")
    patient.is_done()
    checkin = here.new_check_in()
    assert checkin.complete
    assert checkin.eligibility.validity is Validity.VALID
    assert states(checkin) == {ConsentState.REFUSED}
    patient.takes_the_card()


def test_without_a_card_there_is_a_number_and_a_row_for_the_desk(here: Room, patient: Patient) -> None:
    patient.is_idle()
    patient.press("P00", "no_card")
    patient.screen("P90")
    patient.press("P90", "no_card_take")
    patient.screen("P00f")
    checkin = here.new_check_in()
    assert checkin.queue_number is not None
    assert (checkin.identity, checkin.card, checkin.eligibility.validity) == (None, None, Validity.UNCONFIRMED)
    patient.screen("P00", seconds=REST_SECONDS)


# -- the card is taken too early -----------------------------------------------------------------------------------------


def test_a_card_put_back_in_time_goes_on_where_it_was(here: Room, patient: Patient) -> None:
    patient.comes()
    patient.by_pin()
    here.around.pull()
    patient.screen("E10")
    here.around.place()
    patient.screen("P08")
    patient.press("P08", "agree_all")
    patient.is_done()
    checkin = here.new_check_in()
    assert checkin.complete
    assert states(checkin) == {ConsentState.GIVEN}
    patient.takes_the_card()


def test_a_card_that_does_not_come_back_ends_the_visit_and_nobody_is_lost(here: Room, patient: Patient) -> None:
    patient.comes()
    patient.by_pin()
    here.around.pull()
    patient.screen("E10")
    since = time.monotonic()
    patient.screen("P00f", seconds=PUT_BACK_SECONDS + 10)
    assert time.monotonic() - since > PUT_BACK_SECONDS - 1
    checkin = here.new_check_in()
    assert not checkin.complete
    assert checkin.eligibility.validity is Validity.VALID
    assert states(checkin) == {ConsentState.NOT_ASKED}


def test_a_card_pulled_before_anybody_is_confirmed_leaves_a_nameless_line(here: Room, patient: Patient) -> None:
    patient.comes()
    patient.press("P02", "choose_pin")
    patient.screen("P04")
    before = len(here.helps())
    here.around.pull()
    patient.screen("P00f")
    assert here.help_after(before) == ("stopped", "typing_pin")
    assert here.has_nothing_new()


# -- every language ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_visit_in_a_language_chosen_by_touch_and_japanese_for_who_comes_next(
    here: Room, patient: Patient, language: str
) -> None:
    assert patient.offer is not None
    if language not in patient.offer.languages:
        pytest.skip("its typeface is not on this machine")
    patient.is_idle()
    patient.chooses(language)
    patient.lays_the_card()
    patient.sees("P02", language)
    patient.by_pin()
    patient.sees("P08", language)
    patient.press("P08", "agree_all")
    patient.is_done()
    assert states(here.new_check_in()) == {ConsentState.GIVEN}
    patient.takes_the_card()
    # At once, the farewell still standing there in that language, the next one comes; and goes again, so that the idle screen
    # is there without a farewell.
    patient.comes()
    patient.sees("P02", JAPANESE)
    patient.press("P02", "stop")
    patient.screen("P17")
    here.around.pull()
    patient.screen("P00")


# -- nobody touches anything ---------------------------------------------------------------------------------------------


UNFINISHED = "silence_is_asked_about_and_is_no_consent"


@dataclass(frozen=True)
class Unfinished:
    """How a visit went that somebody left: seconds of silence until each warning, and after the last one; what was recorded."""

    warned_after: tuple[float, float]
    gave_up_after: float
    checkin: CheckIn
    screens: list[str]


def left_alone(here: Room, patient: Patient) -> Unfinished:
    """Asked whether anybody is there, somebody is; asked again while consents are open, nobody is."""
    patient.screen("P00", seconds=60)
    patient.comes()
    first = _warned(patient)
    patient.press("P98", "go_on")
    patient.screen("P02")
    patient.by_pin()
    second = _warned(patient)
    since = time.monotonic()
    patient.screen("P16", seconds=WARNING_SECONDS + SPOKEN)
    gone = time.monotonic() - since
    checkin = here.new_check_in()
    patient.takes_the_card()
    patient.screen("P00", seconds=REST_SECONDS)
    return Unfinished((first, second), gone, checkin, patient.screens)


def _warned(patient: Patient) -> float:
    since = time.monotonic()
    patient.screen("P98", seconds=WARNED_AFTER_SECONDS + SPOKEN)
    return time.monotonic() - since


@contextlib.contextmanager
def beside(here: Room) -> Iterator[Future[Unfinished]]:
    """The visit that nobody finishes, played in a thread from now on."""
    told: Future[Unfinished] = Future()
    with here.kiosk() as patient:

        def play() -> None:
            try:
                told.set_result(left_alone(here, patient))
            except BaseException as error:  # noqa: BLE001  (the test tells it)
                told.set_exception(error)

        thread = threading.Thread(target=play, name="unfinished")
        thread.start()
        try:
            yield told
        finally:
            patient.kiosk.end()  # whoever still plays hears of it
            thread.join()


def test_silence_is_asked_about_and_is_no_consent(started: Started) -> None:
    assert started.unfinished is not None
    told = started.unfinished.result(timeout=2 * (WARNED_AFTER_SECONDS + SPOKEN) + WARNING_SECONDS + 60)
    assert told.screens == ["P00", "P01", "P02", "P98", "P02", "P04", "P06", "P08", "P98", "P06", "P16", "P00f", "P00"]
    assert min(told.warned_after) > WARNED_AFTER_SECONDS - 1
    assert told.gave_up_after > WARNING_SECONDS - 1
    assert not told.checkin.complete
    assert states(told.checkin) == {ConsentState.NOT_ASKED}
    assert told.checkin.eligibility.validity is Validity.VALID
