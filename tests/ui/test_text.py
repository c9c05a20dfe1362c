"""Sizes are floors, faces stand in for one another, and what is drawn takes the room that was measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pygame
import pytest

from kiosk import share
from kiosk.errors import ExitCode
from kiosk.ui import fonts
from kiosk.ui.errors import FontError
from kiosk.ui.geometry import Panel
from kiosk.ui.messages import LANGUAGES, Catalogue
from kiosk.ui.text import FACES_KEPT, Ink, Lettering, TypeScale, font_px
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Size

PANELS = [
    Panel(800, 480, 7.0),
    Panel(1280, 800, 8.0),
    Panel(1280, 800, 10.1),
    Panel(1920, 1080, 15.6),
    Panel(1080, 1920, 21.5),
]
LATIN = Path(pygame.__file__).parent / "freesansbold.ttf"


def two_faces() -> fonts.Faces:
    """A Latin face first, so that Japanese must fall back."""
    return fonts.Faces(
        (LATIN, share.fetched("fonts/BIZUDPGothic-Regular.ttf")), (LATIN, share.fetched("fonts/BIZUDPGothic-Bold.ttf"))
    )


@pytest.mark.parametrize("panel", PANELS, ids=str)
@pytest.mark.parametrize(("size", "floor"), [(Size.TITLE, 7.68), (Size.BODY, 4.8), (Size.CAPTION, 3.5)])
def test_capitals_are_never_under_their_floor(panel: Panel, size: Size, floor: float, lettering: Lettering) -> None:
    px = TypeScale(panel).px(size)
    assert px * fonts.CAP_EM / panel.px_per_mm >= floor
    surface = pygame.Surface((200, 3 * px), depth=32)
    lettering.draw(surface, "H", (0, 0), Ink(px, 2 * px, (255, 255, 255)))
    rows = (pygame.surfarray.array3d(surface)[:, :, 0] > 100).any(axis=0)
    assert int(rows.sum()) >= floor * panel.px_per_mm - 1


def test_a_font_size_is_rounded_up() -> None:
    panel = Panel(800, 480, 7.0)
    assert (font_px(panel, 3.5) - 1) * fonts.CAP_EM < 3.5 * panel.scale * panel.px_per_mm


def test_japanese_is_in_the_first_face(lettering: Lettering) -> None:
    assert lettering.missing("マイナンバーカードを置いてください。過去の診療情報・薬剤情報 A012 髙﨑") == ""


def test_what_the_first_face_lacks_is_drawn_with_the_next() -> None:
    cut = fonts.runs("PIN番号は4桁", two_faces().regular)
    assert [(path.name, run) for path, run in cut] == [
        ("freesansbold.ttf", "PIN"),
        ("BIZUDPGothic-Regular.ttf", "番号は"),
        ("freesansbold.ttf", "4"),
        ("BIZUDPGothic-Regular.ttf", "桁"),
    ]


def test_a_variation_selector_is_drawn_with_its_character() -> None:
    cut = fonts.runs("葛\U000e0100A", two_faces().regular)
    assert [run for _, run in cut] == ["葛\U000e0100", "A"]


def test_what_no_face_holds_becomes_a_geta_mark_and_is_told() -> None:
    only_latin = Lettering(fonts.Faces((LATIN,), (LATIN,)))
    assert only_latin.missing("A桁") == "桁"
    biz = share.fetched("fonts/BIZUDPGothic-Regular.ttf")
    assert fonts.runs("\U00020bb7野", (biz,)) == [(biz, fonts.REPLACEMENT + "野")]


def test_faces_share_one_baseline() -> None:
    mixed = Lettering(two_faces())
    surface = pygame.Surface((400, 100), depth=32)
    mixed.draw(surface, "H", (0, 0), Ink(60, 100, (255, 255, 255)))
    biz = Lettering(fonts.find_faces())
    biz.draw(surface, "H", (200, 0), Ink(60, 100, (255, 255, 255)))
    columns = pygame.surfarray.array3d(surface)[:, :, 0] > 100
    bottoms = [int(np.flatnonzero(half.any(axis=0)).max()) for half in (columns[:200], columns[200:])]
    # BIZ UDPGothic's H reaches 0.02 em below its baseline.
    assert abs(bottoms[0] - bottoms[1]) <= 2


def test_a_line_is_as_wide_as_it_was_measured(lettering: Lettering) -> None:
    surface = pygame.Surface((900, 100), depth=32)
    lettering.draw(surface, "受付しました", (0, 0), Ink(60, 90, (255, 255, 255)))
    columns = np.flatnonzero((pygame.surfarray.array3d(surface)[:, :, 0] > 0).any(axis=1))
    assert columns.max() < lettering.width("受付しました", 60) <= columns.max() + 12


def test_a_label_s_height_is_its_lines(ui: Ui) -> None:
    text = "マイナンバーカードを置いてください"
    one, two = ui.text_height(text, 4000, Size.TITLE), ui.text_height(text, 1000, Size.TITLE)
    assert two == 2 * one == 2 * ui.line_height(Size.TITLE)
    assert ui.text_height("", 1000, Size.TITLE) == 0


def test_forgetting_keeps_nothing_that_was_drawn() -> None:
    own = Lettering()
    own.draw(pygame.Surface((400, 100), depth=32), "山田", (0, 0), Ink(40, 60, (0, 0, 0)))
    own.lines("山田さん", 100, 40)
    own.forget()
    assert [cache.cache_info().currsize for cache in (own._width, own._broken, own._drawn)] == [0, 0, 0]


def test_forgetting_gives_the_typefaces_back() -> None:
    own = Lettering()
    own.draw(pygame.Surface((400, 100), depth=32), "受付 Português", (0, 0), Ink(40, 60, (0, 0, 0)))
    assert own._font.cache_info().currsize == 2
    own.forget()
    assert own._font.cache_info().currsize == 0
    assert fonts._oracle.cache_info().currsize == 0


def test_sizes_that_are_not_used_any_more_are_closed() -> None:
    own = Lettering()
    for px in range(20, 60):
        own.width("受付", px)
    assert own._font.cache_info().currsize == FACES_KEPT


def test_a_line_looks_the_same_after_forgetting() -> None:
    own, surface = Lettering(), pygame.Surface((400, 100), depth=32)
    pictures = []
    for _ in range(2):
        surface.fill(0)
        own.draw(surface, "受付 Português 12", (0, 0), Ink(40, 60, (255, 255, 255)))
        pictures.append(pygame.image.tobytes(surface, "RGB"))
        own.forget()
    assert pictures[0] == pictures[1]


def test_a_machine_without_a_japanese_face_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(share, "FOLDER", tmp_path)
    with pytest.raises(FontError, match="apt-get install fonts-morisawa-bizud-gothic") as caught:
        fonts.find_faces(tmp_path)
    assert caught.value.exit_code is ExitCode.MISSING


# -- other languages -------------------------------------------------------------------------------------------------


def drawn(text: str, language: str, *, bold: bool = False, px: int = 60) -> np.ndarray:
    surface = pygame.Surface((900, 3 * px), depth=32)
    Lettering(fonts.find_faces(), language).draw(surface, text, (0, px), Ink(px, px, (255, 255, 255), bold))
    return pygame.surfarray.array3d(surface)[:, :, 0] > 127


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("bold", [False, True])
def test_a_capital_is_as_high_in_every_language(language: str, bold: bool) -> None:
    assert int(drawn("H", language, bold=bold).any(axis=0).sum()) >= int(fonts.CAP_EM * 60)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_set_in_one_face_of_its_own(language: str) -> None:
    name = Catalogue.load(language).name
    faces = fonts.find_faces().of(False, language)
    assert {path for path, _ in fonts.runs(name, faces)} == {faces[0]}


def test_a_latin_word_in_japanese_is_narrow_and_a_queue_number_is_not() -> None:
    faces = fonts.find_faces().of(False)
    assert [(path.stem, run) for path, run in fonts.runs("言語 Português A012", faces)] == [
        ("BIZUDPGothic-Regular", "言語 "),
        ("RobotoCondensed-Regular", "Português "),
        ("BIZUDPGothic-Regular", "A012"),
    ]


@pytest.mark.parametrize("character", "直骨角门令")
def test_the_same_kanji_look_chinese_in_chinese(character: str) -> None:
    assert not np.array_equal(drawn(character, "zh-Hans"), drawn(character, "ko"))


def test_taiwan_s_shapes_are_not_the_mainland_s() -> None:
    assert not np.array_equal(drawn("骨", "zh-Hans"), drawn("骨", "zh-Hant"))


def test_scripts_whose_letters_change_places_are_shaped() -> None:
    """Unshaped, क्षि is four glyphs beside one another; shaped, a conjunct with its vowel in front."""
    lettering = Lettering(fonts.find_faces(), "ne")
    assert lettering.width("क्षि", 60) < 0.9 * (lettering.width("क", 60) + lettering.width("ष", 60) + 30)
    lettering = Lettering(fonts.find_faces(), "my")
    assert lettering.width("ကြ", 60) < lettering.width("က", 60) + 30


def test_two_thai_marks_stand_over_one_another() -> None:
    """The tone mark over a vowel mark: higher than the vowel mark alone."""
    tops = [int(drawn(text, "th").any(axis=0).argmax()) for text in ("ที", "ที่", "น้ำ")]
    assert tops[1] < tops[0] - 5
    assert tops[2] < tops[0] - 5


def test_the_language_may_change_at_any_time_and_nothing_of_the_other_is_kept() -> None:
    lettering = Lettering(fonts.find_faces())
    japanese = lettering.width("直 Check-in", 60)
    lettering.language = "en"
    assert lettering.width("直 Check-in", 60) < japanese
    lettering.language = "ja"
    assert lettering.width("直 Check-in", 60) == japanese


def test_japanese_names_are_drawn_in_any_language() -> None:
    for language in LANGUAGES:
        assert Lettering(fonts.find_faces(), language).missing("あおば内科クリニック 髙﨑") == "", language


def test_every_language_s_name_is_drawn_in_japanese() -> None:
    names = "".join(Catalogue.load(language).name for language in LANGUAGES)
    assert Lettering(fonts.find_faces()).missing(names) == ""


def test_a_space_does_not_change_the_face() -> None:
    faces = fonts.find_faces().of(False, "my")
    assert [run for _, run in fonts.runs("ကတ် ယူပါ", faces)] == ["ကတ် ယူပါ"]
