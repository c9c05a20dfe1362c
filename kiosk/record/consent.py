"""Consents of one visit: five groups, each given, refused or not asked, good for 24 hours from the moment given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kiosk.record import RecordError

CONSENT_LASTS = timedelta(hours=24)
"""domain/flow-and-rules.md section 2.4."""


class ConsentItem(StrEnum):
    """What a consent is about; the order in which items are asked one by one."""

    MEDICATION = "medication"
    DIAGNOSIS = "diagnosis"
    SURGERY = "surgery"
    CHECKUP = "checkup"
    SPECIFIC_DISEASE = "specific_disease"


class ConsentState(StrEnum):
    """`not_asked` also stands for a question that got no answer: silence is never consent."""

    GIVEN = "given"
    REFUSED = "refused"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True)
class Consent:
    """One item's consent; `at` and `until` exist exactly when it was given, `until` = `at` + 24 h."""

    state: ConsentState
    at: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        given = self.state is ConsentState.GIVEN
        if given != (self.at is not None) or given != (self.until is not None):
            raise RecordError("consent: times belong to a given consent, and only to one")
        if self.at is not None and self.until is not None and self.until - self.at != CONSENT_LASTS:
            raise RecordError("consent: until must be exactly 24 hours after at")


NOT_ASKED = Consent(ConsentState.NOT_ASKED)
REFUSED = Consent(ConsentState.REFUSED)

Consents = Mapping[ConsentItem, Consent]


def given(at: datetime) -> Consent:
    """A consent given at `at` and good for 24 hours."""
    return Consent(ConsentState.GIVEN, at, at + CONSENT_LASTS)


def no_consents() -> dict[ConsentItem, Consent]:
    """Every item not asked: where a visit starts, and where it ends if nobody answers."""
    return dict.fromkeys(ConsentItem, NOT_ASKED)
