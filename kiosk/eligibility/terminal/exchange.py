"""One question on its way: its request, the answer that is looked for, and how long. Only the folders' thread touches it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from kiosk.eligibility.oqs.file_names import Direction, MessageName
from kiosk.eligibility.terminal.question import Kind, Reply
from kiosk.eligibility.terminal.sight import TORN_SECONDS, Watch


@dataclass(eq=False)
class Exchange:
    """`message` is the request, or None where its draft already lies in `req`. Seconds are those of a steady clock."""

    kind: Kind
    tail: str
    message: bytes | None
    read: Callable[[Reply], Any]
    seconds: float
    deadline: float
    future: Future[Any] = field(default_factory=Future)
    locked: bool = False
    gone_since: float | None = None

    def __post_init__(self) -> None:
        self.watch = Watch(min(TORN_SECONDS, self.seconds / 2))

    @property
    def request(self) -> MessageName:
        """The request's name."""
        return MessageName(self.kind.business, self.kind.phase, Direction.REQUEST, self.tail)

    def is_answered_by(self, name: MessageName) -> bool:
        """Whether a file of this name is the answer that is waited for."""
        return self.request.is_answered_by(name) and name.extension in self.kind.extensions

    @property
    def is_withdrawn(self) -> bool:
        """Whether nobody wants the answer any more."""
        return self.future.cancelled()

    def give(self, told: object) -> bool:
        """End well; False where the question was taken back. Once, as `fail`."""
        wanted = self.future.set_running_or_notify_cancel()
        if wanted:
            self.future.set_result(told)
        return wanted

    def fail(self, error: Exception) -> None:
        """End without an answer."""
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)
