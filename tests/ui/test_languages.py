"""Every language says all that Japanese says, in its own letters; which ones patients may choose is for the clinic to say."""

from __future__ import annotations

import logging
import re
import unicodedata
from pathlib import Path

import numpy as np
import pygame
import pytest

from kiosk import settings
from kiosk.errors import MissingError, SettingsError
from kiosk.ui import assets, fonts, languages
from kiosk.ui.geometry import Panel
from kiosk.ui.messages import JAPANESE, LANGUAGES, Catalogue
from kiosk.ui.settings import DisplaySettings
from kiosk.ui.text import Ink, Lettering, TypeScale
from kiosk.ui.widgets import Size

ALL = DisplaySettings(languages="all")
JA = Catalogue.load(JAPANESE)
every_language = pytest.mark.parametrize("tag", LANGUAGES)

SCRIPTS = {
    "ja": ("HIRAGANA", "KATAKANA", "CJK"),
    "ja-simple": ("HIRAGANA", "KATAKANA", "CJK"),
    "zh-Hans": ("CJK",),
    "zh-Hant": ("CJK",),
    "ko": ("HANGUL",),
    "ne": ("DEVANAGARI",),
    "th": ("THAI",),
    "my": ("MYANMAR",),
}
"""Of each language that is not written in Latin letters."""


def own_letters(text: str, tag: str) -> list[bool]:
    """For each letter of the text whether it is of the language's script."""
    return [unicodedata.name(c).startswith(SCRIPTS.get(tag, ("LATIN",))) for c in text if c.isalpha()]


@pytest.fixture(scope="module")
def faces() -> fonts.Faces:
    return fonts.find_faces()


# -- the catalogues --------------------------------------------------------------------------------------------------


def test_there_is_a_catalogue_for_every_language_and_no_other() -> None:
    assert {path.stem for path in assets.folder("text").glob("*.yaml")} == set(LANGUAGES)


@every_language
def test_a_catalogue_says_all_that_japanese_says_with_the_same_slots(tag: str) -> None:
    assert JA.differences(Catalogue.load(tag)) == []


@every_language
def test_a_language_names_itself_in_its_own_script(tag: str) -> None:
    name = Catalogue.load(tag).name
    assert all(own_letters(name, tag))
    if tag in {"zh-Hans", "zh-Hant"}:
        assert ("体" in name) == (tag == "zh-Hans")


def test_no_two_languages_have_one_name() -> None:
    assert len({Catalogue.load(tag).name for tag in LANGUAGES}) == len(LANGUAGES)


@every_language
def test_a_sentence_is_written_in_the_language_s_script(tag: str) -> None:
    for key in ("idle_how", "consent", "consent_free", "register_question", "take_card", "bye_see_reception"):
        assert all(own_letters(Catalogue.load(tag).texts[key], tag)), key


@every_language
def test_texts_are_tidy(tag: str) -> None:
    for key, text in Catalogue.load(tag).texts.items():
        assert text, key
        assert unicodedata.is_normalized("NFC", text), key
        assert text == "\n".join(line.strip() for line in text.split("\n")), key
        assert not re.search(r"\s{2}|\t|['\"]", text), key


@every_language
def test_what_is_consented_to_has_the_same_figures_in_every_language(tag: str) -> None:
    texts = Catalogue.load(tag).texts
    for key in texts:
        if key.startswith(("consent_", "item_", "limit_", "number_expiry_how", "number_day_how")):
            assert sorted(re.findall(r"\d+", texts[key])) == sorted(re.findall(r"\d+", JA.texts[key])), key
    assert "24" in texts["consent_means"]
    assert "3" in texts["item_medication_means"]
    assert "5" in texts["item_checkup_means"]


@every_language
def test_yes_and_no_are_different_words(tag: str) -> None:
    texts = Catalogue.load(tag).texts
    for yes, no in (
        ("agree_all", "refuse_all"),
        ("agree_item", "refuse_item"),
        ("register", "register_not"),
        ("limit_yes", "limit_no"),
        ("prescription_electronic", "prescription_paper"),
    ):
        assert texts[yes] != texts[no], (yes, no)


@every_language
def test_whoever_is_told_to_press_a_button_finds_its_words_on_it(tag: str) -> None:
    texts = Catalogue.load(tag).texts
    separator = "" if tag in {"zh-Hans", "zh-Hant", "th"} else " "
    assert texts["call_staff"].replace("\n", separator) in texts["choose_none_how"]


@every_language
def test_every_character_has_a_glyph_in_the_language_s_faces(tag: str, faces: fonts.Faces) -> None:
    catalogue = Catalogue.load(tag)
    lettering = Lettering(faces, tag)
    for bold in (False, True):
        lacking = fonts.missing("".join([catalogue.name, *catalogue.texts.values()]), faces.of(bold, tag))
        assert lacking == "", bold
    assert lettering.missing("0123456789A") == ""


@every_language
def test_letters_keep_to_their_line(tag: str, faces: fonts.Faces) -> None:
    """Marks above and below do not run into the line before or after, or into a button's edge."""
    lettering, scale = Lettering(faces, tag), TypeScale(Panel(800, 480, 7.0))
    for size, line in ((Size.TITLE, scale.line), (Size.CAPTION, scale.line), (Size.BODY, scale.button_line)):
        px, height = scale.px(size), line(size)
        surface = pygame.Surface((40 * px, 3 * height), depth=32)
        for text in Catalogue.load(tag).texts.values():
            for written in text.split("\n"):
                lettering.draw(surface, written, (0, height), Ink(px, height, (255, 255, 255), bold=True))
        inked = np.flatnonzero((pygame.surfarray.array3d(surface)[:, :, 0] > 127).any(axis=0))
        slack = round(0.04 * px)
        assert height - slack <= int(inked.min()), size
        assert int(inked.max()) < 2 * height + slack, size


