"""After a visit there is nothing left: no page of any process of the product holds the photo, a frame or a template.

The simulated camera and card are the outside world: they have these pictures because they are the person and the card.
Every search is made twice, while the patient is filmed and after: what finds nothing afterwards did find them before.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

import httpx
import mss
import pytest

from kiosk.simulation.demo.site import STAFF
from tests.e2e.face_pieces import of_frames, of_photo
from tests.e2e.memory_search import Needles
from tests.e2e.watched_site import Blind, Sitting, Watched, camera, children, watched

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may read the memory of the kiosk's processes")

SEARCHED = 40
"""Frames of a visit that are searched for, the last ones among them."""

IN_A_LOOK: Final = {"jp2", "template", "frame", "frame as shown"}
IN_A_COMPARISON: Final = {"jp2", "photo", "photo as shown", "frame", "frame as shown"}
"""What must be found while pictures are made."""


@pytest.fixture(autouse=True)
def what_it_needs() -> None:
    missing = [name for name in ("pcscd", "unshare", "Xvfb") if not shutil.which(name, path="/usr/sbin:" + os.defpath)]
    if missing:
        pytest.skip(f"not on this machine: {', '.join(missing)} (./deploy/test installs them)")


@pytest.fixture
def sitting() -> Sitting:
    return Sitting()


@pytest.fixture
def place(tmp_path: Path, sitting: Sitting) -> Iterator[Watched]:
    passing = tmp_path / "passing"
    passing.mkdir()
    with (
        camera(tmp_path / "eye", sitting.film) as eye,
        watched(tmp_path, eye, {"TMPDIR": str(passing)}) as site,
    ):
        yield site


# -- where it is looked for --------------------------------------------------------------------------------------------


def of_the_product(player: Blind) -> dict[int, str]:
    """Every process of the kiosk that lives: itself, booths and studios."""
    pid = player.kiosk.process.pid
    return {pid: "kiosk", **{one: _name(words) for one, words in children(pid).items()}}


def _name(words: str) -> str:
    return next((room for room in ("kiosk.card.booth", "kiosk.face.studio") if room in words), words)


def at_the_desk(place: Watched) -> dict[int, str]:
    return {place.around.reception.process.pid: "reception"}


def of_the_panel() -> dict[int, str]:
    """The X server: what the window shows lies in memory it shares with the kiosk, and perhaps in its own."""
    below = children(os.getpid()).items()
    found = {pid: "X server" for pid, words in below if Path(words.split()[0]).name in {"Xorg", "Xvfb"}}
    assert found
    return found


def searched(needles: Needles, where: dict[int, str]) -> dict[str, Counter[str]]:
    """What was found, by process."""
    return {f"{name} {pid}": found for pid, name in where.items() if (found := needles.in_process(pid))}


def on_the_panel(place: Watched, needles: Needles) -> Counter[str]:
    """What of it the window shows."""
    with mss.MSS(display=place.display) as eye:
        return needles.in_bytes(bytes(eye.grab(eye.monitors[0]).raw))


def in_files(needles: Needles, *roots: Path) -> dict[str, Counter[str]]:
    found = {}
    for root in roots:
        for path in root.rglob("*"):
            with contextlib.suppress(OSError):
                if path.is_file() and not path.is_symlink() and (some := needles.in_file(path)):
                    found[str(path)] = some
    return found


def kept_to_itself(pid: int, *, locked: bool) -> None:
    """No core dump, nothing of it in swap, and its memory locked if it was to be."""
    limits = Path(f"/proc/{pid}/limits").read_text()
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"], (pid, core)
    status = Path(f"/proc/{pid}/status").read_text()
    swapped = next((line for line in status.splitlines() if line.startswith("VmSwap")), "VmSwap: 0 kB")
    assert swapped.split()[1] == "0", (pid, swapped)
    assert not locked or "VmLck:\t       0 kB" not in status, pid


# -- the two ways on which pictures are made -----------------------------------------------------------------------------


def test_nothing_of_a_face_outlives_the_visit_that_it_opened(
    place: Watched, sitting: Sitting, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    player = filmed(place)
    looked_for(place, player, sitting, "P03-come-closer", IN_A_LOOK, capsys)
    sitting.near.set()
    player.screen("P08", seconds=45)
    player.press("P08", "agree_all")
    player.screen("P16")
    assert player.hears("delivered", 10)
    place.around.pull()
    player.screen("P00", seconds=30)
    nothing_left(place, player, sitting, ("P03", "P03-come-closer"), tmp_path, capsys)


def test_nothing_of_a_face_is_left_where_the_card_is_pulled_while_it_is_filmed(
    place: Watched, sitting: Sitting, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    player = filmed(place)
    looked_for(place, player, sitting, "P03-come-closer", IN_A_LOOK, capsys)
    place.around.pull()
    player.screen("P00f")
    nothing_left(place, player, sitting, ("P03-come-closer",), tmp_path, capsys)
    player.screen("P00", seconds=30)
    nothing_left(place, player, sitting, ("P03-come-closer",), tmp_path, capsys)


def test_nothing_of_face_and_photo_is_left_after_a_visual_check(
    place: Watched, sitting: Sitting, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    player = place.start()
    player.screen("P00", seconds=40)
    with Desk(place) as desk:
        place.around.place()
        player.screen("P02")
        granted = desk.grants()
        player.screen("P05")
        assert player.hears("photo_came", 10)
        looked_for(place, player, sitting, "P05", IN_A_COMPARISON, capsys)
        desk.confirms(granted)
    player.screen("P08", seconds=45)
    player.press("P08", "agree_all")
    player.screen("P16")
    assert player.hears("delivered", 10)
    place.around.pull()
    player.screen("P00", seconds=30)
    nothing_left(place, player, sitting, ("P05",), tmp_path, capsys)


def filmed(place: Watched) -> Blind:
    """A patient who has chosen the face and is being filmed."""
    player = place.start()
    player.screen("P00", seconds=40)
    place.around.place()
    player.screen("P02")
    player.press("P02", "choose_face")
    player.screen("P03")
    assert player.hears("camera_open", 10)
    return player


class Desk:
    """A receptionist at the board's own interface: without a browser, which would be one more thing to look into."""

    def __init__(self, place: Watched) -> None:
        self._place = place
        self._http = httpx.Client(base_url=place.around.board_url.removesuffix("/board"))
        self._headers: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._http.cookies.update(self._place.around.signed_in(STAFF[0]["id"]))
        page = self._http.get("/board").text
        self._headers = {"origin": str(self._http.base_url).rstrip("/")}
        self._headers["x-csrf-token"] = page.split('name="csrf-token" content="')[1].split('"')[0]
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def grants(self) -> str:
        """Grant the visual check of the visit that is there, as soon as it may be; the command's id."""
        until = time.monotonic() + 15
        while True:
            shown = self._http.get("/api/v1/kiosks/kiosk-a").text
            visit = re.search(r'data-visit-id="([^"]+)"', shown)
            if visit is not None and "grant_visual" in shown:
                return str(self._post("/api/v1/kiosks/kiosk-a/grant", visit_id=visit[1])["command_id"])
            assert time.monotonic() < until, shown
            time.sleep(0.05)

    def confirms(self, command: str) -> None:
        """Card and patient were compared."""
        self._post(f"/api/v1/grants/{command}/confirm")

    def _post(self, path: str, **fields: str) -> dict[str, object]:
        answer = self._http.post(path, json=fields, headers=self._headers)
        assert answer.is_success, answer.text
        told = answer.json()
        assert isinstance(told, dict)
        return told


