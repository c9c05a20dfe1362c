"""The folder that results are handed off in: few steps, each of them safe on the disk before it is over.

A share can hang for minutes, so nothing here may run where anybody waits: `OneHand` does one step after the other on a
thread of its own.
"""

from __future__ import annotations

import asyncio
import errno
import os
import queue
import stat
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from kiosk.reception.errors import ReceptionError

_T = TypeVar("_T")

MOST_NAMES: Final = 20_000
"""A folder with more has not been looked after for months, and every look at it would take seconds."""

_NO_SYNC: Final = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EISDIR}
"""What file systems say that know no sync of a folder, shares among them."""


class FolderAwayError(ReceptionError):
    """The folder cannot be reached, read or written now."""

    def __init__(self, path: Path, what: str, error: OSError | None = None) -> None:
        why = "" if error is None else f" ({error.strerror or type(error).__name__})"
        super().__init__(f"{path}: the hand-off folder {what}{why}", "hand_off_away")


class Steps(Protocol):
    """What is done in the folder. Each step raises `FolderAwayError` where it cannot be."""

    def names(self) -> frozenset[str]:
        """What lies there."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """A new file, whole and on the disk, its name too."""
        ...

    def rename(self, name: str, new_name: str) -> None:
        """Give a file another name, on the disk; never over another file."""
        ...

    def remove(self, name: str) -> None:
        """Take a file of ours away, if it is there."""
        ...


class HandOffFolder:
    """The folder itself. Links are not followed; files can be read, and taken away, by the folder's group."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> frozenset[str]:
        """What lies there; raises `FolderAwayError`."""
        told: set[str] = set()
        try:
            with os.scandir(self._path) as entries:
                for entry in entries:
                    if len(told) == MOST_NAMES:
                        raise FolderAwayError(self._path, f"holds more than {MOST_NAMES} files: clear it up")
                    told.add(entry.name)
        except OSError as error:
            raise FolderAwayError(self._path, "cannot be reached", error) from error
        return frozenset(told)

    def write(self, name: str, content: bytes) -> None:
        """A new file with `content`, on the disk with its name; raises `FolderAwayError`, and leaves no half of it."""
        path = self._path / name
        try:
            number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o660)
        except OSError as error:
            raise FolderAwayError(self._path, "cannot be written", error) from error
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            self._sync()
        except OSError as error:
            self.remove(name)
            raise FolderAwayError(self._path, "cannot be written", error) from error

    def rename(self, name: str, new_name: str) -> None:
        """Give the file `name` the name `new_name`, on the disk; raises `FolderAwayError`, also where that name is taken."""
        if new_name.casefold() in {taken.casefold() for taken in self.names()}:
            raise FolderAwayError(self._path, "already holds a file of that name")
        try:
            (self._path / name).rename(self._path / new_name)
            self._sync()
        except OSError as error:
            raise FolderAwayError(self._path, "lets nothing be renamed", error) from error

    def remove(self, name: str) -> None:
        """Take a file away, if it is there; raises `FolderAwayError`. What is no file is left alone."""
        path = self._path / name
        try:
            if stat.S_ISREG(path.lstat().st_mode):
                path.unlink()
        except FileNotFoundError:
            return
        except OSError as error:
            raise FolderAwayError(self._path, "lets nothing be removed", error) from error

    def _sync(self) -> None:
        folder = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        except OSError as error:
            if error.errno not in _NO_SYNC:
                raise
        finally:
            os.close(folder)


class OneHand:
    """Does one step after the other, on a thread that no end of reception waits for: a share that hangs would hold it."""

    def __init__(self) -> None:
        self._steps: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="hand-off", daemon=True).start()

    def do(self, step: Callable[[], _T]) -> asyncio.Future[_T]:
        """What `step` gives or raises, when its turn has come."""
        future: Future[_T] = Future()
        self._steps.put((step, future))
        return asyncio.wrap_future(future)

    def end(self) -> None:
        """No more steps."""
        self._steps.put(None)

    def _work(self) -> None:
        while (job := self._steps.get()) is not None:
            step, future = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(step())
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits
                future.set_exception(error)
