"""Who the person is and what the person agreed to: tables 007, 008, 009, 015, 016, 017."""

from __future__ import annotations

from kiosk.eligibility.oqs.codes.code import Code
from kiosk.record.eligibility import Sex


class SexCode(Code):
    """性別, table 007."""

    MALE = "1", "男", "male"
    FEMALE = "2", "女", "female"
    UNSET = "3", "未設定", "not set"


SEX = {SexCode.MALE: Sex.MALE, SexCode.FEMALE: Sex.FEMALE, SexCode.UNSET: Sex.UNSET}


class ReasonOfLoss(Code):
    """資格喪失事由, table 008."""

    DEATH = "01", "死亡", "death"
    PUBLIC_ASSISTANCE = "02", "生活保護受給開始", "public assistance began"
    OTHER_INSURANCE = "03", "医療保険等の資格取得", "other insurance began"
    OTHER = "99", "その他", "other"


class PersonalFamily(Code):
    """本人・家族の別, table 009."""

    INSURED = "1", "本人", "insured person"
    FAMILY = "2", "家族", "family member"


class Preschool(Code):
    """未就学区分, table 015: there, or absent."""

    PRESCHOOL = "1", "未就学", "preschool child"


class ConsentFlag(Code):
    """各情報の提供同意, table 016. 2 occurs in home and online care only, 3 in emergencies only."""

    NONE = "0", "同意なし", "no consent"
    GIVEN = "1", "同意あり", "consent given"
    EXPIRED = "2", "有効期限切れ", "consent expired"
    HARD_TO_OBTAIN = "3", "同意取得困難", "consent hard to obtain"


class PrescriptionIssue(Code):
    """処方箋発行形態, table 017."""

    ELECTRONIC = "1", "電子処方箋", "electronic prescription"
    PAPER = "2", "紙の処方箋", "paper prescription"
