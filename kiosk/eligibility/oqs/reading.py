"""Reading an eligibility result, `OQSsiquc01res`: a card's (face) or a number look-up's, which share one tree.

Tolerant where real files differ: any element order, unknown elements passed over, UTF-8 or code page 932, padded
insurer numbers, PrescriptionIssueSelect in either place, no ResultList, several results. Strict where it decides: what
the system itself calls a failure, or a message that contradicts itself, is an error and never a result
(domain/oqs-interface.md sections 2 to 4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from kiosk.eligibility.oqs import codes, document
from kiosk.eligibility.oqs.codes import PrescriptionIssue, ReferenceClassification
from kiosk.eligibility.oqs.copay import copay_ratio
from kiosk.eligibility.oqs.elements import Fields
from kiosk.eligibility.oqs.errors import FailedMessageError, Layer, MalformedMessageError, StillProcessingError
from kiosk.record import dates
from kiosk.record.eligibility import EligibilityResult, Validity

MAX_RESULTS = 32
"""Insurance and medical assistance make two; more than this is no person's."""

_RESULT = ("ResultList", "ResultOfQualificationConfirmation")


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
    root = document.tree(message)
    if root.tag != "XmlMsg":
        raise MalformedMessageError("the message's root is not XmlMsg")
    unread: set[str] = set()
    top = Fields(root, unread)
    header = _the(top, "MessageHeader")
    _refuse_failed_file(header)
    body = _the(top, "MessageBody")
    _refuse_failed_person(body)
    processed_at = header.instant("ProcessExecutionTime")
    validity = body.code("QualificationValidity", codes.QualificationValidity)
    if processed_at is None or validity is None:
        raise MalformedMessageError("the message does not say when it was processed, or how valid the insurance is")
    confirmed_for = header.day("QualificationConfirmationDate") or dates.japanese_day(processed_at)
    found = list(body.inside(*_RESULT))
    if len(found) > MAX_RESULTS:
        raise MalformedMessageError(f"the message has more than {MAX_RESULTS} results")
    if not found and validity in {codes.QualificationValidity.VALID, codes.QualificationValidity.VALID_UNREGISTERED}:
        raise MalformedMessageError("the message says that the insurance is valid, and not which")
    return QualificationResult(
        processed_at=processed_at,
        confirmed_for=confirmed_for,
        validity=codes.VALIDITY[validity],
        results=tuple(_result(fields, confirmed_for) for fields in found),
        prescription=_prescription(body, found),
        reference_classification=header.code("ReferenceClassification", ReferenceClassification),
        institution_code=header.word("MedicalInstitutionCode"),
        file_identifier=header.word("ArbitraryFileIdentifier"),
        notice_code=_result_code(body, "ProcessingResultCode"),
        unread=frozenset(unread),
    )


def _the(top: Fields, tag: str) -> Fields:
    found = list(top.inside(tag))
    if len(found) != 1:
        raise MalformedMessageError(f"the message has {'no' if not found else 'more than one'} {tag}")
    return found[0]


def _refuse_failed_file(header: Fields) -> None:
    match header.code("SegmentOfResult", codes.SegmentOfResult):
        case codes.SegmentOfResult.NORMAL:
            return
        case codes.SegmentOfResult.PROCESSING:
            raise StillProcessingError
        case codes.SegmentOfResult.FAILED:
            raise FailedMessageError(Layer.FILE, _result_code(header, "ErrorCode"))
        case None:
            raise MalformedMessageError("the message does not say how its processing ended (SegmentOfResult)")


def _refuse_failed_person(body: Fields) -> None:
    match body.code("ProcessingResultStatus", codes.ProcessingResultStatus):
        case codes.ProcessingResultStatus.NORMAL:
            return
        case codes.ProcessingResultStatus.ERROR:
            raise FailedMessageError(Layer.PERSON, _result_code(body, "ProcessingResultCode"))
        case None:
            raise MalformedMessageError("the message does not say how the look-up ended (ProcessingResultStatus)")


