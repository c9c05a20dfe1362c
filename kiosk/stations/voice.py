"""The voice and the eyes-closed mode: says what the panel shows, and takes presses of who does not look at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from kiosk.ui import focus
from kiosk.ui.geometry import Panel
from kiosk.ui.keys import Key, Word
from kiosk.ui.messages import Catalogue
from kiosk.ui.sound import Sound
from kiosk.ui.voice import Voice, louder, quieter
from kiosk.ui.widgets import Live, Widget
from kiosk.visit.appliance import Appliance
from kiosk.visit.looks import Look

HEARD_LAST: Final = ("listen", "looks", "languages", "call_staff", "stop")
"""What stands on every screen is heard after what the screen is for."""


AGAIN_S: Final = 5.0
"""So long a silence before the camera, and who does not look hears again what would help: silence sounds like success."""


class VoiceStation:
    """One loudspeaker. `tapped` is told what was chosen by ear, as if it had been touched."""

    def __init__(self, sound: Sound, catalogues: Mapping[str, Catalogue], tapped: Callable[[str], None]) -> None:
        self._voice = Voice(sound)
        self._catalogues = catalogues
        self._tapped = tapped
        self._reader = focus.Reader()
        self._by_corner = False
        self._look = Look()
        self._filmed = False
        self._quiet_since: float | None = None

    @property
    def speaking(self) -> bool:
        """Whether something is being said."""
        return self._voice.speaking

    @property
    def corners_are_keys(self) -> bool:
        """Whether the glass is felt and not looked at: only its corners act. With a ten-key a helper may still touch it."""
        return self._look.eyes_closed and self._by_corner

    def follow(self, appliance: Appliance, screen: str, widgets: Sequence[Widget]) -> None:
        """Another picture on the panel: say it all to who does not look, its sentences to who does, to nobody nothing."""
        self._look = appliance.look
        self._voice.volume = self._look.volume.value
        self._filmed = any(isinstance(widget, Live) for widget in widgets)
        came = screen != self._reader.screen
        self._reader, say = focus.follow(self._reader, screen, widgets, last=HEARD_LAST)
        if not self._look.eyes_closed:
            aloud = () if appliance.visit is None else self._reader.reading.labels
            say = replace(say, keys=tuple(key for key in say.keys if key in aloud))
        if came and not say.keys:
            self._voice.stop()
        self._say(say)

    def marked(self, widgets: Sequence[Widget], panel: Panel) -> list[Widget]:
        """The widgets with a frame around what is in focus, for who looks on."""
        marks = focus.marked(self._reader, widgets, panel) if self._look.eyes_closed else ()
        return [*widgets, *marks]

    def repeat(self) -> None:
        """Say what the screen says, also where it was not said by itself."""
        reading = self._reader.reading
        self._say(focus.Say(reading.said if self._look.eyes_closed else reading.labels))

    def pressed(self, key: Key) -> None:
        """A press on the ten-key or in a corner of the glass. The first one closes the eyes, if all can be heard."""
        if not self._look.eyes_closed:
            self._by_corner = key.word is Word.BEGIN
            hears = self._voice.says_all(self._catalogues[self._look.language])
            self._tapped("eyes_closed:on" if hears else "call_staff")
            if hears:
                self._say(focus.begin(self._reader))
        elif key.word is Word.BEGIN:
            self._tapped("eyes_closed:off")
        elif key.word in (Word.LOUDER, Word.QUIETER):
            step = louder if key.word is Word.LOUDER else quieter
            self._tapped(f"volume:{step(self._look.volume.value)}")
        else:
            self._reader, pressed = focus.press(self._reader, key.word)
            self._say(pressed.say)
            if pressed.action is not None:
                self._tapped(pressed.action)

    def rest(self, now: float) -> None:
        """Remind who is before the camera and does not look; let go of the loudspeaker while nobody needs it.

        For every turn of the loop; `now` in monotonic seconds.
        """
        if not (self._filmed and self._look.eyes_closed) or self._voice.speaking:
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = now
        elif now - self._quiet_since >= AGAIN_S:
            self._say(focus.Say(self._reader.reading.labels, now=False))
        self._voice.rest()

    def close(self) -> None:
        """Fall silent. To be called before the loudspeaker is closed."""
        self._voice.close()

    def _say(self, say: focus.Say) -> None:
        if say.keys:
            self._voice.say(self._catalogues[self._look.language], say.keys, now=say.now)
