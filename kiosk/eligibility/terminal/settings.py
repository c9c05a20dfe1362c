"""The `terminal:` section: where the eligibility terminal's folders are, who asks, and how patiently.

terminal:
  req: /mnt/oqs/req
  res: /mnt/oqs/res
  face: /mnt/oqs/face
  institution_code: "1311234566"
  encoding: shift_jis
  mark: "4610"

The folders are shares of a Windows machine, mounted by the operating system: with `cache=none` (or `actimeo=0`), for a
client that remembers what a folder held does not see an answer come.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kiosk.eligibility.oqs import numbers
from kiosk.eligibility.oqs.encoding import Encoding
from kiosk.eligibility.oqs.errors import NumberError
from kiosk.eligibility.oqs.to_xml import Form

INVENTED_INSTITUTION = "1319999996"
"""The clinic of samples and simulations (domain/oqs-interface.md section 6): no such clinic exists."""


@dataclass(frozen=True, kw_only=True)
class TerminalSettings:
    """How the terminal is spoken to.

    `req` takes requests, `res` gives answers, `face` (optional, only ever read) holds what an official reader found.
    The last part of each path may differ in case from what is there: the other side is Windows.
    `mark`: four digits in every file name of ours, by which we know our own; no two programs at one terminal may share it.
    `poll_seconds`: how often the folders are looked at; an answer takes two looks.
    `timeout_seconds`: how long one question may take (3 to 7 s are usual: domain/oqs-interface.md section 1.1),
    `bulk_timeout_seconds` one step of a bulk look-up, and a question for medical information.
    `test`: the other side is a simulation; questions and answers are marked, and no answer counts as a real one.
    """

    req: Path
    res: Path
    institution_code: str
    face: Path | None = None
    encoding: Literal["utf-8", "shift_jis"] = "utf-8"
    mark: str = "4610"
    poll_seconds: float = 0.25
    timeout_seconds: float = 20.0
    bulk_timeout_seconds: float = 180.0
    test: bool = False

    def __post_init__(self) -> None:
        folders = [path for path in (self.req, self.res, self.face) if path is not None]
        if len({str(path).casefold() for path in folders}) != len(folders):
            raise ValueError("res: req, res and face must be different folders")
        _institution_code(self.institution_code)
        if self.institution_code == INVENTED_INSTITUTION and not self.test:
            raise ValueError(
                "institution_code: 1319999996 is the invented clinic of samples and belongs to test: true only"
            )
        if not re.fullmatch(r"[0-9]{4}", self.mark):
            raise ValueError("mark: expected four digits in quotes, which no other program at this terminal uses")
        if not 0.02 <= self.poll_seconds <= 5:
            raise ValueError("poll_seconds: expected 0.02 to 5 seconds")
        if not max(0.5, 3 * self.poll_seconds) <= self.timeout_seconds <= 600:
            raise ValueError("timeout_seconds: expected 0.5 to 600 seconds, and at least three times poll_seconds")
        if not self.timeout_seconds <= self.bulk_timeout_seconds <= 3600:
            raise ValueError("bulk_timeout_seconds: expected timeout_seconds or longer, at most 3600 seconds")

    @property
    def form(self) -> Form:
        """How requests are written; answers say themselves what they are written in. Never ● in a request."""
        return Form(Encoding.UTF_8 if self.encoding == "utf-8" else Encoding.SHIFT_JIS, substitute=False)


def _institution_code(code: str) -> None:
    try:
        plain = numbers.institution_code(code)
    except NumberError as error:
        raise ValueError(f"institution_code: {error.sentence}") from error
    if plain != code:
        raise ValueError("institution_code: expected plain digits")
