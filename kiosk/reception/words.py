"""The board's Japanese: stages, reasons, validity and what to do about it, categories, eras. Data, no logic beyond dates.

Sources: domain/flow-and-rules.md 3.5 (validity and the next step), domain/oqs-interface.md section 3 (codes 009, 012).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kiosk.record.checkin import Prescription
from kiosk.record.consent import ConsentItem, ConsentState
from kiosk.record.dates import Notice
from kiosk.record.door import HelpReason
from kiosk.record.eligibility import Sex, Validity
from kiosk.record.identity import Method


class Tone(StrEnum):
    """How a status looks: each has its own icon, word and colour."""

    VALID = "valid"
    INVALID = "invalid"
    CHECK = "check"


@dataclass(frozen=True)
class Verdict:
    """A validity in the desk's words: the short word, why, and the next step."""

    tone: Tone
    word: str
    reason: str
    next_step: str


VERDICTS = {
    Validity.VALID: Verdict(Tone.VALID, "有効", "", ""),
    Validity.INVALID: Verdict(Tone.INVALID, "無効", "資格喪失", "新しい保険を確認、なければ資格申立書（通常の割合）"),
    Validity.INVALID_NEWER_EXISTS: Verdict(Tone.INVALID, "無効", "新しい資格あり", "新しい資格で照会し直す"),
    Validity.NOT_FOUND: Verdict(
        Tone.CHECK, "要確認", "該当する資格なし", "マイナポータルか資格情報のお知らせ、なければ申立書"
    ),
    Validity.MULTIPLE: Verdict(Tone.CHECK, "要確認", "複数該当", "お名前を伺い、受付で選ぶ"),
    Validity.VALID_UNREGISTERED: Verdict(Tone.CHECK, "要確認", "医療券が未登録", "福祉事務所に連絡"),
    Validity.UNCONFIRMED: Verdict(Tone.CHECK, "要確認", "照会できず", "資格確認書などで確認、あとで照会"),
}

NO_CARD_VERDICT = Verdict(Tone.CHECK, "カードなし", "番号を取りました", "資格確認書などで確認、番号で照会")
"""For who came without a card and took a number (P90)."""

RESTING = {"restarting": "再起動しています"}
"""Why nobody begins at a kiosk, where it is not 休止中."""

AFTER_THIS_VISIT = "この方の受付が終わると再起動します"
NOT_RESTARTED = "再起動できませんでした。設定した人に連絡してください"
SENT_TO_KIOSK = "受付機に送りました…"
NO_ANSWER = "受付機から応答がありませんでした"

UNVOUCHED = "目視確認の記録なし"
"""On a row whose kiosk says that staff confirmed the person, where reception knows of no such check."""

STAGES = {
    "idle": "待機中",
    "farewell": "待機中",
    "reading": "カードを読んでいます",
    "refused": "使えないカードです",
    "choosing_method": "確認方法を選んでいます",
    "reading_front": "カードの表を読んでいます",
    "placing_again": "カードを置き直しています",
    "typing_check_number": "カードの番号を入力しています",
    "looking_at_face": "顔を確認しています",
    "typing_pin": "暗証番号を入力しています",
    "offering_last_try": "暗証番号 残り1回",
    "staff_entrance": "職員が操作中",
    "comparing": "目視で確認中",
    "asking_limit": "限度額の提供を選んでいます",
    "verifying": "資格を照会しています",
    "offering_registration": "利用登録を選んでいます",
    "consenting": "同意を選んでいます",
    "providing_limit": "限度額の提供を選んでいます",
    "choosing_prescription": "処方箋を選んでいます",
    "concluding": "同意を登録しています",
    "noting_arrival": "受付を登録しています",
    "committing": "受付を登録しています",
    "checked_in": "受付が終わりました",
    "taking_card": "カードを取ってもらっています",
    "putting_back": "カードが抜かれました",
}
"""Words for stages as heartbeats name them (the stages of kiosk.visit in snake_case)."""

