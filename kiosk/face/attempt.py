"""What the studio does while it films: look at a face, show the pictures for the visual check, or read a card's front.

An attempt runs in a thread of its own, with the camera open from its first to its last line. A second thread copies every
frame into the preview block, so that the picture stays fluent while a face is being described.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from kiosk import journal
from kiosk.errors import MissingError
from kiosk.face import photo
from kiosk.face.advice import Covering
from kiosk.face.camera import FIRST_FRAME, Camera, Frame, open_camera
from kiosk.face.camera_faults import CameraFaultError, Fault
from kiosk.face.camera_settings import CameraSettings
from kiosk.face.card_front import FrontReader, Glance
from kiosk.face.card_front_figures import FigureReader
from kiosk.face.card_front_marks import MarkReader
from kiosk.face.enrolment import photo_template
from kiosk.face.errors import CameraError, PhotoError
from kiosk.face.eyes import Eyes
from kiosk.face.liveness import Level, Liveness
from kiosk.face.matcher import Matcher, Picture
from kiosk.face.messages import (
    Alive,
    Compare,
    FrontRead,
    FrontUnreadable,
    Look,
    Matched,
    NotMatched,
    ReadFront,
    Seen,
    Shown,
    StudioMessage,
    Unavailable,
    Why,
)
from kiosk.face.preview import PHOTO_SIZE, PreviewWriter
from kiosk.face.pump import Pump, coarse
from kiosk.face.recognition import Recognition
from kiosk.face.settings import FaceSettings
from kiosk.face.verdict import Ending
from kiosk.face.verification import Standing, Verification

log = logging.getLogger("kiosk.face.studio")

Tell = Callable[[StudioMessage], None]
SendNumber = Callable[[bytearray], bool]
"""Gives check number B, fourteen digits of 0 to 9, to the card booth; whether it has it."""

SEEN_EVERY: Final = 0.1
"""Seconds between two `Seen`: ten a second."""

FRONT_SECONDS: Final = 20.0
"""How long a card's front is looked at. Held well it is read within two seconds; who is still turning it after twenty
needs another way (tests/benchmarks/bench_card_front.py)."""

LIVENESS_SECONDS: Final[Mapping[Level, float]] = {Level.OFF: 0.0, Level.BLINK: 5.0, Level.CHALLENGE: 12.0}
"""What an attempt may take beside `attempt_seconds`: a person who answers at once needs much less."""

ALIVE_EVERY: Final = 1.0
"""Seconds after which an attempt says that it goes on, where there is nothing else to say."""

_WAIT = 0.1  # seconds one wait for a frame takes at most: how fast a stop is noticed


@dataclass(frozen=True)
class Looker:
    """What looks at a face: the engine, and what reads its eyes."""

    matcher: Matcher
    eyes: Eyes


class Attempt:
    """One look, comparison or reading, from `start` to `end`. `crashed` tells of an error nobody foresaw."""

    def __init__(
        self,
        asked: Look | Compare | ReadFront,
        *,
        settings: FaceSettings,
        looker: Looker | None,
        jp2: bytes | None,
        preview: PreviewWriter,
        tell: Tell,
        send_number: SendNumber,
        crashed: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._looker = looker
        self._jp2 = jp2
        self._preview = preview
        self._tell = tell
        self._send_number = send_number
        self._crashed = crashed
        self._over = threading.Event()
        self._breathed = 0.0
        self._thread = threading.Thread(target=self._run, args=(asked,), name="attempt", daemon=True)

    def start(self) -> None:
        """Begin filming."""
        self._thread.start()

    def end(self, seconds: float) -> bool:
        """Ask it to end and wait; True once the camera is closed and the preview zeroed."""
        self._over.set()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self, asked: Look | Compare | ReadFront) -> None:
        begun = time.monotonic()
        try:
            match asked:
                case Look(token):
                    self._look(token)
                case Compare(token):
                    self._compare(token)
                case ReadFront(token):
                    self._read_front(token)
        except Exception:
            # The process ends: the kiosk sees that as EOF, and the error as a type and a place in the journal.
            log.exception("attempt_crashed")
            self._crashed()
        finally:
            self._preview.zero()
        log.info("attempt_over", extra=journal.numbers(ms=round((time.monotonic() - begun) * 1000)))

    def _look(self, token: int) -> None:
        if self._looker is None:
            return self._tell(Unavailable(token, Why.NO_MODELS.value))
        if self._jp2 is None:
            return self._tell(Unavailable(token, Why.NO_PHOTO.value))
        try:
            template = photo_template(self._looker.matcher, photo.decoded(self._jp2))
        except (PhotoError, cv2.error, ValueError):
            log.warning("photo_refused", exc_info=True)
            return self._tell(Unavailable(token, Why.BAD_PHOTO.value))
        level = Level(self._settings.liveness)
        verification = Verification(
            Recognition(self._looker.matcher, template, self._settings.accept_likeness, self._settings.frames),
            Liveness(level, random.SystemRandom(), self._looker.eyes, camera_stands=self._settings.camera_stands),
        )
        camera = self._camera(token, self._settings.filming)
        if camera is None:
            return None
        try:
            with Pump(camera, self._preview):
                self._decide(token, camera, verification, self._settings.attempt_seconds + LIVENESS_SECONDS[level])
        except CameraError as error:
            self._tell_camera(token, error)
        finally:
            camera.close()
        return None

    def _decide(self, token: int, camera: Camera, verification: Verification, seconds: float) -> None:
        first = self._first(camera, self._settings.filming)
        if first is None:
            return None
        log.info("camera_open")
        until = time.monotonic() + seconds
        counter, told, said = 0, 0.0, Standing(None, None, -1.0)
        while not self._over.is_set() and time.monotonic() < until:
            self._breathe()
            frame = camera.newest(after=counter, seconds=_WAIT)
            if frame is None:
                continue
            counter = frame.counter
            try:
                standing = verification.see(frame.picture, frame.mono)
            except (cv2.error, ValueError):
                log.warning("frame_refused", exc_info=True)
                continue
            if standing.ending is not None:
                return self._tell_ending(token, standing.ending, standing.covering, counter)
            # A new prompt is told at once: the seconds to answer it are running.
            prompted = standing.prompt is not said.prompt
            if standing != said and (prompted or time.monotonic() - told >= SEEN_EVERY):
                told, said = time.monotonic(), standing
                self._tell(Seen(token, standing.advice, standing.progress, standing.prompt))
        if not self._over.is_set():
            self._tell_ending(token, verification.late(), verification.worn, counter)
        return None

    def _tell_ending(self, token: int, ending: Ending, covering: Covering | None, frames: int) -> None:
        log.info("face_decided", extra=journal.numbers(ending=ending.value, frames=frames))
        matched = ending is Ending.MATCHED
        self._tell(Matched(token) if matched else NotMatched(token, ending.value, covering))

    def _compare(self, token: int) -> None:
        camera = self._camera(token, self._settings.filming)
        if camera is None:
            return
        try:
            with Pump(camera, self._preview) as pump:
                if self._first(camera, self._settings.filming) is None:
                    return
                with_photo = self._show_photo()
                while not (pump.shown.wait(_WAIT) or self._over.is_set()):
                    self._breathe()
                    camera.newest(after=0, seconds=0)
                if pump.shown.is_set():
                    self._tell(Shown(token, with_photo))
                while not self._over.wait(_WAIT):
                    self._breathe()
                    camera.newest(after=0, seconds=0)
        except CameraError as error:
            self._tell_camera(token, error)
        finally:
            camera.close()

    def _read_front(self, token: int) -> None:
        if self._looker is None:
            return self._tell(Unavailable(token, Why.NO_MODELS.value))
        camera = self._camera(token, self._settings.front_filming)
        if camera is None:
            return None
        try:
            with Pump(camera, self._preview, coarse) as pump:
                # A camera takes its time to the first frame; the readers are loaded meanwhile.
                reader = FrontReader(self._looker.matcher, MarkReader.load(), FigureReader.load())
                try:
                    self._find_number(token, camera, pump, reader)
                finally:
                    reader.wipe()
        except MissingError:
            log.exception("models_missing")
            self._tell(Unavailable(token, Why.NO_MODELS.value))
        except CameraError as error:
            self._tell_camera(token, error)
        finally:
            camera.close()
        return None

    def _find_number(self, token: int, camera: Camera, pump: Pump, reader: FrontReader) -> None:
        if self._first(camera, self._settings.front_filming) is None:
            return None
        log.info("camera_open")
        until = time.monotonic() + FRONT_SECONDS
        counter, frames, told, said = 0, 0, 0.0, Glance(None, -1.0)
        while not self._over.is_set() and time.monotonic() < until:
            self._breathe()
            try:
                frame = camera.newest(after=counter, seconds=_WAIT)
            except CameraFaultError as error:
                if error.fault is not Fault.BLACK:
                    raise
                self._over.wait(_WAIT)  # the card lies on the lens
                continue
            if frame is None:
                continue
            counter, frames = frame.counter, frames + 1
            try:
                glance = reader.see(frame.picture, frame.mono)
            except (cv2.error, ValueError):
                log.warning("frame_refused", exc_info=True)
                continue
            finally:
                if pump.counter >= counter and frame.picture.flags.writeable:
                    frame.picture[:] = 0  # it holds a name and an address
            if glance.digits is not None:
                try:
                    sent = self._send_number(glance.digits)
                finally:
                    glance.digits[:] = bytes(len(glance.digits))
                log.info("front_read", extra=journal.numbers(frames=frames, sent=sent))
                return self._tell(FrontRead(token) if sent else FrontUnreadable(token))
            if glance != said and time.monotonic() - told >= SEEN_EVERY:
                told, said = time.monotonic(), glance
                self._tell(Seen(token, glance.advice, glance.progress))
        if not self._over.is_set():
            log.info("front_not_read", extra=journal.numbers(frames=frames))
            self._tell(FrontUnreadable(token))
        return None

    def _breathe(self) -> None:
        if time.monotonic() - self._breathed >= ALIVE_EVERY:
            self._breathed = time.monotonic()
            self._tell(Alive())

    def _show_photo(self) -> bool:
        if self._jp2 is None:
            return False
        try:
            self._preview.photo(_shrunk(photo.decoded(self._jp2)))
        except PhotoError:
            log.warning("photo_refused", exc_info=True)
            return False
        return True

    def _camera(self, token: int, settings: CameraSettings) -> Camera | None:
        try:
            return open_camera(settings)
        except CameraError as error:
            self._tell_camera(token, error)
            return None

    def _tell_camera(self, token: int, error: CameraError) -> None:
        fault = error.fault.value if isinstance(error, CameraFaultError) else None
        log.warning("camera_unavailable", exc_info=error, extra=journal.numbers(fault=fault))
        self._tell(Unavailable(token, Why.NO_CAMERA.value, fault))

    def _first(self, camera: Camera, settings: CameraSettings) -> Frame | None:
        until = time.monotonic() + FIRST_FRAME
        while not self._over.is_set():
            self._breathe()
            frame = camera.newest(after=0, seconds=_WAIT)
            if frame is not None:
                return frame
            if time.monotonic() > until:
                raise CameraFaultError(Fault.SILENT, settings.name)
        return None


def _shrunk(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    scale = min(PHOTO_SIZE[0] / height, PHOTO_SIZE[1] / width)
    if scale >= 1:
        return picture
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
