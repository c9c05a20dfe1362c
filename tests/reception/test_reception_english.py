"""English second: every text of the board's pages and of its words has one, and a page in English has no Japanese left."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk.reception import english, language, reader_words, templates, words
from kiosk.reception.words import Verdict
from kiosk.record import ids
from kiosk.record.checkin import CheckIn
from kiosk.record.door import HelpReason
from kiosk.record.eligibility import Validity

PAGES = ("board", "row", "help", "kiosk", "trouble", "search", "day")
PERSONAL = ("ミホン ハナコ", "見本　花子", "田中 みさき", "みほん内科クリニック", "みほん健康保険組合", "日本語")


def texts_of(values: Iterable[object]) -> set[str]:
    """Every Japanese text in data of the words' module."""
    found: set[str] = set()
    for value in values:
        if isinstance(value, str) and not isinstance(value, words.Tone):
            found.add(value)
        elif isinstance(value, Verdict):
            found |= {value.word, value.reason, value.next_step}
        elif isinstance(value, dict):
            found |= texts_of(value.values())
        elif isinstance(value, tuple):
            found |= texts_of(value)
    return {text for text in found if language.JAPANESE.search(text)}


@pytest.mark.parametrize("page", PAGES)
def test_every_text_of_a_page_has_its_english(page: str) -> None:
    source = (templates.PAGES / f"{page}.html").read_text(encoding="utf-8")
    assert [run for run in language.runs(source) if run not in english.WORDS] == []


@pytest.mark.parametrize("module", [words, reader_words])
def test_every_word_has_its_english(module: Any) -> None:
    public = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    spoken = {text for text in texts_of(public.values()) if text != module.__doc__}
    assert {text for text in spoken if language.in_english(text) == text} == set()


@pytest.mark.parametrize(
    ("said", "in_english"),
    [
        ("昭和16年4月2日（1941）", "1941/4/2"),
        ("受付機 Aから応答がありません", "Kiosk A does not answer"),
        ("受付機 Bの時計が約2分遅れています", "Kiosk B: its clock is about 2 min slow"),
        ("薬剤情報：同意あり（9:00 まで閲覧できます）", "Medication: agreed (until 9:00)"),
        ("前回（11/24）は 保険者番号 06139999、負担 1割", "Last time (11/24): insurer 06139999, Share 10%"),
        ("複数該当（2件）", "several matches (2)"),
        ("受付が途中で終わりました（暗証番号）", "A check-in ended half-way (PIN)"),
        ("ミホン ハナコ", "ミホン ハナコ"),
    ],
)
def test_texts_with_something_in_them(said: str, in_english: str) -> None:
    assert language.in_english(said) == in_english


def visible(page: str) -> str:
    """What a page says: texts and spoken or shown attributes."""
    told = re.findall(r'(?:title|aria-label|placeholder)="([^"]*)"', page)
    text = html.unescape(" ".join([*told, re.sub(r"<[^>]*>", " ", page)]))
    for name in PERSONAL:
        text = text.replace(name, "")
    return text


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/board", "/day", "/search", "/api/v1/troubles"])
async def test_a_page_in_english_has_no_japanese_left(
    open_desk: Any, checkin_at: Callable[..., CheckIn], with_validity: Callable[..., CheckIn], path: str
) -> None:
    async with open_desk() as opened:
        for number, validity in enumerate(Validity, 1):
            if validity is not Validity.UNCONFIRMED:
                await opened.post(with_validity(checkin_at(opened.clock.now, f"A{number:03}"), validity))
        opened.clock.later(minutes=1)
        again = checkin_at(opened.clock.now, "A090", copay_ratio=30)
        await opened.post(replace(again, card=checkin_at(opened.clock.now, "A001").card))
        for reason in HelpReason:
            body = opened.kiosk.help(opened.clock.now, reason, "typing_pin")
            await opened.at_kiosk_door.post("/k/v1/help", json=body, headers={"x-kiosk-id": "a"})
        await opened.beat("choosing_method", ids.new_visit_id(), pending=1, parked=1, oldest_age=90.0)
        opened.desk.reader_away = True
        await opened.sit_down("tanaka")
        opened.at_staff_door.cookies.set(language.COOKIE, "en")
        spoken = (await opened.at_staff_door.get(path)).text
        assert '<html lang="en"' in spoken or path.startswith("/api")
        left = re.findall(r"[^\s]*[\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff]+[^\s]*", visible(spoken))
        assert left == []
        opened.at_staff_door.cookies.delete(language.COOKIE)
        assert language.JAPANESE.search(visible((await opened.at_staff_door.get(path)).text)), "Japanese comes first"


def test_scripts_say_everything_in_both_languages() -> None:
    folder: Path = templates.PAGES / "static"
    pairs = re.findall(
        r'^  (\w+): \["([^"]+)", "([^"]+)"\],$', (folder / "words.js").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(pairs) > 10
    known = {key for key, _, _ in pairs}
    assert not any(language.JAPANESE.search(said) for _, _, said in pairs)
    for script in (
        "board",
        "rows",
        "kiosks",
        "lane",
        "mask",
        "notices",
        "sound",
        "undo",
        "door",
        "stream",
        "line",
        "presence",
    ):
        source = (folder / f"{script}.js").read_text(encoding="utf-8")
        code = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith("//"))
        assert language.JAPANESE.search(code) is None, script
        for chosen in re.findall(r"\bsaid\(([^()]*)\)", code):
            assert set(re.findall(r'"(\w+)"', chosen)) <= known
