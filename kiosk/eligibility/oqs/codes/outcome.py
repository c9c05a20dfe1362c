"""How a message and a look-up ended: tables 002 to 006. They decide, so a reader must know them."""

from __future__ import annotations

from kiosk.eligibility.oqs.codes.code import Code
from kiosk.record.eligibility import Validity


class ReferenceClassification(Code):
    """照会区分, table 002: what the patient showed."""

    CARD = "1", "マイナンバーカード", "My Number Card"
    INSURED_NUMBER = "2", "被保険者証情報", "insurer and insured number"


class SegmentOfResult(Code):
    """処理結果区分, table 003: the whole file."""

    NORMAL = "1", "正常終了", "done"
    PROCESSING = "2", "処理中", "still processing"
    FAILED = "9", "異常終了", "failed"


class ProcessingResultStatus(Code):
    """処理結果状況, table 004: one person."""

    NORMAL = "1", "正常終了", "done"
    ERROR = "2", "エラー", "error"


class CharacterCode(Code):
    """文字コード識別, table 005.

    One source lists 1 and 2 instead; every real message seen has 0 beside UTF-8. Written, never believed: the bytes and
    the XML declaration decide (domain/flow-and-rules.md section 8).
    """

    UTF_8 = "0", "UTF-8", "UTF-8"
    SHIFT_JIS = "1", "シフトJIS", "Shift_JIS"


class QualificationValidity(Code):
    """資格有効性, table 006."""

    VALID = "1", "有効", "valid"
    INVALID = "2", "無効", "not valid"
    INVALID_NEWER_EXISTS = "3", "無効（新しい資格あり）", "not valid, a newer one exists"
    NOT_FOUND = "4", "該当資格なし", "not found"
    MULTIPLE = "5", "複数該当", "more than one match"
    VALID_UNREGISTERED = "6", "有効（未登録）", "valid, ticket not registered"


VALIDITY = {
    QualificationValidity.VALID: Validity.VALID,
    QualificationValidity.INVALID: Validity.INVALID,
    QualificationValidity.INVALID_NEWER_EXISTS: Validity.INVALID_NEWER_EXISTS,
    QualificationValidity.NOT_FOUND: Validity.NOT_FOUND,
    QualificationValidity.MULTIPLE: Validity.MULTIPLE,
    QualificationValidity.VALID_UNREGISTERED: Validity.VALID_UNREGISTERED,
}
