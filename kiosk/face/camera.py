"""The camera: a thread that always holds the newest frame, and opens the camera again when something is wrong with it.

Below this port everything that is particular to a camera is over: pictures are upright, fit into 640 x 480 and each
differs from the one before it. They are never mirrored; the screen mirrors what it shows (`kiosk.ui.live`).
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import Final, Protocol

from kiosk import journal
from kiosk.face.camera_faults import CameraFaultError, Fault
from kiosk.face.camera_settings import CameraSettings, Rotation, camera_settings
from kiosk.face.camera_watch import BLACK, FROZEN, Watch
from kiosk.face.errors import CameraError
from kiosk.face.matcher import Picture
from kiosk.face.sources import Source, prepared, source

log = logging.getLogger("kiosk.face.camera")

REOPENINGS: Final = 3
"""How often a camera is opened again without a new picture before it counts as gone."""

FIRST_FRAME: Final = 5.0
"""Seconds a slow USB camera may take from its opening to its first frame."""

PLUGGED_AGAIN: Final = 5.0
"""Seconds an unplugged camera is waited for: somebody hit the cable and puts it back. The next attempt begins anew."""

HANGS: Final = 6.0
"""Seconds inside a driver, opening or reading, after which nobody waits for it any more."""

CHECKED: Final = 3
"""How many different pictures `kiosk check` wants to see."""

_PAUSE = 0.2  # seconds before it is opened again
_CLOSING = 3.0  # seconds the reading thread may take to its end: one read, then release


@dataclass(frozen=True, eq=False, repr=False)
class Frame:
    """One picture: `counter` from 1, `mono` when it came (monotonic seconds), `picture` (h, w, 3) uint8 BGR, h <= 480, w <= 640."""

    counter: int
    mono: float
    picture: Picture

    def __repr__(self) -> str:
        return f"Frame({self.counter})"


class Camera(Protocol):
    """A camera that is filming. Any thread may ask."""

    def newest(self, after: int, seconds: float) -> Frame | None:
        """The newest frame with a counter above `after`, waited for at most `seconds`; None: none came in time.

        A frame with the bytes of the one before it is none. Raises `CameraFaultError` when the camera is gone for good, and
        while it has seen nothing but black for three seconds.
        """
        ...

    def close(self) -> None:
        """Stop filming and forget the last frame; safe to call twice."""
        ...


def open_camera(camera: str | CameraSettings) -> Camera:
    """The camera, filming. Raises `CameraFaultError`, and `ValueError` for a name that is none (`camera_settings`)."""
    settings = camera_settings(camera) if isinstance(camera, str) else camera
    return FilmingCamera(source(settings), settings.name, settings.rotation)


def camera_state(camera: str | CameraSettings) -> str:
    """One sentence on a camera that works, for `kiosk check`: films a few frames and forgets them. Raises `CameraFaultError`."""
    settings = camera_settings(camera) if isinstance(camera, str) else camera
    begun = time.monotonic()
    filming = FilmingCamera(source(settings), settings.name, settings.rotation, reopenings=1)
    try:
        first = seen = filming.newest(after=0, seconds=FIRST_FRAME)
        until = time.monotonic() + FROZEN + BLACK
        while seen is not None and (seen.counter < CHECKED or filming.dark) and time.monotonic() < until:
            seen = filming.newest(after=seen.counter, seconds=FIRST_FRAME)
        if first is None or seen is None:
            raise CameraFaultError(Fault.SILENT, settings.name)
        height, width = seen.picture.shape[:2]
    finally:
        filming.close()
    kind = "simulated camera" if settings.is_simulated else "camera"
    words = f", {filming.words}" if filming.words else ""
    return f"{kind} {settings.name}: {width} x {height}, first picture after {first.mono - begun:.1f} s{words}"


class FilmingCamera:
    """`Camera` over a `Source`. Opens it at once (raises `CameraFaultError`), then reads it in a thread of its own."""

    def __init__(self, frames: Source, name: str, rotation: Rotation = 0, reopenings: int = REOPENINGS) -> None:
        self._source = frames
        self._name = name
        self._rotation: Rotation = rotation
        self._reopenings = reopenings
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._gone: CameraError | None = None
        self._black = False
        self._closing = threading.Event()
        # Of the reading thread alone, but for a look at the two last ones.
        self._watch = Watch()
        self._counter = 0
        self._failures = 0
        self._breath = time.monotonic()
        self.words = frames.open()
        """How it films, in words (`Source.open`)."""
        self._watch.opened(time.monotonic())
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    @property
    def dark(self) -> bool:
        """The last frame was black: the lens is covered, or there is no light."""
        return self._watch.dark

    def newest(self, after: int, seconds: float) -> Frame | None:  # noqa: D102
        with self._changed:
            self._changed.wait_for(lambda: self._wrong() is not None or self._frame_after(after) is not None, seconds)
            wrong = self._wrong()
            if wrong is not None:
                again = wrong.again() if isinstance(wrong, CameraFaultError) else CameraError(wrong.sentence)
                raise again from wrong
            return self._frame_after(after)

    def close(self) -> None:  # noqa: D102
        self._closing.set()
        self._thread.join(_CLOSING)
        if self._thread.is_alive():
            # Its source is still inside a system call; the thread releases it as soon as that returns.
            log.warning("camera_closes_slowly")
        with self._changed:
            self._frame = None
            self._gone = self._gone or CameraError("the camera is closed")
            self._changed.notify_all()

    def _frame_after(self, counter: int) -> Frame | None:
        return self._frame if self._frame is not None and self._frame.counter > counter else None

    def _wrong(self) -> CameraError | None:
        if self._gone is not None:
            return self._gone
        if self._black:
            return CameraFaultError(Fault.BLACK, self._name)
        return CameraFaultError(Fault.SILENT, self._name) if time.monotonic() - self._breath > HANGS else None

    def _run(self) -> None:
        try:
            while (wrong := self._film()) is not None:
                log.warning("camera_fault", extra=journal.numbers(fault=wrong.fault.value))
                lost = self._opened_again(wrong)
                if lost is not None:
                    self._give_up(lost)
                    return
        except Exception:
            log.exception("camera_crashed")
            self._give_up(CameraError("the camera sent something nobody foresaw"))
        finally:
            self._source.close()

    def _film(self) -> CameraFaultError | None:
        """Film until something is wrong with the camera; None: it is being closed."""
        while not self._closing.is_set():
            self._breath = time.monotonic()
            try:
                picture = prepared(self._source.read(), self._rotation)
            except CameraFaultError as error:
                # A read that fails at once is given the rest of its second: some cameras drop their first frames.
                if error.fault is Fault.SILENT and self._watch.fault(time.monotonic()) in (None, Fault.BLACK):
                    self._closing.wait(_PAUSE)
                    continue
                return error
            now = time.monotonic()
            fresh = self._watch.see(picture, now)
            fault = self._watch.fault(now)
            with self._changed:
                self._black = fault is Fault.BLACK
                if fresh:
                    self._failures = 0
                    self._counter += 1
                    self._frame = Frame(self._counter, now, picture)
                self._changed.notify_all()
            if fault is Fault.FROZEN:
                return CameraFaultError(fault, self._name)
        return None

    def _opened_again(self, wrong: CameraFaultError) -> CameraFaultError | None:
        """Close and open until it films (None), or is gone: what was wrong at last."""
        self._source.close()
        self._black = False
        until = time.monotonic() + PLUGGED_AGAIN
        while True:
            if wrong.fault is not Fault.UNPLUGGED:
                self._failures += 1
            if self._failures > self._reopenings or time.monotonic() > until:
                return wrong
            if self._closing.wait(_PAUSE):
                return None
            self._breath = time.monotonic()
            try:
                self._source.open()
            except CameraFaultError as error:
                wrong = CameraFaultError(Fault.UNPLUGGED, self._name) if error.fault is Fault.NOT_THERE else error
                continue
            log.info("camera_opened_again", extra=journal.numbers(failures=self._failures))
            self._watch.opened(time.monotonic())
            return None

    def _give_up(self, error: CameraError) -> None:
        log.error("camera_gone")
        with self._changed:
            self._gone = error
            self._changed.notify_all()
