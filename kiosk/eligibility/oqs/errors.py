"""Why a file of the interface gives no result, or cannot be written.

No sentence here holds anything of a file but names of the interface's own elements and an error's code.
"""

from __future__ import annotations

from enum import StrEnum

from kiosk.eligibility.errors import EligibilityError


class OqsError(EligibilityError):
    """The base of what reading and writing the interface's XML may raise."""


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
    BUSINESS = "business"
    """ResultCode other than 1, of the medication and check-up messages."""


_CANNOT = {
    Layer.FILE: "cannot answer",
    Layer.PERSON: "could not look this person up",
    Layer.BUSINESS: "does not hand out what was asked for",
}


class FailedMessageError(OqsError):
    """The system says that it failed. `result_code` is its error code, or None; the official list is not public."""

    def __init__(self, layer: Layer, result_code: str | None) -> None:
        told = f" (code {result_code})" if result_code else ""
        super().__init__(f"the eligibility system says that it {_CANNOT[layer]}{told}", "failed")
        self.layer = layer
        self.result_code = result_code


class UnwritableMessageError(OqsError):
    """A message that must not go out as it is: `element` is the path of what is wrong, or None for the whole."""

    def __init__(self, sentence: str, element: str | None, code: str = "unwritable") -> None:
        super().__init__(sentence, code)
        self.element = element


class MissingElementError(UnwritableMessageError):
    """An element that the interface, or the consumer written for, insists on is not there."""

    def __init__(self, element: str) -> None:
        super().__init__(f"the message cannot be written without {element}", element, "missing_element")


class UnencodableError(UnwritableMessageError):
    """A character that code page 932 does not have, in an element where none may stand in its place."""

    def __init__(self, element: str) -> None:
        super().__init__(
            f"the message cannot be written in Shift_JIS: it has no such character as in {element}",
            element,
            "unencodable",
        )


class NumberError(OqsError):
    """A number that somebody typed or listed is not one of its kind; the sentence names the kind, never the number."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "number")
