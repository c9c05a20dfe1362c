"""A whole visit by ear and by touch: a ten-key, a loudspeaker, and nobody who looks at the screen.

The patient knows what the kiosk says and which key is which. Nothing else is used: no picture, no journal line.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.record.consent import ConsentState
from kiosk.record.eligibility import Validity
from kiosk.record.identity import Method
from kiosk.simulation.demo.site import Site
from kiosk.ui import assets
from kiosk.visit.profiles import FLOW_2025_03
from tests.e2e import ear
from tests.e2e.conftest import StartKiosk
from tests.e2e.ear import Ear
from tests.e2e.test_no_answer import stored

KEYPAD = dict(zip("7894561230", (79, 80, 81, 83, 84, 85, 87, 88, 89, 90), strict=True))
"""X keycodes of a ten-key: those of the Linux kernel's input codes plus 8."""
NEXT, ACT, REPEAT = "2", "5", "0"


class TenKey:
    """A USB ten-key at the panel's X server."""

    def __init__(self, display: str) -> None:
        self._x, self._test = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
        self._x.XOpenDisplay.restype, self._x.XOpenDisplay.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
        self._x.XSync.argtypes = [ctypes.c_void_p, ctypes.c_int]
        self._x.XCloseDisplay.argtypes = [ctypes.c_void_p]
        self._test.XTestFakeKeyEvent.argtypes = [ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_ulong]
        self._own = self._x.XOpenDisplay(display.encode())

    def press(self, key: str) -> None:
        """Down and up, as a finger does it."""
        for down in (1, 0):
            self._test.XTestFakeKeyEvent(self._own, KEYPAD[key], down, 0)
            self._x.XSync(self._own, 0)
            time.sleep(0.08)
        time.sleep(0.25)

    def close(self) -> None:
        """Pull it out."""
        self._x.XCloseDisplay(self._own)


class Patient:
    """Hears and presses."""

    def __init__(self, hears: Ear, keys: TenKey) -> None:
        self.hears, self.keys = hears, keys

    def chooses(self, wanted: str, *, among: int = 12) -> None:
        """Walk from button to button until this one is heard, and press it."""
        for _ in range(among):
            self.keys.press(NEXT)
            heard = self.hears.until(*BUTTONS, seconds=20)
            if heard == wanted:
                self.keys.press(ACT)
                return
        raise AssertionError(f"{wanted} was not among the buttons")


BUTTONS = (
    "choose_face",
    "choose_pin",
    "agree_all",
    "choose_items",
    "refuse_all",
    "listen",
    "looks_spoken",
    "languages_spoken",
    "call_staff",
    "stop",
    "to_face",
)


@pytest.fixture
def patient(start_kiosk: StartKiosk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Patient]:
    file = tmp_path / "loudspeaker"
    file.touch()
    hears = Ear(file, assets.folder("sounds") / "ja")  # with a loudspeaker of its own, before the kiosk gets one
    for name, value in ear.environment(file).items():
        monkeypatch.setitem(os.environ, name, value)
    player = start_kiosk()
    player.screen("P00", seconds=40)  # the staff have switched it on
    keys = TenKey(player.display)
    yield Patient(hears, keys)
    keys.close()


def test_a_patient_who_does_not_look_checks_in_with_the_pin(patient: Patient, around: Site) -> None:
    patient.keys.press(ACT)
    patient.hears.until("eyes_closed_how")
    around.place()
    patient.hears.until("choose")
    patient.chooses("choose_pin")
    patient.hears.until("pin")
    for digit in around.pin:
        patient.keys.press(digit)
    patient.hears.until("consent")
    patient.chooses("agree_all")
    patient.hears.until("checked_in")
    patient.hears.until("take_card")
    around.pull()
    patient.hears.until("bye_checked_in")
    (checkin,) = stored(around)
    assert checkin.identity is not None
    assert checkin.identity.method is Method.PIN
    assert checkin.eligibility.validity is Validity.VALID
    given = {item for item, consent in checkin.consents.items() if consent.state is ConsentState.GIVEN}
    assert given == set(FLOW_2025_03.items)


def test_who_presses_before_hearing_agrees_to_nothing(patient: Patient, around: Site) -> None:
    patient.keys.press(ACT)
    patient.hears.until("eyes_closed_how")
    around.place()
    patient.hears.until("choose")
    patient.chooses("choose_pin")
    patient.hears.until("pin")
    for digit in around.pin:
        patient.keys.press(digit)
    patient.hears.until("consent")
    patient.keys.press(ACT)  # nothing is in focus yet
    patient.hears.until("consent")  # said again
    patient.chooses("refuse_all")
    patient.hears.until("checked_in")
    around.pull()
    patient.hears.until("bye_checked_in")
    (checkin,) = stored(around)
    assert {consent.state for consent in checkin.consents.values()} <= {ConsentState.REFUSED, ConsentState.NOT_ASKED}
