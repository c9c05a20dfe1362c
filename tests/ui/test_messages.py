"""A catalogue that is wrong is told by file and line; a sentence with a hole in it never reaches a patient."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.ui import assets
from kiosk.ui.errors import CatalogueError, SlotError, UnknownMessageError
from kiosk.ui.messages import MAX_BYTES, Catalogue, parse

JA = Catalogue("ja", {"stop": "やめる", "tries": "あと{tries}回", "both": "{a}と{b}"})


def test_a_text_is_given_with_its_slots_filled() -> None:
    assert JA.text("stop") == "やめる"
    assert JA.text("tries", tries=2) == "あと2回"


def test_a_slot_s_value_is_never_taken_for_a_slot() -> None:
    assert JA.text("both", a="{b}", b="x") == "{b}とx"


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(UnknownMessageError, match="there is no text start"):
        JA.text("start")


@pytest.mark.parametrize(
    ("slots", "told"), [({}, r"needs \{tries\}"), ({"tries": 1, "name": "x"}, r"has no \{name\}"), ({"x": 1}, "and")]
)
def test_missing_and_unknown_slots_are_errors(slots: dict[str, str | int], told: str) -> None:
    with pytest.raises(SlotError, match=told):
        JA.text("tries", **slots)


@pytest.mark.parametrize("text", ["{", "}", "{}", "{0}", "{a.b}", "{a[0]}", "{a!r}", "{a:>9}", "{a b}"])
def test_a_slot_is_a_plain_name(text: str) -> None:
    with pytest.raises(CatalogueError, match="ja: key"):
        Catalogue("ja", {"key": text})


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"a: 1", "line 1: expected `key: text`"),
        (b"a: x\nyes: y", "line 2: expected `key: text`"),
        (b"a:", "line 1: expected"),
        (b"a: [x]", "line 1: expected"),
        (b"- a", "expected `key: text` lines"),
        (b"", "expected `key: text` lines"),
        (b"a: x\nb: y\na: z", "line 3: a stands here a second time"),
        (b"a: 'x", "line 1 is not YAML"),
        (b"a: \xff", "not UTF-8"),
        (b"a" * (MAX_BYTES + 1), "larger than"),
        (b"[" * 1500, "not YAML"),
    ],
)
def test_a_wrong_file_is_told_by_line(raw: bytes, told: str) -> None:
    with pytest.raises(CatalogueError, match=told) as caught:
        parse(raw, where="ja.yaml")
    assert caught.value.sentence.startswith("ja.yaml: ")


def test_a_right_file_is_read() -> None:
    assert parse('a: やめる\nb: "いいえ"\n'.encode(), where="ja.yaml") == {"a": "やめる", "b": "いいえ"}


def test_a_catalogue_says_what_it_is_and_who_has_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "folder", lambda _: tmp_path)
    (tmp_path / "en.yaml").write_text("language_name: English\nreviewed_by: a nurse\nstop: Stop\n", "utf-8")
    english = Catalogue.load("en")
    assert (english.language, english.name, english.reviewed_by) == ("en", "English", "a nurse")
    assert dict(english.texts) == {"stop": "Stop"}


@pytest.mark.parametrize("reviewed", ["reviewed_by:\n", "reviewed_by: null\n", ""])
def test_a_catalogue_that_nobody_has_read_says_so(
    reviewed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "folder", lambda _: tmp_path)
    (tmp_path / "en.yaml").write_text(f"language_name: English\n{reviewed}stop: Stop\n", "utf-8")
    assert Catalogue.load("en").reviewed_by is None


def test_a_catalogue_without_its_name_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "folder", lambda _: tmp_path)
    (tmp_path / "en.yaml").write_text("stop: Stop\n", "utf-8")
    with pytest.raises(CatalogueError, match=r"en\.yaml: language_name is missing"):
        Catalogue.load("en")


@pytest.mark.parametrize("language", ["../ja", "", "ja/", "JA", "xx"])
def test_a_language_that_is_not_there_is_an_error(language: str) -> None:
    with pytest.raises(CatalogueError):
        Catalogue.load(language)


def test_two_languages_are_compared_by_keys_and_slots() -> None:
    en = Catalogue("en", {"stop": "Stop", "tries": "{count} left", "more": "More"})
    assert JA.differences(en) == [
        "en: both is missing",
        "ja: more is missing",
        "en: tries has other slots than ja",
    ]
    assert JA.differences(JA) == []


def test_the_texts_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        JA.texts["stop"] = "x"  # type: ignore[index]
