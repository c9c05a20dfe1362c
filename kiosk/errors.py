"""The one base of every error a person may read, and the exit codes of the command line.

Every room has one subclass tree of `KioskError` of its own (`kiosk.card.errors.CardError`, ...). `kiosk.record` stands
on the standard library alone and raises `kiosk.record.RecordError`, a `ValueError`.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the command line answers to a script; the table stands in the README."""

    DONE = 0
    BUG = 1
    USAGE = 2
    MISSING = 3
    NOT_CONFIRMED = 4
    NOT_DELIVERED = 5


class KioskError(Exception):
    """An error with one plain sentence that says what is wrong and where, and a short code for machines.

    `sentence` is shown to people as it is: it never holds a secret or a patient's data.
    """

    exit_code = ExitCode.BUG

    def __init__(self, sentence: str, code: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code

    def __str__(self) -> str:
        return self.sentence


class SettingsError(KioskError):
    """A settings file that cannot be used: the sentence names file, key and what was expected."""

    exit_code = ExitCode.USAGE

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "settings")


class UsageError(KioskError):
    """A command line that cannot be carried out as typed."""

    exit_code = ExitCode.USAGE

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "usage")


class MissingError(KioskError):
    """Something the machine must have is not there; the sentence says what to do about it."""

    exit_code = ExitCode.MISSING

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "missing")
