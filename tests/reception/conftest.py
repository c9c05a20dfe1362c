"""What every test of reception may ask for: check-ins, a desk in this process, a reception of its own, a browser."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from kiosk.reception import seal
from kiosk.record import dates
from kiosk.record.checkin import CheckIn
from tests.eligibility.terminal_side import Side, side
from tests.reception import boards, browser, checkins, desks, emptied, postgresql, processes
from tests.reception.desks import OpenDesk
from tests.reception.processes import Reception


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


# -- check-ins ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def checkin_at() -> Callable[..., CheckIn]:
    """Build a check-in of an invented person: `checkin_at(moment, number, kiosk_id, **person)`."""
    return checkins.new_checkin


@pytest.fixture
def checkin_now() -> Callable[..., CheckIn]:
    """The same, at this moment of the real clock (whole milliseconds, as on the wire)."""

    def build(number: str = "A012", kiosk_id: str = "a", **person: Any) -> CheckIn:
        return checkins.new_checkin(dates.instant(dates.instant_text(datetime.now(UTC))), number, kiosk_id, **person)

    return build


@pytest.fixture
def with_validity() -> Callable[..., CheckIn]:
    """Give a check-in another validity, and other results."""
    return checkins.judged


@pytest.fixture
def patient_at() -> Callable[..., CheckIn]:
    """Build a check-in of somebody the simulated terminal knows: `patient_at(moment, number, card, **person)`."""
    return checkins.new_patient


@pytest.fixture
def unanswered() -> Callable[..., CheckIn]:
    """Turn a check-in into one that nobody answered; its results are what the card told."""
    return checkins.nobody_answered


# -- databases ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.Server]:
    try:
        with postgresql.server() as running:
            yield running
    except postgresql.NoPostgresqlError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def emptied_database(postgresql_server: postgresql.Server) -> Iterator[emptied.Emptied]:
    """One PostgreSQL database with reception's tables, for one test after the other."""
    with contextlib.closing(emptied.Emptied(postgresql_server)) as database:
        yield database


@pytest.fixture(params=["sqlite", "postgresql"])
def kept_in(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """Which database a desk in a test has, as changes of its settings: every test of a desk is run with both.

    Which none can change is run with SQLite only (`desks.ON_SQLITE_ONLY`).
    """
    if request.param == "sqlite":
        return {}
    key = seal.load_or_make(tmp_path / "reception.key", tmp_path / "none.db")
    return {"database": None, "postgresql": request.getfixturevalue("emptied_database").for_key(key.key_id)}


@pytest.fixture(params=["sqlite", "postgresql"])
def kept_in_nothing_yet(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The same where reception makes its tables itself."""
    if request.param == "sqlite":
        return {}
    return {"database": None, "postgresql": request.getfixturevalue("postgresql_server").fresh()}


# -- receptions --------------------------------------------------------------------------------------------------------


@pytest.fixture
def open_desk(
    tmp_path: Path, kept_in: dict[str, Any]
) -> Callable[..., contextlib.AbstractAsyncContextManager[OpenDesk]]:
    """Open a desk in this process, as `desks.opened`; other keyword arguments change its settings."""

    def opened(
        host: str = "127.0.0.1", *, staying: bool = True, **changes: Any
    ) -> contextlib.AbstractAsyncContextManager[OpenDesk]:
        return desks.opened(desks.settings_at(tmp_path, **kept_in, **changes), host, staying=staying)

    return opened


@pytest.fixture
def start_reception(tmp_path: Path) -> Iterator[Callable[..., Reception]]:
    """Start a reception process at this test's database; what is still running at the end is ended."""
    with contextlib.ExitStack() as started:

        def start(staff_port: int = 0, kiosk_port: int = 0, more: str = "") -> Reception:
            reception = processes.begin(tmp_path, staff_port, kiosk_port, more)
            started.callback(reception.end)
            return reception

        yield start


@pytest.fixture
def share(tmp_path: Path) -> Path:
    """The folder that results are handed off in."""
    folder = tmp_path / "receipt"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def terminal_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    with side(tmp_path_factory.mktemp("terminal")) as running:
        yield running


@pytest.fixture
def terminal(terminal_process: Side) -> Side:
    """The simulated terminal, as it should be; its folders are empty."""
    terminal_process.clear()
    return terminal_process


# -- browsers ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not browser.CHROMIUM.exists():
        pytest.skip(f"{browser.CHROMIUM} is not on this machine")
    with browser.browser() as opened:
        yield opened


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page that has been nowhere yet."""
    with browser.page(chromium) as opened:
        yield opened


@pytest.fixture
def reception(start_reception: Callable[..., Reception]) -> Reception:
    """A reception in a process of its own."""
    return start_reception()


@pytest.fixture
def board(chromium: Browser, reception: Reception) -> Iterator[Page]:
    """A page on which that reception's board is open and hears what comes."""
    with boards.opened(chromium, reception) as opened:
        yield opened
