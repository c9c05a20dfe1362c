"""An eligibility result in the house's own words, from `OQSsiquc01res`: a card's (face) or a number look-up's.

Tolerant where real files differ: any element order, unknown elements passed over, UTF-8 or code page 932, padded
insurer numbers, PrescriptionIssueSelect in either place, no ResultList, several results. Strict where it decides: what
the system itself calls a failure, or a message that contradicts itself, is an error and never a result
(domain/oqs-interface.md sections 2 to 4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from kiosk.eligibility.oqs import codes, from_xml
from kiosk.eligibility.oqs.certificates import within
from kiosk.eligibility.oqs.codes import PrescriptionIssue, ReferenceClassification
from kiosk.eligibility.oqs.copay import copay_ratio
from kiosk.eligibility.oqs.errors import MalformedMessageError
from kiosk.eligibility.oqs.outcome import known, refuse_failed_file, refuse_failed_person, result_code
from kiosk.eligibility.oqs.qualification import QualificationResponse, QualificationResponseBody
from kiosk.eligibility.oqs.result import ResultOfQualificationConfirmation
from kiosk.eligibility.oqs.schema import unread
from kiosk.record import dates
from kiosk.record.eligibility import EligibilityResult, Validity

MAX_RESULTS = 32
"""Insurance and medical assistance make two; more than this is no person's."""

_PRESCRIPTION = "PrescriptionIssueSelect"


@dataclass(frozen=True, repr=False, kw_only=True)
class QualificationResult:
    """One message, read. Times are UTC, names as they came (half-width kana stays half-width).

    `notice_code` is the ProcessingResultCode that may come with a success (a certificate close to its end). `unread`
    names elements that were there with a value that could not be understood: names of the interface, never values.
    """

    processed_at: datetime
    confirmed_for: date
    validity: Validity
    results: tuple[EligibilityResult, ...]
    prescription: PrescriptionIssue | None
    reference_classification: ReferenceClassification | None
    institution_code: str | None
    file_identifier: str | None
    notice_code: str | None
    unread: frozenset[str]

    def __repr__(self) -> str:
        return f"QualificationResult({self.validity}, {len(self.results)} results)"


def read_result(message: bytes | str) -> QualificationResult:
    """The result in `message` (a `str` is already decoded).

    Raises `MalformedMessageError`, `StillProcessingError` (SegmentOfResult 2) or `FailedMessageError` (SegmentOfResult
    9, ProcessingResultStatus 2).
    """
    return result_of(from_xml.read(message, QualificationResponse))


def result_of(response: QualificationResponse) -> QualificationResult:
    """The result that a message which was read already holds; raises as `read_result` does."""
    header = response.header
    if header is None:
        raise MalformedMessageError("the message has no MessageHeader")
    refuse_failed_file(header)
    body = response.body
    if body is None:
        raise MalformedMessageError("the message has no MessageBody")
    refuse_failed_person(body)
    processed_at = header.process_execution_time
    validity = known(body.qualification_validity)
    if processed_at is None or validity is None:
        raise MalformedMessageError("the message does not say when it was processed, or how valid the insurance is")
    confirmed_for = header.qualification_confirmation_date or dates.japanese_day(processed_at)
    if len(body.results) > MAX_RESULTS:
        raise MalformedMessageError(f"the message has more than {MAX_RESULTS} results")
    if not body.results and validity in {
        codes.QualificationValidity.VALID,
        codes.QualificationValidity.VALID_UNREGISTERED,
    }:
        raise MalformedMessageError("the message says that the insurance is valid, and not which")
    rest = set(unread(response))
    prescription = prescription_of(body)
    if prescription is None and _prescriptions(body):
        rest.add(_PRESCRIPTION)
    notice_code = result_code(body.processing_result_code)
    if notice_code != body.processing_result_code:
        rest.add("ProcessingResultCode")
    return QualificationResult(
        processed_at=processed_at,
        confirmed_for=confirmed_for,
        validity=codes.VALIDITY[validity],
        results=tuple(eligibility_result(result, confirmed_for) for result in body.results),
        prescription=prescription,
        reference_classification=known(header.reference_classification),
        institution_code=header.medical_institution_code,
        file_identifier=header.arbitrary_file_identifier,
        notice_code=notice_code,
        unread=frozenset(rest),
    )


def _prescriptions(body: QualificationResponseBody) -> set[PrescriptionIssue]:
    told = (body.prescription_issue_select, *(result.prescription_issue_select for result in body.results))
    return {choice for one in told if (choice := known(one)) is not None}


def prescription_of(body: QualificationResponseBody) -> PrescriptionIssue | None:
    """処方箋発行形態: its place is disputed, so both are read; two different answers are none."""
    told = _prescriptions(body)
    return told.pop() if len(told) == 1 else None


def eligibility_result(result: ResultOfQualificationConfirmation, on: date) -> EligibilityResult:
    """One result in the house's words; certificates count as far as they are in force `on` that day."""
    insurer_number = result.insurer_number
    card_class = result.insured_card_classification
    preschool = known(result.preschool_classification) is not None
    family = known(result.personal_family_classification)
    # 性別: Sex2 is the registered one where the printed one (Sex1) is left open on request (section 2.3, no. 13).
    sex = known(result.sex2) or known(result.sex1)
    return EligibilityResult(
        card_class=None if card_class is None else str(card_class),
        insurer_number=insurer_number,
        insurer_name=result.insurer_name,
        insured_symbol=result.insured_card_symbol,
        insured_number=result.insured_identification_number,
        insured_branch=result.insured_branch_number,
        insured_or_family=None if family is None else family.name.lower(),
        name=result.name,
        name_kana=result.name_kana,
        name_other=result.name_of_other,
        sex=None if sex is None else codes.SEX[sex],
        birth_date=result.birthdate,
        address=result.address,
        qualified_on=result.qualification_date,
        disqualified_on=result.disqualification_date,
        copay_ratio=copay_ratio(
            card_class=card_class,
            insurer_number=insurer_number,
            late_elderly=result.insured_partial_contribution_ratio,
            elderly_certificate=_elderly_certificate(result, on),
            preschool=preschool,
            birth_date=result.birthdate,
            on=on,
        ),
        limit_category=_limit_category(result, on),
        preschool=preschool,
        specific_disease=_has_specific_disease(result, on),
        reference_number=result.reference_number,
    )


def _elderly_certificate(result: ResultOfQualificationConfirmation, on: date) -> int | None:
    """高齢受給者証's ratio, if it is in force `on` that day."""
    certificate = result.elderly_recipient_certificate_info
    if certificate is None or not within(certificate.valid_start_date, certificate.valid_end_date, on):
        return None
    return certificate.contribution_ratio


def _limit_category(result: ResultOfQualificationConfirmation, on: date) -> str | None:
    """適用区分 as its code, also one that the table does not know yet, if its certificate is in force `on` that day."""
    limit = result.limit_application_certificate_related_info
    if limit is None or limit.classification_flag is None:
        return None
    word = str(limit.classification_flag)
    in_force = within(limit.valid_start_date, limit.valid_end_date, on)
    return word if in_force and re.fullmatch(r"[A-Z][0-9]{2}", word) else None


def _has_specific_disease(result: ResultOfQualificationConfirmation, on: date) -> bool:
    listed = result.specific_diseases_certificate_list
    return listed is not None and any(
        one.disease_category is not None and within(one.valid_start_date, one.valid_end_date, on)
        for one in listed.certificates
    )
