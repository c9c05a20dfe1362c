"""ResultOfQualificationConfirmation: one person and one insurance, in the order of Ver 8.07 (section 2.3)."""

from __future__ import annotations

from datetime import date

from kiosk.eligibility.oqs.certificates import (
    CertificateConsent,
    ElderlyRecipientCertificateInfo,
    LimitApplicationCertificateRelatedInfo,
    SpecificDiseasesCertificateList,
)
from kiosk.eligibility.oqs.codes import (
    CardClass,
    LimitChanged,
    PersonalFamily,
    Preschool,
    PrescriptionIssue,
    ReasonOfLoss,
    SexCode,
    UnknownCode,
)
from kiosk.eligibility.oqs.kinds import DAY, INSURER_NUMBER, PERCENT, TEXT, WORD, code
from kiosk.eligibility.oqs.schema import Kept, block, inline, model, value
from kiosk.eligibility.oqs.ticket import PublicExpenseResultList
from kiosk.eligibility.oqs.viewing import ViewingConsent


@model
class ResultOfQualificationConfirmation:
    """One result. For medical assistance (A1) the insurer is the public payer and the number that of the recipient.

    `insurer_number` has no padding; `insured_partial_contribution_ratio` is 後期高齢's own percent. The numbers beside the
    fields are the rows of the document's table.
    """

    insured_card_classification: CardClass | UnknownCode | None = value(
        "InsuredCardClassification", code(CardClass)
    )  # 1
    insurer_number: str | None = value("InsurerNumber", INSURER_NUMBER)
    insured_card_symbol: str | None = value("InsuredCardSymbol", TEXT)
    insured_identification_number: str | None = value("InsuredIdentificationNumber", TEXT)
    insured_branch_number: str | None = value("InsuredBranchNumber", WORD)  # 5
    personal_family_classification: PersonalFamily | UnknownCode | None = value(
        "PersonalFamilyClassification", code(PersonalFamily)
    )
    insured_name: str | None = value("InsuredName", TEXT)
    name: str | None = value("Name", TEXT)
    name_of_other: str | None = value("NameOfOther", TEXT)
    name_kana: str | None = value("NameKana", TEXT)  # 10
    name_of_other_kana: str | None = value("NameOfOtherKana", TEXT)
    sex1: SexCode | UnknownCode | None = value("Sex1", code(SexCode))
    sex2: SexCode | UnknownCode | None = value("Sex2", code(SexCode))
    birthdate: date | None = value("Birthdate", DAY)
    address: str | None = value("Address", TEXT)  # 15
    post_number: str | None = value("PostNumber", WORD)
    qualification_date: date | None = value("QualificationDate", DAY)
    disqualification_date: date | None = value("DisqualificationDate", DAY)
    insured_certificate_issuance_date: date | None = value("InsuredCertificateIssuanceDate", DAY)
    insured_card_valid_date: date | None = value("InsuredCardValidDate", DAY)  # 20
    insured_card_expiration_date: date | None = value("InsuredCardExpirationDate", DAY)
    insured_partial_contribution_ratio: int | None = value("InsuredPartialContributionRatio", PERCENT)
    preschool_classification: Preschool | UnknownCode | None = value("PreschoolClassification", code(Preschool))
    reason_of_loss: ReasonOfLoss | UnknownCode | None = value("ReasonOfLoss", code(ReasonOfLoss))
    insurer_name: str | None = value("InsurerName", TEXT)  # 25
    elderly_recipient_certificate_info: ElderlyRecipientCertificateInfo | None = block(
        "ElderlyRecipientCertificateInfo", ElderlyRecipientCertificateInfo
    )
    limit_consent: CertificateConsent | None = inline("LimitApplicationCertificateRelated", CertificateConsent)
    limit_application_certificate_related_info: LimitApplicationCertificateRelatedInfo | None = block(
        "LimitApplicationCertificateRelatedInfo", LimitApplicationCertificateRelatedInfo
    )
    specific_diseases_consent: CertificateConsent | None = inline(
        "SpecificDiseasesCertificateRelated", CertificateConsent
    )
    specific_diseases_certificate_list: SpecificDiseasesCertificateList | None = block(
        "SpecificDiseasesCertificateList", SpecificDiseasesCertificateList
    )  # 30
    public_expense_result_list: PublicExpenseResultList | None = block(
        "PublicExpenseResultList", PublicExpenseResultList
    )
    specific_health_checkups_info: ViewingConsent | None = inline("SpecificHealthCheckupsInfo", ViewingConsent)  # 32
    pharmacists_info: ViewingConsent | None = inline("PharmacistsInfo", ViewingConsent)
    diagnosis_info: ViewingConsent | None = inline("DiagnosisInfo", ViewingConsent)
    operation_info: ViewingConsent | None = inline("OperationInfo", ViewingConsent)
    diagnosis_name: ViewingConsent | None = inline("DiagnosisName", ViewingConsent)
    infectious_info: ViewingConsent | None = inline("InfectiousInfo", ViewingConsent)
    allergy_info: ViewingConsent | None = inline("AllergyInfo", ViewingConsent)
    contraindication_info: ViewingConsent | None = inline("ContraindicationInfo", ViewingConsent)
    test_info: ViewingConsent | None = inline("TestInfo", ViewingConsent)
    prescription_info: ViewingConsent | None = inline("PrescriptionInfo", ViewingConsent)
    reference_number: str | None = value("ReferenceNumber", TEXT)
    arbitrary_identifier: str | None = value("ArbitraryIdentifier", TEXT)
    qualification_confirmation_key: str | None = value("QualificationConfirmationKey", TEXT)
    limit_application_certificate_changed: LimitChanged | UnknownCode | None = value(
        "LimitApplicationCertificateChanged", code(LimitChanged)
    )
    # Its place is disputed: here in one consumer's class, in the body in another's. The reader takes both.
    prescription_issue_select: PrescriptionIssue | UnknownCode | None = value(
        "PrescriptionIssueSelect", code(PrescriptionIssue)
    )
    kept: tuple[Kept, ...] = ()
