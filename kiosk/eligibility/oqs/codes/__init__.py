"""The code tables of the interface (業務コード仕様), one class a table: domain/oqs-interface.md section 3.

The tables stand in small rooms by what they are about; they are used from here. Not made into classes: 029 (情報種別 is
the file's prefix, `file_names`) and 026, 027, 030, 032, 035, 037, 039, 043, whose element is not public or only yes or no.
"""

from kiosk.eligibility.oqs.codes.assistance import (
    CareType,
    Consistency,
    SingleOrCombined,
    StatusOfOther,
    TicketType,
)
from kiosk.eligibility.oqs.codes.care import (
    CheckupFile,
    ConsentGroup,
    Display,
    MedicalTreatment,
    MedicationFile,
    PictureFormat,
    PrescriptionUse,
    Revocation,
)
from kiosk.eligibility.oqs.codes.code import Code, UnknownCode, english_of, label_of
from kiosk.eligibility.oqs.codes.insurance import (
    CardClass,
    LimitCategory,
    LimitChanged,
    LimitClassification,
    LimitConsent,
    SpecificDisease,
)
from kiosk.eligibility.oqs.codes.outcome import (
    VALIDITY,
    CharacterCode,
    ProcessingResultStatus,
    QualificationValidity,
    ReferenceClassification,
    SegmentOfResult,
)
from kiosk.eligibility.oqs.codes.person import (
    SEX,
    ConsentFlag,
    PersonalFamily,
    Preschool,
    PrescriptionIssue,
    ReasonOfLoss,
    SexCode,
)
from kiosk.eligibility.oqs.codes.system import (
    AuthenticationFactor,
    BiometricMeans,
    EmergencyData,
    LinkedSystem,
    MemoryMeans,
    PossessionMeans,
)

__all__ = [
    "SEX",
    "VALIDITY",
    "AuthenticationFactor",
    "BiometricMeans",
    "CardClass",
    "CareType",
    "CharacterCode",
    "CheckupFile",
    "Code",
    "ConsentFlag",
    "ConsentGroup",
    "Consistency",
    "Display",
    "EmergencyData",
    "LimitCategory",
    "LimitChanged",
    "LimitClassification",
    "LimitConsent",
    "LinkedSystem",
    "MedicalTreatment",
    "MedicationFile",
    "MemoryMeans",
    "PersonalFamily",
    "PictureFormat",
    "PossessionMeans",
    "Preschool",
    "PrescriptionIssue",
    "PrescriptionUse",
    "ProcessingResultStatus",
    "QualificationValidity",
    "ReasonOfLoss",
    "ReferenceClassification",
    "Revocation",
    "SegmentOfResult",
    "SexCode",
    "SingleOrCombined",
    "SpecificDisease",
    "StatusOfOther",
    "TicketType",
    "UnknownCode",
    "english_of",
    "label_of",
]
