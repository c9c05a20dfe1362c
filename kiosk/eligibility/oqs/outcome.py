"""How a message ended, by the system's own word: a failure is an error here and never a result (section 4)."""

from __future__ import annotations

import re
from typing import Protocol, TypeVar

from kiosk.eligibility.oqs.codes import Code, ProcessingResultStatus, SegmentOfResult, UnknownCode
from kiosk.eligibility.oqs.errors import FailedMessageError, Layer, MalformedMessageError, StillProcessingError

_C = TypeVar("_C", bound=Code)


class FileOutcome(Protocol):
    """A header that says how the file's processing ended (`headers`)."""

    @property
    def segment_of_result(self) -> SegmentOfResult | UnknownCode | None:
        """SegmentOfResult."""

    @property
    def error_code(self) -> str | None:
        """ErrorCode."""


class PersonOutcome(Protocol):
    """A body or a row that says how one person's processing ended."""

    @property
    def processing_result_status(self) -> ProcessingResultStatus | UnknownCode | None:
        """ProcessingResultStatus."""

    @property
    def processing_result_code(self) -> str | None:
        """ProcessingResultCode."""


def refuse_failed_file(header: FileOutcome | None, *, must_say: bool = True) -> None:
    """Return where the file ended well.

    Raises `StillProcessingError` (ask again later), `FailedMessageError`, and `MalformedMessageError` where the header does
    not say it; the reception of a bulk request need not (`must_say` false).
    """
    segment = None if header is None else header.segment_of_result
    if header is None or (segment is None and must_say) or isinstance(segment, UnknownCode):
        raise MalformedMessageError("the message does not say how its processing ended (SegmentOfResult)")
    match segment:
        case SegmentOfResult.PROCESSING:
            raise StillProcessingError
        case SegmentOfResult.FAILED:
            raise FailedMessageError(Layer.FILE, result_code(header.error_code))
        case SegmentOfResult.NORMAL | None:
            return


def refuse_failed_person(body: PersonOutcome | None) -> None:
    """Return where the person could be looked up, or registered.

    Raises `FailedMessageError`, and `MalformedMessageError` where the message does not say it.
    """
    match None if body is None else known(body.processing_result_status):
        case ProcessingResultStatus.NORMAL:
            return
        case ProcessingResultStatus.ERROR:
            raise FailedMessageError(Layer.PERSON, result_code(None if body is None else body.processing_result_code))
        case None:
            raise MalformedMessageError("the message does not say how the look-up ended (ProcessingResultStatus)")


def known(code: _C | UnknownCode | None) -> _C | None:
    """The code if its table has it, else None."""
    return None if isinstance(code, UnknownCode) else code


def result_code(word: str | None) -> str | None:
    """A result code, if it looks like one: it goes into sentences and journals."""
    return word if word is not None and re.fullmatch(r"[A-Za-z0-9-]{1,24}", word) else None
