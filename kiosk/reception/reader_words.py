"""The board's Japanese for arrivals at the official reader, and for what a list had said before."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.eligibility.terminal.filed import FoundBy
from kiosk.reception.words import Tone, Verdict

READER = "カードリーダー"
"""顔認証付きカードリーダー, as short as a column is wide."""

CAME = "顔認証付きカードリーダーで受付（こちらの受付機ではありません）"

_UNREADABLE = "結果が読めません"
_ASK_THE_TERMINAL = "照会端末の画面で確認する"
_FAILURES = {
    "mismatch": "ほかの医院か複数の方の結果です。",
    "encrypted": "暗号化されています。",
    "too_large": "大きすぎます。",
    "not_a_file": "ファイルではありません。",
}


@dataclass(frozen=True)
class Whose:
    """Whose arrival it is: the clinic's number for them ("" where none is sure), a word beside the name, all of it.

    `look`: somebody must look.
    """

    number: str
    word: str
    sentence: str
    look: bool = False


def failed(code: str) -> Verdict:
    """The verdict where somebody was at the reader, and its file tells of no eligibility that can be believed."""
    return Verdict(Tone.CHECK, "要確認", _UNREADABLE, _FAILURES.get(code, "") + _ASK_THE_TERMINAL)


def whose(found: FoundBy, patient: str | None, number: str | None) -> Whose:
    """Whose arrival it is. `patient` is the number as reception knows it, `number` the one in the answer (照会番号)."""
    match found:
        case FoundBy.REFERENCE_NUMBER:
            return Whose(patient or "", "", "照会番号、氏名、生年月日がこれまでの記録と一致しました")
        case FoundBy.NAME_AND_BIRTH_DATE | FoundBy.INSURANCE if patient:
            return Whose(patient, "氏名で一致", "照会番号は未登録。氏名と生年月日がこれまでの記録と一致しました")
        case FoundBy.NAME_AND_BIRTH_DATE | FoundBy.INSURANCE:
            return Whose("", "番号未登録", "前にも来院された方です。照会番号はまだ登録されていません")
        case FoundBy.SEVERAL:
            return Whose("", "複数該当", "同じ照会番号か、同じ氏名と生年月日の方が複数います", look=True)
        case FoundBy.CONTRADICTION:
            sentence = f"照会番号{f' {number} ' if number else ''}と氏名・生年月日が、これまでの記録と合いません"
            return Whose("", "照会番号不一致", sentence, look=True)
        case FoundBy.NOBODY if number:
            return Whose(number, "記録なし", "この照会番号の方は、この受付の記録にありません")
        case FoundBy.NOBODY:
            return Whose("", "照会番号なし", "照会番号がなく、この受付の記録にもありません。初診か確認してください")


def told_early(day: str, at: str) -> tuple[str, str]:
    """What a list had said before the patient came: a word, and the whole sentence."""
    return f"{day} 一括照会", f"{at} の一括照会の結果です。きょうの答えはまだありません。番号で照会し直しています"