STOPPED_AT = {
    "reading": "カード",
    "choosing_method": "確認方法",
    "reading_front": "カードの表",
    "placing_again": "カードの置き直し",
    "typing_check_number": "カードの番号",
    "looking_at_face": "顔",
    "typing_pin": "暗証番号",
    "offering_last_try": "暗証番号",
    "staff_entrance": "目視確認",
    "comparing": "目視確認",
    "asking_limit": "限度額の確認",
    "verifying": "資格の照会",
    "offering_registration": "利用登録",
}
"""Where a visit that reached no answer ended, in a word."""

HELP = {
    HelpReason.CALLED: "お客様が呼んでいます",
    HelpReason.FACE_FAILED: "顔が一致しませんでした",
    HelpReason.PIN_LOCKED: "暗証番号がロックされました",
    HelpReason.CARD_UNUSABLE: "カードが使えません",
    HelpReason.CARD_LEFT: "カードの取り忘れです",
    HelpReason.STOPPED: "受付が途中で終わりました",
    HelpReason.TROUBLE: "受付機の調子が悪いようです",
    HelpReason.CAMERA_NOT_THERE: "カメラがつながっていません",
    HelpReason.CAMERA_BUSY: "カメラを別のプログラムが使っています",
    HelpReason.CAMERA_NO_PERMISSION: "カメラを使う権限がありません",
    HelpReason.CAMERA_NOT_A_CAMERA: "設定された機器はカメラではありません",
    HelpReason.CAMERA_SILENT: "カメラから映像が来ません",
    HelpReason.CAMERA_FROZEN: "カメラの映像が止まっています",
    HelpReason.CAMERA_BLACK: "カメラが覆われているか、真っ暗です",
    HelpReason.CAMERA_UNPLUGGED: "カメラが抜けました",
}

HELP_NEXT = {
    HelpReason.CALLED: "声をかける",
    HelpReason.FACE_FAILED: "目視確認か暗証番号をご案内",
    HelpReason.PIN_LOCKED: "顔か目視確認をご案内（解除は市区町村の窓口）",
    HelpReason.CARD_UNUSABLE: "資格確認書などで受付",
    HelpReason.CARD_LEFT: "すぐにお返しする",
    HelpReason.STOPPED: "受付をお手伝いする",
    HelpReason.TROUBLE: "受付で対応する",
    HelpReason.CAMERA_NOT_THERE: "暗証番号か目視確認をご案内。カメラの線を確かめる",
    HelpReason.CAMERA_BUSY: "暗証番号か目視確認をご案内。受付機を再起動する",
    HelpReason.CAMERA_NO_PERMISSION: "暗証番号か目視確認をご案内。設定した人に連絡する",
    HelpReason.CAMERA_NOT_A_CAMERA: "暗証番号か目視確認をご案内。設定した人に連絡する",
    HelpReason.CAMERA_SILENT: "暗証番号か目視確認をご案内。カメラの線を抜き差しする",
    HelpReason.CAMERA_FROZEN: "暗証番号か目視確認をご案内。カメラの線を抜き差しする",
    HelpReason.CAMERA_BLACK: "暗証番号か目視確認をご案内。カメラの前と明かりを確かめる",
    HelpReason.CAMERA_UNPLUGGED: "暗証番号か目視確認をご案内。カメラの線を差す",
}

TROUBLE_OFFLINE = "受付機の電源とLANを確かめる。戻るまで窓口で受付する"
TROUBLE_PARKED = "受付機の番号札の方を窓口で受付し、設定した人に連絡する"
TROUBLE_PENDING = "LANを確かめる。待っている方がいれば番号をお聞きする"
TROUBLE_CLOCK = "受付機を再起動する。直らなければ設定した人に連絡する"
TROUBLE_FAILURES = "受付機の前で、カメラとカードの置き場所を確かめる"
TROUBLE_READER_AWAY = "カードリーダーの結果が読めません"
TROUBLE_READER_AWAY_NEXT = "照会端末の電源とLANを確かめる"
TROUBLE_AUTHORITY_NEXT = "管理者に知らせる（kiosk reception renew-authority で更新）"
TROUBLE_AUTHORITY_OUTDATED = "受付サーバーの認証局が古いものに戻っています"
TROUBLE_AUTHORITY_OUTDATED_NEXT = "管理者に知らせる（最新のバックアップで kiosk reception renew-authority）"
TROUBLE_CERTIFICATE_NEXT = "受付機の電源とLANを確かめる。切れたら受付機で kiosk enrol をやり直す"
TROUBLE_UNVOUCHED_NEXT = "窓口で本人かどうかを確認し、管理者に知らせる"
TROUBLE_AUDIT = "監査記録が受付機の控えと合いません"
TROUBLE_AUDIT_NEXT = "管理者に知らせる"
"""Sentences and next steps of the trouble lane that no record's value stands behind."""

