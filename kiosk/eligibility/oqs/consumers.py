"""Who reads the result files, and how each wants them: the demands contradict each other, so they are data.

A claims computer's own demands stand in domain/oqs-interface.md sections 2.6, 2.7 and 8. They are about a hand-off folder
of our own; nothing here is ever written into a terminal's `face` folder. Where the document leaves a choice it is made in
`PLAIN`: UTF-8, PrescriptionIssueSelect in the body, absent elements left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum

from kiosk.eligibility.oqs import to_xml
from kiosk.eligibility.oqs.codes import (
    CharacterCode,
    PrescriptionIssue,
    ProcessingResultStatus,
    QualificationValidity,
    SegmentOfResult,
    UnknownCode,
)
from kiosk.eligibility.oqs.document import MAX_BYTES
from kiosk.eligibility.oqs.encoding import Encoding
from kiosk.eligibility.oqs.errors import MissingElementError, UnwritableMessageError
from kiosk.eligibility.oqs.qualification import QualificationResponse, QualificationResponseBody, ResultList
from kiosk.eligibility.oqs.reading import prescription_of
from kiosk.eligibility.oqs.result import ResultOfQualificationConfirmation
from kiosk.eligibility.oqs.schema import plan_of
from kiosk.eligibility.oqs.to_xml import Form


class PrescriptionPlace(Enum):
    """Where a consumer looks for PrescriptionIssueSelect; the public sources disagree (section 2.2)."""

    BODY = "MessageBody"
    RESULT = "ResultOfQualificationConfirmation"


@dataclass(frozen=True)
class Consumer:
    """One reader of result files.

    `needs_header`, `needs_body`, `needs_result` are elements it refuses a file without; `empty` elements it wants to find
    even where there is nothing to say; `fewest_results` and `most_results` how many results; `only_normal` that it takes no
    failure; `only_valid` that it wants to hear of valid insurance alone.
    """

    name: str
    encoding: Encoding = Encoding.UTF_8
    prescription: PrescriptionPlace = PrescriptionPlace.BODY
    needs_header: tuple[str, ...] = ()
    needs_body: tuple[str, ...] = ()
    needs_result: tuple[str, ...] = ()
    empty: frozenset[str] = frozenset()
    fewest_results: int = 0
    most_results: int | None = None
    only_normal: bool = False
    only_valid: bool = False
    largest: int = MAX_BYTES


PLAIN = Consumer("plain")
"""The document's own order and form; what every consumer but those below is served with."""

DYNAMICS = Consumer(
    "Dynamics",
    encoding=Encoding.SHIFT_JIS,
    needs_header=(
        "ProcessExecutionTime",
        "SegmentOfResult",
        "QualificationConfirmationDate",
        "ReferenceClassification",
        "ArbitraryFileIdentifier",
        "MedicalInstitutionCode",
    ),
    needs_body=("ProcessingResultStatus", "QualificationValidity"),
    needs_result=("InsurerNumber", "InsuredIdentificationNumber", "Name", "NameKana", "Birthdate", "Sex1"),
    empty=frozenset(
        {
            "InsuredCardSymbol",
            "InsuredBranchNumber",
            "PersonalFamilyClassification",
            "InsuredName",
            "Address",
            "QualificationDate",
            "InsuredCardValidDate",
            "InsuredCardExpirationDate",
            "InsurerName",
            "LimitApplicationCertificateRelatedInfo",
        }
    ),
    fewest_results=1,
    only_valid=True,
)
"""Section 2.6. Late elderly have neither symbol nor branch, so what it lists beside the person may be empty."""

MYNA_RECEPTION = Consumer(
    "MynaReception",
    needs_header=("MedicalInstitutionCode",),
    needs_result=("NameKana", "Birthdate"),
    fewest_results=1,
    most_results=1,
    only_normal=True,
)
"""Section 2.7. Its encoding is a setting of its own: `replace(MYNA_RECEPTION, encoding=...)` to the same."""

EMR_CLOUD = Consumer("EmrCloud", prescription=PrescriptionPlace.RESULT)
"""Its class has PrescriptionIssueSelect inside the result (section 2.2)."""

OQS_DRUG = Consumer("OQSDrug2", encoding=Encoding.SHIFT_JIS)
"""Takes code page 932 for Shift_JIS, and several results a file."""

CONSUMERS = {consumer.name: consumer for consumer in (PLAIN, DYNAMICS, MYNA_RECEPTION, EMR_CLOUD, OQS_DRUG)}


