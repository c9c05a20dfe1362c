"""Eyes closed: what is said of a screen, how its buttons are walked, and what stands in focus."""

from __future__ import annotations

from kiosk.ui.focus import BEGIN_HOW, SILENCE, TYPE_HOW, Pressed, Reader, Say, Stop, begin, follow, marked, press, read
from kiosk.ui.geometry import Panel, Rect
from kiosk.ui.keys import Word
from kiosk.ui.scene import merged
from kiosk.ui.widgets import Button, Dots, Edge, Label, Picture, SecretKey, Size, Steps, Widget, targets

LAST = ("call_staff", "stop")


class Words(str):
    """Words that remember the key they were found under, as a screen's are."""

    __slots__ = ("key",)
    key: str | None


def words(text: str, key: str | None) -> str:
    made = Words(text)
    made.key = key
    return made


def label(y: int, key: str | None, size: Size = Size.BODY, x: int = 0) -> Label:
    return Label(Rect(x, y, 400, 40), words("言葉", key), size)


def button(x: int, y: int, action: str, key: str | None = None) -> Button:
    return Button(Rect(x, y, 150, 80), words("ボタン", key or action), action)


STOP, CALL = button(0, 400, "stop"), button(160, 400, "call_staff")
CLINIC = Label(Rect(0, 0, 200, 20), "見本クリニック", Size.CAPTION)
CONSENT: list[Widget] = [
    CLINIC,
    Steps(Rect(0, 0, 10, 10), ("カード", "同意"), 1),
    STOP,
    CALL,
    label(450, "consent_free", Size.CAPTION),
    label(40, "consent", Size.TITLE),
    label(90, "consent_means"),
    Picture(Rect(0, 150, 50, 50), "medicine"),
    button(320, 302, "refuse_all"),
    button(0, 300, "agree_all"),
    button(160, 298, "choose_items"),
]
PIN: list[Widget] = [
    STOP,
    CALL,
    label(40, "pin", Size.TITLE),
    label(90, "pin_how"),
    Dots(Rect(0, 150, 100, 30), 0, 4),
    *(SecretKey(Rect(400, 60 * n, 50, 50), str(n)) for n in range(10)),
    button(600, 300, "erase"),
    button(0, 300, "choose_face", "to_face"),
]


def action(reader: Reader) -> str | None:
    return press(reader, Word.ACT)[1].action


def item(name: str) -> list[Widget]:
    return [
        label(40, f"item_{name}", Size.TITLE),
        label(90, "item_duration"),
        button(0, 300, "agree_item"),
        button(160, 300, "refuse_item"),
        STOP,
    ]


def test_titles_are_said_first_and_small_print_last() -> None:
    reading = read(CONSENT)
    assert reading.said == ("consent", "consent_means", "consent_free")
    assert (reading.labels, reading.notes) == (("consent", "consent_means"), ("consent_free",))


def test_names_and_numbers_are_not_said() -> None:
    assert read([CLINIC, label(40, None, Size.NUMBER), label(90, "take_card")]).labels == ("take_card",)


def test_buttons_are_read_row_by_row_and_those_of_every_screen_last() -> None:
    stops = read(CONSENT, LAST).stops
    assert [stop.action for stop in stops] == ["agree_all", "choose_items", "refuse_all", "call_staff", "stop"]


def test_a_button_is_told_by_its_words_not_by_its_action() -> None:
    assert Stop("choose_face", "to_face") in read(PIN).stops


def test_a_button_that_cannot_be_said_is_not_walked_to() -> None:
    silent = Button(Rect(0, 300, 100, 80), "Tagalog", "language:tl")
    assert read([silent, STOP]).stops == (Stop("stop", "stop"),)


def test_a_pad_is_not_walked_and_its_keys_are_never_said() -> None:
    reading = read(PIN, LAST)
    assert reading.typed
    assert [stop.action for stop in reading.stops] == ["choose_face", "call_staff", "stop"]
    assert reading.said == ("pin", "pin_how", TYPE_HOW)


def test_a_screen_that_comes_is_said_and_nothing_is_in_focus() -> None:
    reader, say = follow(Reader("P02", read(PIN), Stop("stop", "stop")), "P08", CONSENT, LAST)
    assert say == Say(("consent", "consent_means", "consent_free"), now=True)
    assert reader.at is None


def test_the_same_screen_again_is_not_said_again() -> None:
    reader, _ = follow(Reader(), "P08", CONSENT, LAST)
    assert follow(reader, "P08", CONSENT, LAST) == (reader, SILENCE)


def test_something_new_on_the_same_screen_waits_for_what_is_being_said() -> None:
    reader, _ = follow(Reader(), "P03", [label(40, "face", Size.TITLE), STOP])
    closer: list[Widget] = [label(40, "face", Size.TITLE), label(90, "advice_come_closer"), STOP]
    reader, say = follow(reader, "P03", closer)
    assert say == Say(("advice_come_closer",), now=False)


