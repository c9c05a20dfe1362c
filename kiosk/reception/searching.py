"""Finding a visit by what the desk was told: the beginning of a name in kana, a birth date, a queue number."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from kiosk.reception import checkins, kana, reader_rows
from kiosk.reception.board_rows import AnyRow
from kiosk.reception.database import Connection
from kiosk.reception.errors import RefusedError
from kiosk.reception.reader_rows import ReaderRow
from kiosk.reception.typed import WESTERN, Typed
from kiosk.record import dates, ids

MOST: Final = 100
"""Visits that an answer holds; the newest of them. Whoever finds as many says more of the name."""

LONGEST: Final = 40
"""Characters that may be typed."""

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NUMBER: Final = re.compile(r"([A-Z]?)-?(\d{1,3})")
_ERAS: Final[Mapping[str, str]] = {"M": "明治", "T": "大正", "S": "昭和", "H": "平成", "R": "令和"}
_ERA: Final = r"(?P<era>明治|大正|昭和|平成|令和|[MTSHR])"
_PARTS: Final = r"(?P<month>\d{1,2})[年月/.-](?P<day>\d{1,2})日?"
_DATES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        _ERA + r"(?P<year>元|\d{1,2})[年/.-]" + _PARTS,
        _ERA + r"(?P<year>\d{2})(?P<month>\d{2})(?P<day>\d{2})",
        r"(?P<year>\d{4})[年/.-]" + _PARTS,
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
    )
)
_KANA: Final = re.compile(r"[ァ-ヺー]+|[A-Z]{2,}")


@dataclass(frozen=True, repr=False)
class Wanted:
    """What was typed, understood: one of the three."""

    kana: str = ""
    born: date | None = None
    numbers: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Which of them, in a word that may stand in the audit log."""
        return "kana" if self.kana else "birth_date" if self.born is not None else "number"


def wanted(text: str, today: date) -> Wanted:
    """Understand what was typed. Raises `RefusedError` (422), with what can be typed instead."""
    if len(text) > LONGEST:
        raise RefusedError(422, "too_long", f"{LONGEST}文字までで入れてください。")
    plain = "".join(unicodedata.normalize("NFKC", text).upper().split())
    if not plain:
        raise RefusedError(422, "empty", "氏名カナ、生年月日、番号のどれかを入れてください。")
    number = _NUMBER.fullmatch(plain)
    if number is not None:
        letters = number[1] or _LETTERS
        return Wanted(numbers=tuple(f"{letter}{int(number[2]):03}" for letter in letters))
    for pattern in _DATES:
        told = pattern.fullmatch(plain)
        if told is not None:
            parts = told.groupdict()
            era = parts.get("era") or WESTERN
            typed = Typed(era=_ERAS.get(era, era), year=parts["year"], month=parts["month"], day=parts["day"])
            return Wanted(born=typed.birth_date(today))
    name = kana.folded(plain)
    if _KANA.fullmatch(name) is None:
        raise RefusedError(
            422,
            "not_understood",
            "漢字では探せません。氏名カナ、生年月日（S16.4.2 や 1941/4/2）、番号（A012）で探せます。",
        )
    return Wanted(kana=name)


def found(sought: Wanted) -> Callable[[Connection], list[AnyRow]]:
    """The visits, the newest first, at most `MOST`; of those that joined another one, each by itself."""

    def question(connection: Connection) -> list[AnyRow]:
        visits: list[AnyRow] = []
        for row_id in _checkins(connection, sought):
            visit = checkins.row(ids.visit_id(row_id))(connection)
            if visit is not None:
                visits.append(replace(visit, first=None, visits=()))
        for row_id in _arrivals(connection, sought):
            arrival = reader_rows.row(ids.visit_id(row_id))(connection)
            if arrival is not None:
                visits.append(arrival)
        visits.sort(key=lambda visit: visit.received_at, reverse=True)
        return visits[:MOST]

    return question


def day_of(visit: AnyRow) -> date:
    """The day of Japan that somebody came on."""
    return dates.japanese_day(visit.stamped_at if isinstance(visit, ReaderRow) else visit.checkin.confirmed_at)


def _checkins(connection: Connection, sought: Wanted) -> list[str]:
    if sought.numbers:
        where, values = f"number IN ({', '.join('?' * len(sought.numbers))})", sought.numbers
    else:
        where, values = _by_person(sought)
    query = f"SELECT checkin_id FROM checkin WHERE {where} ORDER BY receipt DESC LIMIT ?"  # noqa: S608 - our own words
    return [row["checkin_id"] for row in connection.execute(query, (*values, MOST))]


def _arrivals(connection: Connection, sought: Wanted) -> list[str]:
    if sought.numbers:
        return []
    where, values = _by_person(sought)
    query = f"SELECT arrival_id FROM reader_arrival WHERE {where} ORDER BY received_at DESC LIMIT ?"  # noqa: S608 - as above
    return [row["arrival_id"] for row in connection.execute(query, (*values, MOST))]


def _by_person(sought: Wanted) -> tuple[str, tuple[str, ...]]:
    if sought.born is not None:
        return "born = ?", (sought.born.isoformat(),)
    return "kana >= ? AND kana < ?", kana.between(sought.kana)