def write_for(consumer: Consumer, response: QualificationResponse) -> bytes:
    """The file of `response` as `consumer` takes it.

    Raises `MissingElementError` and `UnwritableMessageError` for what it would refuse, and what `to_xml.write` raises.
    """
    if consumer.only_normal:
        _refuse_failed(consumer, response)
    results = () if response.body is None else response.body.results
    if len(results) < consumer.fewest_results:
        raise MissingElementError("MessageBody/ResultList/ResultOfQualificationConfirmation")
    if consumer.most_results is not None and len(results) > consumer.most_results:
        raise UnwritableMessageError(
            f"{consumer.name} takes no file of {len(results)} results: write one for each", "MessageBody/ResultList"
        )
    _refuse_missing("MessageHeader", response.header, consumer.needs_header)
    _refuse_missing("MessageBody", response.body, consumer.needs_body)
    for result in results:
        _refuse_missing("MessageBody/ResultList/ResultOfQualificationConfirmation", result, consumer.needs_result)
    if consumer.only_valid and _validity(response) != QualificationValidity.VALID:
        raise UnwritableMessageError(f"{consumer.name} takes no file of insurance that is not valid", "MessageBody")
    if "MedicalInstitutionCode" in consumer.needs_header and response.header is not None:
        _refuse_odd_institution(response.header.medical_institution_code)
    file = to_xml.write(arranged(consumer, response), Form(consumer.encoding, empty=consumer.empty))
    if len(file) > consumer.largest:
        raise UnwritableMessageError(f"{consumer.name} takes no file of more than {consumer.largest} bytes", None)
    return file


def arranged(consumer: Consumer, response: QualificationResponse) -> QualificationResponse:
    """`response` with CharacterCodeIdentifier, and with PrescriptionIssueSelect where `consumer` looks for it."""
    header, body = response.header, response.body
    if header is not None:
        code = CharacterCode.UTF_8 if consumer.encoding is Encoding.UTF_8 else CharacterCode.SHIFT_JIS
        header = replace(header, character_code_identifier=code)
    if body is not None and (chosen := prescription_of(body)) is not None:
        body = _with_prescription(body, chosen, consumer.prescription)
    return replace(response, header=header, body=body)


def one_file_each(response: QualificationResponse) -> tuple[QualificationResponse, ...]:
    """`response` as one message for each of its results, for consumers that take exactly one."""
    body = response.body
    if body is None or len(body.results) <= 1:
        return (response,)
    return tuple(replace(response, body=_with_results(body, (result,))) for result in body.results)


def _with_prescription(
    body: QualificationResponseBody, chosen: PrescriptionIssue, place: PrescriptionPlace
) -> QualificationResponseBody:
    in_body = place is PrescriptionPlace.BODY or not body.results
    told = tuple(replace(result, prescription_issue_select=None if in_body else chosen) for result in body.results)
    return replace(_with_results(body, told), prescription_issue_select=chosen if in_body else None)


def _with_results(
    body: QualificationResponseBody, results: tuple[ResultOfQualificationConfirmation, ...]
) -> QualificationResponseBody:
    if body.result_list is None:
        return body
    listed: ResultList = replace(body.result_list, results=results)
    return replace(body, result_list=listed)


def _refuse_failed(consumer: Consumer, response: QualificationResponse) -> None:
    normal = (
        response.header is not None
        and response.header.segment_of_result == SegmentOfResult.NORMAL
        and response.body is not None
        and response.body.processing_result_status == ProcessingResultStatus.NORMAL
    )
    if not normal:
        raise UnwritableMessageError(f"{consumer.name} takes no file that tells of a failure", None)


def _validity(response: QualificationResponse) -> QualificationValidity | UnknownCode | None:
    return None if response.body is None else response.body.qualification_validity


def _refuse_missing(path: str, block: object, needs: tuple[str, ...]) -> None:
    for need in needs:
        if block is None or getattr(block, plan_of(type(block)).places[need].name) is None:
            raise MissingElementError(f"{path}/{need}")


def _refuse_odd_institution(code: str | None) -> None:
    if code is None or not re.fullmatch(r"[0-9]{10}", code):
        raise UnwritableMessageError(
            "the message cannot be written: MessageHeader/MedicalInstitutionCode has not 10 digits",
            "MessageHeader/MedicalInstitutionCode",
        )