NO_CARD = "カードなし"
"""Instead of a method: somebody took a number without a card."""

METHODS = {Method.FACE: "顔", Method.PIN: "暗証番号", Method.VISUAL: "目視"}

SEXES = {Sex.MALE: "男", Sex.FEMALE: "女", Sex.UNSET: "性別なし"}

CONSENT_MARKS = (
    (ConsentItem.MEDICATION, "薬", "薬剤情報"),
    (ConsentItem.DIAGNOSIS, "診", "診療情報"),
    (ConsentItem.SURGERY, "手", "手術情報"),
    (ConsentItem.CHECKUP, "健", "健診情報"),
)

CONSENT_STATES = {
    ConsentState.GIVEN: "同意あり",
    ConsentState.REFUSED: "同意なし",
    ConsentState.NOT_ASKED: "確認していません",
}

NOTICES = {Notice.EXPIRING: "証明書の期限間近", Notice.GRACE: "証明書の期限切れ（猶予）"}

PRESCRIPTIONS = {Prescription.ELECTRONIC: "電子処方箋", Prescription.PAPER: "紙の処方箋"}

LIMITS = {
    "A01": "ア",
    "A02": "イ",
    "A03": "ウ",
    "A04": "エ",
    "A05": "オ",
    "A06": "オ(境)",
    "B01": "現役並みⅢ",
    "B02": "現役並みⅡ",
    "B03": "現役並みⅠ",
    "B04": "一般",
    "B05": "低所得Ⅱ",
    "B06": "低所得Ⅰ",
    "B07": "低所得Ⅰ(老福)",
    "B08": "低所得Ⅰ(境)",
    "B09": "一般Ⅱ",
    "B10": "一般Ⅰ",
}

MEDICAL_ASSISTANCE = "A1"
"""医療扶助: its "insurer" is the welfare office."""

CARD_CLASSES = {
    "02": "退職",
    "03": "短期",
    "04": "退職・短期",
    "05": "特別療養費",
    "06": "特例退職",
    "07": "自衛官",
    MEDICAL_ASSISTANCE: "医療扶助",
}
"""被保険者証区分 other than the general one (01), code table 010: each changes what the desk charges or to whom."""

INSURED_OR_FAMILY = {"insured": "本人", "family": "家族"}
"""本人・家族の別 as the codec names code table 009 (`kiosk.eligibility.oqs.reading`)."""

_ERAS = (
    (date(2019, 5, 1), "令和"),
    (date(1989, 1, 8), "平成"),
    (date(1926, 12, 25), "昭和"),
    (date(1912, 7, 30), "大正"),
    (date(1868, 1, 25), "明治"),
)


def japanese_date(day: date) -> str:
    """`day` in the era calendar, its Christian year behind it: 昭和16年4月2日（1941）."""
    for first, era in _ERAS:
        if day >= first:
            year = day.year - first.year + 1
            return f"{era}{'元' if year == 1 else year}年{day.month}月{day.day}日（{day.year}）"
    return f"{day.year}年{day.month}月{day.day}日"


def age(born: date, today: date) -> int:
    """Full years on `today`."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def kiosk_name(kiosk_id: str) -> str:
    """What the desk calls a kiosk: 受付機 A for `a` and `kiosk-a`, else its id."""
    short = kiosk_id.removeprefix("kiosk-")
    return f"受付機 {short.upper() if len(short) <= 2 else short}"
