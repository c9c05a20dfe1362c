"""Check-ins of invented people, as kiosks send them to the receptions of these tests."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from kiosk.record import consent, ids
from kiosk.record.checkin import CardSeen, CheckIn, Eligibility, Identity, Prescription
from kiosk.record.consent import ConsentItem
from kiosk.record.dates import Notice
from kiosk.record.eligibility import EligibilityResult, Sex, Source, Validity
from kiosk.record.identity import Method

INSURED_AT_TERMINAL: dict[str, Any] = {
    "insurer_number": "01139997",
    "insured_symbol": "12340005",
    "insured_number": "67",
    "insured_branch": "00",
    "name": "試験　花子",
    "name_kana": "ｼｹﾝ ﾊﾅｺ",
    "birth_date": date(1980, 2, 17),
}


def new_checkin(at: datetime, number: str = "A012", kiosk_id: str = "a", **person: Any) -> CheckIn:
    """A check-in of an invented person, with a card of its own for each queue number of each kiosk."""
    known: dict[str, Any] = {
        "insurer_number": "06139999",
        "insurer_name": "みほん健康保険組合",
        "insured_symbol": "12",
        "insured_number": "3456",
        "insured_branch": "01",
        "insured_or_family": "insured",
        "name": "見本　花子",
        "name_kana": "ﾐﾎﾝ ﾊﾅｺ",
        "sex": Sex.FEMALE,
        "birth_date": date(1941, 4, 2),
        "copay_ratio": 10,
        "limit_category": "B09",
    }
    agreed = consent.given(at - timedelta(seconds=5))
    return CheckIn(
        checkin_id=ids.new_visit_id(int(at.timestamp() * 1000)),
        kiosk_id=ids.kiosk_id(kiosk_id),
        queue_number=ids.queue_number(number),
        opened_at=at - timedelta(seconds=30),
        confirmed_at=at,
        complete=True,
        simulated=True,
        identity=Identity(Method.FACE),
        card=CardSeen(hashlib.sha256(f"{kiosk_id}{number}".encode()).hexdigest(), Notice.NONE),
        eligibility=Eligibility(Source.CENTRE, Validity.VALID, at, (EligibilityResult(**(known | person)),)),
        consents={**consent.no_consents(), ConsentItem.MEDICATION: agreed, ConsentItem.DIAGNOSIS: consent.REFUSED},
        prescription=Prescription.NOT_ASKED,
    )


def judged(checkin: CheckIn, validity: Validity, results: tuple[EligibilityResult, ...] | None = None) -> CheckIn:
    """The check-in with another validity (and other results)."""
    before = checkin.eligibility
    return replace(
        checkin,
        eligibility=replace(before, validity=validity, results=before.results if results is None else results),
    )


def new_patient(at: datetime, number: str = "A001", card: str = "cd" * 32, **person: Any) -> CheckIn:
    """A check-in whose card leads to somebody the simulated terminal knows; 67 is valid."""
    return replace(new_checkin(at, number, **(INSURED_AT_TERMINAL | person)), card=CardSeen(card, Notice.NONE))


def nobody_answered(checkin: CheckIn, results: tuple[EligibilityResult, ...] = ()) -> CheckIn:
    """The check-in as it is where no answer came."""
    none = Eligibility(Source.NONE, Validity.UNCONFIRMED, None, results)
    return replace(checkin, eligibility=none, consents=consent.no_consents())
