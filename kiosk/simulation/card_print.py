"""What a card looks like: invented fronts (and backs) of a My Number Card, printed for a simulated camera.

Where the fields stand follows public descriptions of the card and mock-ups of it (name and address above; the photo below
them at the left with a line of 16 characters and the 4-digit security code under it; date of birth and expiry side by
side to the right of the photo; 「昭和55年2月17日生」, 「2035年2月17日まで有効」). Millimetres of the real card are not
known here. The artwork is our own, and every card says 模擬: nothing printed here could pass for a card.

Everything is in millimetres of the ID-1 card (85.60 x 53.98, ISO/IEC 7810), origin at its upper left corner. Pictures are
(height, width, 3) uint8 BGR. The same values and seed print the same picture.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk import share
from kiosk.errors import MissingError, UsageError
from kiosk.simulation.card_press import INK, PX_PER_MM, Press
from kiosk.simulation.people import Picture, Sitter, photo_jp2

WIDTH_MM: Final = 85.60
HEIGHT_MM: Final = 53.98
CORNER_MM: Final = 3.18
"""ID-1 (ISO/IEC 7810)."""

MAX_INFO_BYTES: Final = 64 * 1024

_ERAS = (
    (date(2019, 5, 1), "令和", 2018),
    (date(1989, 1, 8), "平成", 1988),
    (date(1926, 12, 25), "昭和", 1925),
    (date(1912, 7, 30), "大正", 1911),
    (date(1868, 1, 25), "明治", 1867),
)
"""First day of an era, its name and the year before its first."""

_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_PHOTO_MM = (4.0, 17.0, 21.0, 27.0)  # left, top, width, height; 35 : 45 as on the application form
_INVENTED_NUMBER = (
    "1234 5678 9018"  # nobody's: the number of domain/mynumber-card.md's prototypes, with a right check digit
)


@dataclass(frozen=True, repr=False)
class Person:
    """Whose card it is, all of it invented. `western` prints the birth date as a foreign resident's card does."""

    birth_date: date
    expiry: date
    security_code: str
    name: str = "試験\u3000花子"
    address: str = "東京都架空区見本町一丁目２番３号"
    sex: str = "女"
    western: bool = False
    production: str = "0A1B2C3D4E5F6G7H"
    sitter: Sitter | None = Sitter.ASTRONAUT
    """Whose photo; None: an infant's card, which has none."""

    @property
    def check_number_b(self) -> str:
        """照合番号B: the last two digits of the year as printed, month, day, year of expiry, security code."""
        year = self.birth_date.year if self.western else self.birth_date.year - _era(self.birth_date)[1]
        return f"{year % 100:02d}{self.birth_date:%m%d}{self.expiry.year:04d}{self.security_code}"


@dataclass(frozen=True)
class Style:
    """How it is printed. Sizes are an em in millimetres; `shift` moves every field against where it should stand."""

    font: Path
    font_of_code: Path | None = None
    date_mm: float = 2.2
    code_mm: float = 2.4
    spacing_mm: float = 0.0
    full_width: bool = False
    padded: bool = False
    """A month or day below ten takes the room of two digits."""
    ink: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    tint: tuple[int, int, int] = (238, 232, 226)
    lines: float = 1.0
    """How strong the pattern of fine lines is."""
    worn: float = 0.0
    """How much a pocket has rubbed off: scratches through the print and specks, 1 is a card of ten hard years."""
    seed: int = 1


def from_info(path: Path) -> Person:
    """The person on an issued card, from its `info.json` (or the folder that holds it). Raises `UsageError`, `MissingError`.

    Read are `birth_date`, `expiry` (YYYY-MM-DD), `security_code`, `western_year`, `name`, `address`, `sex` ("1" or "2"),
    `sitter` and `kind` (an infant's card has no photo); they must agree with `check_number_b`.
    """
    file = path / "info.json" if path.is_dir() else path
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise MissingError(f"{file}: cannot be read ({error.strerror}); expected an issued card's info.json") from error
    try:
        told = json.loads(raw[:MAX_INFO_BYTES])
        return _person(told)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise UsageError(
            f"{file}: tells of no card that could be printed; expected an issued My Number Card"
        ) from error


def _person(told: dict[str, Any]) -> Person:
    person = Person(
        birth_date=date.fromisoformat(told["birth_date"]),
        expiry=date.fromisoformat(told["expiry"]),
        security_code=str(told["security_code"]),
        name=str(told["name"]),
        address=str(told["address"]),
        sex={"1": "男", "2": "女"}.get(told["sex"], ""),
        western=told["western_year"] is True,
        sitter=None if str(told.get("kind")).startswith("infant") else Sitter(told["sitter"]),
    )
    if person.check_number_b != told["check_number_b"]:
        raise ValueError("check_number_b")
    return person


