"""The camera: a thread that always holds the newest frame, and opens the camera again when it falls silent."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import Final, Protocol

from kiosk import journal
from kiosk.face.errors import CameraError
from kiosk.face.matcher import Picture
from kiosk.face.settings import camera_settings
from kiosk.face.sources import SILENT, Source, source

log = logging.getLogger("kiosk.face.camera")

REOPENINGS: Final = 3
"""How often a camera that fell silent is opened again before it counts as gone."""

FIRST_FRAME: Final = 5.0
"""Seconds a slow USB camera may take to its first frame."""

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

        Raises `CameraError` when the camera is gone for good.
        """
        ...

    def close(self) -> None:
        """Stop filming and forget the last frame; safe to call twice."""
        ...


def open_camera(spec: str) -> Camera:
    """The camera `spec` names (`kiosk.face.settings.camera_settings`), filming. Raises `CameraError`, `ValueError`."""
    return FilmingCamera(source(camera_settings(spec)))


def camera_state(spec: str) -> str:
    """One sentence on a camera that works, for `kiosk check`: films one frame and forgets it. Raises `CameraError`."""
    begun = time.monotonic()
    camera = open_camera(spec)
    try:
        frame = camera.newest(after=0, seconds=FIRST_FRAME)
    finally:
        camera.close()
    if frame is None:
        raise CameraError(f"camera {spec}: opened, but gave no picture within {FIRST_FRAME:.0f} seconds")
    height, width = frame.picture.shape[:2]
    kind = "simulated camera" if camera_settings(spec).is_simulated else "camera"
    return f"{kind} {spec}: {width} x {height}, first picture after {frame.mono - begun:.1f} s"


class FilmingCamera:
    """`Camera` over a `Source`. Opens it at once (raises `CameraError`), then reads it in a thread of its own."""

    def __init__(self, frames: Source) -> None:
        self._source = frames
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._gone: CameraError | None = None
        self._closing = threading.Event()
        frames.open()
        self._thread = threading.Thread(target=self._film, name="camera", daemon=True)
        self._thread.start()

    def newest(self, after: int, seconds: float) -> Frame | None:  # noqa: D102
        with self._changed:
            self._changed.wait_for(lambda: self._gone is not None or self._frame_after(after) is not None, seconds)
            if self._gone is not None:
                raise CameraError(self._gone.sentence) from self._gone
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

    def _film(self) -> None:
        counter = 0
        failures = 0
        waiting_since = time.monotonic()
        try:
            while not self._closing.is_set():
                try:
                    picture = self._source.read()
                except CameraError as error:
                    # A read that fails at once is given the rest of its second: some cameras drop their first frames.
                    if self._closing.wait(_PAUSE) or time.monotonic() - waiting_since < SILENT:
                        continue
                    failures += 1
                    if failures > REOPENINGS:
                        self._give_up(error)
                        return
                    self._reopen(failures)
                    waiting_since = time.monotonic()
                    continue
                failures = 0
                counter += 1
                waiting_since = time.monotonic()
                with self._changed:
                    self._frame = Frame(counter, waiting_since, picture)
                    self._changed.notify_all()
        except Exception:
            log.exception("camera_crashed")
            self._give_up(CameraError("the camera sent something nobody foresaw"))
        finally:
            self._source.close()

    def _reopen(self, failures: int) -> None:
        log.warning("camera_silent", extra=journal.numbers(reopening=failures))
        self._source.close()
        try:
            self._source.open()
        except CameraError:
            log.warning("camera_not_reopened", exc_info=True)

    def _give_up(self, error: CameraError) -> None:
        log.error("camera_gone", extra=journal.numbers(reopenings=REOPENINGS))
        with self._changed:
            self._gone = error
            self._changed.notify_all()
