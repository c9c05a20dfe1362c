"""Code tables that an eligibility result needs, each code with its Japanese label (domain/oqs-interface.md section 3).

The numbers are those of the interface's own tables (業務コード仕様). A code that is not in a table is not an error of
the reader: tables grow, and only what decides (003, 004, 006) must be known.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from kiosk.record.eligibility import Sex, Validity


class Code(StrEnum):
    """A code as it stands in the XML; `label` is what it means, in Japanese."""

    label: str

    def __new__(cls, code: str, label: str) -> Self:
        """A member from its code and its label."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member


class ReferenceClassification(Code):
    """照会区分, table 002: what the patient showed."""

    CARD = "1", "マイナンバーカード"
    INSURED_NUMBER = "2", "被保険者証情報"


class SegmentOfResult(Code):
    """処理結果区分, table 003: the whole file."""

    NORMAL = "1", "正常終了"
    PROCESSING = "2", "処理中"
    FAILED = "9", "異常終了"


class ProcessingResultStatus(Code):
    """処理結果状況, table 004: one person."""

    NORMAL = "1", "正常終了"
    ERROR = "2", "エラー"


class CharacterCode(Code):
    """文字コード識別, table 005. The XML declaration is trusted first (domain/flow-and-rules.md section 8)."""

    UTF_8 = "0", "UTF-8"
    SHIFT_JIS = "1", "シフトJIS"


class QualificationValidity(Code):
    """資格有効性, table 006."""

    VALID = "1", "有効"
    INVALID = "2", "無効"
    INVALID_NEWER_EXISTS = "3", "無効（新しい資格あり）"
    NOT_FOUND = "4", "該当資格なし"
    MULTIPLE = "5", "複数該当"
    VALID_UNREGISTERED = "6", "有効（未登録）"


VALIDITY = {
    QualificationValidity.VALID: Validity.VALID,
    QualificationValidity.INVALID: Validity.INVALID,
    QualificationValidity.INVALID_NEWER_EXISTS: Validity.INVALID_NEWER_EXISTS,
    QualificationValidity.NOT_FOUND: Validity.NOT_FOUND,
    QualificationValidity.MULTIPLE: Validity.MULTIPLE,
    QualificationValidity.VALID_UNREGISTERED: Validity.VALID_UNREGISTERED,
}


class SexCode(Code):
    """性別, table 007."""

    MALE = "1", "男"
    FEMALE = "2", "女"
    UNSET = "3", "未設定"


SEX = {SexCode.MALE: Sex.MALE, SexCode.FEMALE: Sex.FEMALE, SexCode.UNSET: Sex.UNSET}


class ReasonOfLoss(Code):
    """資格喪失事由, table 008."""

    DEATH = "01", "死亡"
    PUBLIC_ASSISTANCE = "02", "生活保護受給開始"
    OTHER_INSURANCE = "03", "医療保険等の資格取得"
    OTHER = "99", "その他"


class PersonalFamily(Code):
    """本人・家族の別, table 009."""

    INSURED = "1", "本人"
    FAMILY = "2", "家族"


class CardClass(Code):
    """被保険者証区分, table 010."""

    GENERAL = "01", "一般"
    RETIRED = "02", "退職"
    SHORT_TERM = "03", "短期（一般）"
    SHORT_TERM_RETIRED = "04", "短期（退職）"
    SPECIAL_CARE_PAYMENT = "05", "特別療養費支給対象者"
    SPECIAL_RETIRED = "06", "特例退職"
    SELF_DEFENCE = "07", "自衛官診療証"
    MEDICAL_ASSISTANCE = "A1", "医療扶助"


class LimitClassification(Code):
    """限度額適用認定証区分, table 011."""

    LIMIT = "01", "限度額適用認定証"
    LIMIT_AND_MEALS = "02", "限度額適用・標準負担額減額認定証"
    MEALS = "03", "標準負担額減額認定証"


class LimitCategory(Code):
    """限度額適用認定証適用区分, table 012."""

    A01 = "A01", "ア"
    A02 = "A02", "イ"
    A03 = "A03", "ウ"
    A04 = "A04", "エ"
    A05 = "A05", "オ"
    A06 = "A06", "オ（境）"
    B01 = "B01", "現役並みⅢ"
    B02 = "B02", "現役並みⅡ"
    B03 = "B03", "現役並みⅠ"
    B04 = "B04", "一般"
    B05 = "B05", "低所得Ⅱ"
    B06 = "B06", "低所得Ⅰ"
    B07 = "B07", "低所得Ⅰ（老福）"
    B08 = "B08", "低所得Ⅰ（境）"
    B09 = "B09", "一般Ⅱ"
    B10 = "B10", "一般Ⅰ"


class SpecificDisease(Code):
    """特定疾病, table 013."""

    DIALYSIS = "1", "人工透析を必要とする慢性腎不全"
    HAEMOPHILIA = "2", "先天性血液凝固因子障害"
    HIV_BY_BLOOD_PRODUCTS = "3", "血液凝固因子製剤に起因するHIV感染症"


class Preschool(Code):
    """未就学区分, table 015: there, or absent."""

    PRESCHOOL = "1", "未就学"


class ConsentFlag(Code):
    """各情報の提供同意, table 016."""

    NONE = "0", "同意なし"
    GIVEN = "1", "同意あり"
    EXPIRED = "2", "有効期限切れ"
    HARD_TO_OBTAIN = "3", "同意取得困難"


class PrescriptionIssue(Code):
    """処方箋発行形態, table 017."""

    ELECTRONIC = "1", "電子処方箋"
    PAPER = "2", "紙の処方箋"