def plain_style(seed: int = 1) -> Style:
    """The fetched typeface, nothing special. Raises `MissingError`."""
    return Style(share.fetched("fonts/BIZUDPGothic-Regular.ttf"), seed=seed)


def birth_line(person: Person, style: Style) -> str:
    """The date of birth as it is printed: 「昭和55年2月17日生」, or 「1985年5月3日生」."""
    born = person.birth_date
    if person.western:
        year = f"{born.year}"
    else:
        era, before = _era(born)
        year = era + ("元" if born.year - before == 1 else _digits(born.year - before, style))
    return _shaped(f"{year}年{_digits(born.month, style)}月{_digits(born.day, style)}日生", style)


def expiry_line(person: Person, style: Style) -> str:
    """The last day as it is printed: 「2035年2月17日まで有効」."""
    end = person.expiry
    return _shaped(f"{end.year}年{_digits(end.month, style)}月{_digits(end.day, style)}日まで有効", style)


def front(person: Person, style: Style) -> Picture:
    """The card's front."""
    press = Press(style.font)
    sheet = _ground(style)
    if person.sitter is not None:
        _photo(sheet, person.sitter, style)
    dx, dy = style.shift
    date_y = 17.3 + dy

    def line(text: str, x: float, y: float, em: float, *, strength: float = 1.0) -> None:
        press.line(sheet, text, (x + dx, y + dy), em, ink=style.ink * strength)

    line("氏名", 3.0, 3.9, 1.6)
    line(person.name, 8.4, 3.4, 2.7)
    line("住所", 3.0, 9.0, 1.6)
    line(person.address, 8.4, 8.7, 2.4)
    line(f"性別 {person.sex}", 74.5, 12.6, 2.2)
    line("模擬カード SIMULATED", 61.0, 3.2, 2.0, strength=0.7)
    birth = birth_line(person, style)
    end = press.line(sheet, birth, (30.2 + dx, date_y), style.date_mm, spacing=style.spacing_mm, ink=style.ink)
    expiry_x = max(52.4 + dx, end + style.date_mm)
    press.line(
        sheet, expiry_line(person, style), (expiry_x, date_y), style.date_mm, spacing=style.spacing_mm, ink=style.ink
    )
    line("架空市長", 68.0, 21.0, 2.2)
    _signature_panel(sheet)
    line("電子証明書の有効期限", 30.4, 41.0, 1.7)
    _handwritten(sheet, person, style)
    line("この面に書かれた人も番号も実在しません。配布・使用のための券ではありません。", 3.2, 50.3, 1.4, strength=0.7)
    press.fitted(sheet, person.production, (3.4 + dx, 45.7 + dy), 1.9, 19.0, ink=style.ink)
    code = Press(style.font_of_code or style.font)
    code.line(
        sheet, person.security_code, (24.6 + dx, 45.3 + dy), style.code_mm, spacing=style.spacing_mm, ink=style.ink
    )
    _rubbed(sheet, style)
    return sheet


def back(person: Person, style: Style) -> Picture:
    """The card's back: chip, stripe, QR code, an invented 12-digit number. What a reader must never look at."""
    press = Press(style.font)
    sheet = _ground(style)
    sheet[: _px(9.0)] = (60, 60, 64)
    cv2.rectangle(sheet, (_px(9.0), _px(20.0)), (_px(22.0), _px(32.0)), (120, 190, 205), -1)
    press.line(sheet, "個人番号（模擬）", (27.0, 13.0), 2.2)
    press.line(sheet, _INVENTED_NUMBER, (27.0, 17.0), 3.6)
    press.line(sheet, person.name, (27.0, 24.0), 2.7)
    press.line(sheet, birth_line(person, style), (27.0, 30.0), 2.2)
    code = cv2.QRCodeEncoder.create().encode("SIMULATED BACK OF A CARD, NOBODY'S NUMBER")
    side = _px(14.0)
    square = cv2.resize(code, (side, side), interpolation=cv2.INTER_NEAREST)
    left, top = _px(66.0), _px(13.0)
    sheet[top : top + side, left : left + side] = square[..., None] if square.ndim == 2 else square
    return sheet


