"""A list of people to look up, as a CSV file of the desk's own system: which columns it has, and a question for each row.

Columns are known by their titles, in any order: 患者氏名 (or 氏名), 保険者番号, 記号, 番号, 枝番, 生年月日. A row that cannot
be asked about says why in one sentence; the others are asked all the same.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from kiosk.eligibility.terminal.look_up import NumberQuery
from kiosk.reception.errors import RefusedError
from kiosk.reception.typed import ERAS, WESTERN, Typed

MAX_BYTES = 4 * 1024 * 1024
MAX_ROWS = 10_000

_TITLES = {
    "name": ("患者氏名", "氏名"),
    "insurer": ("保険者番号",),
    "symbol": ("記号", "被保険者証記号"),
    "number": ("番号", "被保険者証番号"),
    "branch": ("枝番",),
    "born": ("生年月日",),
}
_NEEDED = ("insurer", "number", "born")
_LETTERS = {"M": "明治", "T": "大正", "S": "昭和", "H": "平成", "R": "令和"}
_DAY = re.compile(
    rf"(?P<era>{'|'.join(ERAS)}|[MTSHR])?\.?\s*(?P<year>[0-9]{{1,4}}|元)[-/.年]\s*(?P<month>[0-9]{{1,2}})[-/.月]\s*"
    r"(?P<day>[0-9]{1,2})日?(?:\s.*)?"
)


@dataclass(frozen=True, repr=False)
class ListRow:
    """One row: `line` counts as a spreadsheet does. Either a question, or the sentence why there is none."""

    line: int
    name: str
    query: NumberQuery | None
    sentence: str


def read(body: bytes, today: date) -> list[ListRow]:
    """The rows of a CSV file in UTF-8 or Shift_JIS. Raises `RefusedError` (422) where it is no such list."""
    try:
        lines = csv.reader(io.StringIO(_text(body), newline=""), strict=True)
        columns = _columns(next(lines, []))
        rows: list[ListRow] = []
        for fields in lines:
            if not any(field.strip() for field in fields):
                continue
            if len(rows) == MAX_ROWS:
                raise RefusedError(422, "too_many", f"一度に照会できるのは{MAX_ROWS}件までです。")
            rows.append(_row(lines.line_num, fields, columns, today))
    except csv.Error as error:
        raise RefusedError(422, "csv", "CSVとして読めません。もう一度書き出してください。") from error
    if not rows:
        raise RefusedError(422, "empty", "照会する行がありません。")
    return rows


def _text(body: bytes) -> str:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RefusedError(422, "csv", "文字が読めません。UTF-8かShift_JISのCSVにしてください。")


def _columns(titles: list[str]) -> dict[str, int]:
    plain = [unicodedata.normalize("NFKC", title).strip() for title in titles]
    found = {name: plain.index(known) for name, choices in _TITLES.items() for known in choices[::-1] if known in plain}
    missing = [_TITLES[name][0] for name in _NEEDED if name not in found]
    if missing:
        raise RefusedError(422, "columns", f"1行目に見出しの列がありません: {'、'.join(missing)}")
    return found


def _row(line: int, fields: list[str], columns: dict[str, int], today: date) -> ListRow:
    told = {name: fields[at].strip() if at < len(fields) else "" for name, at in columns.items()}
    born = told.pop("born")
    name = told.pop("name", "")[:40]
    try:
        query = Typed.of(told | {"insurer": _padded(told["insurer"])} | _born(born)).query(today)
    except RefusedError as error:
        return ListRow(line, name, None, error.sentence)
    return ListRow(line, name, query, "")


def _padded(insurer: str) -> str:
    """Spreadsheets take the leading zero away; the check digit tells whether it was one."""
    plain = unicodedata.normalize("NFKC", insurer).strip()
    return f"0{plain}" if re.fullmatch(r"[0-9]{5}|[0-9]{7}", plain) else plain


def _born(text: str) -> dict[str, str]:
    plain = unicodedata.normalize("NFKC", text).strip()
    if re.fullmatch(r"[0-9]{8}", plain):
        return {"era": WESTERN, "year": plain[:4], "month": plain[4:6], "day": plain[6:]}
    found = _DAY.fullmatch(plain)
    if found is None:
        return {"era": WESTERN}
    era = found["era"] or WESTERN
    return {"era": _LETTERS.get(era, era), "year": found["year"], "month": found["month"], "day": found["day"]}
