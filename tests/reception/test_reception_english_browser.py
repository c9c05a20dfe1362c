"""English second, in a browser: one press away from every page, the sign-in too, and nothing runs over the edge of a desk's screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.eligibility.terminal_side import Side
from tests.reception.processes import Reception

ADMINISTRATOR = "  - {id: chief, name: 管理 さくら, role: administrator}\n"


def in_english(page: Page) -> None:
    page.locator("[data-action=language]").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def assert_it_fits(page: Page) -> None:
    """The bar and the page are no wider than the screen."""
    widest = (
        "Math.max(...['.bar', '.foot', 'main', 'html'].map((one) => document.querySelector(one)?.scrollWidth ?? 0))"
    )
    assert page.evaluate(widest) <= 1366, page.url


def test_the_language_is_chosen_before_anybody_signs_in(page: Page, reception: Reception) -> None:
    page.goto(f"{reception.staff_url}/sign-in")
    expect(page.get_by_role("button", name="サインイン")).to_be_visible()
    in_english(page)
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    page.goto(reception.links["mori"])
    expect(page.get_by_text("Nobody has checked in today")).to_be_visible()


def test_a_page_that_answered_a_form_is_asked_for_anew(page: Page, reception: Reception) -> None:
    page.goto(reception.links["mori"])
    page.goto(f"{reception.staff_url}/me")
    for name in ("pin", "again"):
        page.locator(f"[name={name}]").fill("111111")
    page.get_by_role("button", name="決める", exact=True).click()
    expect(page.get_by_text("推測されやすい番号です")).to_be_visible()
    in_english(page)
    assert page.url.endswith("/me")
    expect(page.get_by_text("Visual check at a kiosk")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize(
    ("staff_id", "paths"),
    [("mori", ("board", "lookup", "list", "search", "day", "me")), ("chief", ("people", "kiosks", "audit", "me"))],
)
def test_every_page_in_english_fits_the_screen(
    page: Page,
    start_reception: Callable[..., Reception],
    terminal: Side,
    staff_id: str,
    paths: tuple[str, ...],
) -> None:
    reception = start_reception(more=ADMINISTRATOR + terminal.section())
    page.goto(reception.links[staff_id])
    for path in paths:
        page.goto(f"{reception.staff_url}/{path}")
        if path == paths[0]:
            in_english(page)
        expect(page.locator("html")).to_have_attribute("lang", "en")
        assert_it_fits(page)
