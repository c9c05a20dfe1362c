"""The X connection behind the window, asked of SDL itself.

`pygame.display.get_wm_info` would tell it too, but crashes in pygame 2.6.1 under X: it also wraps a Wayland field of the
same union, which it never set, and when that happens to be zero the process dies (met here on a window opened twice).
"""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

import pygame

_LIBRARY = re.compile(r"\S*/libSDL2-2[^/\s]*\.so[^/\s]*$", re.MULTILINE)
_X11 = 2
_MOST_WINDOWS = 1024


class _Version(ctypes.Structure):
    _fields_ = (("major", ctypes.c_uint8), ("minor", ctypes.c_uint8), ("patch", ctypes.c_uint8))


class _WindowOfX(ctypes.Structure):
    # SDL_syswm.h, SDL_SysWMinfo; the union is 64 bytes and begins with the X display.
    _fields_ = (
        ("version", _Version),
        ("subsystem", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("rest", ctypes.c_uint8 * 64),
    )


def connection() -> int | None:
    """The file descriptor of the open window's X connection; None where there is no X window."""
    library = _LIBRARY.search(Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace"))
    if pygame.display.get_driver() != "x11" or library is None:
        return None
    sdl = ctypes.CDLL(library.group())
    sdl.SDL_GetWindowFromID.restype, sdl.SDL_GetWindowFromID.argtypes = ctypes.c_void_p, [ctypes.c_uint32]
    sdl.SDL_GetWindowWMInfo.argtypes = [ctypes.c_void_p, ctypes.POINTER(_WindowOfX)]
    numbers = range(1, _MOST_WINDOWS)
    window = next((found for number in numbers if (found := sdl.SDL_GetWindowFromID(number))), None)
    told = _WindowOfX(version=_Version(*pygame.get_sdl_version()))
    if window is None or not sdl.SDL_GetWindowWMInfo(window, ctypes.byref(told)) or told.subsystem != _X11:
        return None
    number_of = ctypes.CDLL("libX11.so.6").XConnectionNumber
    number_of.restype, number_of.argtypes = ctypes.c_int, [ctypes.c_void_p]
    return int(number_of(told.display))
