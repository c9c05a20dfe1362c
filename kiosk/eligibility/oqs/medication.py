"""YZKsiquc01: 薬剤情報, what was dispensed by claims, and by electronic prescriptions (domain/oqs-interface.md section 5.5).

Three families of one shape: claims (レセプト, no prefix), prescriptions (Sh), dispensings (Cz). The code tables of their
Org, InOut and IdCl elements are not public: such codes are words here.
"""

from __future__ import annotations

from datetime import date

from kiosk.eligibility.oqs import document, from_xml
from kiosk.eligibility.oqs.codes import Display, MedicalTreatment, MedicationFile, UnknownCode
from kiosk.eligibility.oqs.dispensing import CzDiInf
from kiosk.eligibility.oqs.kinds import DAY, MONTH, TEXT, WORD, Month, code
from kiosk.eligibility.oqs.medical import MedicalRequestHeader
from kiosk.eligibility.oqs.prescription import ShPrInf
from kiosk.eligibility.oqs.schema import Kept, block, blocks, model, requires, value


@requires("StartDate", "EndDate", "FileCategory")
@model
class MedicationRequestBody:
    """Which months, and in what form."""

    start_date: Month | None = value("StartDate", MONTH)
    end_date: Month | None = value("EndDate", MONTH)
    file_category: MedicationFile | UnknownCode | None = value("FileCategory", code(MedicationFile))
    pr_di_inf_classification: Display | UnknownCode | None = value("PrDiInfClassification", code(Display))
    medical_treatment_flag: MedicalTreatment | UnknownCode | None = value(
        "MedicalTreatmentFlag", code(MedicalTreatment)
    )
    kept: tuple[Kept, ...] = ()


@requires("MessageHeader", "MessageBody")
@model
class MedicationRequest:
    """YZKsiquc01req."""

    header: MedicalRequestHeader | None = block("MessageHeader", MedicalRequestHeader)
    body: MedicationRequestBody | None = block("MessageBody", MedicationRequestBody)
    kept: tuple[Kept, ...] = ()


@model
class QuaInf:
    """Whose it is."""

    name: str | None = value("Name", TEXT)
    kana_name: str | None = value("KanaName", TEXT)
    birth: date | None = value("Birth", DAY)
    adm_gend_code: str | None = value("AdmGendCode", WORD)
    kept: tuple[Kept, ...] = ()


@model
class DrugInf:
    """One drug of a claim. `drug_c` is the nine-digit claim code; quantities are texts, as they come."""

    me_tr_id_cl: str | None = value("MeTrIdCl", WORD)
    usage_n: str | None = value("UsageN", TEXT)
    sp_inst: str | None = value("SpInst", TEXT)
    drug_c: str | None = value("DrugC", WORD)
    drug_n: str | None = value("DrugN", TEXT)
    ingre_n: str | None = value("IngreN", TEXT)
    qua1: str | None = value("Qua1", WORD)
    unit: str | None = value("Unit", TEXT)
    times: str | None = value("Times", WORD)
    kept: tuple[Kept, ...] = ()


@model
class DrugInfs:
    """The drugs of a day."""

    drugs: tuple[DrugInf, ...] = blocks("DrugInf", DrugInf)
    kept: tuple[Kept, ...] = ()


@model
class MeTrInf:
    """One act of care of a claim (診療情報)."""

    sin_inf_n: str | None = value("SinInfN", TEXT)
    sin_inf_cd: str | None = value("SinInfCd", WORD)
    me_tr_id_cl: str | None = value("MeTrIdCl", WORD)
    qua1: str | None = value("Qua1", WORD)
    times: str | None = value("Times", WORD)
    unit: str | None = value("Unit", TEXT)
    kept: tuple[Kept, ...] = ()


@model
class MeTrInfs:
    """The acts of care of a day."""

    acts: tuple[MeTrInf, ...] = blocks("MeTrInf", MeTrInf)
    kept: tuple[Kept, ...] = ()


@model
class DiDateInf:
    """One day of a claim: when dispensed, when prescribed, what."""

    di_date: date | None = value("DiDate", DAY)
    pr_date: date | None = value("PrDate", DAY)
    drug_infs: DrugInfs | None = block("DrugInfs", DrugInfs)
    me_tr_infs: MeTrInfs | None = block("MeTrInfs", MeTrInfs)
    kept: tuple[Kept, ...] = ()


@model
class DiDateInfs:
    """The days of a month."""

    days: tuple[DiDateInf, ...] = blocks("DiDateInf", DiDateInf)
    kept: tuple[Kept, ...] = ()


@model
class MeTrMonthInf:
    """One month of claims at one place; Di is where it was dispensed or done, Pr where it was prescribed."""

    me_tr_month: Month | None = value("MeTrMonth", MONTH)
    di_org: str | None = value("DiOrg", WORD)
    me_tr_di_h_cd: str | None = value("MeTrDiHCd", WORD)
    me_tr_di_h_nm: str | None = value("MeTrDiHNm", TEXT)
    pr_is_org: str | None = value("PrIsOrg", WORD)
    prls_h_cd: str | None = value("PrlsHCd", WORD)
    prls_h_nm: str | None = value("PrlsHNm", TEXT)
    in_out: str | None = value("InOut", WORD)
    di_date_infs: DiDateInfs | None = block("DiDateInfs", DiDateInfs)
    kept: tuple[Kept, ...] = ()


@model
class MedicationResponseHeader:
    """How it ended, and whose it is."""

    result_code: str | None = value("ResultCode", WORD)
    message_contents: str | None = value("MessageContents", TEXT)
    qua_inf: QuaInf | None = block("QuaInf", QuaInf)
    kept: tuple[Kept, ...] = ()


@model
class MedicationResponseBody:
    """Claims, prescriptions, dispensings."""

    result_code: str | None = value("ResultCode", WORD)
    message_contents: str | None = value("MessageContents", TEXT)
    claims: tuple[MeTrMonthInf, ...] = blocks("MeTrMonthInf", MeTrMonthInf)
    prescriptions: ShPrInf | None = block("ShPrInf", ShPrInf)
    dispensings: CzDiInf | None = block("CzDiInf", CzDiInf)
    kept: tuple[Kept, ...] = ()


@requires("MessageHeader")
@model
class MedicationResponse:
    """YZKsiquc01res. `medical.refuse_failed(response, response.header, response.body)` tells whether it is one."""

    result_code: str | None = value("ResultCode", WORD)
    message_contents: str | None = value("MessageContents", TEXT)
    header: MedicationResponseHeader | None = block("MessageHeader", MedicationResponseHeader)
    body: MedicationResponseBody | None = block("MessageBody", MedicationResponseBody)
    kept: tuple[Kept, ...] = ()


def read_medication(message: bytes | str) -> MedicationResponse:
    """A medication answer, which may be longer than others. Raises `MalformedMessageError`."""
    return from_xml.read(message, MedicationResponse, document.MEDICAL)
