"""How well check number B is read from a card's front, and how often a wrong one would have been sent to the card.

Run: python deploy/fetch.py --benchmarks, then

    python tests/benchmarks/bench_card_front.py [--attempts 40] [--frames 8] [--seed 1] [--only blur,glare] [--sheet FILE.png]

For every degradation a number of invented cards is printed in typefaces that the second reader was not taught, and filmed;
one attempt is the frames of one card under one degradation with a hand's or a sensor's jitter, until three agree or
`--frames` are over. Nothing is asserted; the last column is the one that must be zero. `--sheet` writes a picture of the
first frame of attempts that were read, and of those that were not.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import cv2
import numpy as np

from kiosk import share
from kiosk.face.card_front import FrontReader
from kiosk.face.card_front_fields import _LINE, DIGITS
from kiosk.face.card_front_figures import FigureReader, Figures
from kiosk.face.card_front_marks import DIGIT, FIRST, MarkReader, Marks
from kiosk.face.card_front_strips import Strip
from kiosk.face.faces import Picture
from kiosk.face.sface import SFaceMatcher
from kiosk.simulation.card_print import Person, Style, front
from kiosk.simulation.card_scene import View, film
from kiosk.simulation.people import Sitter

TODAY = date(2026, 11, 22)
TYPEFACES = ("../BIZUDPGothic-Regular.ttf", "../BIZUDPGothic-Bold.ttf", "BIZUDMincho-Regular.ttf", "MTLmr3m.ttf")
"""None of these was shown to the second reader (tests/benchmarks/teach_figures.py)."""

FRAME_SECONDS = 0.15
"""How far apart frames are taken for the agreement's clock."""

Chance = np.random.Generator


def sized(chance: Chance, low: float = 520, high: float = 1100) -> dict[str, float | int]:
    """A card `low` to `high` pixels wide in a frame of a camera that could see it so."""
    width = float(chance.uniform(low, high))
    frame = (640, 480) if width < 590 else (1280, 720) if width < 1050 else (1920, 1080)
    return {"card_width": width, "width": frame[0], "height": frame[1]}


def tray(chance: Chance, **more: object) -> View:
    """A card that lies still, nearly straight."""
    place = (float(chance.uniform(0.49, 0.51)), float(chance.uniform(0.48, 0.52)))
    ground = ("tray", "desk")[int(chance.integers(2))]
    values = {**sized(chance), "place": place, "turn": float(chance.normal(0, 1.5)), "ground": ground, **more}
    return View(**values)  # type: ignore[arg-type]


def hand(chance: Chance, **more: object) -> View:
    """A card held up to the camera."""
    tilt = (float(chance.normal(0, 7)), float(chance.normal(0, 7)))
    values = {
        **sized(chance, 480, 1000),
        "held": True,
        "ground": "room",
        "turn": float(chance.normal(0, 4)),
        "tilt": tilt,
        "fingers": int(chance.integers(1, 4)),
        "motion": 1.5,
        **more,
    }
    return View(**values)  # type: ignore[arg-type]


def px(chance: Chance, view_of: Callable[..., View], low: float, high: float, name: str) -> View:
    """A view whose `name` (blur or motion) is `low` to `high` of a millimetre on the card."""
    view = view_of(chance)
    return View(**{**vars(view), name: float(chance.uniform(low, high)) * view.card_width / 85.6})


