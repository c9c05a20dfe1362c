"""Where frames come from: a V4L2 camera through OpenCV, or the frame socket of a simulated camera.

The frame socket (AF_UNIX, stream; written by `kiosk.simulation.camera`, the same layout is documented there): for every
frame a header of 32 bytes in network byte order, then the pixels.

    0   8s   magic b"KIOSKFRM"
    8   u32  width, 1 to 640
   12   u32  height, 1 to 480
   16   u64  counter, from 1
   24   f64  time the frame was made (seconds, CLOCK_MONOTONIC)
   32   ...  height * width * 3 bytes, rows top down, BGR
"""

from __future__ import annotations

import errno
import os
import socket
import stat
import struct
from pathlib import Path
from typing import Final, Protocol

import cv2
import numpy as np

from kiosk.face import v4l2
from kiosk.face.camera_faults import CameraFaultError, Fault
from kiosk.face.camera_settings import CameraSettings, Rotation
from kiosk.face.camera_watch import SILENT
from kiosk.face.matcher import Picture

WIDTH: Final = 640
HEIGHT: Final = 480

_HEADER = struct.Struct("!8sIIQd")
_MAGIC = b"KIOSKFRM"
_MJPG = "MJPG"

# Values of V4L2_CID_EXPOSURE_AUTO (linux/v4l2-controls.h). USB cameras know only these two.
_BY_HAND = 1
_BY_ITSELF = 3
_EXPOSURE_UNITS = 10  # of V4L2_CID_EXPOSURE_ABSOLUTE, in a millisecond

_TURNS: Final = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


class Source(Protocol):
    """A thing that gives frames. Every method raises `CameraFaultError`; used by one thread at a time."""

    def open(self) -> str:
        """Start filming; how, in words: "HD Webcam, MJPG". Nothing for a simulated camera."""
        ...

    def read(self) -> Picture:
        """The next frame, (height, width, 3) uint8 BGR, as the camera gives it; waits about `SILENT` seconds at most."""
        ...

    def close(self) -> None:
        """Stop filming; safe to call twice."""
        ...


def source(settings: CameraSettings) -> Source:
    """The closed source that `settings` names."""
    return DeviceSource(settings) if settings.kind == "v4l2" else SocketSource(settings.path)


class DeviceSource:
    """A V4L2 camera, asked for MJPG (raw YUYV would fill a USB 2 bus) of the size and exposure in its settings."""

    def __init__(self, settings: CameraSettings) -> None:
        self._settings = settings
        self._path = settings.path
        self._capture: cv2.VideoCapture | None = None

    def open(self) -> str:  # noqa: D102
        self.close()
        maker = v4l2.looked_at(self._path)
        # OpenCV waits ten seconds for a frame by default and has no property for it; read at its first capture.
        os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(round(SILENT)))
        # What it says on stderr is no journal line, and stands in the way of the one sentence of `kiosk check`.
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        # by-id names are links, and OpenCV derives its index from the name: give it /dev/videoN.
        capture = cv2.VideoCapture(os.path.realpath(self._path), cv2.CAP_V4L2)
        if not capture.isOpened():
            capture.release()
            # Somebody else may have been quicker; else its pictures come in a format OpenCV does not know.
            who = v4l2.holders(self._path)
            raise CameraFaultError(Fault.BUSY if who else Fault.NOT_A_CAMERA, self._path, who)
        self._capture = capture
        words = (maker, self._packed(capture), self._lit(capture))
        return ", ".join(word for word in words if word)

    def read(self) -> Picture:  # noqa: D102
        if self._capture is None:
            raise CameraFaultError(Fault.SILENT, self._path)
        try:
            given, frame = self._capture.read()
        except cv2.error as error:
            raise CameraFaultError(Fault.SILENT, self._path) from error
        if not given or frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            raise CameraFaultError(Fault.SILENT if Path(self._path).exists() else Fault.UNPLUGGED, self._path)
        return frame.astype(np.uint8, copy=False)

    def close(self) -> None:  # noqa: D102
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()

    def _packed(self, capture: cv2.VideoCapture) -> str:
        """Ask for format and size; which format the driver took, as it tells itself."""
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*_MJPG))
        width, height = self._settings.pixels
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        taken = int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little", signed=True).decode("ascii", "replace")
        if taken == _MJPG:
            return _MJPG
        raw = taken.strip() if taken.isalnum() else "a format of its own"
        return f"{raw} instead of {_MJPG}, which it does not give: keep it on a USB port of its own"

    def _lit(self, capture: cv2.VideoCapture) -> str:
        """Ask for the exposure; a word where the camera does not do what was asked."""
        exposure = self._settings.exposure
        if exposure == "auto":
            capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, _BY_ITSELF)  # one that has nothing else does not know the word
            return ""
        wanted = round(exposure * _EXPOSURE_UNITS)
        capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, _BY_HAND)
        capture.set(cv2.CAP_PROP_EXPOSURE, wanted)
        taken = capture.get(cv2.CAP_PROP_EXPOSURE)
        return "" if abs(taken - wanted) <= wanted / 10 else "whose exposure cannot be set as camera_exposure wants it"


