"""The board as a desk's PC sees it: over TLS, in a browser that trusts reception's own authority, and one that does not."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, sync_playwright

from kiosk.delivery.exchange import door_client
from kiosk.reception import accounts
from kiosk.reception.accounts import Role
from kiosk.record.checkin import CheckIn
from tests.reception import browser, secured
from tests.reception.sealing_kiosk import kiosk_of
from tests.reception.secured import SecuredReception

AUTHORITY = "kiosk reception of this test"


@pytest.fixture
def reception(tmp_path: Path) -> Iterator[SecuredReception]:
    secured.make_authority(tmp_path / "trust")
    with secured.running(secured.reception_settings(tmp_path)) as opened:
        yield opened


def certutil(*words: str | Path) -> None:
    subprocess.run(["certutil", *words], check=True, capture_output=True, timeout=30)


def opened(home: Path) -> Iterator[Page]:
    """A page of a Chromium whose home, and with it the store of authorities, is `home`."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser.CHROMIUM, args=browser.ARGUMENTS, env={"HOME": str(home)}
        )
        yield chromium.new_context(viewport={"width": 1366, "height": 768}).new_page()
        chromium.close()


@pytest.fixture
def trusting(tmp_path: Path) -> Iterator[Page]:
    """In the browser of a PC where reception's authority was installed."""
    store = tmp_path / "home" / ".pki" / "nssdb"
    store.mkdir(parents=True)
    certutil("-d", f"sql:{store}", "-N", "--empty-password")
    certutil("-d", f"sql:{store}", "-A", "-n", AUTHORITY, "-t", "C,,", "-i", tmp_path / "trust" / "root.pem")
    yield from opened(tmp_path / "home")


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[Page]:
    """In a browser that knows nothing of it."""
    (tmp_path / "other").mkdir()
    yield from opened(tmp_path / "other")


def link_of(reception: SecuredReception) -> str:
    """A one-time link for somebody at the desk."""
    reception.write(accounts.create("tanaka", "田中 みさき", Role.RECEPTION, "admin"))
    return reception.staff_url + reception.write(accounts.one_time_link("tanaka"))


def test_the_board_over_tls_is_a_secure_context_and_hears_who_comes(
    tmp_path: Path, reception: SecuredReception, trusting: Page, checkin_now: Callable[..., CheckIn]
) -> None:
    assert reception.staff_url.startswith("https://localhost:")
    trusting.goto(link_of(reception))
    assert trusting.url == f"{reception.staff_url}/board"
    assert trusting.evaluate("isSecureContext")
    (cookie,) = trusting.context.cookies()
    assert (cookie["name"], cookie["secure"], cookie["httpOnly"]) == ("__Host-reception_session", True, True)
    assert cookie["sameSite"] == "Strict"
    paired = secured.paired(reception, tmp_path / "kiosk")
    checkin = checkin_now("A012")
    kiosk = kiosk_of(reception.desk.key.public_key, reception.desk.key.key_id)
    with closing(door_client(paired)) as client:
        answer = client.post(
            f"{reception.kiosk_url}/k/v1/checkins",
            content=kiosk.sealed(checkin, checkin.checkin_id),
            headers=kiosk.headers(checkin.checkin_id),
        )
    assert answer.status_code == 201
    trusting.get_by_text("A012").first.wait_for(timeout=15_000)


def test_a_browser_that_does_not_know_the_authority_goes_no_further(
    reception: SecuredReception, stranger: Page
) -> None:
    with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        stranger.goto(reception.staff_url)
