"""医療券・調剤券: what medical assistance pays for, domain/oqs-interface.md section 2.4."""

from __future__ import annotations

from datetime import date

from kiosk.eligibility.oqs.codes import (
    CareType,
    Consistency,
    SingleOrCombined,
    StatusOfOther,
    TicketType,
    UnknownCode,
)
from kiosk.eligibility.oqs.kinds import COUNT, DAY, MONTH, TEXT, WORD, Month, code
from kiosk.eligibility.oqs.schema import Kept, blocks, model, value


@model
class MedicalTicketInfo:
    """One ticket. `self_pay_amount` is yen; a ticket of a month is good from `medical_ticket_valid_date` on."""

    ticket_type: TicketType | UnknownCode | None = value("TicketType", code(TicketType))
    medical_ticket_valid_date: date | None = value("MedicalTicketValidDate", DAY)
    medical_ticket_expiration_date: date | None = value("MedicalTicketExpirationDate", DAY)
    issue_number: str | None = value("IssueNumber", TEXT)
    medical_treatment_month: Month | None = value("MedicalTreatmentMonth", MONTH)
    designated_medical_institution_code: str | None = value("DesignatedMedicalInstitutionCode", WORD)
    designated_medical_institution_flag: str | None = value("DesignatedMedicalInstitutionFlag", WORD)
    designated_medical_institution_name: str | None = value("DesignatedMedicalInstitutionName", TEXT)
    prescription_issuer_medical_institution_code: str | None = value("PrescriptionIssuerMedicalInstitutionCode", WORD)
    prescription_issuer_medical_institution_name: str | None = value("PrescriptionIssuerMedicalInstitutionName", TEXT)
    injury_name1: str | None = value("InjuryName1", TEXT)
    injury_name2: str | None = value("InjuryName2", TEXT)
    injury_name3: str | None = value("InjuryName3", TEXT)
    medical_treatment_type: CareType | UnknownCode | None = value("MedicalTreatmentType", code(CareType))
    self_pay_amount: int | None = value("SelfPayAmount", COUNT)
    district_contact_name: str | None = value("DistrictContactName", TEXT)
    handling_contact_name: str | None = value("HandlingContactName", TEXT)
    single_or_combined_use: SingleOrCombined | UnknownCode | None = value("SingleOrCombinedUse", code(SingleOrCombined))
    status_of_social_insurance: StatusOfOther | UnknownCode | None = value(
        "StatusOfSocialInsurance", code(StatusOfOther)
    )
    consistency_flag: Consistency | UnknownCode | None = value("ConsistencyFlag", code(Consistency))
    # The interface's own tag lacks an "i"; should it ever be mended, both are read.
    status_of_infection: StatusOfOther | UnknownCode | None = value(
        "StatusOfInfecton", code(StatusOfOther), also="StatusOfInfection"
    )
    status_of_elderly_medical_care: StatusOfOther | UnknownCode | None = value(
        "StatusOfElderlyMedicalCare", code(StatusOfOther)
    )
    status_of_prefectural_expenses: StatusOfOther | UnknownCode | None = value(
        "StatusOfPrefecturalExpenses", code(StatusOfOther)
    )
    remarks1: str | None = value("Remarks1", TEXT)
    remarks2: str | None = value("Remarks2", TEXT)
    remarks3: str | None = value("Remarks3", TEXT)
    kept: tuple[Kept, ...] = ()


@model
class PublicExpenseResultList:
    """The tickets of one result."""

    tickets: tuple[MedicalTicketInfo, ...] = blocks("MedicalTicketInfo", MedicalTicketInfo)
    kept: tuple[Kept, ...] = ()


def in_force(ticket: MedicalTicketInfo, on: date) -> bool:
    """Whether the ticket covers `on`; a ticket without dates is not known to."""
    start, end = ticket.medical_ticket_valid_date, ticket.medical_ticket_expiration_date
    return start is not None and start <= on and (end is None or on <= end)
