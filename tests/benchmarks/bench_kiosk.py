"""The kiosk as a patient meets it: touch to pixels, the processor at rest, memory, start; beside others that do such a job.

Run as root: python tests/benchmarks/bench_kiosk.py [--rest 60] [--taps 100] [--pibooth PYTHON] [--only kiosk,chromium,camera].
Starts a touch panel (`kiosk.simulation.demo.glass`: real touch events through Xorg) and a whole site, then one after another
this kiosk, pibooth's waiting screen (PYTHON: of an environment with pibooth) and a page in Chromium's kiosk mode, all on the same
panel of 1280 x 800. Asserts nothing about time.

Touch to pixels: from the word to the touch device until the X server has another colour at that place. `press`: a button's look
under the finger; `screen`: what stands there once the finger is lifted. Busy: an endless loop for each core beside it, each at
the kiosk's own priority. At rest, and memory: the process alone, and with all its children (the kiosk's: booth and studio of this
visit, and the spares of the next). Start: from the command to the first pixels, the machine warm. The camera screen's frame times
are `bench_panel.py`'s, run here; the others have no such screen (pibooth's preview belongs to a camera's driver; a page's would be
timed by the browser itself).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pygame

from kiosk.simulation.demo.children import own_command
from kiosk.simulation.demo.glass import TouchDevice, environment_of
from kiosk.ui.fonts import find_faces
from kiosk.ui.geometry import Rect
from kiosk.ui.widgets import target
from tests.benchmarks.bench_loop import Eye
from tests.e2e.real_window import PANEL, Patient, Room, room
from tests.e2e.watched_site import children

STARTS: Final = 4
"""The first warms the machine's memory of files and does not count."""
SETTLE_S: Final = 10.0
MOVE: Final = 19  # of the touch device's protocol (domain/kiosk-ui.md section 7)
WITHIN_S: Final = 5.0

Place = tuple[int, int]


@dataclass(frozen=True)
class Program:
    """Something to be measured. `lit`: a place that is black before its first screen (and has the colour `own` then, where other
    colours come first); `button`: where a touch shows, and where to slide off without effect; `screens`: touch the first place,
    the second changes; and so on, in a ring."""

    name: str
    words: Sequence[str]
    lit: Place
    button: tuple[Place, Place] | None
    screens: Sequence[tuple[Place, Place]]
    apart_s: float = 0.35
    """Between two touches."""
    own: int | None = None


# -- what is measured ----------------------------------------------------------------------------------------------------


def started(program: Program, eye: Eye, folder: Path) -> tuple[subprocess.Popen[bytes], float]:
    """The program, and seconds until its first pixels were there."""
    black, until = eye.pixel(program.lit), time.monotonic() + 60
    with (folder / f"{program.name}.log").open("ab") as log:
        began = time.perf_counter()
        process = subprocess.Popen(program.words, stdin=subprocess.PIPE, stdout=log, stderr=log)
    while (colour := eye.pixel(program.lit)) == black or colour != (program.own or colour):
        if process.poll() is not None or time.monotonic() > until:
            raise SystemExit(
                f"{program.name} shows nothing; see {folder}: {(folder / f'{program.name}.log').read_text()[-800:]}"
            )
        time.sleep(0.001)
    return process, time.perf_counter() - began


