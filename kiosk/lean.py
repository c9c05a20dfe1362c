"""What keeps a process small that runs all day on a small box: no import that nobody calls, no memory kept after use.

Any room may import this leaf; it imports the standard library only.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # mallopt(3)
_ARENAS: Final = 2
_LARGE: Final = 256 * 1024
"""From how many bytes on a block is a mapping of its own: the tables of a typeface, a picture, a sound."""


@contextmanager
def without(*modules: str) -> Iterator[None]:
    """Inside, importing one of `modules` fails as if it were not installed; one that is imported already stays.

    For what a library imports only if it is there. No other thread may import meanwhile.
    """
    hidden = [name for name in modules if name not in sys.modules]
    # What the import system documents for None: the import ends in ModuleNotFoundError.
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def give_memory_back() -> bool:
    """From now on the C library gives what is freed back to the system sooner; False where it cannot.

    Left alone, glibc keeps an arena for each of the first dozen threads, and takes every block that is freed as a sign to keep
    larger ones for later: a typeface that was needed once would stay for good.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library
        return False
    wanted = ((_M_ARENA_MAX, _ARENAS), (_M_MMAP_THRESHOLD, _LARGE), (_M_TRIM_THRESHOLD, _LARGE))
    return {int(mallopt(option, value)) for option, value in wanted} == {1}


def begin() -> None:
    """Collect no garbage while modules are imported and parts are made: nearly all of it stays."""
    gc.disable()


def settle() -> None:
    """Everything is made: collect once, and never look at what there is now again (a full collection takes 40 ms)."""
    gc.collect()
    gc.freeze()
    gc.enable()
