"""What care it is about and what may be seen: tables 028, 030, 031, 034, 036, 038, and the FileCategory of section 5.5."""

from __future__ import annotations

from kiosk.eligibility.oqs.codes.code import Code


class MedicalTreatment(Code):
    """診療形態, tables 028 and 033."""

    OUTPATIENT = "1", "外来", "outpatient"
    HOME = "2", "訪問", "home visit"
    ONLINE = "3", "オンライン", "online"
    EMERGENCY = "4", "救急", "emergency"


class Display(Code):
    """表示, table 030. That it is the table of PrDiInfClassification is inferred."""

    HIDE = "0", "表示しない", "do not show"
    SHOW = "1", "表示する", "show"


class Revocation(Code):
    """同意取消, table 031."""

    BY_CARE_FORM = "0", "診療形態別", "by form of care"
    BY_FACILITY = "1", "医療機関取消", "revoked by the facility"
    BY_PATIENT = "2", "患者取消", "revoked by the patient"
    PURPOSE_CHANGED = "3", "用途変更取消", "purpose changed"


class PictureFormat(Code):
    """画像形式, table 034."""

    PDF = "1", "PDF", "PDF"
    PNG = "2", "PNG", "PNG"


class ConsentGroup(Code):
    """同意グループ, table 036."""

    SPECIFIC_DISEASE = "TSR", "特定疾病", "specific disease"
    CHECKUP = "TKK", "特定健診", "specific health check-up"
    MEDICATION = "YZK", "薬剤", "medication"
    DIAGNOSIS = "SRJ", "診療", "diagnosis"
    OPERATION = "SHJ", "手術", "operation"


class PrescriptionUse(Code):
    """処方箋の利用, table 038."""

    UNUSED = "0", "利用しない", "not used"
    ELECTRONIC_ONLY = "1", "電子のみ", "electronic only"
    BOTH = "2", "併用", "both"
    PAPER_ONLY = "3", "紙のみ", "paper only"


class MedicationFile(Code):
    """FileCategory of a YZK request."""

    MEDICATION_PDF = "1", "薬剤（PDF）", "medication, PDF"
    MEDICATION_XML = "2", "薬剤（XML）", "medication, XML"
    WITH_DIAGNOSIS_PDF = "3", "薬剤・診療（PDF）", "medication and diagnosis, PDF"
    WITH_DIAGNOSIS_XML = "4", "薬剤・診療（XML）", "medication and diagnosis, XML"


class CheckupFile(Code):
    """FileCategory of a TKK request."""

    PDF = "1", "特定健診（PDF）", "check-up, PDF"
    XML = "2", "特定健診（XML）", "check-up, XML"