# -- which are offered -----------------------------------------------------------------------------------------------


def tags(offered: tuple[languages.Language, ...]) -> list[str]:
    return [language.tag for language in offered]


def test_what_nobody_with_that_mother_tongue_has_read_is_not_offered_unless_it_is_asked_for(faces: fonts.Faces) -> None:
    unread = [language.tag for language in languages.every(DisplaySettings(), faces) if language.unread]
    offered = tags(languages.offered(DisplaySettings(), faces))
    assert offered[0] == JAPANESE
    assert not set(offered[1:]) & set(unread)
    for language in languages.every(DisplaySettings(), faces):
        if language.tag in unread and language.tag != JAPANESE:
            assert "no native speaker has read it" in str(language.why_not)


def test_a_demonstration_offers_every_language(faces: fonts.Faces) -> None:
    assert tags(languages.offered(ALL, faces)) == list(LANGUAGES)


def test_a_clinic_names_the_languages_it_offers_and_japanese_is_always_there(faces: fonts.Faces) -> None:
    chosen = DisplaySettings(languages=("vi", "en"))
    assert tags(languages.offered(chosen, faces)) == ["ja", "en", "vi"]
    reasons = {language.tag: language.why_not for language in languages.every(chosen, faces)}
    assert reasons["th"] == "display: languages does not name it"


def test_a_language_without_its_typeface_is_hidden_and_logged(
    faces: fonts.Faces, caplog: pytest.LogCaptureFixture
) -> None:
    def without(paths: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(path for path in paths if "Thai" not in path.name)

    bare = fonts.Faces(without(faces.regular), without(faces.bold))
    with caplog.at_level(logging.WARNING, "kiosk.ui"):
        assert "th" not in tags(languages.offered(ALL, bare))
    (hidden,) = [language for language in languages.every(ALL, bare) if language.why_not]
    assert (
        hidden.why_not == "NotoSansThai-*.ttf is not here: run ./deploy/demo once, or: apt-get install fonts-noto-core"
    )
    assert [record.msg for record in caplog.records] == ["language_hidden"]


def test_what_is_not_wanted_is_not_logged(faces: fonts.Faces, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "kiosk.ui"):
        languages.offered(DisplaySettings(), faces)
    assert not caplog.records


def test_a_catalogue_that_lacks_a_text_or_is_broken_is_not_offered(
    faces: fonts.Faces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ja.yaml").write_text("language_name: 日本語\nreviewed_by:\nstop: やめる\nleft: あと{n}秒\n", "utf-8")
    (tmp_path / "en.yaml").write_text("language_name: English\nreviewed_by: someone\nstop: Stop\n", "utf-8")
    (tmp_path / "vi.yaml").write_text("language_name: Tiếng Việt\nreviewed_by:\nstop: Dừng\nleft: Còn {m}\n", "utf-8")
    (tmp_path / "ko.yaml").write_text("language_name: 한국어\nstop: [x\n", "utf-8")
    monkeypatch.setattr(assets, "folder", lambda _: tmp_path)
    reasons = {language.tag: language.why_not for language in languages.every(ALL, faces)}
    assert reasons["ja"] is None
    assert reasons["en"] == "en: left is missing"
    assert reasons["vi"] == "vi: left has other slots than ja"
    assert reasons["ko"] == "ko.yaml: line 3 is not YAML"
    assert "cannot be read" in str(reasons["th"])


def test_a_language_that_a_native_speaker_has_read_is_offered_by_default(
    faces: fonts.Faces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ja.yaml").write_text("language_name: 日本語\nreviewed_by:\nstop: やめる\n", "utf-8")
    (tmp_path / "en.yaml").write_text("language_name: English\nreviewed_by: a nurse\nstop: Stop\n", "utf-8")
    monkeypatch.setattr(assets, "folder", lambda _: tmp_path)
    assert tags(languages.offered(DisplaySettings(), faces)) == ["ja", "en"]


def test_the_check_tells_what_is_offered_and_what_nobody_has_read(faces: fonts.Faces) -> None:
    chosen = DisplaySettings(languages=("en",))
    assert languages.state(chosen, faces) == "offered: ja, en; read by no native speaker yet: ja, en"
    with pytest.raises(MissingError, match=r"en: RobotoCondensed-\*\.ttf is not here: run \./deploy/demo once"):
        languages.state(chosen, fonts.Faces(faces.regular[:1], faces.bold[:1]))


def test_what_is_not_wanted_is_nothing_to_check(faces: fonts.Faces) -> None:
    bare = fonts.Faces(faces.regular[:1], faces.bold[:1])
    assert languages.state(DisplaySettings(), bare).startswith("offered: ja")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["en", "xx"], "languages: xx is none of ours; expected some of ja, ja-simple, en"),
        ("english", "one of: read, all or a list"),
        (["en", 3], "one of: read, all or a list"),
    ],
)
def test_a_wrong_choice_of_languages_is_one_sentence(wrong: object, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        settings.from_mapping({"languages": wrong}, DisplaySettings, where="kiosk.yaml", base=Path())


@pytest.mark.parametrize("right", ["read", "all", ["en", "zh-Hans"], []])
def test_a_right_choice_of_languages_is_taken(right: str | list[str]) -> None:
    read = settings.from_mapping({"languages": right}, DisplaySettings, where="kiosk.yaml", base=Path())
    assert read.languages == (right if isinstance(right, str) else tuple(right))
