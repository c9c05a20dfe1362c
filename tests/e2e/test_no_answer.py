"""The eligibility centre is gone: nobody is confirmed who was not, nobody who came is lost, and reception knows who it is."""

from __future__ import annotations

import sqlite3

import pytest

from kiosk.record import checkin as contract
from kiosk.record.checkin import CheckIn, Identity
from kiosk.record.eligibility import Validity
from kiosk.record.identity import Method
from kiosk.simulation.demo.player import Player
from kiosk.simulation.demo.site import Site
from tests.e2e.conftest import StartKiosk


def stored(around: Site) -> list[CheckIn]:
    with sqlite3.connect(f"file:{around.folder / 'reception.db'}?mode=ro", uri=True) as database:
        return [contract.from_json(bytes(row[0])) for row in database.execute("SELECT record FROM checkin")]


def comes(player: Player, around: Site, method: str) -> CheckIn:
    player.screen("P00", seconds=40)
    around.place()
    player.recognised()
    if method == "pin":
        player.press("P02", "choose_pin")
        player.screen("P04")
        around.centre.kill()
        player.type_pin(around.pin)
    else:
        around.centre.kill()
        player.choose_face()
        player.film()
    if player.screens[-1] != "P16":
        player.screen("P16", seconds=45)
    assert player.hears("delivered", 10)
    around.pull()
    player.screen("P00f", "P00", seconds=30)
    (checkin,) = stored(around)
    return checkin


@pytest.mark.parametrize(("method", "named"), [("face", True), ("pin", False)])
def test_with_the_centre_gone_the_arrival_is_recorded_and_nothing_is_confirmed(
    around: Site, start_kiosk: StartKiosk, method: str, named: bool
) -> None:
    checkin = comes(start_kiosk(), around, method)
    assert checkin.identity == Identity(Method(method))
    assert checkin.eligibility.validity is Validity.UNCONFIRMED
    assert {consent.state.value for consent in checkin.consents.values()} == {"not_asked"}
    # With the PIN check number B was never read: the card is asked for nothing more.
    names = [result.name for result in checkin.eligibility.results]
    assert names == (["試験\u3000花子"] if named else [])
    assert all(result.insurer_number is None and result.address is None for result in checkin.eligibility.results)
    assert around.audit() == []
