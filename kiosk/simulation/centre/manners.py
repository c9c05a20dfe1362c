"""How the whole centre behaves, whoever is asked for: one answer for everybody, and hours in which it is closed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final

from kiosk.errors import UsageError
from kiosk.record.dates import JST
from kiosk.simulation.answers import NamedAnswer
from kiosk.simulation.patients import Patient


@dataclass(frozen=True)
class Hours:
    """From `start` to before `end`, Japan's time, each day; over midnight where the end is the earlier one."""

    start: time
    end: time

    def hold(self, at: datetime) -> bool:
        """Whether the instant `at` lies within."""
        clock = at.astimezone(JST).time()
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@dataclass(frozen=True, kw_only=True)
class Manners:
    """`answer`: what every patient is answered, instead of what the directory says; `maintenance`: when it is closed."""

    answer: NamedAnswer | None = None
    maintenance: Hours | None = None

    def of(self, patient: Patient) -> Patient:
        """What the centre says of `patient`."""
        return patient if self.answer is None else self.answer.of(patient)

    def closed(self, at: datetime) -> bool:
        """Whether the centre opens no session at the instant `at`."""
        return (self.answer is not None and self.answer.closed) or (
            self.maintenance is not None and self.maintenance.hold(at)
        )


OPEN: Final = Manners()


def hours(text: str) -> Hours:
    """The hours in `text`, "HH:MM-HH:MM"; raises `UsageError`."""
    found = re.fullmatch(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})", text)
    try:
        if found is not None and found[1] != found[2]:
            return Hours(time.fromisoformat(found[1]), time.fromisoformat(found[2]))
    except ValueError as error:
        raise UsageError(f"--maintenance {text}: there is no such time of day") from error
    raise UsageError(f"--maintenance {text[:40]}: expected HH:MM-HH:MM, two different times")
