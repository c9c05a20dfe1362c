"""A check-in in the words of the interface: the result file for a hand-off folder of our own (design/architecture.md, end).

Never for a terminal's `face` folder. It says what the check-in says and nothing else: what a claims computer finds in the
terminal's own file (issue dates, why an insurance was lost, tickets) is not in a check-in, and is not made up here. Where
nobody answered there is no file; an official reader has written its own; a driver hands its own over as it is.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, TypeVar

from kiosk.eligibility.oqs import codes
from kiosk.eligibility.oqs.certificates import (
    CertificateConsent,
    ElderlyRecipientCertificateInfo,
    LimitApplicationCertificateRelatedInfo,
)
from kiosk.eligibility.oqs.codes import (
    CardClass,
    Code,
    ConsentFlag,
    LimitCategory,
    LimitConsent,
    PersonalFamily,
    PrescriptionIssue,
    ProcessingResultStatus,
    ReferenceClassification,
    SegmentOfResult,
    UnknownCode,
)
from kiosk.eligibility.oqs.copay import seventy_or_more
from kiosk.eligibility.oqs.headers import QualificationHeader
from kiosk.eligibility.oqs.kinds import code
from kiosk.eligibility.oqs.numbers import is_late_elderly
from kiosk.eligibility.oqs.qualification import QualificationResponse, QualificationResponseBody, ResultList
from kiosk.eligibility.oqs.result import ResultOfQualificationConfirmation
from kiosk.eligibility.oqs.viewing import ViewingConsent
from kiosk.record import dates
from kiosk.record.checkin import CheckIn, Eligibility, Prescription
from kiosk.record.consent import Consent, ConsentItem, ConsentState
from kiosk.record.eligibility import EligibilityResult, Source

_C = TypeVar("_C", bound=Code)

SIMULATED: Final = "SIM"
"""How ArbitraryFileIdentifier begins where the check-in is made up (domain/oqs-interface.md section 6)."""

_SHOWED: Final = {
    Source.CENTRE: ReferenceClassification.CARD,
    Source.NUMBER_LOOKUP: ReferenceClassification.INSURED_NUMBER,
}
_VALIDITY: Final = {ours: theirs for theirs, ours in codes.VALIDITY.items()}
_SEX: Final = {ours: theirs for theirs, ours in codes.SEX.items()}
_FAMILY: Final = {"insured": PersonalFamily.INSURED, "family": PersonalFamily.FAMILY}
_PRESCRIPTION: Final = {
    Prescription.ELECTRONIC: PrescriptionIssue.ELECTRONIC,
    Prescription.PAPER: PrescriptionIssue.PAPER,
}


def result_file(checkin: CheckIn, eligibility: Eligibility, institution_code: str) -> QualificationResponse | None:
    """The file of `checkin` with `eligibility` (its own, or one that came later); None where there is none to write.

    `institution_code`: the clinic's 10 digits. A number look-up brings no consents, so its file has none.
    """
    showed, at = _SHOWED.get(eligibility.source), eligibility.answered_at
    if showed is None or at is None:
        return None
    on = dates.japanese_day(at)
    listed = tuple(_result(result, checkin, showed, on) for result in eligibility.results)
    return QualificationResponse(
        header=QualificationHeader(
            process_execution_time=at,
            qualification_confirmation_date=on,
            medical_institution_code=institution_code,
            arbitrary_file_identifier=(SIMULATED if checkin.simulated else "") + checkin.checkin_id,
            reference_classification=showed,
            segment_of_result=SegmentOfResult.NORMAL,
        ),
        body=QualificationResponseBody(
            prescription_issue_select=_PRESCRIPTION.get(checkin.prescription),
            processing_result_status=ProcessingResultStatus.NORMAL,
            qualification_validity=_VALIDITY[eligibility.validity],
            result_list=ResultList(results=listed) if listed else None,
        ),
    )


def _result(
    result: EligibilityResult, checkin: CheckIn, showed: ReferenceClassification, on: date
) -> ResultOfQualificationConfirmation:
    late = result.insurer_number is not None and is_late_elderly(result.insurer_number)
    elderly = not late and result.birth_date is not None and seventy_or_more(result.birth_date, on)
    assistance = result.card_class == CardClass.MEDICAL_ASSISTANCE
    by_card = showed is ReferenceClassification.CARD
    consents = checkin.consents if by_card else {}
    return ResultOfQualificationConfirmation(
        insured_card_classification=_read(CardClass, result.card_class),
        insurer_number=result.insurer_number,
        insured_card_symbol=result.insured_symbol,
        insured_identification_number=result.insured_number,
        insured_branch_number=result.insured_branch,
        personal_family_classification=_FAMILY.get(result.insured_or_family or ""),
        name=result.name,
        name_of_other=result.name_other,
        name_kana=result.name_kana,
        sex1=None if result.sex is None else _SEX[result.sex],
        birthdate=result.birth_date,
        address=result.address,
        qualification_date=result.qualified_on,
        disqualification_date=result.disqualified_on,
        insured_partial_contribution_ratio=result.copay_ratio if late else None,
        preschool_classification=codes.Preschool.PRESCHOOL if result.preschool else None,
        insurer_name=result.insurer_name,
        elderly_recipient_certificate_info=ElderlyRecipientCertificateInfo(contribution_ratio=result.copay_ratio)
        if elderly and result.copay_ratio is not None
        else None,
        limit_consent=None if assistance else _certificate(given=result.limit_category is not None, at=None),
        limit_application_certificate_related_info=None
        if result.limit_category is None
        else LimitApplicationCertificateRelatedInfo(classification_flag=_read(LimitCategory, result.limit_category)),
        specific_diseases_consent=_agreed(consents.get(ConsentItem.SPECIFIC_DISEASE)),
        specific_health_checkups_info=_viewing(consents.get(ConsentItem.CHECKUP)),
        pharmacists_info=_viewing(consents.get(ConsentItem.MEDICATION)),
        diagnosis_info=_viewing(consents.get(ConsentItem.DIAGNOSIS)),
        operation_info=_viewing(consents.get(ConsentItem.SURGERY)),
        reference_number=result.reference_number,
    )


def _read(table: type[_C], word: str | None) -> _C | UnknownCode | None:
    return None if word is None else code(table).read(word)


def _viewing(consent: Consent | None) -> ViewingConsent | None:
    """Refused and not asked look alike in the interface: no consent (section 2.5)."""
    if consent is None:
        return None
    if consent.state is not ConsentState.GIVEN:
        return ViewingConsent(cons_flg=ConsentFlag.NONE)
    return ViewingConsent(cons_flg=ConsentFlag.GIVEN, cons_time=consent.at, available_time=consent.until)


def _agreed(consent: Consent | None) -> CertificateConsent | None:
    return None if consent is None else _certificate(given=consent.state is ConsentState.GIVEN, at=consent.at)


def _certificate(*, given: bool, at: datetime | None) -> CertificateConsent:
    return CertificateConsent(cons_flg=LimitConsent.GIVEN if given else LimitConsent.NONE, cons_time=at)
