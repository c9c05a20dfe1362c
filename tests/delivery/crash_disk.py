"""A disk with a volatile cache under SQLite, and power that can be cut: an apsw VFS, no root and no FUSE.

What was written is volatile until its file is synced, a new or deleted name until its file or folder is. A cut drops all
of that, or keeps a prefix of it, or any part of it in any order, torn at sectors of 512 bytes, some of them garbage (the
model of SQLite's own test6.c; domain/reception-and-reliability.md section 1.3, level 1). After the cut the machine is
dead: whatever still holds the old disk gets errors only.
"""

# ruff: noqa: N802, ARG002 - the names and the arguments are apsw's

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import apsw

SECTOR = 512
CUTS = ("drop", "prefix", "torn")

_names: Iterator[int] = itertools.count()


class PowerCutError(Exception):
    """The machine is without power."""


@dataclass(frozen=True)
class _Write:
    """What happened to a file and is not synced: made, deleted, cut at `at`, or `content` written there."""

    name: str
    kind: Literal["create", "delete", "truncate", "write"]
    at: int = 0
    content: bytes = b""


@dataclass
class Disk:
    """`durable` outlives a cut, `live` is what processes see, `pending` the way from one to the other."""

    durable: dict[str, bytearray] = field(default_factory=dict)
    live: dict[str, bytearray] = field(default_factory=dict)
    pending: list[_Write] = field(default_factory=list)
    left: int | None = None
    """Changes until the power goes; None: it stays."""

    def touch(self) -> None:
        """One more change: the power may go with it."""
        self.check()
        if self.left is not None:
            self.left -= 1
            self.check()

    def check(self) -> None:
        """Raise `PowerCutError` where there is no power."""
        if self.left is not None and self.left <= 0:
            raise PowerCutError

    def open(self, name: str, *, create: bool) -> None:
        if name in self.live:
            return
        if not create:
            raise apsw.CantOpenError(name)
        self.live[name] = bytearray()
        self.pending.append(_Write(name, "create"))

    def write(self, name: str, at: int, content: bytes) -> None:
        _put(self.live[name], at, content)
        self.pending.append(_Write(name, "write", at, content))

    def truncate(self, name: str, size: int) -> None:
        del self.live[name][size:]
        self.pending.append(_Write(name, "truncate", size))

    def delete(self, name: str, *, synced: bool) -> None:
        self.live.pop(name, None)
        self.pending.append(_Write(name, "delete"))
        if synced:
            self.sync(name)

    def sync(self, name: str) -> None:
        """What happened to this file is durable from now on."""
        for one in self.pending:
            if one.name == name:
                self._carry_out(one)
        self.pending = [one for one in self.pending if one.name != name]

    def after_a_cut(self, chance: random.Random, how: str) -> Disk:
        """The disk as the machine finds it when the power is back."""
        self.left = 0
        if how == "prefix":
            for one in self.pending[: chance.randint(0, len(self.pending))]:
                self._carry_out(one)
        elif how == "torn":
            kept = [one for one in self.pending if chance.random() < 0.5]
            if chance.random() < 0.5:
                chance.shuffle(kept)
            for one in kept:
                self._carry_out(one, chance)
        return Disk(
            {name: bytearray(content) for name, content in self.durable.items()},
            {name: bytearray(content) for name, content in self.durable.items()},
        )

    def _carry_out(self, one: _Write, torn: random.Random | None = None) -> None:
        match one.kind:
            case "create":
                self.durable.setdefault(one.name, bytearray())
            case "delete":
                self.durable.pop(one.name, None)
            case "truncate":
                if one.name in self.durable:
                    del self.durable[one.name][one.at :]
            case "write":
                file = self.durable.setdefault(one.name, bytearray())
                if torn is None:
                    _put(file, one.at, one.content)
                else:
                    _put_torn(file, one.at, one.content, torn)


def _put(file: bytearray, at: int, content: bytes) -> None:
    if len(file) < at:
        file.extend(bytes(at - len(file)))
    file[at : at + len(content)] = content


def _put_torn(file: bytearray, at: int, content: bytes, chance: random.Random) -> None:
    """Each sector lands, or does not, or rarely as garbage; the file is as long as it should be."""
    end = at + len(content)
    if len(file) < end:
        file.extend(bytes(end - len(file)))
    for start in range(0, len(content), SECTOR):
        sector = content[start : start + SECTOR]
        fate = chance.random()
        if fate < 0.45:
            file[at + start : at + start + len(sector)] = sector
        elif fate < 0.5:
            file[at + start : at + start + len(sector)] = chance.randbytes(len(sector))


class CrashVfs(apsw.VFS):
    """SQLite's way to a `Disk`. Held as long as connections are open over it."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.name = f"crash{next(_names)}"
        super().__init__(self.name, "")

    def connect(self, path: str) -> Any:
        """A connection as the outbox wants one. The disk knows no shared memory: the log's index is the process's own."""
        connection = apsw.Connection(path, vfs=self.name)
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        return connection

    def connect_normal(self, path: str) -> Any:
        """The same with the wrong setting seeded: `synchronous=NORMAL`, whatever is asked for."""
        return _Normal(self.connect(path))

    def xOpen(self, name: Any, flags: list[int]) -> Any:
        self.disk.check()
        file = name.filename() if isinstance(name, apsw.URIFilename) else (name or f"nameless{next(_names)}")
        return _File(self.disk, file, create=bool(flags[0] & apsw.SQLITE_OPEN_CREATE))

    def xDelete(self, name: str, syncdir: bool) -> None:
        self.disk.touch()
        self.disk.delete(name, synced=syncdir)

    def xAccess(self, name: str, flags: int) -> bool:
        self.disk.check()
        return name in self.disk.live

    def xFullPathname(self, name: str) -> str:
        return name


class _File:
    def __init__(self, disk: Disk, name: str, *, create: bool) -> None:
        self._disk, self._name = disk, name
        disk.open(name, create=create)

    def xRead(self, amount: int, offset: int) -> bytes:
        self._disk.check()
        return bytes(self._disk.live[self._name][offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.touch()
        self._disk.write(self._name, offset, bytes(data))

    def xTruncate(self, size: int) -> None:
        self._disk.touch()
        self._disk.truncate(self._name, size)

    def xSync(self, flags: int) -> None:
        self._disk.touch()
        self._disk.sync(self._name)

    def xFileSize(self) -> int:
        self._disk.check()
        return len(self._disk.live[self._name])

    def xLock(self, level: int) -> None: ...

    def xUnlock(self, level: int) -> None: ...

    def xCheckReservedLock(self) -> bool:
        return False

    def xClose(self) -> None: ...

    def xFileControl(self, op: int, pointer: int) -> bool:
        return False

    def xSectorSize(self) -> int:
        return SECTOR

    def xDeviceCharacteristics(self) -> int:
        return 0


class _Normal:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @property
    def in_transaction(self) -> bool:
        return bool(self._connection.in_transaction)

    def execute(self, sql: str, values: Any = ()) -> Any:
        wrong = sql.startswith("PRAGMA synchronous=")
        return self._connection.execute("PRAGMA synchronous=NORMAL" if wrong else sql, values)

    def close(self) -> None:
        self._connection.close()
