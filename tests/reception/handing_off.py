"""A desk that hands off results in a test: its settings and folder, how far its rows are, and the claims computer."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from kiosk.eligibility.oqs import file_names
from kiosk.eligibility.oqs.file_names import FaceName
from kiosk.reception import hand_off, hand_off_rows, troubles
from kiosk.reception.hand_off import HandOff
from kiosk.reception.hand_off_folder import Steps
from kiosk.reception.hand_off_settings import HandOffSettings
from kiosk.reception.later_answers import LaterAnswer
from kiosk.record.checkin import CheckIn
from kiosk.record.eligibility import Source

CLINIC = "1319999996"


def settings_of(share: Path, **others: Any) -> HandOffSettings:
    told: dict[str, Any] = {"folder": share, "institution_code": CLINIC, "test": True, "look_seconds": 0.02}
    return HandOffSettings(**(told | others))


@contextlib.asynccontextmanager
async def handing_off(desk: Any, settings: HandOffSettings, steps: Steps | None = None) -> AsyncIterator[None]:
    """The task of this desk, running; it has begun when this is entered."""
    running = asyncio.create_task(HandOff(desk.desk, settings, steps).run())
    await until(lambda: desk.desk.store.read(hand_off_rows.is_on))
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled()


async def until(true: Callable[[], Awaitable[object]], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not await true():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.005)


async def states(desk: Any, checkin: CheckIn) -> list[str]:
    return [row.state.value for row in await desk.desk.store.read(hand_off_rows.of_checkin(checkin.checkin_id))]


async def until_states(desk: Any, checkin: CheckIn, *wanted: str) -> None:
    async def there() -> bool:
        return await states(desk, checkin) == list(wanted)

    await until(there)


async def until_troubles(desk: Any, *keys: str) -> None:
    async def there() -> bool:
        standing = await desk.desk.store.read(troubles.told)
        return [trouble.key for trouble in standing if trouble.kind == hand_off.KIND] == list(keys)

    await until(there)


def results(share: Path) -> list[Path]:
    return sorted(path for path in share.iterdir() if isinstance(file_names.parse(path.name), FaceName))


def take(share: Path) -> list[str]:
    """What a claims computer does: read the files in the order of their names, and take them away."""
    return [_taken(path) for path in results(share)]


def take_while_written(share: Path) -> list[str]:
    """The same while more are written: a look at a folder may show a file and miss one that came just before it."""
    seen = results(share)
    return [_taken(path) for path in results(share) if seen and path.name <= seen[-1].name]


def _taken(path: Path) -> str:
    content = path.read_bytes().decode("cp932")
    path.unlink()
    identifier = content.split("<ArbitraryFileIdentifier>")[1].split("<")[0]
    return identifier.removeprefix("SIM") + (" later" if "<ReferenceClassification>2" in content else "")


def lying(share: Path) -> set[str]:
    return {path.name for path in share.iterdir()}


def unmounted(share: Path, *, mount_point: bool) -> Path:
    """Take the share away; where it was, an empty folder, or nothing. Gives where it is now."""
    away = share.rename(share.with_name("away"))
    if mount_point:
        share.mkdir()
    return away


def mounted(away: Path, share: Path) -> None:
    if share.exists():
        share.rmdir()
    away.rename(share)


def later(checkin: CheckIn) -> LaterAnswer:
    answer = replace(checkin.eligibility, source=Source.NUMBER_LOOKUP)
    return LaterAnswer(checkin.checkin_id, simulated=True, eligibility=answer)


def section(share: Path) -> str:
    told = f"folder: {share}, institution_code: '{CLINIC}', test: true, look_seconds: 0.05"
    return f"hand_off: {{{told}}}\n"


def wait_for(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
