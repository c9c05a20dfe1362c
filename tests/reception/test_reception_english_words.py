"""English second, in the sources: no Japanese that somebody at the staff door can read is without its English.

The Japanese is found where it is written, in every module and every page, so that a new sentence cannot be forgotten.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import jinja2
import pytest

import kiosk.reception
from kiosk.reception import english, language, templates

ROOM = Path(kiosk.reception.__file__).parent
PAGES = sorted(path.stem for path in templates.PAGES.glob("*.html"))
SCRIPTS = sorted(path.name for path in (templates.PAGES / "static").glob("*.js"))

NOT_SAID = {
    "kana": "tables of kana, by which names are folded",
    "day_csv": "a file for the clinic's other software, which knows its columns by their Japanese titles",
    **dict.fromkeys((part.__name__.rpartition(".")[2] for part in english.PARTS), "the English itself"),
}
"""Modules whose Japanese nobody reads on a page, and why."""

NOT_SAID_OF = {
    "language": {"JAPANESE": "which characters are Japanese"},
    "list_words": {"_WEEKDAYS": "seven words of one character, shown one at a time"},
    "lists": {"_TITLES": "the titles of a file's columns, which are Japanese", "_DAY": "how a file writes a day"},
    "searching": {
        "_ERA": "how a day is typed",
        "_PARTS": "how a day is typed",
        "_DATES": "how a day is typed",
        "_KANA": "which letters are kana",
    },
    "hand_off": {"MARK_TEXT": "a file in the clinic's own folder, for whoever opens it there"},
}
"""Names in other modules to which Japanese is given that nobody reads on a page, and why."""

KEPT = {"ア", "イ", "ウ", "エ", "オ", "オ(境)"}
"""The limit categories keep their kana beside the English: they are what the certificate says."""

SAMPLE = "7"
"""What stands in a sentence where something is put into it."""


def samples(node: ast.expr) -> Iterator[str]:
    """Texts that an expression may be, as far as they are written here; whatever it takes from elsewhere is a sample."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        for parts in itertools.product(*(tuple(samples(part)) for part in node.values)):
            yield "".join(parts)
    elif isinstance(node, ast.FormattedValue):
        yield from samples(node.value)
    elif isinstance(node, ast.IfExp):
        yield from samples(node.body)
        yield from samples(node.orelse)
    else:
        yield SAMPLE


