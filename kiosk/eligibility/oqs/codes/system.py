"""Codes of the system around the look-up: tables 040, 041, 042, 044."""

from __future__ import annotations

from kiosk.eligibility.oqs.codes.code import Code


class EmergencyData(Code):
    """情報種類（救急等）, table 040."""

    SUMMARY = "1", "救急サマリー", "emergency summary"
    ALL = "2", "全量", "everything"
    PRESCRIPTIONS_AND_BOTH = "3", "電子処方箋＋両方", "electronic prescriptions and both"
    MEDICATION = "4", "現行薬剤", "current medication"
    DIAGNOSIS_AND_MEDICATION = "5", "現行診療・薬剤", "current diagnosis and medication"
    CHECKUP = "6", "現行特定健診", "current check-up"


class AuthenticationFactor(Code):
    """認証要素, table 041."""

    MEMORY = "1", "記憶", "what one knows"
    BIOMETRIC = "2", "生体", "what one is"
    POSSESSION = "3", "物理", "what one has"


class MemoryMeans(Code):
    """認証手段, table 042, under factor 1."""

    PASSWORD = "01", "ID・パスワード", "id and password"
    PIN = "02", "PIN", "PIN"
    SECRET_QUESTION = "03", "秘密の質問", "secret question"


class BiometricMeans(Code):
    """認証手段, table 042, under factor 2."""

    FINGERPRINT = "01", "指紋", "fingerprint"
    FACE = "02", "顔", "face"
    VOICE = "03", "音声", "voice"
    VEIN = "04", "静脈", "vein"
    IRIS = "05", "虹彩", "iris"


class PossessionMeans(Code):
    """認証手段, table 042, under factor 3."""

    IC_CARD = "01", "ICカード", "IC card"
    ONE_TIME_PASSWORD = "02", "ワンタイムパスワード", "one-time password"
    OTHER = "03", "その他", "other"


class LinkedSystem(Code):
    """連携システムID, table 044, the digits as our source has them (one of two, the others of one)."""

    MEDICAL_SUBSIDY = "01", "医療費助成", "medical subsidy"
    MATERNAL_CHILD = "2", "母子保健", "maternal and child health"
    VACCINATION = "4", "予防接種", "vaccination"
    LONG_TERM_CARE = "8", "介護保険", "long-term care insurance"