KINDS: dict[str, Callable[[Chance], View]] = {
    "clean, in the tray": tray,
    "500 px wide": lambda c: tray(c, card_width=500.0, width=640, height=480),
    "420 px wide": lambda c: tray(c, card_width=420.0, width=640, height=480),
    "1200 px wide": lambda c: tray(c, card_width=1200.0, width=1920, height=1080),
    "upside down, turned": lambda c: tray(
        c, turn=float(c.choice([180.0, 90.0, -90.0]) + c.normal(0, 5)), card_width=470.0, width=720, height=560
    ),
    "held, fingers": hand,
    "blur": lambda c: px(c, tray, 0.08, 0.30, "blur"),
    "motion": lambda c: px(c, hand, 0.2, 1.2, "motion"),
    "tilt": lambda c: hand(c, tilt=tuple(float(v) for v in c.uniform(-28, 28, 2)), fingers=1),
    "glare": lambda c: hand(c, glare=float(c.uniform(0.3, 1.2))),
    "glare, in the tray": lambda c: tray(c, glare=float(c.uniform(0.3, 1.2))),
    "noise": lambda c: tray(c, noise=float(c.uniform(6, 16))),
    "jpeg": lambda c: tray(c, jpeg=int(c.integers(18, 45))),
    "sleeve": lambda c: tray(c, sleeve=float(c.uniform(0.5, 1.0)), blur=float(c.uniform(0, 0.6))),
    "sleeve, held": lambda c: hand(c, sleeve=float(c.uniform(0.5, 1.0))),
    "low light": lambda c: hand(c, light=float(c.uniform(0.16, 0.4)), noise=float(c.uniform(4, 8))),
    "worn print": lambda c: tray(c, blur=float(c.uniform(0, 0.8))),
    "some of everything": lambda c: hand(
        c,
        glare=float(c.uniform(0, 0.5)),
        sleeve=float(c.uniform(0, 0.6)),
        light=float(c.uniform(0.5, 1.1)),
        noise=float(c.uniform(3, 8)),
        jpeg=int(c.integers(50, 90)),
        blur=float(c.uniform(0, 0.8)),
    ),
}


def person(chance: Chance) -> Person:
    """Somebody invented; one in seven is a foreign resident, a few were born in the first year of an era."""
    born = TODAY - timedelta(days=int(chance.integers(300, 365 * 98)))
    if chance.random() < 0.05:
        born = born.replace(year=(1989, 2019, 1926)[chance.integers(3)], month=12, day=28)
    letters = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    return Person(
        birth_date=born,
        expiry=date(TODAY.year + int(chance.integers(0, 11)), born.month, min(born.day, 28)),
        security_code=f"{chance.integers(10000):04d}",
        western=bool(chance.random() < 0.15),
        production="".join(letters[index] for index in chance.integers(0, len(letters), 16)),
        sitter=list(Sitter)[chance.integers(2)],
    )


def style(chance: Chance, typefaces: tuple[Path, ...], seed: int, *, worn: bool = False) -> Style:
    """Printed somehow: sizes, spacing, ink and place of a plausible card."""
    date_mm = float(chance.uniform(2.0, 2.55))
    return Style(
        font=typefaces[chance.integers(len(typefaces))],
        font_of_code=typefaces[chance.integers(len(typefaces))],
        date_mm=date_mm,
        code_mm=float(chance.uniform(2.1, 2.8)),
        spacing_mm=float(chance.choice([0.0, 0.0, 0.05, 0.1])),
        full_width=bool(chance.random() < 0.12 and date_mm < 2.3),
        padded=bool(chance.random() < 0.4),
        ink=float(chance.uniform(0.75, 1.0)),
        shift=(float(chance.uniform(-0.6, 0.6)), float(chance.uniform(-0.6, 0.6))),
        tint=tuple(int(v) for v in chance.integers(222, 244, 3)),  # type: ignore[arg-type]
        lines=float(chance.uniform(0.5, 1.3)),
        worn=float(chance.uniform(0.5, 1.5)) if worn else 0.0,
        seed=seed,
    )


class Overheard:
    """Stands before both readers and keeps a copy of what they said of one frame: code first, then dates."""

    def __init__(self, marks: MarkReader, figures: FigureReader) -> None:
        self._marks, self._figures = marks, figures
        self.said: list[tuple[Marks, Figures]] = []

    def read(self, strip: Strip) -> Marks:
        """The first reader's answer."""
        marks = self._marks.read(strip)
        figures = self._figures.read(strip)
        copy = Marks(bytearray(marks.kinds), bytearray(marks.digits), marks.x, marks.sure)
        self.said.append((copy, Figures(bytearray(figures.digits), figures.x, figures.sure)))
        return marks


