"""The journal: what happened, never who. One JSON object a line on stderr.

A line is `{"t", "mono", "level", "room", "event", ...}`; `event` is a constant text, `visit` the last six hex digits of
a visit's id, and every further field a number, a boolean or a short constant word. Nothing is ever formatted into the
text: `log.info("card_placed", extra=numbers(ms=3))`.

Any room may import this leaf; it imports the standard library only.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

Number = int | float | bool | str | None

_FIELD = "kiosk_numbers"


def numbers(*, visit: str | None = None, **fields: Number) -> Mapping[str, Mapping[str, Number]]:
    """The `extra=` of a journal line. `visit` may be a whole visit id: only its last six hex digits are kept."""
    told: dict[str, Number] = dict(fields)
    if visit is not None:
        told["visit"] = visit[-6:]
    return {_FIELD: told}


class JournalFormatter(logging.Formatter):
    """A log record as one JSON line. An exception is told by its type and place only: its text may hold data."""

    def format(self, record: logging.LogRecord) -> str:  # noqa: D102
        line: dict[str, Number] = {
            "t": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "mono": round(time.monotonic(), 6),
            "level": record.levelname.lower(),
            "room": record.name,
            "event": str(record.msg),
        }
        line.update(getattr(record, _FIELD, {}))
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["at"] = _place(record)
        return json.dumps(line, ensure_ascii=False)


def _place(record: logging.LogRecord) -> str:
    traceback = record.exc_info[2] if record.exc_info else None
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return ""
    code = traceback.tb_frame.f_code
    return f"{code.co_filename.rsplit('/', 1)[-1]}:{traceback.tb_lineno}"


def start(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send every room's log to `stream` (stderr by default) as journal lines. Called once by each process."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JournalFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("kiosk").setLevel(level)
    logging.captureWarnings(True)
