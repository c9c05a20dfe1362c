"""What the lines of the table share: sentences of the screens, words of the board, elements of the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

WAIT: Final = "受付に届きました。お呼びするまでお待ちください"
DESK: Final = "受付にお声がけください"
RECORDED: Final = "いまは保険を確認できません。受付は記録しました"
RECORDS: Final = "過去の記録を提供しますか"
LIMIT: Final = "限度額の情報を提供しますか"
FORM: Final = "処方箋はどちらにしますか"
REGISTER: Final = "健康保険証として利用登録しますか"

VALID: Final = {"word": "有効", "reason": "", "next": ""}
LOST: Final = {
    "word": "無効",
    "reason": "資格喪失",
    "next": "新しい保険を確認、なければ資格申立書（通常の割合）",
}
NEWER: Final = {"word": "無効", "reason": "新しい資格あり", "next": "新しい資格で照会し直す"}
NONE: Final = {
    "word": "要確認",
    "reason": "該当する資格なし",
    "next": "マイナポータルか資格情報のお知らせ、なければ申立書",
}
TWINS: Final = {"word": "要確認", "reason": "複数該当（2件）", "next": "お名前を伺い、受付で選ぶ"}
SEVERAL: Final = {"word": "要確認", "reason": "複数該当", "next": "お名前を伺い、受付で選ぶ"}
NO_TICKET: Final = {"word": "要確認", "reason": "医療券が未登録", "next": "福祉事務所に連絡"}
UNCONFIRMED: Final = {"word": "要確認", "reason": "照会できず", "next": "資格確認書などで確認、あとで照会"}
NO_E_PRESCRIPTION: Final = ("電子処方箋は不可",)

HANAKO: Final = {
    "kana": "シケン ハナコ",
    "name": "試験\u3000花子",
    "born": "昭和55年2月17日（1980）",
    "age": "46歳",
    "sex": "女",
    "insurer": "01139997",
    "payer": "架空健康保険協会東京支部",
    "insured": "12340005・67",
    "branch": "00",
    "family": "本人",
    "share": "3割",
    "limit": "ウ",
}
NOBODY: Final = {"kana": "", "name": "", "insurer": "", "insured": "", "share": "", "limit": ""}
"""Of a card whose holder is not named, and of an insurance that nobody told of, a row says nothing."""

ASKED_NOTHING: Final = "－－－－"
"""薬 診 手 健: ○ given, × refused, － not asked."""

NO_CONSENTS: Final[Mapping[str, str | None]] = {
    "PharmacistsInfoConsFlg": "0",
    "DiagnosisInfoConsFlg": "0",
    "OperationInfoConsFlg": "0",
    "SpecificHealthCheckupsInfoConsFlg": "0",
    "PharmacistsInfoConsTime": None,
    "PharmacistsInfoAvailableTime": None,
}
BY_CARD: Final[Mapping[str, str | None]] = {
    "ReferenceClassification": "1",
    "SegmentOfResult": "1",
    "ProcessingResultStatus": "1",
    "MedicalInstitutionCode": "1319999996",
    "ProcessExecutionTime": "20261005090000",
}
MEDICATION_GIVEN: Final[Mapping[str, str | None]] = {
    "PharmacistsInfoConsFlg": "1",
    "PharmacistsInfoConsTime": "20261005090000",
    "PharmacistsInfoAvailableTime": "20261006090000",
}
"""O 2.5: both times, 24 hours apart."""

DIALYSIS: Final[Mapping[str, Any]] = {"specific_disease": "1"}