def first_alone(said: list[tuple[Marks, Figures]]) -> bytearray | None:
    """What the first reader alone would have called check number B."""
    if len(said) != 2:
        return None
    code, dates = said[0][0], said[1][0]
    found = _LINE.search(dates.kinds)
    if found is None or bytes(code.kinds) != bytes([DIGIT]) * 4:
        return None
    digits = bytearray()
    for name in ("year", "month", "day", "expiry"):
        begun, ended = found.span(name)
        read = [1 if dates.kinds[at] == FIRST else dates.digits[at] for at in range(begun, ended)]
        read = read[-2:] if name == "year" else read
        digits.extend([0, *read] if len(read) == 1 else read)
    return digits + code.digits


@dataclass
class Tally:
    """What was counted of one degradation."""

    frames: int = 0
    alone: int = 0
    alone_right: int = 0
    alone_digits_right: int = 0
    read: int = 0
    read_right: int = 0
    digits_right: int = 0
    certain: int = 0
    certain_right: int = 0
    attempts: int = 0
    sent: int = 0
    wrong: int = 0
    frames_to_read: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    advice: Counter[str] = field(default_factory=Counter)
    sure_right: list[float] = field(default_factory=list)
    sure_wrong: list[float] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add another count to this one."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def attempt(
    view: View,
    card: Picture,
    true: bytearray,
    readers: tuple[SFaceMatcher, MarkReader, FigureReader],
    frames: int,
    seed: int,
) -> tuple[Tally, Picture]:
    """One attempt, and its last frame."""
    overheard = Overheard(readers[1], readers[2])
    reader = FrontReader(readers[0], overheard, readers[2], lambda: TODAY)  # type: ignore[arg-type]
    tally = Tally(attempts=1)
    picture = card
    for number, picture in enumerate(film(card, view, seed=seed), start=1):
        overheard.said.clear()
        kept: list[tuple[bytearray, float]] = []
        hear = reader._agreement.hear

        def listening(read, mono, today, kept=kept, hear=hear):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            kept.append((bytearray(read.digits), float(read.sure.min())))
            return hear(read, mono, today)

        reader._agreement.hear = listening  # type: ignore[method-assign]
        begun = time.process_time()
        glance = reader.see(picture, number * FRAME_SECONDS)
        tally.seconds.append(time.process_time() - begun)
        reader._agreement.hear = hear  # type: ignore[method-assign]
        tally.frames += 1
        alone = first_alone(overheard.said[-2:])
        if alone is not None:
            tally.alone += 1
            tally.alone_right += alone == true
            tally.alone_digits_right += sum(a == b for a, b in zip(alone, true, strict=True))
        for digits, sure in kept:
            tally.read += 1
            tally.read_right += digits == true
            tally.digits_right += sum(a == b for a, b in zip(digits, true, strict=True))
            (tally.sure_right if digits == true else tally.sure_wrong).append(sure)
        if glance.digits is not None:
            tally.sent, tally.wrong = 1, int(glance.digits != true)
            tally.frames_to_read.append(number)
            break
        if glance.advice is not None:
            tally.advice[glance.advice.value] += 1
        if number == frames:
            break
    return tally, picture


def percent(part: float, whole: float) -> str:
    """A share, or a dash where there is nothing."""
    return f"{100 * part / whole:.1f}" if whole else "-"


HEADINGS = (
    "degradation",
    "frames",
    "1st alone",
    "digits",
    "both",
    "digits",
    "right",
    "attempts",
    "read",
    "frames to",
    "CPU ms",
    "advice",
    "WRONG",
)


def row(name: str, tally: Tally) -> tuple[str, ...]:
    """One line of the table."""
    told = tally.advice.most_common(1)
    return (
        name,
        str(tally.frames),
        percent(tally.alone_right, tally.frames),
        percent(tally.alone_digits_right, DIGITS * tally.alone),
        percent(tally.read_right, tally.frames),
        percent(tally.digits_right, DIGITS * tally.read),
        percent(tally.read_right, tally.read),
        str(tally.attempts),
        percent(tally.sent, tally.attempts),
        f"{statistics.mean(tally.frames_to_read):.1f}" if tally.frames_to_read else "-",
        f"{1000 * statistics.median(tally.seconds):.0f}",
        told[0][0].removeprefix("card_") if told else "-",
        str(tally.wrong),
    )


