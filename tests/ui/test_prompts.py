"""What is spoken, what never is, and that the sounds that are kept say the texts that are kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kiosk.ui import assets
from kiosk.ui.errors import CatalogueError
from kiosk.ui.languages import name_of
from kiosk.ui.messages import LANGUAGES, Catalogue
from kiosk.ui.prompts import MANIFEST, STAFF_ONLY, Sounds, listed, mark, name_key, named, spoken_key, spoken_texts

FOLDER = assets.folder("sounds")
RENDERED = [tag for tag in LANGUAGES if (FOLDER / tag / MANIFEST).exists()]
LARGEST = 2_000_000
WORDS = Catalogue(
    "ja",
    {
        "idle": "カードを置いてください",
        "pin_left": "あと{tries}回です",
        "number": "受付番号 {number}",
        "number_spoken": "番号は画面にあります",
        "looks": "A あ",
        "closed_staff": "係の方へ: {reason}",
        "closed_reader": "カードリーダー",
        "bad_spoken": "{tries}回",
    },
)


@pytest.mark.parametrize("language", RENDERED)
def test_every_text_that_is_spoken_has_its_sound_and_nothing_else_has(language: str) -> None:
    catalogue, sounds = Catalogue.load(language), Sounds.load(language)
    marks = {key: mark(text) for key, text in spoken_texts(catalogue).items()}
    stale = {key for key in marks if sounds.texts.get(key) != marks[key]} | (sounds.texts.keys() - marks.keys())
    assert not stale, f"run deploy/render_prompts.py {language}: {', '.join(sorted(stale))}"
    assert {path.stem for path in (FOLDER / language).glob("*.ogg")} == marks.keys()


@pytest.mark.parametrize("language", RENDERED)
def test_a_language_s_sounds_stay_small_and_are_opus(language: str) -> None:
    files = list((FOLDER / language).glob("*.ogg"))
    assert sum(path.stat().st_size for path in files) < LARGEST
    for path in files:
        head = path.read_bytes()[:64]
        assert head.startswith(b"OggS"), path.name
        assert b"OpusHead" in head, path.name


def test_japanese_is_spoken() -> None:
    assert "ja" in RENDERED
    assert len(Sounds.load("ja").texts) > 150


def test_no_folder_of_sounds_is_of_a_language_we_do_not_have() -> None:
    assert {path.name for path in FOLDER.iterdir() if path.is_dir()} <= set(LANGUAGES)


def test_the_voices_are_credited() -> None:
    credits_ = (FOLDER / "CREDITS.md").read_text(encoding="utf-8")
    assert "CC BY 3.0" in credits_
    assert "Nagoya Institute of Technology" in credits_
    assert "espeak-ng" in credits_


def test_a_text_with_slots_is_said_only_in_words_without() -> None:
    assert spoken_key(WORDS, "pin_left") is None
    assert spoken_key(WORDS, "number") == "number_spoken"
    assert spoken_key(WORDS, "number_spoken") == "number_spoken"
    assert spoken_key(WORDS, "bad") is None


def test_what_is_for_staff_a_symbol_and_an_unknown_key_are_never_said() -> None:
    assert [spoken_key(WORDS, key) for key in ("closed_staff", "closed_reader", "looks", "nonsense", "../idle")] == [
        None
    ] * 5


def test_only_what_can_be_said_is_rendered() -> None:
    assert list(spoken_texts(WORDS)) == ["idle", "number_spoken"]


@pytest.mark.parametrize("language", RENDERED)
def test_a_language_s_name_is_said_by_its_own_voice_whatever_is_spoken(language: str) -> None:
    name = name_of(language)
    assert name.key == name_key(language)
    assert named(name.key) == language
    assert Sounds.load(language).find_name(name) == FOLDER / language / "language_name.ogg"
    assert Sounds.load(language).find_name("another name") is None


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - set(RENDERED)))
def test_the_name_of_a_language_without_a_voice_is_not_walked_to(language: str) -> None:
    assert name_of(language).key is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_is_spoken_could_hold_a_name_or_a_number_of_a_patient(language: str) -> None:
    texts = spoken_texts(Catalogue.load(language))
    assert not any("{" in text for text in texts.values())
    assert not texts.keys() & STAFF_ONLY


def test_a_sound_whose_text_has_changed_since_is_silence(tmp_path: Path) -> None:
    sounds = Sounds(tmp_path, {"idle": mark(WORDS.texts["idle"])})
    assert sounds.find(WORDS, "idle") == tmp_path / "idle.ogg"
    changed = Catalogue("ja", {"idle": "カードをここに置いてください"})
    assert sounds.find(changed, "idle") is None


def test_a_language_without_sounds_has_none_and_japanese_does_not_take_their_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(assets, "folder", lambda _: tmp_path)
    assert Sounds.load("tl").texts == {}
    assert Sounds.load("tl").find(Catalogue("tl", {"idle": "Ilagay ang card"}), "idle") is None


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"{", "is not JSON"),
        (b"[]", "expected"),
        (b'{"sounds": []}', "expected"),
        (b'{"sounds": {"../../x": {"text": "0123456789abcdef", "said": "0123456789abcdef"}}}', "small letters"),
        (b'{"sounds": {"idle": {"text": "0123456789abcdef"}}}', "idle has no marks"),
        (b'{"sounds": {"idle": "0123456789abcdef"}}', "idle has no marks"),
        (b'{"sounds": {"idle": {"text": 7, "said": "0123456789abcdef"}}}', "idle has no marks"),
        (b"[" * 100_000, "is not JSON"),
        (b" " * 300_000, "larger than"),
    ],
)
def test_a_manifest_that_is_none_is_told_in_one_sentence(raw: bytes, told: str) -> None:
    with pytest.raises(CatalogueError, match=re.escape(told)):
        listed(raw, "ja")
