"""OQSsiquc01: one person's eligibility, asked by number, or unasked after a card (face file): sections 2 and 5.1."""

from __future__ import annotations

from datetime import date

from kiosk.eligibility.oqs.codes import (
    LimitConsent,
    PrescriptionIssue,
    ProcessingResultStatus,
    QualificationValidity,
    UnknownCode,
)
from kiosk.eligibility.oqs.headers import LookupHeader, QualificationHeader
from kiosk.eligibility.oqs.kinds import DAY, INSURER_NUMBER, TEXT, WORD, code
from kiosk.eligibility.oqs.result import ResultOfQualificationConfirmation
from kiosk.eligibility.oqs.schema import Kept, block, blocks, model, requires, value


@model
class SearchInfo:
    """QualificationConfirmSearchInfo as it is echoed: whatever was asked, right or wrong."""

    insurer_number: str | None = value("InsurerNumber", INSURER_NUMBER)
    insured_card_symbol: str | None = value("InsuredCardSymbol", TEXT)
    insured_identification_number: str | None = value("InsuredIdentificationNumber", TEXT)
    insured_branch_number: str | None = value("InsuredBranchNumber", WORD)
    birthdate: date | None = value("Birthdate", DAY)
    limit_consent: LimitConsent | UnknownCode | None = value(
        "LimitApplicationCertificateRelatedConsFlg", code(LimitConsent)
    )
    arbitrary_identifier: str | None = value("ArbitraryIdentifier", TEXT)
    kept: tuple[Kept, ...] = ()


@requires("InsurerNumber", "InsuredIdentificationNumber", "Birthdate", "LimitApplicationCertificateRelatedConsFlg")
@model
class Search:
    """QualificationConfirmSearchInfo as it is asked. The branch may be left out; twins then match more than once.

    `limit_consent`: whether the patient agrees (orally) that the 限度額 is looked up too; by number it takes consent.
    """

    insurer_number: str | None = value("InsurerNumber", INSURER_NUMBER)
    insured_card_symbol: str | None = value("InsuredCardSymbol", TEXT, longest=20)
    insured_identification_number: str | None = value("InsuredIdentificationNumber", TEXT, longest=20)
    insured_branch_number: str | None = value("InsuredBranchNumber", WORD, longest=2)
    birthdate: date | None = value("Birthdate", DAY)
    limit_consent: LimitConsent | UnknownCode | None = value(
        "LimitApplicationCertificateRelatedConsFlg", code(LimitConsent)
    )
    arbitrary_identifier: str | None = value("ArbitraryIdentifier", TEXT)
    kept: tuple[Kept, ...] = ()


@requires("QualificationConfirmSearchInfo")
@model
class QualificationRequestBody:
    """Who is asked for."""

    search: Search | None = block("QualificationConfirmSearchInfo", Search)
    kept: tuple[Kept, ...] = ()


@requires("MessageHeader", "MessageBody")
@model
class QualificationRequest:
    """OQSsiquc01req."""

    header: LookupHeader | None = block("MessageHeader", LookupHeader)
    body: QualificationRequestBody | None = block("MessageBody", QualificationRequestBody)
    kept: tuple[Kept, ...] = ()


@model
class ResultList:
    """The results of one person: more than one where medical assistance comes beside insurance."""

    results: tuple[ResultOfQualificationConfirmation, ...] = blocks(
        "ResultOfQualificationConfirmation", ResultOfQualificationConfirmation
    )
    kept: tuple[Kept, ...] = ()


@requires("ProcessingResultStatus")
@model
class QualificationResponseBody:
    """The answer: the search echoed (by number only), how it ended, how valid the insurance is, the results."""

    search: SearchInfo | None = block("QualificationConfirmSearchInfo", SearchInfo)
    prescription_issue_select: PrescriptionIssue | UnknownCode | None = value(
        "PrescriptionIssueSelect", code(PrescriptionIssue)
    )
    processing_result_status: ProcessingResultStatus | UnknownCode | None = value(
        "ProcessingResultStatus", code(ProcessingResultStatus)
    )
    processing_result_code: str | None = value("ProcessingResultCode", WORD)
    processing_result_message: str | None = value("ProcessingResultMessage", TEXT)
    qualification_validity: QualificationValidity | UnknownCode | None = value(
        "QualificationValidity", code(QualificationValidity)
    )
    result_list: ResultList | None = block("ResultList", ResultList)
    kept: tuple[Kept, ...] = ()

    @property
    def results(self) -> tuple[ResultOfQualificationConfirmation, ...]:
        """The results, none where there is no list."""
        return () if self.result_list is None else self.result_list.results


@requires("MessageHeader")
@model
class QualificationResponse:
    """OQSsiquc01res, and OQSsiquc01res_face of a card reader's session. A failed file may have no body."""

    header: QualificationHeader | None = block("MessageHeader", QualificationHeader)
    body: QualificationResponseBody | None = block("MessageBody", QualificationResponseBody)
    kept: tuple[Kept, ...] = ()
