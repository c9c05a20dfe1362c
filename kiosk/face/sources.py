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

import os
import socket
import struct
from pathlib import Path
from typing import Final, Protocol

import cv2
import numpy as np

from kiosk.face.errors import CameraError
from kiosk.face.matcher import Picture
from kiosk.face.settings import CameraSettings

WIDTH: Final = 640
HEIGHT: Final = 480

SILENT: Final = 1.0
"""Seconds without a frame after which a camera counts as stuck."""

_HEADER = struct.Struct("!8sIIQd")
_MAGIC = b"KIOSKFRM"


class Source(Protocol):
    """A thing that gives frames. Every method raises `CameraError`; used by one thread at a time."""

    def open(self) -> None:
        """Start filming."""
        ...

    def read(self) -> Picture:
        """The next frame, (height, width, 3) uint8 BGR, at most 480 x 640; waits about `SILENT` seconds at most."""
        ...

    def close(self) -> None:
        """Stop filming; safe to call twice."""
        ...


def source(settings: CameraSettings) -> Source:
    """The closed source that `settings` names."""
    return DeviceSource(settings.path) if settings.kind == "v4l2" else SocketSource(settings.path)


class DeviceSource:
    """A V4L2 camera, asked for MJPG at 640 x 480 (raw YUYV would fill a USB 2 bus)."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._capture: cv2.VideoCapture | None = None

    def open(self) -> None:  # noqa: D102
        device = Path(self._path)
        if not device.exists():
            raise CameraError(f"camera {self._path}: is not there; check its cable and `camera:` in the settings")
        if not device.is_char_device():
            raise CameraError(f"camera {self._path}: is not a camera; check `camera:` in the settings")
        if not os.access(device, os.R_OK | os.W_OK):
            raise CameraError(f"camera {self._path}: this user may not open it; add the user to the group `video`")
        # OpenCV waits ten seconds for a frame by default and has no property for it; read at its first capture.
        os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(round(SILENT)))
        # by-id names are links, and OpenCV derives its index from the name: give it /dev/videoN.
        capture = cv2.VideoCapture(os.path.realpath(device), cv2.CAP_V4L2)
        if not capture.isOpened():
            capture.release()
            raise CameraError(
                f"camera {self._path}: cannot be opened; another program may be using it, or it is no camera"
            )
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, WIDTH)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, HEIGHT)
        self._capture = capture

    def read(self) -> Picture:  # noqa: D102
        if self._capture is None:
            raise CameraError(f"camera {self._path}: is closed")
        try:
            given, frame = self._capture.read()
        except cv2.error as error:
            raise CameraError(f"camera {self._path}: sent a frame that cannot be read") from error
        if not given or frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            raise CameraError(f"camera {self._path}: gives no frames; another program may be using it")
        return fitted(frame.astype(np.uint8, copy=False))

    def close(self) -> None:  # noqa: D102
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()


class SocketSource:
    """The frame socket of a simulated camera."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._socket: socket.socket | None = None

    def open(self) -> None:  # noqa: D102
        self.close()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(SILENT)
        try:
            connection.connect(self._path)
        except OSError as error:
            connection.close()
            raise CameraError(f"camera socket:{self._path}: nobody answers; start `kiosk simulate camera`") from error
        self._socket = connection

    def read(self) -> Picture:  # noqa: D102
        header = self._bytes(_HEADER.size)
        magic, width, height, _, _ = _HEADER.unpack(header)
        if magic != _MAGIC or not (0 < width <= WIDTH and 0 < height <= HEIGHT):
            raise CameraError(f"camera socket:{self._path}: sent something that is not a frame")
        return np.frombuffer(self._bytes(width * height * 3), np.uint8).reshape(height, width, 3)

    def close(self) -> None:  # noqa: D102
        connection, self._socket = self._socket, None
        if connection is not None:
            connection.close()

    def _bytes(self, wanted: int) -> bytearray:
        if self._socket is None:
            raise CameraError(f"camera socket:{self._path}: is closed")
        taken = bytearray(wanted)
        room = memoryview(taken)
        while room:
            try:
                count = self._socket.recv_into(room)
            except OSError as error:
                raise CameraError(f"camera socket:{self._path}: gives no frames") from error
            if count == 0:
                raise CameraError(f"camera socket:{self._path}: has ended")
            room = room[count:]
        return taken


def fitted(frame: Picture) -> Picture:
    """`frame`, shrunk to fit into 640 x 480 where a camera does not do what it was asked; its proportions stay."""
    height, width = frame.shape[:2]
    scale = min(WIDTH / width, HEIGHT / height)
    if scale >= 1:
        return frame
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
