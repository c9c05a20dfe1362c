"""The voice station: what is said of what is shown, to whom, and what the button "hear it" does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

import screens
from kiosk.stations.voice import AGAIN_S, VoiceStation
from kiosk.ui.geometry import Panel
from kiosk.ui.messages import Catalogue
from kiosk.ui.sound import Sound
from kiosk.ui.text import Lettering
from kiosk.ui.ui import Ui
from kiosk.ui.voice import Voice
from kiosk.visit.appliance import Appliance
from screens.examples import EXAMPLES


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    keys: list[str] = []
    monkeypatch.setattr(Voice, "say", lambda _voice, _catalogue, wanted, now=True: keys.extend(wanted))  # noqa: ARG005
    return keys


def shown(example: str, change: Callable[[Appliance], Appliance] = lambda one: one) -> VoiceStation:
    catalogue = Catalogue.load("ja")
    station = VoiceStation(Sound(), {"ja": catalogue}, lambda _: None)
    appliance = change(EXAMPLES[example])
    ui = Ui(Panel(1280, 800, 10.1), catalogue, Lettering())
    station.follow(appliance, screens.screen_of(appliance), screens.build(appliance, ui))
    return station


def test_an_idle_kiosk_says_nothing_by_itself_but_all_that_it_shows_when_asked(said: list[str]) -> None:
    station = shown("P00")
    assert said == []
    station.repeat()
    assert said[:2] == ["idle", "idle_how"]


def test_a_patient_hears_the_sentences_of_each_screen_and_again_when_asked(said: list[str]) -> None:
    station = shown("P02")
    assert said == ["choose"]
    station.repeat()
    assert said == ["choose", "choose"]


def eyes_closed(appliance: Appliance) -> Appliance:
    return replace(appliance, look=replace(appliance.look, eyes_closed=True))


def test_who_stands_before_the_camera_with_eyes_closed_hears_again_what_would_help(said: list[str]) -> None:
    station = shown("P03-come-closer", eyes_closed)
    told = list(said)
    assert "advice_come_closer" in told
    station.rest(100.0)
    station.rest(100.0 + AGAIN_S / 2)
    assert said == told
    station.rest(100.0 + AGAIN_S)
    assert "advice_come_closer" in said[len(told) :]


@pytest.mark.parametrize(("example", "change"), [("P03-come-closer", lambda one: one), ("P02", eyes_closed)])
def test_nothing_is_said_again_by_itself_to_who_looks_or_where_no_camera_is(
    said: list[str], example: str, change: Callable[[Appliance], Appliance]
) -> None:
    station = shown(example, change)
    told = list(said)
    for second in range(60):
        station.rest(float(second))
    assert said == told


def test_no_queue_number_is_ever_said(said: list[str]) -> None:
    shown("P16")
    assert said == ["checked_in", "take_card", "checked_in_delivered_clinic"]