def looked_for(
    place: Watched,
    player: Blind,
    sitting: Sitting,
    example: str,
    there: set[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """While pictures are made they are found: in the booth, the studio, the kiosk, and on the panel."""
    photo = of_photo()
    until, enough = time.monotonic() + 10, len(sitting.seen) + 15
    while len(sitting.seen) < enough:
        assert time.monotonic() < until
        time.sleep(0.02)
    kiosk = player.kiosk.process.pid
    during = of_the_product(player)
    for pid in during:
        kept_to_itself(pid, locked="memory_not_locked" not in player.heard)
    # It stands still meanwhile, so that what it shows is among the last frames.
    os.kill(kiosk, signal.SIGSTOP)
    try:
        needles = Needles({**photo, **of_frames(sitting.seen[-8:], example)})
        found = searched(needles, {**during, **of_the_panel()})
        on_panel = on_the_panel(place, needles)
    finally:
        os.kill(kiosk, signal.SIGCONT)
    told(capsys, "while pictures are made", {**found, "window": on_panel})
    assert there <= {name for what in (*found.values(), on_panel) for name in what}
    assert found[f"kiosk {kiosk}"]["frame"]
    assert on_panel["frame as shown"]


def nothing_left(
    place: Watched,
    player: Blind,
    sitting: Sitting,
    screens: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert len(sitting.seen) > 10
    some = [*sitting.seen[:: max(1, len(sitting.seen) // SEARCHED)], *sitting.seen[-15:]]
    by_screen = {example: of_frames(some, example) for example in screens}
    seen = {f"{name} ({example})": one for example, each in by_screen.items() for name, one in each.items()}
    needles = Needles({**of_photo(), **seen})
    now = of_the_product(player)
    assert len(now) >= 3
    for pid in now:
        kept_to_itself(pid, locked=False)  # the spares may be starting
    left = searched(needles, {**now, **at_the_desk(place), **of_the_panel()})
    if on_panel := on_the_panel(place, needles):
        left["window"] = on_panel
    left |= in_files(needles, tmp_path / "kiosk-state", tmp_path / "passing", Path("/dev/shm"))
    left |= {str(path): found for path in tmp_path.glob("*.log") if (found := needles.in_file(path))}
    told(capsys, "after the visit", left)
    assert not left


def told(capsys: pytest.CaptureFixture[str], when: str, found: dict[str, Counter[str]]) -> None:
    with capsys.disabled():
        print(f"\n{when}: " + ("; ".join(f"{who}: {dict(what)}" for who, what in found.items()) or "nothing"))
