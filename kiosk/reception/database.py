"""What reception asks of a database, whichever it is: SQLite on the desk's own machine, or PostgreSQL for several nodes.

Questions and changes are written once, in the SQL that both understand: `?` and `:name` for values, RETURNING for the
numbers that the database gives, ON CONFLICT instead of "or ignore". Rows are read by column name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Values = Sequence[object] | Mapping[str, object]


class Found(Protocol):
    """One row: by column name, or in order where it is taken apart."""

    def __getitem__(self, column: str, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...


class Cursor(Protocol):
    """What a statement found, or how many rows it touched."""

    @property
    def rowcount(self) -> int: ...  # noqa: D102

    def fetchone(self) -> Any: ...  # noqa: D102

    def fetchall(self) -> list[Any]: ...  # noqa: D102

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """An open connection without a transaction of its own making: BEGIN and COMMIT are said."""

    def execute(self, sql: str, values: Any = (), /) -> Cursor:
        """Carry out one statement."""
        ...

    def executemany(self, sql: str, values: Iterable[Any], /) -> object:
        """Carry out one statement for each of `values`."""
        ...

    def close(self) -> None:
        """Let it go."""
        ...


class Telling(Protocol):
    """What a change tells others: see `kiosk.reception.store.Transaction`."""

    @property
    def passing(self) -> Sequence[tuple[str, dict[str, object]]]:
        """Kind and flags of what is told to whoever listens now."""
        ...

    @property
    def told(self) -> bool:
        """Whether there is anything to tell."""
        ...


class Engine(Protocol):
    """One kind of database, opened for one reception. Everything it raises of itself is one of `failures`."""

    failures: tuple[type[Exception], ...]

    def open_for_writing(self) -> Connection:
        """The one connection that writes, with tables as this version has them. Raises `StartError`."""
        ...

    def open_for_reading(self) -> Connection:
        """A connection that only reads."""
        ...

    def alive(self, connection: Connection) -> bool:
        """Whether it can still be used; if not, another one is opened in its place."""
        ...

    def begin(self, connection: Connection) -> None:
        """Begin a transaction whose numbers come in the order of the commits."""
        ...

    def lifted(self, connection: Connection, trigger: str, table: str) -> AbstractContextManager[None]:
        """Inside, within the open transaction, a trigger that refuses does not; for everybody else it never goes away."""
        ...

    def in_transaction(self, connection: Connection) -> bool:
        """Whether a transaction is open, failed or not."""
        ...

    def announce(self, connection: Connection, telling: Telling) -> bool:
        """Inside the transaction: let other nodes know with its COMMIT. False where there are none: tell it yourself."""
        ...

    def listen(self, heard: Heard) -> AbstractContextManager[object]:
        """Hear what is announced, by this node too, until the context ends."""
        ...

    def close(self) -> None:
        """Let go of what the engine itself holds."""
        ...


class Heard(Protocol):
    """Who hears what other nodes announce. On a thread of the engine's."""

    def announced(self, connection: Connection, passing: Sequence[tuple[str, dict[str, object]]]) -> None:
        """Something was committed somewhere: read what is new from `connection`; and these were told in passing."""
        ...

    def duty(self, on_duty: bool) -> None:
        """Whether this node is the one that does what only one may do."""
        ...
