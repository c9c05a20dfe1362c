"""Why the terminal gave no answer, or one that is not believed. No sentence holds a patient's data or a file's name."""

from __future__ import annotations

from pathlib import Path

from kiosk.eligibility.errors import NoAnswerError


class TerminalError(NoAnswerError):
    """The base of what the bridge to the terminal may raise; `code` tells the hop, as `NoAnswerError` says."""


class ShareError(TerminalError):
    """A folder of the terminal cannot be reached, read or written: the machine, the network or the rights (`share`)."""

    def __init__(self, path: Path, what: str, error: OSError | None = None) -> None:
        why = "" if error is None else f" ({error.strerror or type(error).__name__})"
        super().__init__(f"{path}: the terminal's folder {what}{why}", "share")


class NotTakenError(TerminalError):
    """The request still lies where it was put: the terminal's software does not run (`not_taken`)."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the terminal did not pick the request up within {seconds:g} seconds: its software may not be running",
            "not_taken",
        )


class NoReplyError(TerminalError):
    """The terminal took the request and there is no answer: the line or the national system (`time_out`)."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the terminal took the request and gave no answer within {seconds:g} seconds: its line may be down",
            "time_out",
        )


class LockedError(TerminalError):
    """The answer is there and cannot be opened (`locked`)."""

    def __init__(self) -> None:
        super().__init__(
            "the terminal's answer is there but cannot be opened: it is in use, or not ours to read", "locked"
        )


class DiscardedError(TerminalError):
    """The terminal gave the answer up before it was fetched, and left a DEL file in its place (`discarded`)."""

    def __init__(self) -> None:
        super().__init__("the terminal discarded its answer before it was fetched", "discarded")


class NotAFileError(TerminalError):
    """Under the answer's name lies a link, a folder or a device: somebody plays with the folder (`not_a_file`)."""

    def __init__(self) -> None:
        super().__init__("what lies in the terminal's folder under the answer's name is not a file", "not_a_file")


class TooLargeError(TerminalError):
    """More bytes than any answer of its kind has (`too_large`)."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the terminal's answer is larger than {limit} bytes", "too_large")


class EncryptedError(TerminalError):
    """Not text at all: the terminal can be set to encrypt what it hands out (`encrypted`)."""

    def __init__(self) -> None:
        super().__init__(
            "the terminal's answer is no text: its result files may be set to be encrypted (encrypt.conf)", "encrypted"
        )


class MismatchError(TerminalError):
    """It answers something else than what was asked (`mismatch`)."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the terminal's answer is not the one to this question: {what}", "mismatch")


class OtherPatientError(MismatchError):
    """The answer is about somebody else; `what` names the kind of fact that differs (`other_patient`)."""

    def __init__(self, what: str) -> None:
        super().__init__(f"it is about another patient ({what})")
        self.code = "other_patient"


class WithdrawnError(TerminalError):
    """The question was taken back before it was answered (`withdrawn`)."""

    def __init__(self) -> None:
        super().__init__("the question to the terminal was taken back before it was answered", "withdrawn")
