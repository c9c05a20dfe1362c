"""Consents to view medical information: ten groups, each a flag and two times (domain/oqs-interface.md section 2.5).

The interface never says *why* a group lacks consent, so here a missing consent is never a refusal.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from kiosk.eligibility.oqs.certificates import CertificateConsent
from kiosk.eligibility.oqs.codes import ConsentFlag, LimitConsent, UnknownCode
from kiosk.eligibility.oqs.kinds import INSTANT, code
from kiosk.eligibility.oqs.schema import model, value
from kiosk.record import consent
from kiosk.record.consent import CONSENT_LASTS, Consent, ConsentItem, Consents


@model
class ViewingConsent:
    """One group: given at `cons_time`, to be honoured until `available_time`."""

    cons_flg: ConsentFlag | UnknownCode | None = value("ConsFlg", code(ConsentFlag))
    cons_time: datetime | None = value("ConsTime", INSTANT)
    available_time: datetime | None = value("AvailableTime", INSTANT)


def may_view(group: ViewingConsent | None, at: datetime) -> bool:
    """Whether this group may be viewed at the instant `at`: given, with both times, and not run out."""
    if group is None or group.cons_flg != ConsentFlag.GIVEN or group.cons_time is None or group.available_time is None:
        return False
    return group.cons_time <= at < group.available_time


class _Consented(Protocol):
    """What a result says about consents (`kiosk.eligibility.oqs.result`)."""

    @property
    def specific_diseases_consent(self) -> CertificateConsent | None: ...
    @property
    def specific_health_checkups_info(self) -> ViewingConsent | None: ...
    @property
    def pharmacists_info(self) -> ViewingConsent | None: ...
    @property
    def diagnosis_info(self) -> ViewingConsent | None: ...
    @property
    def operation_info(self) -> ViewingConsent | None: ...


def consents_of(result: _Consented, at: datetime) -> Consents:
    """The house's five consents as a result has them at the instant `at`; what is not given is *not asked*.

    A window other than the 24 hours of outpatient care (home visits, emergencies) is not one of the house's: not asked.
    Specific disease has no end of its own in the interface; the house's 24 hours apply.
    """
    return {
        ConsentItem.MEDICATION: _house(result.pharmacists_info, at),
        ConsentItem.DIAGNOSIS: _house(result.diagnosis_info, at),
        ConsentItem.SURGERY: _house(result.operation_info, at),
        ConsentItem.CHECKUP: _house(result.specific_health_checkups_info, at),
        ConsentItem.SPECIFIC_DISEASE: _certificate(result.specific_diseases_consent, at),
    }


def _house(group: ViewingConsent | None, at: datetime) -> Consent:
    if group is None or group.cons_time is None or group.available_time is None or not may_view(group, at):
        return consent.NOT_ASKED
    given = consent.given(group.cons_time)
    return given if given.until == group.available_time else consent.NOT_ASKED


def _certificate(group: CertificateConsent | None, at: datetime) -> Consent:
    if group is None or group.cons_flg != LimitConsent.GIVEN or group.cons_time is None:
        return consent.NOT_ASKED
    return (
        consent.given(group.cons_time) if group.cons_time <= at < group.cons_time + CONSENT_LASTS else consent.NOT_ASKED
    )
