"""Why a file of the interface gives no result. No sentence here holds anything of the file but an error's code."""

from __future__ import annotations

from enum import StrEnum

from kiosk.eligibility.errors import EligibilityError


class OqsError(EligibilityError):
    """The base of what reading the interface's XML may raise."""


class MalformedMessageError(OqsError):
    """Bytes that are not a message of the interface, or one that contradicts itself."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "malformed")


class StillProcessingError(OqsError):
    """SegmentOfResult 2: the system has not finished; the same may be asked again later."""

    def __init__(self) -> None:
        super().__init__("the eligibility system is still processing this request", "processing")


class Layer(StrEnum):
    """Who reports a failure (domain/oqs-interface.md section 4)."""

    FILE = "file"
    """SegmentOfResult 9."""
    PERSON = "person"
    """ProcessingResultStatus 2."""


class FailedMessageError(OqsError):
    """The system says that it failed. `result_code` is its error code, or None; the official list is not public."""

    def __init__(self, layer: Layer, result_code: str | None) -> None:
        told = f" (code {result_code})" if result_code else ""
        what = "cannot answer" if layer is Layer.FILE else "could not look this person up"
        super().__init__(f"the eligibility system says that it {what}{told}", "failed")
        self.layer = layer
        self.result_code = result_code
