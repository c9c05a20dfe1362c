"""One folder of the terminal's share: everything that may go wrong with it becomes one sentence here.

Nothing is followed (links), nothing but files is opened, nothing is read beyond its bound, nothing is overwritten.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from kiosk.eligibility.terminal.errors import NotAFileError, ShareError, TooLargeError

MAX_NAMES = 50_000
"""A folder with more has not been looked after for years, and every look would take seconds."""

_LATER = {
    errno.ENOENT,
    errno.EACCES,
    errno.EPERM,
    errno.EBUSY,
    errno.ETXTBSY,
    errno.EAGAIN,
    errno.EINTR,
    errno.ESTALE,
}
"""Gone in the meantime, or still open in its writer's hands: another look may do better."""


class Folder:
    """A folder whose last part may be written in another case than it is there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def path(self) -> Path:
        """Where it is; raises `ShareError`."""
        try:
            if self._path.is_dir():
                return self._path
            wanted = self._path.name.casefold()
            found = [one for one in self._path.parent.iterdir() if one.name.casefold() == wanted and one.is_dir()]
        except OSError as error:
            raise ShareError(self._path, "cannot be reached: is the share mounted?", error) from error
        if len(found) != 1:
            told = "is not there: is the share mounted?" if not found else "is there more than once"
            raise ShareError(self._path, told)
        return found[0]

    def names(self) -> tuple[str, ...]:
        """The names in it, in no order, those of no characters left out; raises `ShareError`."""
        told: list[str] = []
        try:
            with os.scandir(self.path()) as entries:
                for entry in entries:
                    if len(told) == MAX_NAMES:
                        raise ShareError(self._path, f"holds more than {MAX_NAMES} files: clear it up")
                    told.append(entry.name)
        except OSError as error:
            raise ShareError(self._path, "cannot be read: is the share there, and may we read it?", error) from error
        return tuple(name for name in told if name.isprintable())

    def open(self, name: str) -> BinaryIO | None:
        """The file `name` for reading; None where it is gone or in use. Raises `NotAFileError`, `ShareError`."""
        path = self.path() / name
        try:
            # A device must not even be opened; and what is a file now may be something else a moment later.
            if not stat.S_ISREG(path.lstat().st_mode):
                raise NotAFileError
            number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in _LATER:
                return None
            if error.errno in {errno.ELOOP, errno.ENXIO}:
                raise NotAFileError from error
            raise ShareError(self._path, "cannot be read", error) from error
        source = os.fdopen(number, "rb")
        if not stat.S_ISREG(os.fstat(number).st_mode):
            source.close()
            raise NotAFileError
        return source

    def read(self, name: str, limit: int) -> bytes | None:
        """All of the file `name`; None as `open`. Raises `TooLargeError` beyond `limit` bytes, and what `open` raises."""
        source = self.open(name)
        if source is None:
            return None
        with source:
            try:
                message = source.read(limit + 1)
            except OSError as error:
                if error.errno in _LATER:
                    return None
                raise ShareError(self._path, "cannot be read", error) from error
        if len(message) > limit:
            raise TooLargeError(limit)
        return message

    @contextlib.contextmanager
    def new(self, name: str) -> Iterator[BinaryIO]:
        """A new file `name` to write; safe on the disk after the block, gone if the block fails. Raises `ShareError`."""
        path = self.path() / name
        try:
            target = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")
        except OSError as error:
            raise ShareError(self._path, "cannot be written: may we write there?", error) from error
        try:
            with target:
                yield target
                target.flush()
                os.fsync(target.fileno())
        except OSError as error:
            self.remove(name)
            raise ShareError(self._path, "cannot be written", error) from error
        except BaseException:
            self.remove(name)
            raise

    def rename(self, name: str, new_name: str) -> None:
        """Give the file `name` its final name, unless something has that name in any case. Raises `ShareError`."""
        if new_name.casefold() in {taken.casefold() for taken in self.names()}:
            raise ShareError(self._path, "already holds a file of the request's name")
        path = self.path()
        try:
            (path / name).rename(path / new_name)
        except OSError as error:
            raise ShareError(self._path, "cannot be written: may we rename there?", error) from error

    def remove(self, name: str) -> bool:
        """Take the file `name` away; False where that cannot be done now. What is no file is left alone."""
        try:
            path = self.path() / name
            if not stat.S_ISREG(path.lstat().st_mode):
                return False
            path.unlink()
        except FileNotFoundError:
            return True
        except (OSError, ShareError):
            return False
        return True
