"""What a V4L2 device says of itself before OpenCV opens it: OpenCV's own answer is only that it could not.

Numbers and layouts: linux/videodev2.h (`v4l2_capability`, 104 bytes; `v4l2_format`, 208 bytes where pointers have eight),
major number 81: linux Documentation/admin-guide/devices.txt.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import struct
from pathlib import Path
from typing import Final

from kiosk.face.camera_faults import CameraFaultError, Fault

MAJOR: Final = 81

_CAPABILITY = struct.Struct("=16s32s32sIII12s")
_FORMAT_BYTES = 208 if struct.calcsize("P") == 8 else 204
_VIDEO_CAPTURE = 0x00000001  # both the capability and the buffer type
_DEVICE_CAPS = 0x80000000


def _request(direction: int, number: int, size: int) -> int:
    return direction << 30 | size << 16 | ord("V") << 8 | number


QUERYCAP: Final = _request(2, 0, _CAPABILITY.size)
G_FMT: Final = _request(3, 4, _FORMAT_BYTES)
S_FMT: Final = _request(3, 5, _FORMAT_BYTES)

_FAULTS: Final = {
    errno.ENOENT: Fault.NOT_THERE,
    errno.ENOTDIR: Fault.NOT_THERE,
    errno.ELOOP: Fault.NOT_THERE,
    errno.ENAMETOOLONG: Fault.NOT_THERE,
    errno.ENXIO: Fault.NOT_THERE,
    errno.ENODEV: Fault.NOT_THERE,
    errno.EACCES: Fault.NO_PERMISSION,
    errno.EPERM: Fault.NO_PERMISSION,
    errno.EBUSY: Fault.BUSY,
}
"""Whatever else a driver answers (EIO, ETIMEDOUT): it is there, and gives nothing."""


def looked_at(path: str) -> str:
    """The name the camera at `path` has from its maker, if it may be filmed with now. Raises `CameraFaultError`.

    Nothing is opened that is not a video device: opening others may do something (a watchdog starts to run).
    """
    try:
        about = Path(path).stat()
        if not stat.S_ISCHR(about.st_mode) or os.major(about.st_rdev) != MAJOR:
            raise CameraFaultError(Fault.NOT_A_CAMERA, path)
        device = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _fault(error, path) from error
    try:
        return _asked(device, path)
    except OSError as error:
        raise _fault(error, path) from error
    finally:
        os.close(device)


def holders(path: str) -> str:
    """Which other programs have the device at `path` open, as far as this user may know: "cheese, guvcview", or ""."""
    wanted = os.path.realpath(path)
    names: set[str] = set()
    for process in Path("/proc").iterdir():
        if process.name.isdecimal() and int(process.name) != os.getpid():
            with contextlib.suppress(OSError):  # it ended meanwhile, or belongs to somebody else
                if any(_leads_to(link, wanted) for link in (process / "fd").iterdir()):
                    names.add(_called(process))
    return ", ".join(sorted(names))


def _asked(device: int, path: str) -> str:
    answer = bytearray(_CAPABILITY.size)
    try:
        fcntl.ioctl(device, QUERYCAP, answer)
    except OSError as error:
        if error.errno in (errno.ENOTTY, errno.EINVAL):
            raise CameraFaultError(Fault.NOT_A_CAMERA, path) from error
        raise
    _, card, _, _, whole, this, _ = _CAPABILITY.unpack(answer)
    if not (this if whole & _DEVICE_CAPS else whole) & _VIDEO_CAPTURE:
        raise CameraFaultError(Fault.NOT_A_CAMERA, path)  # a webcam's second node gives its metadata
    # Any program may open a camera; the one that films owns its format. So it is set to what it is already.
    layout = bytearray(_FORMAT_BYTES)
    struct.pack_into("=I", layout, 0, _VIDEO_CAPTURE)
    try:
        fcntl.ioctl(device, G_FMT, layout)
        fcntl.ioctl(device, S_FMT, layout)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTTY):  # a driver that cannot do this may still film
            raise
    return "".join(sign for sign in card.split(b"\0")[0].decode(errors="replace") if sign.isprintable()).strip()


def _fault(error: OSError, path: str) -> CameraFaultError:
    fault = _FAULTS.get(error.errno or 0, Fault.SILENT)
    return CameraFaultError(fault, path, holders(path) if fault is Fault.BUSY else "")


def _leads_to(link: Path, wanted: str) -> bool:
    try:
        return str(link.readlink()) == wanted
    except OSError:
        return False  # closed meanwhile


def _called(process: Path) -> str:
    if b"kiosk.face.studio" in (process / "cmdline").read_bytes():
        return "the kiosk that runs here"
    return (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