def _ground(style: Style) -> Picture:
    """The card's stock: a pale tint that drifts, and three families of fine curved lines."""
    chance = np.random.default_rng(style.seed)
    size = (_px(WIDTH_MM), _px(HEIGHT_MM))
    # What bends is smooth: computed for every eighth pixel and drawn out. Only the lines themselves need every pixel.
    y, x = np.mgrid[0 : size[1] : 8, 0 : size[0] : 8].astype(np.float32) / PX_PER_MM
    drift = np.sin(x / chance.uniform(18, 40) + chance.uniform(0, 6)) * np.cos(y / chance.uniform(14, 30))
    sheet = np.full((size[1], size[0], 3), style.tint, np.float32)
    sheet += _drawn_out(drift * 6.0, size)[..., None] * np.array((1.0, -0.4, 0.8), np.float32)
    for colour in ((26, 8, 20), (6, 18, 26), (22, 20, 4)):
        a, b = chance.uniform(0.06, 0.16, 2)
        bend = 2.2 * np.sin(a * x + chance.uniform(0, 6)) + 1.2 * np.sin(b * (x + y) * 1.7 + chance.uniform(0, 6))
        lines = _drawn_out((y + bend) / 0.9, size)
        lines -= np.floor(lines)
        thin = np.clip(1.0 - np.abs(lines - 0.5) / 0.1, 0.0, 1.0)
        for channel in range(3):
            sheet[..., channel] -= thin * np.float32(colour[channel] * style.lines)
    return np.clip(sheet, 0, 255).astype(np.uint8)


def _drawn_out(coarse: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    return cv2.resize(coarse.astype(np.float32), size, interpolation=cv2.INTER_LINEAR).astype(np.float32, copy=False)


def _photo(sheet: Picture, sitter: Sitter, style: Style) -> None:
    left, top, width, height = _PHOTO_MM
    decoded = cv2.imdecode(np.frombuffer(photo_jp2(sitter), np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        raise RuntimeError("card_print: OpenCV cannot read the photo it wrote")
    size = (_px(width), _px(height))
    fitted = cv2.resize(decoded, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    warm = np.clip(fitted * np.array((0.88, 0.96, 1.04), np.float32) + 8, 0, 255).astype(np.uint8)
    x, y = _px(left + style.shift[0]), _px(top + style.shift[1])
    sheet[y : y + size[1], x : x + size[0]] = warm


def _signature_panel(sheet: Picture) -> None:
    cv2.rectangle(sheet, (_px(30.2), _px(24.4)), (_px(82.0), _px(38.6)), (246, 246, 246), -1)
    for row in (28.0, 31.5, 35.0):
        cv2.line(sheet, (_px(31.0), _px(row)), (_px(81.0), _px(row)), (190, 190, 190), 1, cv2.LINE_AA)


def _handwritten(sheet: Picture, person: Person, style: Style) -> None:
    """The certificate's last day is written in by hand: a third date that is none of the three fields."""
    text = f"{person.expiry.year - 5} {person.expiry.month} {person.expiry.day}"
    place = (_px(50.5 + style.shift[0]), _px(43.0 + style.shift[1]))
    cv2.putText(sheet, text, place, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, 1.5, (120, 60, 50), 3, cv2.LINE_AA)


def _rubbed(sheet: Picture, style: Style) -> None:
    chance = np.random.default_rng(style.seed + 1)
    stock = tuple(int(v) for v in style.tint)
    for _ in range(round(120 * style.worn)):
        x, y = chance.uniform((0, 0), (WIDTH_MM, HEIGHT_MM))
        angle, length = chance.uniform(0, np.pi), chance.uniform(2.0, 14.0)
        end = (_px(x + length * np.cos(angle)), _px(y + length * np.sin(angle)))
        cv2.line(sheet, (_px(x), _px(y)), end, stock, int(chance.integers(1, 5)), cv2.LINE_AA)
    for _ in range(round(250 * style.worn)):
        x, y = chance.uniform((0, 0), (WIDTH_MM, HEIGHT_MM))
        speck = stock if chance.random() < 0.7 else INK
        cv2.circle(sheet, (_px(x), _px(y)), int(chance.integers(1, 6)), speck, -1, cv2.LINE_AA)


def _digits(number: int, style: Style) -> str:
    return f"{number:2d}" if style.padded else f"{number}"


def _shaped(text: str, style: Style) -> str:
    return text.translate(_FULL_WIDTH).replace(" ", "\u3000") if style.full_width else text


def _era(day: date) -> tuple[str, int]:
    return next((name, before) for first_day, name, before in _ERAS if day >= first_day)


def _px(mm: float) -> int:
    return round(mm * PX_PER_MM)
