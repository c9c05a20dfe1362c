"""The board in a real browser: a call that a visual check answers offers it; the mode of a kiosk is one press away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Page, expect

from kiosk.record.door import HelpReason
from tests.reception.boards import command


def rung(reception: Any) -> dict[str, Any]:
    """A patient whose face failed twice still stands at the kiosk."""
    call: dict[str, Any] = reception.kiosk.help(datetime.now(UTC), HelpReason.FACE_FAILED, "looking_at_face")
    reception.beat("looking_at_face", call["visit_id"])
    answer = reception.http.post(f"{reception.kiosk_url}/k/v1/help", json=call, headers={"x-kiosk-id": "a"})
    assert answer.status_code == 201
    return call


def test_one_press_in_the_trouble_lane_arms_the_check_of_that_visit(board: Page, reception: Any) -> None:
    call = rung(reception)
    card = board.locator(f"[data-help-id='{call['help_id']}']")
    expect(card).to_contain_text("顔が一致しませんでした")
    for button in card.locator("button").all():
        inside = button.bounding_box()
        around = card.bounding_box()
        assert inside is not None
        assert around is not None
        assert inside["x"] + inside["width"] <= around["x"] + around["width"]
        assert inside["y"] >= around["y"]
        assert inside["y"] + inside["height"] <= around["y"] + around["height"]
    with reception.line() as lines:
        card.locator("[data-action=grant_from_call]").click()
        granted = command(lines)
    assert (granted["kind"], granted["visit_id"], granted["issued_by"]) == ("grant_visual", call["visit_id"], "tanaka")


def test_a_tile_has_the_staff_s_frame_while_staff_are_at_the_kiosk(board: Page, reception: Any) -> None:
    call = rung(reception)
    tile = board.locator("#kiosks [data-kiosk-id=a]")
    expect(tile).to_have_attribute("data-stage", "looking_at_face")
    plain = tile.evaluate("one => getComputedStyle(one).borderColor")
    for stage in ("staff_entrance", "comparing"):
        reception.beat(stage, call["visit_id"])
        expect(tile).to_have_attribute("data-stage", stage)
        assert tile.evaluate("one => getComputedStyle(one).borderColor") != plain
        assert tile.evaluate("one => getComputedStyle(one).borderTopWidth") == "2px"


def test_out_of_service_is_one_press_and_the_tile_waits_for_what_the_kiosk_says(board: Page, reception: Any) -> None:
    reception.beat("idle", None)
    tile = board.locator("#kiosks [data-kiosk-id=a]")
    with reception.line() as lines:
        tile.locator("[data-action=pause]").click()
        paused = command(lines)
    assert (paused["kind"], paused["visit_id"], paused["issued_by"]) == ("pause", None, "tanaka")
    expect(tile).to_contain_text("待機中")
