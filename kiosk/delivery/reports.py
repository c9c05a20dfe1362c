"""How visual checks at this kiosk ended, kept until reception has heard it: the audit log must tell, whatever breaks.

A check is noted as withdrawn when it begins, and anew when it ends: what a crash leaves of one that ran is told so after the
next start. Ids and words only, in one small file that is replaced as a whole.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from pathlib import Path
from typing import Final

from kiosk import journal
from kiosk.delivery.database import sync_folder
from kiosk.record import door
from kiosk.record.door import StaffReport

log = logging.getLogger("kiosk.delivery.reports")

MOST: Final = 64
"""Reports kept; the oldest goes first."""
_MOST_BYTES: Final = 64 * 1024


class Reports:
    """The reports in the file at `path`. One that cannot be used counts as none, and a disk that fails is logged."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._waiting = {report.check_id: report for report in self._load()}

    @property
    def waiting(self) -> tuple[StaffReport, ...]:
        """What reception has not heard, oldest first."""
        with self._lock:
            return tuple(self._waiting.values())

    def note(self, report: StaffReport) -> None:
        """Keep it, instead of what was noted of the same check; it is on disk when this returns, where the disk works."""
        with self._lock:
            self._waiting[report.check_id] = report
            while len(self._waiting) > MOST:
                del self._waiting[next(iter(self._waiting))]
                log.error("report_dropped", extra=journal.numbers(why="too_many"))
            self._store()

    def forget(self, check_id: str) -> None:
        """Reception has heard it, or never will."""
        with self._lock:
            if self._waiting.pop(check_id, None) is not None:
                self._store()

    def _load(self) -> list[StaffReport]:
        try:
            with self._path.open("rb") as file:
                told = json.loads(file.read(_MOST_BYTES))
            return [door.staff_report_from_json(each) for each in told]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, RecursionError):  # a RecordError is a ValueError
            log.warning("reports_file_unusable")
            return []

    def _store(self) -> None:
        new = self._path.with_name(f"{self._path.name}.new")
        try:
            with new.open("w", encoding="ascii") as file:
                file.write(json.dumps([door.staff_report_json(report) for report in self._waiting.values()]))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            log.error("report_not_kept", extra=journal.numbers(errno=error.errno))  # noqa: TRY400