def test_a_whole_consent_by_next_and_act() -> None:
    reader, _ = follow(Reader(), "P08", CONSENT, LAST)
    heard: list[str] = []
    for _ in range(2):
        reader, pressed = press(reader, Word.NEXT)
        heard += pressed.say.keys
    assert heard == ["agree_all", "choose_items"]
    assert press(reader, Word.ACT) == (reader, Pressed(action="choose_items"))


def test_the_walk_goes_round_both_ways() -> None:
    reader, _ = follow(Reader(), "P08", CONSENT, LAST)
    reader, _ = press(reader, Word.PREVIOUS)
    assert action(reader) == "stop"
    reader, _ = press(reader, Word.NEXT)
    assert action(reader) == "agree_all"
    reader, _ = press(reader, Word.PREVIOUS)
    assert action(reader) == "stop"


def test_two_buttons_that_do_the_same_are_two_stops() -> None:
    ask = button(0, 300, "call_staff", "last_try_staff")
    reader, _ = follow(Reader(), "P04l", [ask, CALL, STOP], LAST)
    heard: list[str] = []
    for _ in range(3):
        reader, pressed = press(reader, Word.NEXT)
        heard += pressed.say.keys
    assert heard == ["last_try_staff", "call_staff", "stop"]
    assert len(marked(reader, [ask, CALL, STOP], Panel(800, 480, 7.0))) == 1


def test_act_with_nothing_in_focus_only_says_the_screen_again() -> None:
    reader, say = follow(Reader(), "P08", CONSENT, LAST)
    assert press(reader, Word.ACT) == (reader, Pressed(say))


def test_repeat_says_the_screen_and_where_one_stands() -> None:
    reader, _ = follow(Reader(), "P08", CONSENT, LAST)
    reader, _ = press(reader, Word.NEXT)
    _, pressed = press(reader, Word.REPEAT)
    assert pressed.say.keys == ("consent", "consent_means", "consent_free", "agree_all")


def test_the_same_button_under_the_next_question_is_not_in_focus() -> None:
    reader, _ = follow(Reader(), "P09", item("medication"))
    reader, _ = press(reader, Word.NEXT)
    assert action(reader) == "agree_item"
    reader, say = follow(reader, "P09", item("surgery"))
    assert reader.at is None
    assert say.keys == ("item_surgery",)
    assert press(reader, Word.ACT)[1].action is None


def test_the_focus_stays_while_only_small_things_change() -> None:
    reader, _ = follow(Reader(), "P04", PIN, LAST)
    reader, _ = press(reader, Word.NEXT)
    reader, _ = follow(reader, "P04", [*PIN, label(200, "pin_checking")], LAST)
    assert action(reader) == "choose_face"


def test_a_button_that_goes_takes_the_focus_with_it() -> None:
    reader, _ = follow(Reader(), "P04", PIN, LAST)
    reader, _ = press(reader, Word.NEXT)
    reader, _ = follow(reader, "P04", [one for one in PIN if getattr(one, "action", "") != "choose_face"], LAST)
    assert reader.at is None


def test_a_screen_without_buttons_is_said_when_one_walks() -> None:
    reader, say = follow(Reader(), "P06", [label(40, "verifying", Size.TITLE)])
    assert press(reader, Word.NEXT) == (reader, Pressed(say))


def test_loudness_and_the_mode_are_not_the_reader_s() -> None:
    reader, _ = follow(Reader(), "P08", CONSENT, LAST)
    assert [press(reader, word) for word in (Word.LOUDER, Word.QUIETER, Word.BEGIN)] == [(reader, Pressed())] * 3


def test_the_mode_begins_by_saying_how_it_goes() -> None:
    reader, say = follow(Reader(), "P04", PIN, LAST)
    assert begin(reader).keys == (BEGIN_HOW, *say.keys)


def test_the_frame_stands_around_the_button_in_focus_and_can_be_touched_by_nobody() -> None:
    panel = Panel(800, 480, 7.0)
    reader, _ = follow(Reader(), "P08", CONSENT, LAST)
    assert marked(reader, CONSENT, panel) == []
    reader, _ = press(reader, Word.NEXT)
    (frame,) = marked(reader, CONSENT, panel)
    agree = next(one for one in targets(CONSENT) if one.action == "agree_all")
    assert isinstance(frame, Edge)
    assert frame.rect.holds(agree.rect.inset(-panel.mm(frame.mm)))
    assert agree.rect.x - frame.rect.x <= panel.mm(2.5)
    assert targets([frame]) == []
    assert merged([frame.rect, agree.rect]) == [frame.rect]