def names_of(node: ast.AST) -> set[str]:
    """The names that a statement gives something to."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def sentences(node: ast.AST, skipped: Iterable[str]) -> Iterator[str]:
    """Every Japanese text below `node`, without docstrings, what is only compared, and what is given to a skipped name."""
    if names_of(node) & set(skipped):
        return
    if isinstance(node, ast.Compare) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return
    if isinstance(node, (ast.JoinedStr, ast.Constant)):
        yield from (text for text in samples(node) if language.JAPANESE.search(text))
        return
    for child in ast.iter_child_nodes(node):
        yield from sentences(child, skipped)


MODULES = {path.stem: path for path in sorted(ROOM.glob("*.py")) if path.stem not in NOT_SAID}


@pytest.mark.parametrize("module", MODULES)
def test_every_sentence_of_a_module_has_its_english(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    found = set(sentences(tree, NOT_SAID_OF.get(module, {})))
    unsaid = {text for text in found if language.JAPANESE.search(language.in_english(text))}
    assert unsaid - KEPT == set()


def test_weekdays_are_said_one_at_a_time() -> None:
    said = [language.in_english(f"11月24日（{day}）") for day in "月火水木金土日"]
    assert said == [f"11/24 ({day})" for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")]


def test_nothing_is_left_out_that_is_not_there() -> None:
    for module in NOT_SAID:
        assert (ROOM / f"{module}.py").exists(), module
    for module, names in NOT_SAID_OF.items():
        tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
        assert set(names) <= {name for node in ast.walk(tree) for name in names_of(node)}, module


@pytest.mark.parametrize("page", PAGES)
def test_every_text_of_a_page_has_its_english(page: str) -> None:
    source = (templates.PAGES / f"{page}.html").read_text(encoding="utf-8")
    known = english.WORDS.keys() | english.PAGES.get(page, {}).keys()
    assert [run for run in language.runs(source) if run not in known] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_text_in_the_code_of_a_page_has_its_english(page: str) -> None:
    source = (templates.PAGES / f"{page}.html").read_text(encoding="utf-8")
    told = [value[1:-1] for _, kind, value in jinja2.Environment(autoescape=True).lex(source) if kind == "string"]
    japanese = [text for text in told if language.JAPANESE.search(text) and text != "日本語"]
    assert [text for text in japanese if language.in_english(text, page) == text] == []


@pytest.mark.parametrize(
    ("said", "in_english"),
    [
        ("昭和16年4月2日（1941）", "1941/4/2"),
        ("令和元年5月1日（2019）", "2019/5/1"),
        ("受付機 Aから応答がありません", "Kiosk A does not answer"),
        ("受付機 Bの時計が約2分遅れています", "Kiosk B: its clock is about 2 min slow"),
        ("薬剤情報：同意あり（9:00 まで閲覧できます）", "Medication: agreed (until 9:00)"),
        ("前回（11/24）は 保険者番号 06139999、負担 1割", "Last time (11/24): insurer 06139999, Co-pay 10%"),
        ("複数該当（2件）", "several matches (2)"),
        ("受付が途中で終わりました（暗証番号）", "A check-in ended half-way (PIN)"),
        ("続けて間違えたため、あと3分お待ちください。", "Too many wrong tries. Wait another 3 min."),
        ("パスキー 2個・パスワードと確認コード", "passkeys: 2; password and code"),
        ("2027/2/22（あと90日）", "2027/2/22 (90 days left)"),
        ("あす 11月25日（水）", "Tomorrow, 11/25 (Wed)"),
        ("1行目に見出しの列がありません: 番号、生年月日", "The first line lacks the columns 番号、生年月日."),
        (
            "この番号は照会できませんでした（OQS01）。券面と見比べてください。",
            "This number could not be looked up (OQS01). Compare it with the certificate.",
        ),
        ("ミホン ハナコ", "ミホン ハナコ"),
    ],
)
def test_texts_with_something_in_them(said: str, in_english: str) -> None:
    assert language.in_english(said) == in_english


def test_a_text_means_on_a_page_what_it_means_there() -> None:
    assert (language.in_english("番号"), language.in_english("番号", "audit")) == ("Number", "No.")


def test_a_text_stands_once() -> None:
    for found in (
        Counter(text for part in english.PARTS for text in part.WORDS),
        Counter(pattern.pattern for pattern, _ in english.PATTERNS),
    ):
        assert [text for text, times in found.items() if times > 1] == []
    assert set(english.PAGES) <= set(PAGES)


def test_what_a_page_says_of_its_own_stands_on_it() -> None:
    for page, words in english.PAGES.items():
        source = (templates.PAGES / f"{page}.html").read_text(encoding="utf-8")
        values = {text for text in words if text not in source}
        assert values <= {"資格喪失", "サインイン", "サインアウト"}, page


def test_patterns_put_in_no_more_than_they_have() -> None:
    for pattern, form in english.PATTERNS:
        places = [int(place) for place in re.findall(r"\{(?:raw\[)?(\d+)\]?\}", form)]
        assert max(places, default=-1) < pattern.groups, form
        assert language.JAPANESE.search(form) is None


def test_scripts_say_everything_in_both_languages() -> None:
    folder = templates.PAGES / "static"
    pairs = re.findall(
        r'^  (\w+): \["([^"]+)", "([^"]+)"\],$', (folder / "words.js").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(pairs) > 10
    known = {key for key, _, _ in pairs}
    assert not any(language.JAPANESE.search(said) for _, _, said in pairs)
    chosen = set()
    for script in SCRIPTS:
        source = (folder / script).read_text(encoding="utf-8")
        code = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith("//"))
        assert script == "words.js" or language.JAPANESE.search(code) is None, script
        for keys in re.findall(r"\bsaid\(([^()]*)\)", code):
            chosen |= set(re.findall(r'"(\w+)"', keys))
    assert chosen <= known
