"""The English of the search and of the day: their pages and the words that these show. Data only."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, str]] = {
    # The search
    "氏名カナ、生年月日、番号": "Kana, birth date, number",
    "氏名カナのはじめ（ミホン）　生年月日（S16.4.2　昭和16年4月2日　1941/4/2）　番号（A012　12）": "Beginning of the name in kana, birth date (S16.4.2, 1941/4/2), number (A012, 12)",
    "見つかりませんでした。": "Nothing was found.",
    "新しいものから": "The newest ",
    "件までです。もう少し長く入れてください。": " only. Type some more.",
    "生年月日": "Birth date",
    "氏名": "Name",
    "時刻": "Time",
    "方法": "Method",
    "氏名カナ、生年月日、番号のどれかを入れてください。": "Type a kana name, a birth date or a number.",
    "漢字では探せません。氏名カナ、生年月日（S16.4.2 や 1941/4/2）、番号（A012）で探せます。": "Kanji cannot be searched. Kana names, birth dates (S16.4.2, 1941/4/2) and numbers (A012) can.",
    "生年月日が暦にありません。": "There is no such day.",
    "生年月日が今日より先になっています。": "That birth date is in the future.",
    "生年月日の年を確かめてください。": "Check the year of birth.",
    # The day
    "前の日": "Day before",
    "次の日": "Day after",
    "日付": "Date",
    "見る": "Show",
    "印刷（A4）": "Print (A4)",
    "に印刷": " printed",
    "合計": "Totals",
    "来院": "Visits",
    "受付機での時間（中央値）": "Time at the kiosk (median)",
    "うち模擬": "of them simulated",
    "時間帯と方法": "Hours and methods",
    "時": "h",
    "来院はありません。": "No visits.",
    "引き継ぎ": "Hand-over",
    "まだ終わっていない受付": "Not finished",
    "終わっていない受付はありません。": "Everything is finished.",
    "続いている障害": "Standing troubles",
    "申し送り": "Notes",
    "締めの確認": "Closing check",
    "受付機から届いていない受付": "Still at a kiosk",
    "が締めました（残り": " closed the day (open",
    "件、未着": ", at a kiosk",
    "件）。": ").",
    "残っていることを確かめました": "I know what is left",
    "本日を締める": "Close the day",
    "残っている受付があります。確かめてから、もう一度締めてください。": "Something is left. Look at it, then close again.",
}

PATTERNS: Final = (
    (r"(\d+)時台 (.+) (\d+)人", "{0}:00 {1} {2}"),
    (r"時間帯ごとの来院数。最も多いのは(\d+)時台の(\d+)人。", "Visits by hour; most at {0}:00 ({1})."),
    (r"(\d+)文字までで入れてください。", "At most {0} characters."),
    (r"この日は(.+)ではありません。", "That day is not in this era."),
)

PAGES: Final[dict[str, dict[str, str]]] = {
    "search": {"枝番": "branch "},
}
"""What a text means on one page, by that page's name: before `WORDS`."""