class SocketSource:
    """The frame socket of a simulated camera."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._name = f"socket:{path}"
        self._socket: socket.socket | None = None
        self._given = False

    def open(self) -> str:  # noqa: D102
        self.close()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(SILENT)
        try:
            connection.connect(self._path)
        except OSError as error:
            connection.close()
            raise CameraFaultError(self._refused(error), self._name) from error
        self._socket = connection
        self._given = False
        return ""

    def read(self) -> Picture:  # noqa: D102
        header = self._bytes(_HEADER.size)
        magic, width, height, _, _ = _HEADER.unpack(header)
        if magic != _MAGIC or not (0 < width <= WIDTH and 0 < height <= HEIGHT):
            raise CameraFaultError(Fault.NOT_A_CAMERA, self._name)
        picture = np.frombuffer(self._bytes(width * height * 3), np.uint8).reshape(height, width, 3)
        self._given = True
        return picture

    def close(self) -> None:  # noqa: D102
        connection, self._socket = self._socket, None
        if connection is not None:
            connection.close()

    def _bytes(self, wanted: int) -> bytearray:
        if self._socket is None:
            raise CameraFaultError(Fault.SILENT, self._name)
        taken = bytearray(wanted)
        room = memoryview(taken)
        while room:
            try:
                count = self._socket.recv_into(room)
            except TimeoutError as error:
                raise CameraFaultError(Fault.SILENT, self._name) from error
            except OSError as error:
                raise CameraFaultError(self._ended(), self._name) from error
            if count == 0:
                raise CameraFaultError(self._ended(), self._name)
            room = room[count:]
        return taken

    def _refused(self, error: OSError) -> Fault:
        if isinstance(error, PermissionError):
            return Fault.NO_PERMISSION
        # A file that is no socket refuses like a socket nobody serves; a full queue is one that is not emptied.
        if error.errno == errno.ECONNREFUSED and Path(self._path).exists():
            return Fault.NOT_THERE if stat.S_ISSOCK(Path(self._path).stat().st_mode) else Fault.NOT_A_CAMERA
        return Fault.SILENT if isinstance(error, TimeoutError | BlockingIOError) else Fault.NOT_THERE

    def _ended(self) -> Fault:
        """It films nobody else's frames: who is shown out before the first one came second."""
        if not Path(self._path).exists():
            return Fault.UNPLUGGED
        return Fault.SILENT if self._given else Fault.BUSY


def prepared(frame: Picture, rotation: Rotation) -> Picture:
    """`frame` upright and within 640 x 480; what it was made from is overwritten, since a card's front may be on it."""
    upright = turned(frame, rotation)
    done = fitted(upright)
    for step in (frame, upright):
        if step is not done and step.flags.writeable:
            step[:] = 0
    return done


def turned(frame: Picture, rotation: Rotation) -> Picture:
    """`frame` turned clockwise by `rotation` degrees."""
    code = _TURNS.get(rotation)
    return frame if code is None else cv2.rotate(frame, code).astype(np.uint8, copy=False)


def fitted(frame: Picture) -> Picture:
    """`frame`, shrunk to fit into 640 x 480 where a camera gives more; its proportions stay."""
    height, width = frame.shape[:2]
    scale = min(WIDTH / width, HEIGHT / height)
    if scale >= 1:
        return frame
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