WIDE = (20, 7, 10, 7, 6, 7, 6, 9, 6, 10, 7, 11, 6)
"""Characters a column takes."""


def tell(line: tuple[str, ...]) -> None:
    """One line of the table, as soon as it is known."""
    first, *others = (
        text.ljust(size) if not column else text.rjust(size)
        for column, (text, size) in enumerate(zip(line, WIDE, strict=True))
    )
    print(" ".join([first, *others]), flush=True)


def sheet(path: Path, pictures: list[tuple[str, Picture]]) -> None:
    """All pictures on one, six in a row."""
    cells = []
    for name, picture in pictures:
        scale = min(426 / picture.shape[1], 300 / picture.shape[0])
        cell = np.full((320, 430, 3), 24, np.uint8)
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        cell[: small.shape[0], : small.shape[1]] = small
        cv2.putText(cell, name, (6, 315), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1, cv2.LINE_AA)
        cells.append(cell)
    while len(cells) % 6:
        cells.append(np.full((320, 430, 3), 24, np.uint8))
    cv2.imwrite(str(path), np.vstack([np.hstack(cells[at : at + 6]) for at in range(0, len(cells), 6)]))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--attempts", type=int, default=40, help="of each degradation")
    parser.add_argument("--frames", type=int, default=8, help="at most, of each attempt")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="degradations that begin with one of these words, comma between")
    parser.add_argument(
        "--typefaces", type=Path, nargs="*", default=[], help="more typefaces (with kanji) to print with"
    )
    parser.add_argument("--sheet", type=Path, help="write a contact sheet of frames")
    args = parser.parse_args()
    folder = share.fetched("fonts/benchmarks/BIZUDMincho-Regular.ttf").parent
    typefaces = (*(folder / name for name in TYPEFACES), *args.typefaces)
    readers = SFaceMatcher.load(), MarkReader.load(), FigureReader.load()
    words = tuple(args.only.split(","))
    print(
        f"{platform.machine()}, Python {platform.python_version()}, OpenCV {cv2.__version__}; typefaces: "
        + ", ".join(path.name for path in typefaces)
    )
    total = Tally()
    tell(HEADINGS)
    pictures: list[tuple[str, Picture]] = []
    for place, (name, view_of) in enumerate(KINDS.items()):
        if not name.startswith(words):
            continue
        kind = Tally()
        shown: Counter[bool] = Counter()
        for number in range(args.attempts):
            seed = args.seed * 1_000_000 + place * 10_000 + number
            chance = np.random.default_rng(seed)
            who, how = person(chance), style(chance, typefaces, seed, worn=name.startswith("worn"))
            true = bytearray(int(digit) for digit in who.check_number_b)
            one, picture = attempt(view_of(chance), front(who, how), true, readers, args.frames, seed)
            kind.add(one)
            if one.wrong or shown[bool(one.sent)] < 3:
                shown[bool(one.sent)] += 1
                pictures.append(
                    (f"{name} #{number}: {'WRONG' if one.wrong else 'read' if one.sent else 'not read'}", picture)
                )
        tell(row(name, kind))
        total.add(kind)
    tell(row("all", total))
    wrong = sorted(total.sure_wrong, reverse=True)
    print(
        f"readings in which both readers were wrong together: {len(wrong)}; the surest of them: {[round(v, 3) for v in wrong[:8]]}"
    )
    for floor in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95):
        right = sum(v >= floor for v in total.sure_right)
        print(
            f"  floor {floor:.2f}: {percent(right, total.frames)} % of frames count, {sum(v >= floor for v in wrong)} wrong"
        )
    if args.sheet:
        sheet(args.sheet, pictures)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
