"""薬剤情報 (YZKsiquc01) and 特定健診情報 (TKKsiquc01), as XML or as a document, of a patient who consented (section 5.5).

The reply repeats neither the request's heading nor its numbers; it says whose information it is, and that is compared. A
PDF says nothing that we could read: it is believed by its name alone, and a person reads the name in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kiosk.eligibility.oqs import document
from kiosk.eligibility.oqs.checkup import CheckupRequest, CheckupRequestBody, CheckupResponse, read_checkups
from kiosk.eligibility.oqs.codes import CheckupFile, Display, MedicalTreatment, MedicationFile
from kiosk.eligibility.oqs.errors import MalformedMessageError
from kiosk.eligibility.oqs.file_names import Business
from kiosk.eligibility.oqs.kinds import Month
from kiosk.eligibility.oqs.matching import kana_key
from kiosk.eligibility.oqs.medical import MedicalRequestHeader, refuse_failed
from kiosk.eligibility.oqs.medication import (
    MedicationRequest,
    MedicationRequestBody,
    MedicationResponse,
    read_medication,
)
from kiosk.eligibility.terminal.errors import MismatchError, OtherPatientError
from kiosk.eligibility.terminal.insured import InsuredNumber
from kiosk.eligibility.terminal.question import Heading, Kind, Reply

MAX_PDF_BYTES = 16 * 1024 * 1024
"""Our own bound: years of medication, drawn."""

_XML = frozenset({"xml"})
_PDF = frozenset({"xml", "pdf"})
"""A refusal comes as XML too."""


@dataclass(frozen=True, repr=False)
class Document:
    """A PDF as the terminal gave it. Nobody has looked whose it is."""

    pdf: bytes

    def __repr__(self) -> str:
        return f"Document({len(self.pdf)} bytes)"


@dataclass(frozen=True, repr=False)
class Whose:
    """Whose information is asked for: the numbers to ask by, birth date and kana to compare."""

    insured: InsuredNumber
    birth_date: date
    name_kana: str

    def refuse_other(self, birth_date: date | None, kana: str | None) -> None:
        """Return where information is this person's; raises `OtherPatientError`."""
        if birth_date != self.birth_date:
            raise OtherPatientError("birth date")
        if kana_key(kana) != kana_key(self.name_kana):
            raise OtherPatientError("name")

    def header(self, heading: Heading) -> MedicalRequestHeader:
        """MessageHeader of the request."""
        return MedicalRequestHeader(
            medical_institution_code=heading.institution_code,
            insurer_number=self.insured.insurer,
            insurance_card_symbol=self.insured.symbol,
            insured_person_identification_number=self.insured.number,
            branch_number=self.insured.branch,
            arbitrary_file_identifier=heading.identifier,
        )

    def __repr__(self) -> str:
        return "Whose(...)"


@dataclass(frozen=True, repr=False, kw_only=True)
class MedicationQuery:
    """Medication of some months (both inclusive), with or without diagnoses, as XML or as a PDF."""

    whose: Whose
    start: Month
    end: Month
    form: MedicationFile = MedicationFile.MEDICATION_XML
    treatment: MedicalTreatment = MedicalTreatment.OUTPATIENT

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError("end: expected start or a later month")

    @property
    def kind(self) -> Kind:
        """Its files."""
        return _kind(
            Business.MEDICATION, pdf=self.form in {MedicationFile.MEDICATION_PDF, MedicationFile.WITH_DIAGNOSIS_PDF}
        )

    @property
    def on(self) -> date | None:
        """Of no day."""
        return None

    def message(self, heading: Heading) -> MedicationRequest:
        """YZKsiquc01req."""
        return MedicationRequest(
            header=self.whose.header(heading),
            body=MedicationRequestBody(
                start_date=self.start,
                end_date=self.end,
                file_category=self.form,
                pr_di_inf_classification=Display.SHOW,
                medical_treatment_flag=self.treatment,
            ),
        )

    def answer(self, reply: Reply, _heading: Heading) -> MedicationResponse | Document:
        """The medication. Raises `TerminalError` and `OqsError`."""
        if reply.extension == "pdf":
            return _document(reply)
        response = read_medication(reply.xml())
        refuse_failed(response, response.header, response.body)
        _refuse_xml_for_pdf(self.kind)
        person = None if response.header is None else response.header.qua_inf
        self.whose.refuse_other(None if person is None else person.birth, None if person is None else person.kana_name)
        return response

    def __repr__(self) -> str:
        return "MedicationQuery(...)"


@dataclass(frozen=True, repr=False, kw_only=True)
class CheckupQuery:
    """The results of specific health check-ups, as XML or as a PDF."""

    whose: Whose
    form: CheckupFile = CheckupFile.XML
    treatment: MedicalTreatment = MedicalTreatment.OUTPATIENT

    @property
    def kind(self) -> Kind:
        """Its files."""
        return _kind(Business.CHECKUP, pdf=self.form is CheckupFile.PDF)

    @property
    def on(self) -> date | None:
        """Of no day."""
        return None

    def message(self, heading: Heading) -> CheckupRequest:
        """TKKsiquc01req."""
        return CheckupRequest(
            header=self.whose.header(heading),
            body=CheckupRequestBody(
                file_category=self.form,
                pr_di_inf_classification=Display.SHOW,
                medical_treatment_flag=self.treatment,
            ),
        )

    def answer(self, reply: Reply, _heading: Heading) -> CheckupResponse | Document:
        """The check-ups. Raises `TerminalError` and `OqsError`."""
        if reply.extension == "pdf":
            return _document(reply)
        response = read_checkups(reply.xml())
        refuse_failed(response, response.header, response.body)
        _refuse_xml_for_pdf(self.kind)
        person = None if response.header is None else response.header.qualifications_info
        self.whose.refuse_other(
            None if person is None else person.birthday, None if person is None else person.kanas_name
        )
        return response

    def __repr__(self) -> str:
        return "CheckupQuery(...)"


def _kind(business: Business, *, pdf: bool) -> Kind:
    if pdf:
        return Kind(business, extensions=_PDF, largest=MAX_PDF_BYTES, slow=True)
    return Kind(business, extensions=_XML, largest=document.MAX_BYTES, slow=True)


def _document(reply: Reply) -> Document:
    if not reply.message.startswith(b"%PDF-"):
        raise MalformedMessageError("the terminal's document is not a PDF")
    return Document(reply.message)


def _refuse_xml_for_pdf(kind: Kind) -> None:
    if "pdf" in kind.extensions:
        raise MismatchError("a document was asked for, and it is none")