def ended(process: subprocess.Popen[bytes], eye: Eye, at: Place) -> None:
    """End it and wait until the panel is black again."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()
    until = time.monotonic() + WITHIN_S
    while eye.pixel(at) and time.monotonic() < until:
        time.sleep(0.05)


class Finger:
    """A finger that can also slide."""

    def __init__(self, device: TouchDevice) -> None:
        self._device = device

    def down(self, at: Place) -> None:
        self._device._finger += 1
        self._touch(TouchDevice._BEGIN, at)

    def slides_to(self, at: Place) -> None:
        self._touch(MOVE, at)

    def up(self, at: Place) -> None:
        self._touch(TouchDevice._END, at)

    def _touch(self, phase: int, at: Place) -> None:
        self._device._touch(phase, at[0] / PANEL.width, at[1] / PANEL.height)


def presses(program: Program, eye: Eye, finger: Finger, count: int) -> list[float]:
    """Milliseconds until a button looks touched."""
    if program.button is None:
        return []
    (on, off), told = program.button, []
    for number in range(count):
        time.sleep(0.1 + number * 37 % 31 / 100)
        before = eye.pixel(on)
        finger.down(on)
        told.append(eye.change(on, before, WITHIN_S) * 1000)
        touched = eye.pixel(on)
        time.sleep(0.06)
        finger.slides_to(off)
        finger.up(off)
        eye.change(on, touched, WITHIN_S)
    return told


def screens(program: Program, eye: Eye, finger: Finger, count: int) -> list[float]:
    """Milliseconds from a finger's lift until another screen is there."""
    told = []
    for number in range(count):
        on, seen = program.screens[number % len(program.screens)]
        time.sleep(program.apart_s + number * 37 % 31 / 100)
        finger.down(on)
        time.sleep(0.06)
        before = eye.pixel(seen)
        finger.up(on)
        told.append(eye.change(seen, before, WITHIN_S) * 1000)
        if len(program.screens) == 1:  # it goes back by itself
            eye.change(seen, eye.pixel(seen), WITHIN_S)
    return told


@contextmanager
def both_cores_busy() -> Iterator[None]:
    """An endless loop for each core; whoever measures goes first, so that it is not its own waiting that is measured."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        time.sleep(0.5)
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, -10)
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, 0)
        for loop in loops:
            loop.kill()
            loop.wait()


def ticks(pid: int) -> int:
    """Processor time used, in clock ticks; nothing for one that has ended."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0
    return int(words[11]) + int(words[12])


def at_rest(pid: int, seconds: float) -> tuple[float, float]:
    """Percent of a core: the process alone, and with its children."""
    pids = [pid, *children(pid)]
    first, began = [ticks(one) for one in pids], time.monotonic()
    time.sleep(seconds)
    spent = (time.monotonic() - began) * os.sysconf("SC_CLK_TCK") / 100
    used = [max(0, ticks(one) - before) / spent for one, before in zip(pids, first, strict=True)]
    return used[0], sum(used)


def memory(pid: int) -> tuple[float, float]:
    """MB resident, and of its own share (PSS)."""
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0.0, 0.0
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in told.splitlines() if line.endswith("kB")}
    return kilobytes["Rss"] / 1024, kilobytes["Pss"] / 1024


# -- telling -------------------------------------------------------------------------------------------------------------


def line(name: str, figures: str) -> None:
    """One line of the report."""
    print(f"  {name:34} {figures}", flush=True)


def spread(times: list[float]) -> str:
    """p50, p99, worst."""
    if not times:
        return "not measured"
    ordered = sorted(times)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return (
        f"p50 {statistics.median(ordered):6.1f}  p99 {p99:6.1f}  worst {ordered[-1]:6.1f} ms  ({len(ordered)} touches)"
    )


