"""番号照会 (OQSsiquc01): one person's eligibility by number, and what must be right before its answer is believed.

Right means: it repeats the heading and the search that were sent, says of itself that it is about a number and about the
day that was asked for, and what it found is about the person asked for: the same birth date, the same numbers, and the same
kana where the clinic knows them. Everything else is an error with its own type, and no answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from kiosk.eligibility.oqs import from_xml
from kiosk.eligibility.oqs.codes import LimitConsent, ReferenceClassification
from kiosk.eligibility.oqs.errors import MalformedMessageError
from kiosk.eligibility.oqs.file_names import Business
from kiosk.eligibility.oqs.headers import LookupHeader
from kiosk.eligibility.oqs.matching import kana_key
from kiosk.eligibility.oqs.qualification import (
    QualificationRequest,
    QualificationRequestBody,
    QualificationResponse,
    Search,
    SearchInfo,
)
from kiosk.eligibility.oqs.reading import QualificationResult, result_of
from kiosk.eligibility.terminal.errors import MismatchError, OtherPatientError
from kiosk.eligibility.terminal.insured import InsuredNumber
from kiosk.eligibility.terminal.question import Heading, Kind, Reply
from kiosk.record.eligibility import EligibilityAnswer, EligibilityResult, Source, Validity

KIND = Kind(Business.LOOKUP)

_ASSISTANCE = "A1"
_IN_FORCE = {Validity.VALID, Validity.VALID_UNREGISTERED}


@dataclass(frozen=True, repr=False, kw_only=True)
class LookUpAnswer:
    """What the system knows under a number. `answered_at` is its own time (UTC), `asked_for` the day it is about.

    `results` hold the limit category only where its consent was sent. A number look-up proves no consents to view medical
    information and nothing about who stands at the desk: it says whether an insurance is valid.
    """

    validity: Validity
    answered_at: datetime
    asked_for: date
    simulated: bool
    results: tuple[EligibilityResult, ...]
    notice_code: str | None

    def eligibility_answer(self, session: str, fingerprint: str) -> EligibilityAnswer:
        """The answer as a gateway gives it, for the visit `session` and the card with this `fingerprint`."""
        return EligibilityAnswer(
            session=session,
            fingerprint=fingerprint,
            source=Source.NUMBER_LOOKUP,
            validity=self.validity,
            answered_at=self.answered_at,
            simulated=self.simulated,
            results=self.results,
        )

    def __repr__(self) -> str:
        return f"LookUpAnswer({self.validity}, {len(self.results)} results)"


@dataclass(frozen=True, repr=False, kw_only=True)
class NumberQuery:
    """One person to look up. `limit_consent`: the patient agrees that the 限度額 is looked up too.

    `name_kana`: who the clinic thinks it is; an answer about another name is refused. `on`: the day asked for, else today.
    """

    insured: InsuredNumber
    birth_date: date
    limit_consent: bool = False
    name_kana: str | None = None
    on: date | None = None

    @property
    def kind(self) -> Kind:
        """Its files."""
        return KIND

    def search(self, row: str | None = None) -> Search:
        """QualificationConfirmSearchInfo; `row` tells the rows of a bulk look-up apart."""
        return Search(
            insurer_number=self.insured.insurer,
            insured_card_symbol=self.insured.symbol,
            insured_identification_number=self.insured.number,
            insured_branch_number=self.insured.branch,
            birthdate=self.birth_date,
            limit_consent=LimitConsent.GIVEN if self.limit_consent else LimitConsent.NONE,
            arbitrary_identifier=row,
        )

    def message(self, heading: Heading) -> QualificationRequest:
        """OQSsiquc01req."""
        return QualificationRequest(header=lookup_header(heading), body=QualificationRequestBody(search=self.search()))

    def answer(self, reply: Reply, heading: Heading) -> LookUpAnswer:
        """What the reply says. Raises `TerminalError` and `OqsError`."""
        response = from_xml.read(reply.xml(), QualificationResponse)
        if response.header is None:
            raise MalformedMessageError("the message has no MessageHeader")
        institution_code, identifier = (
            response.header.medical_institution_code,
            response.header.arbitrary_file_identifier,
        )
        heading.refuse_other(institution_code, identifier, must_say=False)
        told = result_of(response)
        heading.refuse_other(institution_code, identifier)
        if told.reference_classification is ReferenceClassification.CARD:
            raise MismatchError("it is the result of a card")
        if told.confirmed_for != heading.on:
            raise MismatchError("it is about another day")
        refuse_other_search(self, None if response.body is None else response.body.search)
        self.refuse_other_person(told)
        return LookUpAnswer(
            validity=told.validity,
            answered_at=told.processed_at,
            asked_for=told.confirmed_for,
            simulated=heading.simulated,
            results=tuple(as_consented(result, limit=self.limit_consent) for result in told.results),
            notice_code=told.notice_code,
        )

    def refuse_other_person(self, told: QualificationResult) -> None:
        """Return where every result is about who was asked for; raises `OtherPatientError`."""
        for result in told.results:
            self._refuse_other(result, told.validity)
        if told.validity in _IN_FORCE and all(self._is_beside(result) for result in told.results):
            raise OtherPatientError("insurer number")

    def _refuse_other(self, result: EligibilityResult, validity: Validity) -> None:
        in_force, newer = validity in _IN_FORCE, validity is Validity.INVALID_NEWER_EXISTS
        if (result.birth_date is not None or in_force or newer) and result.birth_date != self.birth_date:
            raise OtherPatientError("birth date")
        differs = self._difference(result)
        # Where a newer insurance exists, what comes may be that one, under numbers of its own.
        if differs is not None and not newer and not self._is_beside(result):
            raise OtherPatientError(differs)
        if in_force and (result.insurer_number is None or result.insured_number is None):
            raise OtherPatientError("no number")
        kana = kana_key(result.name_kana)
        if self.name_kana and kana and validity is not Validity.MULTIPLE and kana != kana_key(self.name_kana):
            raise OtherPatientError("name")

    def _difference(self, result: EligibilityResult) -> str | None:
        return self.insured.differs_from(
            result.insurer_number, result.insured_symbol, result.insured_number, result.insured_branch
        )

    def _is_beside(self, result: EligibilityResult) -> bool:
        """Medical assistance comes as a result of its own beside the insurance, under numbers of its own."""
        return result.card_class == _ASSISTANCE and self._difference(result) is not None

    def __repr__(self) -> str:
        return "NumberQuery(...)"


def lookup_header(heading: Heading) -> LookupHeader:
    """MessageHeader of a look-up."""
    return LookupHeader(
        qualification_confirmation_date=heading.on,
        medical_institution_code=heading.institution_code,
        arbitrary_file_identifier=heading.identifier,
    )


def refuse_other_search(query: NumberQuery, echo: SearchInfo | None) -> None:
    """Return where the search that an answer repeats is the one that was sent; raises `MismatchError`."""
    if echo is None:
        raise MismatchError("it does not repeat the search")
    differs = query.insured.differs_from(
        echo.insurer_number,
        echo.insured_card_symbol,
        echo.insured_identification_number,
        echo.insured_branch_number,
    )
    if differs is None and echo.birthdate not in {None, query.birth_date}:
        differs = "birth date"
    if differs is not None:
        raise MismatchError(f"it repeats another search ({differs})")


def as_consented(result: EligibilityResult, *, limit: bool) -> EligibilityResult:
    """Without what nobody agreed to: a limit category without its consent; 特定疾病, which takes a card (section 2.5)."""
    return replace(result, limit_category=result.limit_category if limit else None, specific_disease=False)
