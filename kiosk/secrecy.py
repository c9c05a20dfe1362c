"""What a process does that holds a face or a PIN: it cannot be dumped, traced or swapped out.

    secrecy.keep()                  first thing in a process that will hold something
    secrecy.overwrite_what_is_freed()   where pictures pass through libraries that free without wiping

Any room may import this leaf; it imports the standard library and kiosk.errors only.
"""

from __future__ import annotations

import ctypes
import logging
import os
import resource
from pathlib import Path
from typing import Final

from kiosk import journal
from kiosk.errors import MissingError

_log = logging.getLogger("kiosk.secrecy")

_PR_SET_DUMPABLE = 4  # prctl(2)
_MCL = 1 | 2 | 4  # mlockall(2): what is there, what will be, and each page only once it is used
_M_PERTURB = -6  # mallopt(3)
_FREED = 0xFF  # what freed memory is filled with; new memory is then filled with its complement, zero
_SWAPS: Final = Path("/proc/swaps")


def keep() -> None:
    """No core dump, no tracing by the same user, and no page in swap where this process may lock memory.

    Locking needs root or an unlimited RLIMIT_MEMLOCK: under a small limit every later allocation could fail, so it is not
    tried. Where it is not possible `swap_state` says so. Raises `OSError` where a dump cannot be ruled out.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    c = _c()
    if c.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE)")
    if may_lock() and c.mlockall(_MCL) != 0:
        _log.warning("memory_not_locked", extra=journal.numbers(errno=ctypes.get_errno()))


def overwrite_what_is_freed() -> bool:
    """From now on the C library overwrites what is freed (blocks above about 1 KB); False where it cannot.

    Libraries copy a picture to scale and to show it, and free the copies as they are. glibc fills freed blocks on request
    (M_PERTURB); blocks so large that they are mappings of their own go back to the kernel at once.
    """
    try:
        return bool(_c().mallopt(_M_PERTURB, _FREED))
    except AttributeError:  # another C library
        return False


def may_lock() -> bool:
    """Whether this process may lock all of its memory."""
    return os.geteuid() == 0 or resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY


def swap_state() -> str:
    """One sentence on swap, for `kiosk check`; raises `MissingError` where a picture could be swapped out."""
    swaps = _SWAPS.read_text().splitlines()[1:] if _SWAPS.exists() else []
    if not swaps:
        return "no swap on this machine"
    if may_lock():
        return "swap is on; the kiosk locks its memory and stays out of it"
    if _kept_out_by_the_service():
        return "swap is on; the kiosk's service is kept out of it"
    raise MissingError(
        "swap is on, and this user may not lock memory: a face could be written to disk; "
        "set MemorySwapMax=0 (or LimitMEMLOCK=infinity) in the kiosk's service, or switch swap off"
    )


def _kept_out_by_the_service() -> bool:
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        number, _, path = line.split(":", 2)
        if number == "0":
            limit = Path("/sys/fs/cgroup") / path.lstrip("/") / "memory.swap.max"
            return limit.exists() and limit.read_text().strip() == "0"
    return False


def _c() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
