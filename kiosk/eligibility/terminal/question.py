"""What the terminal can be asked, seen from the folders: which file goes out, which may come back, and who reads it.

A question is a frozen dataclass. It says what kind of files it is about, writes its own message under a `Heading` that is
made for this one time, and judges the reply by the same heading: an answer that does not repeat it is somebody else's.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar

from kiosk.eligibility.oqs import document
from kiosk.eligibility.oqs.file_names import Business
from kiosk.eligibility.terminal.errors import EncryptedError, MismatchError

_A_co = TypeVar("_A_co", covariant=True)

SIMULATED = "SIM"
"""How the identifier of whatever is not real begins (domain/oqs-interface.md section 6)."""


@dataclass(frozen=True)
class Kind:
    """The files of a question: prefix and phase; which extensions and how many bytes its reply may have.

    `slow` ones have the settings' longer time-out. The reply of a `long` one is not held in memory: it stays in its folder
    until whoever asked has read it.
    """

    business: Business
    phase: str = "01"
    extensions: frozenset[str] = frozenset({"xml"})
    largest: int = document.MAX_BYTES
    slow: bool = False
    long: bool = False


@dataclass(frozen=True, repr=False)
class Heading:
    """What a request says of itself: who asks, for which day, and 16 characters of chance that the reply repeats."""

    institution_code: str
    identifier: str
    on: date
    simulated: bool

    def refuse_other(self, institution_code: str | None, identifier: str | None, *, must_say: bool = True) -> None:
        """Return where a reply repeats this heading; raises `MismatchError`. `must_say` false lets it say nothing."""
        if institution_code not in {None, self.institution_code}:
            raise MismatchError("it was made for another medical institution")
        if identifier is None and not must_say:
            return
        if identifier != self.identifier:
            raise MismatchError("its file identifier is not the one that was sent")


def new_heading(institution_code: str, on: date, *, simulated: bool) -> Heading:
    """A heading for one question."""
    chance = secrets.token_hex(8)
    identifier = SIMULATED + chance[len(SIMULATED) :] if simulated else chance
    return Heading(institution_code, identifier, on, simulated)


@dataclass(frozen=True, repr=False)
class Reply:
    """What came back. `name` as it stands in the folder; `message` is empty where the question is a `long` one."""

    name: str
    extension: str
    message: bytes

    def xml(self) -> bytes:
        """The message where it is text; raises `EncryptedError`. Whether it is XML is for its reader to see."""
        # Whatever a real message begins with, blanks or a mark of its encoding, its first tag is near.
        if self.message and b"<" not in self.message[:64]:
            raise EncryptedError
        return self.message


class Question(Protocol[_A_co]):
    """Something the terminal can be asked."""

    @property
    def kind(self) -> Kind:
        """Its files."""

    @property
    def on(self) -> date | None:
        """The day it is about; None is today, in Japan, when it is asked."""

    def message(self, heading: Heading) -> object:
        """The request's model, for `to_xml.write`."""

    def answer(self, reply: Reply, heading: Heading) -> _A_co:
        """What the reply says. Raises `TerminalError` and `OqsError` for what is not an answer to this question."""
