"""The English of looking people up, one certificate or a whole list: their pages and the words that these show. Data only.

The titles of a list's columns stay Japanese beside their English: the file has them so.
"""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, str]] = {
    "この受付には照会端末が設定されていません。": "This reception has no eligibility terminal.",
    "の回答": "",
    # Eras
    "令和": "Reiwa",
    "平成": "Heisei",
    "昭和": "Showa",
    "大正": "Taisho",
    "明治": "Meiji",
    "西暦": "Western",
    # Days
    "月": "Mon",
    "火": "Tue",
    "水": "Wed",
    "木": "Thu",
    "金": "Fri",
    "土": "Sat",
    "日": "Sun",
    "きょう": "Today,",
    "あす": "Tomorrow,",
    "あさって": "In two days,",
    # A list that is under way, and its rows
    "照会の一覧を作っています": "Writing the list",
    "資格確認システムの結果を待っています（数分かかることがあります）": "Waiting for the national eligibility system (this can take minutes)",
    "結果を読んでいます": "Reading the result",
    "照会していません": "not looked up",
    "窓口で1件ずつ照会する": "Look up one by one at the desk",
    # Why there is no answer
    "照会端末のフォルダーにつながりません。端末の電源とLANを確かめてください。": "The eligibility terminal's folder cannot be reached. Check its power and network.",
    "照会端末のソフトが動いていないようです。端末を確かめてください。": "The terminal's software does not seem to run. Look at the terminal.",
    "資格確認システムから返事がありません。少し待って、もう一度照会してください。": "The national eligibility system does not answer. Wait a little and look up again.",
    "資格確認システムがまだ処理中です。少し待って、もう一度照会してください。": "The national eligibility system is still at work. Wait a little and look up again.",
    "照会が混み合っています。少し待って、もう一度照会してください。": "Too many look-ups at once. Wait a little and look up again.",
    "返ってきた答えがこの照会のものと確かめられないため、表示しません。もう一度照会してください。": "The answer may not belong to this look-up and is not shown. Look up again.",
    "この文字は照会に使えません。記号と番号を券面と見比べてください。": "These characters cannot be looked up. Compare symbol and number with the certificate.",
    # What was typed
    "保険者番号は8桁（国民健康保険は6桁）で入れてください。": "The insurer number has 8 digits (6 for National Health Insurance).",
    "保険者番号が違うようです。もう一度、券面と見比べてください。": "The insurer number seems to be wrong. Compare it with the certificate again.",
    "番号を入れてください。": "Type the number.",
    "枝番は2桁の数字で入れてください。": "The branch number has 2 digits.",
    "記号と番号に、照会に使えない文字があります。": "Symbol or number has characters that cannot be looked up.",
    "記号と番号は20文字までです。": "Symbol and number have at most 20 characters.",
    "生年月日を数字で入れてください。": "Type the birth date in digits.",
    # A file
    "CSVとして読めません。もう一度書き出してください。": "This cannot be read as CSV. Export it again.",
    "照会する行がありません。": "There are no rows to look up.",
    "文字が読めません。UTF-8かShift_JISのCSVにしてください。": "The characters cannot be read. Save the CSV as UTF-8 or Shift_JIS.",
    "いつの予約かを選んでください。": "Choose the day of the appointments.",
}

PATTERNS: Final = (
    (r"(\d+)月(\d+)日（(.)）", "{0}/{1} ({2})"),
    (r"(きょう|あす|あさって) (.+)", "{0} {1}"),
    (r"入力は1つの欄につき(\d+)文字までです。", "At most {0} characters in each field."),
    (r"一度に照会できるのは(\d+)件までです。", "At most {0} rows can be looked up at once."),
    (r"1行目に見出しの列がありません: (.+)", "The first line lacks the columns {raw[0]}."),
    (r"きょうから(\d+)日先までの予約を照会できます。", "Appointments from today to {0} days ahead can be looked up."),
    (
        r"この番号は照会できませんでした（(.+)）。券面と見比べてください。",
        "This number could not be looked up ({0}). Compare it with the certificate.",
    ),
    (
        r"この番号は照会できませんでした(.*)。券面と見比べてください。",
        "This number could not be looked up{0}. Compare it with the certificate.",
    ),
    (
        r"資格確認システムが今は答えられません（(.+)）。少し待って、もう一度照会してください。",
        "The national eligibility system cannot answer now ({0}). Wait a little and look up again.",
    ),
    (
        r"資格確認システムが今は答えられません(.*)。少し待って、もう一度照会してください。",
        "The national eligibility system cannot answer now{0}. Wait a little and look up again.",
    ),
)

PAGES: Final[dict[str, dict[str, str]]] = {
    "lookup": {
        "保険者番号": "Insurer no.",
        "8桁か6桁": "8 or 6 digits",
        "記号": "Symbol",
        "なければ空のまま": "empty if there is none",
        "枝番": "Branch no.",
        "わかれば2桁": "2 digits, if known",
        "元号": "Era",
        "年": "y",
        "月": "m",
        "日": "d",
        "限度額区分も照会する": "Ask for the limit category",
        "ご本人の同意があるときだけ": "only if the patient agrees",
        "照会する": "Look up",
        "入力を消す": "Clear",
        "枝番を選ぶ": "Choose the branch number",
        "同じ番号の方が複数います。お名前を伺い、左のボタンで枝番を選んでください。": "Several people have this number. Ask the name and choose the branch number on the left.",
        "同じ番号の方が複数います。お名前を伺い、枝番を入れて、もう一度照会してください。": "Several people have this number. Ask the name, type the branch number and look up again.",
        "負担割合": "Co-payment",
        "限度額": "Limit category",
        "記号・番号": "Symbol, number",
        "資格取得": "Coverage since",
        "資格喪失": "Coverage ended",
        "番号照会": "Looked up by number,",
        "資格確認書の番号と生年月日で、いまの資格を確かめます。": "The numbers on the certificate and the birth date tell whether the coverage is valid now.",
    },
    "list": {
        "予約の一覧をCSVで選んでください。1行目は見出しです。": "Choose the list of appointments, a CSV file. Its first line names the columns.",
        "保険者番号　番号　生年月日": "保険者番号 (insurer number), 番号 (number), 生年月日 (birth date)",
        "患者氏名　記号　枝番": "and, if there are: 患者氏名 (name), 記号 (symbol), 枝番 (branch number)",
        "いつの予約": "Day",
        "CSVファイル": "CSV file",
        "まとめて照会する": "Look up all",
        "予約の方の資格をまとめて確かめます。": "Checks the eligibility of everybody with an appointment.",
        "結果はその日が終わるまでここに残ります。": "The result stays here until that day is over.",
    },
    "listed": {
        "件": " rows",
        "行": "Line",
        "次にすること": "What to do",
        "すべて有効でした。": "All are valid.",
        "一括照会": "Bulk look-up,",
        "の回答　当日に来院されたとき、あらためて照会します": "— patients are looked up again when they come",
    },
}