def measure(program: Program, here: Room, taps: int, rest: float) -> None:
    """Print all of one program's figures."""
    print(f"{program.name}; load of the machine before: {os.getloadavg()[0]:.1f}", flush=True)
    eye = Eye(here.glass.display)
    times = []
    for _ in range(STARTS):
        process, seconds = started(program, eye, here.folder)
        times.append(seconds)
        if len(times) < STARTS:
            time.sleep(1.0)
            ended(process, eye, program.lit)
    try:
        line("start to first pixels", f"median {statistics.median(times[1:]):.2f} s; cold or first {times[0]:.2f} s")
        time.sleep(SETTLE_S)
        alone, all_of_it = at_rest(process.pid, rest)
        line(f"processor at rest, {rest:.0f} s", f"{alone:.2f} % of a core; with children {all_of_it:.2f} %")
        each = [memory(one) for one in (process.pid, *children(process.pid))]
        whole = f"with {len(each) - 1} children RSS {sum(rss for rss, _ in each):.0f}, PSS {sum(pss for _, pss in each):.0f} MB"
        line("memory", f"RSS {each[0][0]:.1f}, PSS {each[0][1]:.1f} MB; {whole}")
        if isinstance(here.glass.finger, TouchDevice):
            finger = Finger(here.glass.finger)
            line("press", spread(presses(program, eye, finger, taps)))
            line("screen", spread(screens(program, eye, finger, taps)))
            with both_cores_busy():
                line("press, both cores busy", spread(presses(program, eye, finger, taps)))
                line("screen, both cores busy", spread(screens(program, eye, finger, taps)))
            each = [memory(one) for one in (process.pid, *children(process.pid))]
            line("memory after all these touches", f"RSS {each[0][0]:.1f}, PSS {each[0][1]:.1f} MB")
        else:
            line("touch", f"not measured: {here.glass.kind}")
    finally:
        ended(process, eye, program.lit)


# -- who is measured -----------------------------------------------------------------------------------------------------


