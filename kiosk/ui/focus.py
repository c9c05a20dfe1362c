"""Eyes closed: what of a screen is said, and what a patient who cannot see it stands on. Pure: widgets in, keys out.

The screen stays as it is. Its labels are said when it comes, titles first; its buttons are walked one by one, in the order
in which they are read, those that stand on every screen last; each says itself when the focus comes to it, and acts on
"act". Nothing is in focus when a screen comes: nobody agrees to what they have not heard. The keys of a PIN pad are not
walked: they are typed.

    reader, say = follow(reader, screen, widgets, last=("call_staff", "stop"))   # whenever the screen is built
    reader, said = press(reader, word)                                            # for each Key
    display.show([*widgets, *marked(reader, widgets, display.panel)], now)

What is said are message keys, never words: `kiosk.ui.prompts` knows which of them have a sound.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from kiosk.ui.geometry import Panel
from kiosk.ui.keys import ERASE, Word
from kiosk.ui.widgets import Button, Edge, Label, Role, SecretKey, Size, Widget

MARK_GAP_MM, MARK_MM = 0.4, 1.8
"""The frame around what is in focus, in design millimetres: with its gap it stays within the 2.5 mm between two targets."""
BEGIN_HOW = "eyes_closed_how"
"""The key of what is said first when eyes-closed mode begins: which key does what."""
TYPE_HOW = "eyes_closed_type"
"""The key of what is said last of a screen with a pad: how the ten-key's rows stand, and what takes a digit back."""

_FIRST = (Size.NUMBER, Size.TITLE)


@dataclass(frozen=True)
class Stop:
    """A button that the focus can stand on: its action, and the key of its words."""

    action: str
    key: str


@dataclass(frozen=True)
class Reading:
    """A screen for the ear: the keys of its labels and its buttons, both in the order in which they are read.

    `labels`: what everybody is told; `notes`: the small print, told to those who cannot read it. `typed`: there is a pad of
    PIN keys, whose digits are typed.
    """

    labels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    stops: tuple[Stop, ...] = ()
    typed: bool = False

    @property
    def said(self) -> tuple[str, ...]:
        """All that is said when the screen comes, to a patient who does not look."""
        how = (TYPE_HOW,) if self.typed else ()
        return (*self.labels, *self.notes, *how)


@dataclass(frozen=True)
class Say:
    """Message keys to say, one after another.

    `now`: at once, whatever is being said; else it waits until that is over, and newer words take its place.
    """

    keys: tuple[str, ...]
    now: bool = True


SILENCE = Say((), now=False)


@dataclass(frozen=True)
class Reader:
    """Where a patient is who does not look: the screen, how it reads, and the button in focus."""

    screen: str = ""
    reading: Reading = Reading()
    at: Stop | None = None


@dataclass(frozen=True)
class Pressed:
    """What a press does: something is said, or (`action`) the button in focus is tapped."""

    say: Say = SILENCE
    action: str | None = None


def read(widgets: Iterable[Widget], last: Collection[str] = ()) -> Reading:
    """How these widgets read. `last`: actions that stand on every screen, in the order in which they come at the end.

    Words that no message key stands for (a name, a number) are not said, and a button without words that can be said is
    not walked to: nobody shall press what they cannot hear.
    """
    shown = list(widgets)
    typed = any(isinstance(widget, SecretKey) for widget in shown)
    words = sorted((one for one in shown if isinstance(one, Label)), key=_place)
    labels = _keys(one for one in words if one.size is not Size.CAPTION)
    notes = tuple(key for key in _keys(one for one in words if one.size is Size.CAPTION) if key not in labels)
    buttons = [one for one in shown if isinstance(one, Button) and not (typed and one.action == ERASE)]
    own = [one for one in _rows(buttons) if one.action not in last]
    common = [one for action in last for one in buttons if one.action == action]
    stops = [stop for one in (*own, *common) if (stop := _stop(one)) is not None]
    return Reading(labels, notes, tuple(dict.fromkeys(stops)), typed)


def key_of(text: str) -> str | None:
    """The message key that these words were found under; None: they are not ours to say."""
    key = getattr(text, "key", None)
    return key if isinstance(key, str) else None


def begin(reader: Reader) -> Say:
    """What is said when eyes-closed mode begins: how it goes, then the screen."""
    return Say((BEGIN_HOW, *reader.reading.said))


def follow(reader: Reader, screen: str, widgets: Iterable[Widget], last: Collection[str] = ()) -> tuple[Reader, Say]:
    """The patient on what is shown now, and what to say of it: all of another screen, of the same one what is new.

    The focus stays while button and first sentence stay: a button under the next question is another button.
    """
    reading = read(widgets, last)
    if screen != reader.screen:
        return Reader(screen, reading), Say(reading.said)
    fresh = tuple(key for key in reading.said if key not in reader.reading.said)
    same = reading.labels[:1] == reader.reading.labels[:1]
    at = reader.at if same and reader.at in reading.stops else None
    return Reader(screen, reading, at), Say(fresh, now=False) if fresh else SILENCE


def press(reader: Reader, word: Word) -> tuple[Reader, Pressed]:
    """What a press of `word` does. Without anything in focus, "act" says the screen again: it can be pressed without harm.

    `louder`, `quieter` and `begin` are for whoever has the loudness and the mode.
    """
    match word:
        case Word.NEXT:
            return _moved(reader, 1)
        case Word.PREVIOUS:
            return _moved(reader, -1)
        case Word.ACT if reader.at is not None:
            return reader, Pressed(action=reader.at.action)
        case Word.ACT | Word.REPEAT:
            here = () if reader.at is None else (reader.at.key,)
            return reader, Pressed(Say((*reader.reading.said, *here)))
        case _:
            return reader, Pressed()


def marked(reader: Reader, widgets: Iterable[Widget], panel: Panel) -> list[Edge]:
    """A thick frame around the button in focus, so that a helper beside can follow: to be drawn over the others."""
    button = next(
        (one for one in widgets if isinstance(one, Button) and reader.at is not None and _stop(one) == reader.at), None
    )
    around = panel.mm(MARK_GAP_MM) + panel.mm(MARK_MM)
    return [] if button is None else [Edge(button.rect.inset(-around), Role.PRIMARY, MARK_MM)]


def _moved(reader: Reader, by: int) -> tuple[Reader, Pressed]:
    stops = reader.reading.stops
    if not stops:
        return reader, Pressed(Say(reader.reading.said))
    before = stops.index(reader.at) if reader.at in stops else min(0, -by)
    here = stops[(before + by) % len(stops)]
    return replace(reader, at=here), Pressed(Say((here.key,)))


def _stop(button: Button) -> Stop | None:
    key = key_of(button.text)
    return None if key is None else Stop(button.action, key)


def _keys(labels: Iterable[Label]) -> tuple[str, ...]:
    """The keys of these words, each once."""
    return tuple(dict.fromkeys(key for label in labels if (key := key_of(label.text)) is not None))


def _place(label: Label) -> tuple[bool, int, int]:
    """Titles before the rest, both from the top down."""
    return label.size not in _FIRST, label.rect.y, label.rect.x


def _rows(buttons: Sequence[Button]) -> list[Button]:
    """From the top down, in a row from the left: what begins above the middle of a row's first button stands in it."""
    ordered: list[Button] = []
    left = sorted(buttons, key=lambda one: (one.rect.y, one.rect.x))
    while left:
        middle = left[0].rect.centre[1]
        row = [one for one in left if one.rect.y <= middle]
        ordered += sorted(row, key=lambda one: one.rect.x)
        left = [one for one in left if one not in row]
    return ordered
