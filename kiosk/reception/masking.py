"""A row as it stays on a screen that nobody sits at: number, state and what to do, and nothing of who it is.

What may stay is named; whatever else a row is given one day is blank here until somebody decides otherwise.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from kiosk.reception.board_rows import BoardRow
from kiosk.reception.view import RowView

NAME: Final = "＊＊＊＊"
"""What stands for a name."""

SHOWN: Final = frozenset(
    {
        *("checkin_id", "receipt", "state", "taken_by", "queue_number", "validity", "verdict", "tone"),
        *("by_number", "method", "kiosk", "time", "came", "simulated", "complete"),
    }
)
"""Fields of `RowView` that stay."""
BESIDE: Final = frozenset({"order", "reader", "early", "visits"})
"""Fields of `BoardRow` that stay."""


def masked(row: BoardRow) -> BoardRow:
    """The row without name, birth, sex, insurance, consents, and whose an arrival is."""
    shown = dataclasses.replace(row.shown, **(_blank(row.shown, SHOWN) | {"kana": NAME}))
    beside = {
        field.name: field.default
        for field in dataclasses.fields(row)
        if field.name not in BESIDE and field.name != "shown"
    }
    return dataclasses.replace(row, shown=shown, **beside)  # type: ignore[arg-type]


def _blank(view: RowView, kept: frozenset[str]) -> dict[str, Any]:
    """An empty text, list or mark for every field that is not kept."""
    fields = (field.name for field in dataclasses.fields(view) if field.name not in kept)
    return {name: type(getattr(view, name))() for name in fields}