def _result_code(fields: Fields, tag: str) -> str | None:
    """A result code, if it looks like one: it goes into sentences and journals."""
    word = fields.word(tag)
    if word is None or re.fullmatch(r"[A-Za-z0-9-]{1,24}", word):
        return word
    fields.leave_unread(tag)
    return None


def _prescription(body: Fields, results: list[Fields]) -> PrescriptionIssue | None:
    """処方箋発行形態: its place is disputed, so both are read; two different answers are none."""
    tag = "PrescriptionIssueSelect"
    told = {choice for place in (body, *results) if (choice := place.code(tag, PrescriptionIssue)) is not None}
    if len(told) > 1:
        body.leave_unread(tag)
        return None
    return told.pop() if told else None


def _result(fields: Fields, on: date) -> EligibilityResult:
    card_class = fields.word("InsuredCardClassification")
    insurer_number = fields.insurer_number("InsurerNumber")
    birth_date = fields.day("Birthdate")
    preschool = fields.code("PreschoolClassification", codes.Preschool) is not None
    family = fields.code("PersonalFamilyClassification", codes.PersonalFamily)
    # 性別: Sex2 is the registered one where the printed one (Sex1) is left open on request (section 2.3, no. 13).
    sex = fields.code("Sex2", codes.SexCode) or fields.code("Sex1", codes.SexCode)
    return EligibilityResult(
        card_class=card_class,
        insurer_number=insurer_number,
        insurer_name=fields.text("InsurerName"),
        insured_symbol=fields.text("InsuredCardSymbol"),
        insured_number=fields.text("InsuredIdentificationNumber"),
        insured_branch=fields.word("InsuredBranchNumber"),
        insured_or_family=None if family is None else family.name.lower(),
        name=fields.text("Name"),
        name_kana=fields.text("NameKana"),
        name_other=fields.text("NameOfOther"),
        sex=None if sex is None else codes.SEX[sex],
        birth_date=birth_date,
        address=fields.text("Address"),
        qualified_on=fields.day("QualificationDate"),
        disqualified_on=fields.day("DisqualificationDate"),
        copay_ratio=copay_ratio(
            card_class=card_class,
            insurer_number=insurer_number,
            late_elderly=fields.percent("InsuredPartialContributionRatio"),
            elderly_certificate=_elderly_certificate(fields, on),
            preschool=preschool,
            birth_date=birth_date,
            on=on,
        ),
        limit_category=_limit_category(fields),
        preschool=preschool,
        specific_disease=_has_specific_disease(fields),
        reference_number=fields.text("ReferenceNumber"),
    )


def _elderly_certificate(fields: Fields, on: date) -> int | None:
    """高齢受給者証's ratio, if one is in force `on` that day; two that differ say nothing."""
    ratios: set[int] = set()
    for certificate in fields.inside("ElderlyRecipientCertificateInfo"):
        start, end = certificate.day("ElderlyRecipientValidStartDate"), certificate.day("ElderlyRecipientValidEndDate")
        ratio = certificate.percent("ElderlyRecipientContributionRatio")
        if ratio is not None and (start is None or start <= on) and (end is None or on <= end):
            ratios.add(ratio)
    return ratios.pop() if len(ratios) == 1 else None


def _limit_category(fields: Fields) -> str | None:
    """適用区分 as its code, also one that the table does not know yet."""
    for limit in fields.inside("LimitApplicationCertificateRelatedInfo"):
        word = limit.word("LimitApplicationCertificateClassificationFlag")
        if word is not None and re.fullmatch(r"[A-Z][0-9]{2}", word):
            return word
    return None


def _has_specific_disease(fields: Fields) -> bool:
    certificates = fields.inside("SpecificDiseasesCertificateList", "SpecificDiseasesCertificateInfo")
    return any(certificate.word("SpecificDiseasesDiseaseCategory") is not None for certificate in certificates)
