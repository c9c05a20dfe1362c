"""Pixels: what a patient sees of each widget."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pygame
import pytest

from kiosk.ui import offscreen, shapes
from kiosk.ui import theme as themes
from kiosk.ui.errors import IllustrationError
from kiosk.ui.focus import MARK_GAP_MM, MARK_MM
from kiosk.ui.geometry import Panel, Rect
from kiosk.ui.illustrations import MAX_BYTES, Illustrations
from kiosk.ui.live import Frame
from kiosk.ui.paint import BUTTON_PADDING_MM, Painter, button_parts
from kiosk.ui.scene import Moment
from kiosk.ui.text import Lettering, TypeScale
from kiosk.ui.theme import Colour, contrast, rgb
from kiosk.ui.widgets import (
    Button,
    Dots,
    Edge,
    Label,
    Live,
    LiveSource,
    Picture,
    Role,
    SecretKey,
    Steps,
    Surface,
    Target,
    View,
    Waiting,
    Weight,
    Widget,
)

THEMES = {name: themes.load(name) for name in ("normal", "high_contrast")}
NORMAL = THEMES["normal"]
PLACE = Rect(200, 200, 400, 160)

SQUARE = """<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10" viewBox="0 0 100 50">
<rect x="0" y="0" width="100" height="50" fill="#0017C1"/></svg>"""


@pytest.fixture
def illustrations(tmp_path: Path) -> Illustrations:
    (tmp_path / "square.svg").write_text(SQUARE)
    (tmp_path / "square-now.svg").write_text(SQUARE.replace("#0017C1", "#A90000"))
    return Illustrations(tmp_path)


def colour(surface: pygame.Surface, at: tuple[int, int]) -> Colour:
    red, green, blue, _ = surface.get_at(at)
    return red, green, blue


class Page:
    """Widgets painted on the 10-inch panel."""

    def __init__(self, lettering: Lettering, panel: Panel) -> None:
        self.lettering, self.panel = lettering, panel

    def __call__(
        self,
        *widgets: Widget,
        theme: str = "normal",
        pressed: frozenset[Target] = frozenset(),
        now: float = 0.0,
        frame: Frame | None = None,
        illustrations: Illustrations | None = None,
    ) -> pygame.Surface:
        return offscreen.render(
            widgets,
            self.panel,
            THEMES[theme],
            lettering=self.lettering,
            illustrations=illustrations,
            picture=lambda _: None if frame is None else (1, frame),
            now=now,
            pressed=pressed,
        )


@pytest.fixture
def page(lettering: Lettering, panel: Panel) -> Page:
    return Page(lettering, panel)


def darkest_and_lightest(surface: pygame.Surface, rect: Rect) -> tuple[Colour, Colour]:
    pixels = pygame.surfarray.array3d(surface)[rect.x : rect.right, rect.y : rect.bottom].reshape(-1, 3)
    order = pixels.sum(axis=1, dtype=int)
    dark, light = pixels[order.argmin()], pixels[order.argmax()]
    return (int(dark[0]), int(dark[1]), int(dark[2])), (int(light[0]), int(light[1]), int(light[2]))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    "widget",
    [
        *(Label(PLACE, "受付", role=role) for role in Role if role is not Role.EDGE),
        Button(PLACE, "次へ", "next", Weight.PRIMARY),
        SecretKey(PLACE, "8"),
    ],
    ids=lambda w: type(w).__name__ + getattr(w, "role", ""),
)
def test_words_stand_out_seven_to_one_in_the_pixels_themselves(page: Page, theme: str, widget: Widget) -> None:
    middle = PLACE if isinstance(widget, Label) else PLACE.inset(60, 30)
    assert contrast(*darkest_and_lightest(page(widget, theme=theme), middle)) >= 7


def test_a_primary_button_is_filled_and_a_plain_one_is_edged(page: Page) -> None:
    surface = page(Button(PLACE, "", "next", Weight.PRIMARY))
    assert colour(surface, PLACE.centre) == rgb(NORMAL.primary)
    surface = page(Button(PLACE, "", "stop"))
    assert colour(surface, PLACE.centre) == rgb(NORMAL.surface)
    assert colour(surface, (PLACE.centre[0], PLACE.y)) == rgb(NORMAL.edge)
    surface = page(Button(PLACE, "", "staff", Weight.STAFF))
    assert colour(surface, (PLACE.x, PLACE.centre[1])) == rgb(NORMAL.staff)


def test_a_button_s_corners_are_round_and_smooth(page: Page) -> None:
    surface = page(Button(PLACE, "", "next", Weight.PRIMARY))
    assert colour(surface, (PLACE.x, PLACE.y)) == rgb(NORMAL.ground)
    row = {colour(surface, (x, PLACE.y + 5)) for x in range(PLACE.x, PLACE.x + 60)}
    assert len(row) > 2


def test_a_pressed_button_is_darker_and_one_pixel_lower(page: Page) -> None:
    button = Button(PLACE, "", "next", Weight.PRIMARY)
    surface = page(button, pressed=frozenset({button}))
    assert colour(surface, PLACE.centre) == rgb(NORMAL.primary_pressed)
    assert colour(surface, (PLACE.centre[0], PLACE.y)) == rgb(NORMAL.ground)
    assert colour(surface, (PLACE.centre[0], PLACE.bottom)) == rgb(NORMAL.primary_pressed)


def test_a_touched_pin_key_looks_exactly_as_an_untouched_one(page: Page) -> None:
    key = SecretKey(PLACE, "5")
    assert np.array_equal(
        pygame.surfarray.array3d(page(key)), pygame.surfarray.array3d(page(key, pressed=frozenset({key})))
    )


def test_dots_are_filled_up_to_their_count(page: Page) -> None:
    surface = page(Dots(PLACE, filled=1, total=4))
    middles = [colour(surface, place.centre) for place in PLACE.columns(1, 1, 1, 1)]
    assert middles == [rgb(NORMAL.ink)] + [rgb(NORMAL.surface)] * 3


def test_steps_differ_by_shape_and_not_by_colour_alone(page: Page) -> None:
    surface = page(Steps(PLACE, ("一", "二", "三"), now=1))
    marks = []
    for place in PLACE.columns(1, 1, 1):
        x = place.centre[0] - 22
        marks.append(np.array([sum(colour(surface, (x + dx, PLACE.y + 21))) < 600 for dx in range(44)]))
    done, now, to_come = (int(mark.sum()) for mark in marks)
    assert done > now > to_come > 0


def test_a_live_picture_is_mirrored_in_its_oval_and_a_photo_is_not(page: Page) -> None:
    frame = np.zeros((480, 640, 3), np.uint8)
    frame[:, :320] = (0, 0, 255)
    place = Rect(200, 200, 300, 400)
    surface = page(Live(place), frame=frame)
    assert colour(surface, (place.centre[0] + 60, place.centre[1])) == pytest.approx((255, 0, 0), abs=3)
    assert colour(surface, (place.centre[0] - 60, place.centre[1])) == (0, 0, 0)
    assert colour(surface, (place.x + 2, place.y + 2)) == rgb(NORMAL.ground)
    surface = page(Live(place, LiveSource.PHOTO), frame=frame)
    assert colour(surface, (place.centre[0] - 60, place.centre[1])) == pytest.approx((255, 0, 0), abs=3)


def test_the_ring_round_the_face_is_the_progress(page: Page) -> None:
    place = Rect(200, 200, 312, 400)
    surface = page(Live(place, progress=0.5))
    right, left = (place.right - 4, place.centre[1]), (place.x + 4, place.centre[1])
    assert colour(surface, right) == rgb(NORMAL.primary)
    assert colour(surface, left) == rgb(NORMAL.track)


@pytest.mark.parametrize(("view", "mirrored"), [(View.SHOWN, True), (View.LAID, False)])
def test_what_is_held_or_laid_before_the_camera_is_seen_whole_in_a_frame(
    page: Page, view: View, mirrored: bool
) -> None:
    frame = np.full((480, 640, 3), 255, np.uint8)
    frame[:, :320] = (0, 0, 255)
    frame[:48, :48] = (0, 255, 0)
    place = Rect(200, 200, 400, 300)
    surface = page(Live(place, view=view), frame=frame)
    red_at = place.centre[0] + (60 if mirrored else -60)
    assert colour(surface, (red_at, place.centre[1])) == pytest.approx((255, 0, 0), abs=3)
    corner = (place.right - 32, place.y + 32) if mirrored else (place.x + 32, place.y + 32)
    assert colour(surface, corner) == pytest.approx((0, 255, 0), abs=3)
    assert colour(surface, (place.x + 2, place.y + 2)) == rgb(NORMAL.ground)


def test_the_ring_round_a_frame_is_the_progress_too(page: Page) -> None:
    place = Rect(200, 200, 400, 300)
    surface = page(Live(place, progress=0.5, view=View.SHOWN))
    right, left = (place.right - 4, place.centre[1]), (place.x + 4, place.centre[1])
    assert colour(surface, right) == rgb(NORMAL.primary)
    assert colour(surface, left) == rgb(NORMAL.track)
    assert colour(surface, place.centre) == rgb(NORMAL.track)


def test_a_picture_that_has_not_come_is_an_empty_place(page: Page) -> None:
    assert colour(page(Live(PLACE, LiveSource.PHOTO)), PLACE.centre) == rgb(NORMAL.track)
    assert colour(page(Live(PLACE)), PLACE.centre) == rgb(NORMAL.track)


def test_a_waiting_ring_is_empty_in_the_middle_until_three_seconds(page: Page) -> None:
    ring = Waiting(PLACE, since=0.0)
    middle = Rect(*PLACE.centre, 1, 1).inset(-30)
    dark, light = darkest_and_lightest(page(ring, now=2.0), middle)
    assert dark == light
    dark, _ = darkest_and_lightest(page(ring, now=8.0), middle)
    assert dark == rgb(NORMAL.ink)


def test_a_sheet_s_shadow_stays_within_its_reach(lettering: Lettering, panel: Panel) -> None:
    sheet = Surface(PLACE)
    for theme in THEMES.values():
        painter = Painter(panel, theme, lettering, illustrations=Illustrations(), picture=lambda _: None)
        surface = pygame.Surface((panel.width, panel.height), depth=32)
        painter.ground(surface, panel.area)
        before = pygame.surfarray.array3d(surface)
        painter.paint(surface, sheet, Moment())
        touched = (pygame.surfarray.array3d(surface) != before).any(axis=2)
        reach = painter.reach(sheet)
        assert touched.any()
        touched[reach.x : reach.right, reach.y : reach.bottom] = False
        assert not touched.any()


def test_the_staff_frame_runs_along_all_four_sides(page: Page, panel: Panel) -> None:
    surface = page(Edge(panel.area, Role.STAFF))
    for at in ((0, 400), (1279, 400), (640, 0), (640, 799)):
        assert colour(surface, at) == rgb(NORMAL.staff)
    assert colour(surface, (640, 400)) == rgb(NORMAL.ground)


def test_a_frame_around_a_button_follows_its_corners_and_covers_neither_it_nor_its_neighbours(
    panel: Panel, lettering: Lettering
) -> None:
    button = Button(Rect(200, 200, 300, 110), "同意する", "agree_all")
    frame = Edge(button.rect.inset(-panel.mm(MARK_GAP_MM) - panel.mm(MARK_MM)), Role.PRIMARY, MARK_MM)
    bare = offscreen.render([button], panel, lettering=lettering)
    framed = offscreen.render([button, frame], panel, lettering=lettering)
    for at in ((frame.rect.x + 1, 255), (frame.rect.right - 2, 255), (350, frame.rect.y + 1)):
        assert colour(framed, at) == rgb(NORMAL.primary)
    assert colour(framed, (frame.rect.x + 2, frame.rect.y + 2)) == rgb(NORMAL.ground)
    before, after = pygame.surfarray.array3d(bare), pygame.surfarray.array3d(framed)
    differs, drawn = (before != after).any(axis=2), (before != rgb(NORMAL.ground)).any(axis=2)
    assert differs.any()
    assert not (differs & drawn).any()
    differs[frame.rect.x : frame.rect.right, frame.rect.y : frame.rect.bottom] = False
    assert not differs.any()


def test_an_illustration_fits_its_place_and_keeps_its_shape(page: Page, illustrations: Illustrations) -> None:
    surface = page(Picture(Rect(100, 100, 200, 200), "square"), illustrations=illustrations)
    assert colour(surface, (200, 200)) == rgb(NORMAL.primary)
    assert colour(surface, (200, 120)) == rgb(NORMAL.ground)
    assert illustrations.fitted("square", 200, 200).get_size() == (200, 100)


def test_on_a_dark_ground_an_illustration_lies_on_a_light_plate_no_larger_than_itself(
    page: Page, illustrations: Illustrations
) -> None:
    surface = page(Picture(Rect(100, 100, 200, 200), "square"), theme="high_contrast", illustrations=illustrations)
    column = [colour(surface, (200, y)) for y in range(100, 300)]
    assert column[0] == column[-1] == (0, 0, 0)
    assert 4 <= column.count((255, 255, 255)) <= 30
    assert column.index((255, 255, 255)) > 30


@pytest.mark.parametrize("text", ["", "no svg", "<svg width='1'>", '<svg viewBox="0 0 0 0">', " " * (MAX_BYTES + 1)])
def test_a_file_that_is_no_illustration_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.svg").write_text(text)
    with pytest.raises(IllustrationError, match=r"odd\.svg: expected an <svg>"):
        Illustrations(tmp_path).fitted("odd", 10, 10)


def test_an_illustration_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(IllustrationError, match=r"gone\.svg: there is no such"):
        Illustrations(tmp_path).fitted("gone", 10, 10)
    with pytest.raises(IllustrationError, match="name is made of"):
        Illustrations(tmp_path).fitted("../secret", 10, 10)


def test_all_of_our_illustrations_can_be_drawn() -> None:
    ours = Illustrations()
    names = sorted(path.stem for path in ours.folder.glob("*.svg"))
    assert names
    for name in names:
        drawn = ours.fitted(name, 96, 96)
        assert pygame.surfarray.array_alpha(drawn).max() == 255, name


@pytest.mark.parametrize("turns", [(0.0, 0.0), (0.0, 0.25), (0.9, 1.15), (0.0, 1.0), (0.0, 2.0)])
def test_a_ring_shows_the_share_that_is_done(turns: tuple[float, float]) -> None:
    ring = shapes.ring((200, 200), 20, turns, (255, 0, 0), (0, 0, 255))
    pixels = pygame.surfarray.array3d(ring)[pygame.surfarray.array_alpha(ring) == 255]
    assert np.mean(pixels[:, 0] > 127) == pytest.approx(min(1.0, turns[1] - turns[0]), abs=0.01)


def test_a_picture_is_saved_as_png(page: Page, tmp_path: Path) -> None:
    offscreen.save_png(page(Surface(PLACE)), tmp_path / "page.png")
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("size", "above"), [((400, 240), True), ((400, 140), False), ((900, 240), False)], ids=["tall", "low", "long"]
)
def test_a_button_s_picture_stands_above_the_words_only_in_a_tall_one(
    lettering: Lettering, panel: Panel, size: tuple[int, int], above: bool
) -> None:
    rect = Rect(0, 0, *size)
    button = Button(rect, "同意する", "agree", picture="square")
    picture, words = button_parts(button, rect, panel.mm(BUTTON_PADDING_MM), TypeScale(panel), lettering)
    assert picture is not None
    assert (picture.bottom <= words.y) is above
    assert (picture.right <= words.x) is not above
    assert rect.holds(picture)
    assert rect.holds(words)
