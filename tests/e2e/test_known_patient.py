"""A returning patient, without any licensed system: known by the card, looked up through the clinic's own terminal."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
import yaml

from kiosk.record import checkin as contract
from kiosk.record.checkin import CheckIn
from kiosk.record.eligibility import Source, Validity
from kiosk.simulation.demo.children import Child
from kiosk.simulation.demo.player import Player
from kiosk.simulation.demo.site import Site
from tests.e2e.conftest import StartKiosk


@pytest.fixture
def terminal(around: Site) -> Iterator[Child]:
    """A simulated terminal behind its folders, and a reception that asks it."""
    folder = around.folder / "terminal"
    patients = around.folder / "patients.json"
    child = Child(
        ["simulate", "terminal", "--folder", str(folder), "--patients", str(patients)], around.folder / "terminal.log"
    )
    child.ready(30)
    path = around.folder / "reception.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings["terminal"] = {
        "req": str(folder / "req"),
        "res": str(folder / "res"),
        "institution_code": "1319999996",
        "test": True,
    }
    path.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    around.restart_reception()
    yield child
    child.end()


def by_number_look_up(around: Site) -> None:
    """From now on the kiosk asks reception, and no centre."""
    settings = yaml.safe_load(around.kiosk_yaml.read_text(encoding="utf-8"))
    url = settings["delivery"]["urls"][0]
    key_file = settings["eligibility"]["key_file"]
    settings["eligibility"] = {"gateway": "reception", "key_file": key_file, "reception": {"url": url}}
    around.kiosk_yaml.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")


def stored(around: Site) -> list[CheckIn]:
    with sqlite3.connect(f"file:{around.folder / 'reception.db'}?mode=ro", uri=True) as database:
        return [contract.from_json(bytes(row[0])) for row in database.execute("SELECT record FROM checkin ORDER BY 1")]


def confirmed_by_pin(player: Player, around: Site) -> None:
    player.screen("P00", seconds=40)
    around.place()
    player.recognised()
    player.press("P02", "choose_pin")
    player.screen("P04")
    player.type_pin(around.pin)


def test_who_was_here_before_is_looked_up_by_number_and_asked_for_nothing_but_the_limit(
    around: Site, terminal: Child, start_kiosk: StartKiosk
) -> None:
    first = start_kiosk()
    confirmed_by_pin(first, around)
    first.screen("P08")
    first.finish()
    first.kiosk.end()

    by_number_look_up(around)
    again = start_kiosk()
    confirmed_by_pin(again, around)
    again.screen("P12")
    again.press("P12", "limit_yes")
    again.screen("P16", seconds=30)
    again.finish()

    known = {checkin.eligibility.source: checkin for checkin in stored(around)}
    assert set(known) == {Source.CENTRE, Source.NUMBER_LOOKUP}
    looked_up = known[Source.NUMBER_LOOKUP]
    assert looked_up.eligibility.validity is Validity.VALID
    assert looked_up.simulated
    assert {consent.state.value for consent in looked_up.consents.values()} == {"not_asked"}
    assert looked_up.eligibility.results[0].insurer_number == known[Source.CENTRE].eligibility.results[0].insurer_number
    assert terminal.process.poll() is None


def test_who_was_never_here_is_recorded_and_sees_reception(
    around: Site, terminal: Child, start_kiosk: StartKiosk
) -> None:
    by_number_look_up(around)
    player = start_kiosk()
    confirmed_by_pin(player, around)
    player.screen("P12")
    player.press("P12", "limit_no")
    player.screen("P16", seconds=30)
    player.finish()
    (checkin,) = stored(around)
    assert checkin.eligibility.validity is Validity.UNCONFIRMED
    assert terminal.process.poll() is None
