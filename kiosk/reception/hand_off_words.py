"""How far the hand-off to the claims computer is, as a word on the board's row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from kiosk.reception.hand_off_rows import HandOffRow, HandOffState


class HandedWord(NamedTuple):
    """A word and a sentence; `look`: somebody should."""

    word: str
    sentence: str
    look: bool


_REASONS: Final = {
    "simulated": "模擬の結果は、このフォルダーには渡しません",
    "not_simulated": "本物の結果は、試験用のフォルダーには渡しません",
    "unencodable": "Shift_JISにない文字があるため、渡せません",
}
_WAITING: Final = (HandOffState.QUEUED, HandOffState.NAMED, HandOffState.READY)


def of(rows: Sequence[HandOffRow]) -> HandedWord | None:
    """What to say of a check-in: of its last answer that is for the claims computer at all."""
    last = next((row for row in reversed(rows) if row.state is not HandOffState.NOTHING), None)
    if last is None:
        return None
    if last.state is HandOffState.REFUSED:
        said = _REASONS.get(last.reason or "", "レセコンが受け取れる形に書けません")
        return HandedWord("レセコンに渡せません", f"{said}。画面の内容を手で入力してください", look=True)
    if last.state in _WAITING:
        return HandedWord("レセコン送信待ち", "結果渡しフォルダーに書くのを待っています", look=False)
    word, said = ("取込済", "レセコンが取り込みました")
    if last.state is HandOffState.WRITTEN:
        word, said = ("取込待ち", "レセコンの取り込みを待っています")
    if last.gaiji:
        return HandedWord(
            f"{word}・●あり", f"{said}。Shift_JISにない文字は ● で渡しました。券面で確認してください", look=True
        )
    return HandedWord(word, said, look=False)