def the_kiosk(here: Room) -> Program:
    """This kiosk; its buttons are where its screens put them."""
    with here.kiosk() as patient:
        patient.screen("P00", seconds=40)
        patient.learns_what_is_offered()
    looks, back = _place(patient, "P00", "looks"), _place(patient, "P97-looks", "looks_back")
    # On the idle screen a plain button ends where the filled one ends on the page of looks.
    end = (back.right - back.h // 4, back.y + back.h // 2)
    words = own_command("run", "--config", str(here.around.kiosk_yaml))
    middle = (PANEL.width // 2, PANEL.height // 2)
    there, again = (looks.centre, end), (_edge(back), end)
    return Program("kiosk", words, (3, 3), (_edge(looks), middle), (there, again))


def _place(patient: Patient, example: str, action: str) -> Rect:
    found = target(patient.widgets(example), action)
    if found is None:
        raise SystemExit(f"screen {example} has no {action}")
    return found.rect


def _edge(rect: Rect) -> Place:
    """A place on a button where its words are not."""
    return rect.x + rect.w // 2, rect.y + max(1, rect.h // 8)


PLUGIN = """
import pibooth
from pibooth.camera.base import BaseCamera

class NoCamera(BaseCamera):
    def quit(self): pass
    def stop_preview(self): pass
    def drop_captures(self): pass

@pibooth.hookimpl
def pibooth_setup_camera(cfg):
    return NoCamera(None)

@pibooth.hookimpl(tryfirst=True)
def state_choose_validate(cfg, app, win, events):
    import time
    app.since = getattr(app, "since", None) or time.monotonic()
    if time.monotonic() - app.since > 0.3:
        app.since = None
        return "wait"
"""
"""A stand-in for the camera, and the choice of pictures goes back to the waiting screen by itself after 0.3 s."""


def pibooth(python: Path, folder: Path) -> Program:
    """pibooth as installed, full screen, waiting for somebody to touch its left half."""
    home = folder / "pibooth"
    home.mkdir()
    (home / "plugin.py").write_text(PLUGIN, encoding="ascii")
    told = f'[GENERAL]\nplugins = ("{home / "plugin.py"}",)\ndirectory = {home}\n[WINDOW]\nsize = fullscreen\n'
    told += "animate = False\nbackground = (0, 60, 0)\n"
    (home / "pibooth.cfg").write_text(told, encoding="ascii")
    words = ["env", f"HOME={home}", str(python), "-m", "pibooth.booth", "--nolog", str(home)]
    left_half, card = (200, 400), (1110, 640)
    return Program("pibooth", words, (3, 3), None, ((left_half, card),), apart_s=1.0)


PAGE = """<!doctype html><meta charset=utf-8><style>
@font-face {font-family: own; src: url(FONT)}
body {margin: 0; font: 40px own; background: #f4f1ea} main {padding: 40px}
button {position: fixed; left: 900px; top: 600px; width: 320px; height: 140px; font: 40px own; background: #ffffee}
.two {background: #0b5394; color: #fff} .two button {background: #ffd966}
button.down {background: #888}</style>
<body><main></main><button>次へ</button><script>
const words = ['マイナンバーカードを置いてください', '見た目を選んでください'];
const button = document.querySelector('button'), main = document.querySelector('main');
let at = 0;
function show() { document.body.className = at ? 'two' : ''; main.textContent = (words[at] + '。').repeat(6); }
button.addEventListener('touchstart', () => button.classList.add('down'), {passive: true});
button.addEventListener('touchend', (event) => {
  button.classList.remove('down');
  const one = event.changedTouches[0], place = button.getBoundingClientRect();
  if (one.clientX > place.left && one.clientY > place.top) { at = 1 - at; show(); }
});
show();
</script>"""


def chromium(folder: Path) -> Program:
    """A page with one button and two screens, in kiosk mode."""
    page = folder / "page.html"
    font = find_faces().regular[0]
    page.write_text(PAGE.replace("FONT", font.as_uri()), encoding="utf-8")
    flags = ["--kiosk", "--no-first-run", "--disable-gpu", "--touch-events=enabled", "--noerrdialogs", "--disable-sync"]
    flags += ["--disable-background-networking", "--disable-component-update", f"--user-data-dir={folder / 'chromium'}"]
    flags += [f"--window-size={PANEL.width},{PANEL.height}", "--window-position=0,0", "--force-device-scale-factor=1"]
    flags += ["--no-sandbox"] if os.geteuid() == 0 else []
    on = (1060, 612)
    words, button = ["chromium", *flags, page.as_uri()], (on, (300, 400))
    return Program("chromium", words, (1000, 720), button, ((on, (5, 5)),) * 2, own=0xFFFFEE)


def camera_screen() -> None:
    """`bench_panel.py`, as it says."""
    script = Path(__file__).with_name("bench_panel.py")
    print("the camera screen while the face studio works at full load", flush=True)
    subprocess.run([sys.executable, str(script), "--seconds", "15"], check=False)


def main() -> None:
    """Everything that was asked for."""
    parser = argparse.ArgumentParser(description="The kiosk beside others.")
    parser.add_argument("--rest", type=float, default=60.0, help="seconds at rest")
    parser.add_argument("--taps", type=int, default=100)
    parser.add_argument("--pibooth", type=Path, metavar="PYTHON", help="interpreter of an environment with pibooth")
    parser.add_argument("--only", default="kiosk,pibooth,chromium,camera")
    given = parser.parse_args()
    wanted = given.only.split(",")
    print(
        f"pygame {pygame.version.ver}, {platform.machine()}, {os.cpu_count()} cores, panel {PANEL.width} x {PANEL.height}"
    )
    with tempfile.TemporaryDirectory() as folder, room(Path(folder)) as here:
        print(here.glass.kind)
        os.environ.update(environment_of(here.glass.display))
        # As on a box: compiled once, by the first start.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(here.folder / "compiled")
        makes: dict[str, Callable[[], Program]] = {"kiosk": lambda: the_kiosk(here)}
        if given.pibooth is not None:
            makes["pibooth"] = lambda: pibooth(given.pibooth, here.folder)
        makes["chromium"] = lambda: chromium(here.folder)
        for name, make in makes.items():
            if name in wanted:
                try:
                    measure(make(), here, given.taps, given.rest)
                except TimeoutError as error:
                    line("touch", f"given up: {error}")
    if "camera" in wanted:
        camera_screen()


if __name__ == "__main__":
    main()
