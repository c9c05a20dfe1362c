"""A day's visits as CSV that a spreadsheet opens as it is: UTF-8 with its mark, and no cell that is taken for a formula.

Japanese in either language of the pages: the file is for the clinic's other software, which knows its columns by their titles.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from kiosk.reception import board_rows, day_sums
from kiosk.reception.board_rows import AnyRow
from kiosk.reception.reader_rows import ReaderRow
from kiosk.reception.settings import StaffMember
from kiosk.record import dates

HEAD: Final = (
    *(
        "番号",
        "受付時刻",
        "届いた時刻",
        "氏名カナ",
        "氏名",
        "生年月日",
        "性別",
        "資格",
        "理由",
        "保険者番号",
        "記号・番号",
    ),
    *("枝番", "負担割合", "限度額区分", "方法", "受付機", "状態", "担当", "再受付", "模擬"),
)
_STATES: Final = {"open": "未対応", "taken": "対応中", "done": "済"}
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def written(visits: Sequence[AnyRow], staff: tuple[StaffMember, ...], now: datetime) -> bytes:
    """The table: a head line, a line a visit, CRLF."""
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(HEAD)
    for visit in visits:
        table.writerow([guarded(cell) for cell in _cells(visit, staff, now)])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def guarded(cell: str) -> str:
    """A cell that a spreadsheet takes for text: one that begins like a formula gets an apostrophe before it."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _cells(visit: AnyRow, staff: tuple[StaffMember, ...], now: datetime) -> tuple[str, ...]:
    shown = board_rows.board_row(visit, staff, now).shown
    at = visit.stamped_at if isinstance(visit, ReaderRow) else visit.checkin.confirmed_at
    again = not isinstance(visit, ReaderRow) and bool(visit.first_id)
    return (
        *(
            shown.queue_number,
            _clock(at),
            _clock(visit.received_at),
            shown.kana,
            shown.kanji,
            shown.born_iso,
            shown.sex,
        ),
        *(shown.verdict.word, shown.verdict.reason, shown.insurer_number, shown.insured, shown.branch, shown.copay),
        *(
            shown.limit,
            day_sums.method(visit),
            shown.kiosk,
            "" if again else _STATES[shown.state.value],
            shown.taken_by,
        ),
        *("再受付" if again else "", "模擬" if shown.simulated else ""),
    )


def _clock(at: datetime) -> str:
    return f"{at.astimezone(dates.JST):%H:%M:%S}"
