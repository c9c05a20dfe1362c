"""How a simulated terminal may behave: as it should, as real ones might, and as somebody who means harm would.

What it answers, of whom, stands with its people (`terminal_people`); a manner is how that answer comes, or does not.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Manner(StrEnum):
    """One behaviour; `sentence` says it in words."""

    sentence: str

    def __new__(cls, name: str, sentence: str) -> Self:
        """A member from its name and its sentence."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.sentence = sentence
        return member

    ORDINARY = "ordinary", "the answer is written under its name, all at once"
    HALF_WRITTEN = "half_written", "half of the answer, a pause, the other half"
    STUTTERING = "stuttering", "the answer in many small pieces"
    TORN = "torn", "half of the answer and never the rest"
    EMPTY = "empty", "an empty file and nothing more"
    NEVER = "never", "the request is taken and nobody ever answers"
    IDLE = "idle", "requests are not even taken: the software does not run"
    MAINTENANCE = "maintenance", "the national system is in maintenance (an error of the whole file)"
    PROCESSING = "processing", "still being processed (SegmentOfResult 2)"
    PERSON_ERROR = "person_error", "this person cannot be looked up (ProcessingResultStatus 2)"
    WRONG_IDENTIFIER = "wrong_identifier", "the answer repeats another file identifier"
    NO_IDENTIFIER = "no_identifier", "the answer repeats no file identifier"
    OTHER_CLINIC = "other_clinic", "the answer was made for another clinic"
    OTHER_SEARCH = "other_search", "the answer repeats another search"
    NO_SEARCH = "no_search", "the answer does not repeat the search"
    OTHER_PATIENT = "other_patient", "what was found is of somebody born on another day"
    OTHER_NAME = "other_name", "what was found is of somebody of another name"
    OTHER_NUMBER = "other_number", "what was found is of another insured number"
    NOBODY = "nobody", "valid, and not whose"
    CARD_RESULT = "card_result", "the answer says that a card was shown"
    YESTERDAY = "yesterday", "the answer is about yesterday"
    WRONG_ENCODING = "wrong_encoding", "Shift_JIS bytes that are declared UTF-8, or the other way round"
    PORTAL = "portal", "a web page that wants a password, under the answer's name"
    ENTITIES = "entities", "XML that would grow without bound"
    ENCRYPTED = "encrypted", "bytes that are no text"
    HUGE = "huge", "more bytes than any answer has"
    LINK = "link", "a link to a file elsewhere"
    FOLDER = "folder", "a folder under the answer's name"
    PIPE = "pipe", "a pipe under the answer's name, which nobody fills"
    TWICE = "twice", "two answers whose names differ in case"
    UPPER_CASE = "upper_case", "the answer's name in capitals"
    DISCARDED = "discarded", "a DEL file instead of the answer"
    LITTER = "litter", "other programs' files come with the answer"
    ROWS_MISSING = "rows_missing", "a bulk result without its last row"
    ROWS_REPEATED = "rows_repeated", "a bulk result with its first row twice"
    ROWS_SWAPPED = "rows_swapped", "a bulk result whose rows have each other's identifiers"
