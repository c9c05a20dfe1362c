"""The `hand_off:` section: a folder of our own from which the claims computer takes results. Without it none is written.

hand_off:
  folder: /mnt/receipt/kiosk
  institution_code: "1311234566"
  encoding: shift_jis

Never the terminal's own folder `face`: what lies there is taken for the terminal's word (design/architecture.md, "What we
do not do"). A share of a Windows machine is mounted with `cache=none`, or a file that was taken seems to be there still.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from kiosk.eligibility.oqs import numbers
from kiosk.eligibility.oqs.consumers import CONSUMERS, Consumer
from kiosk.eligibility.oqs.encoding import Encoding
from kiosk.eligibility.oqs.errors import NumberError
from kiosk.eligibility.terminal.settings import INVENTED_INSTITUTION, TerminalSettings

TERMINALS_OWN: Final = frozenset({"face", "req", "res"})
"""What the terminal's folders are called, in any case (domain/oqs-interface.md section 1.2)."""


@dataclass(frozen=True, kw_only=True)
class HandOffSettings:
    """Where results go, and for whom they are written.

    `consumer`: the claims computer, where it is one whose demands are known (`kiosk.eligibility.oqs.consumers`).
    `look_seconds`: how often it is looked whether a file was taken; `taken_within_seconds`: when one that was not becomes
    an alarm. `test`: only simulated results go there; without it, only real ones.
    """

    folder: Path
    institution_code: str
    encoding: Literal["shift_jis", "utf-8"] = "shift_jis"
    consumer: Literal["plain", "Dynamics", "MynaReception", "EmrCloud", "OQSDrug2"] = "plain"
    look_seconds: float = 1.0
    taken_within_seconds: float = 60.0
    test: bool = False

    def __post_init__(self) -> None:
        if self.folder.name.casefold() in TERMINALS_OWN:
            raise ValueError(
                f"folder: {self.folder.name} is what the terminal's own folders are called; nothing is ever written there"
            )
        try:
            plain = numbers.institution_code(self.institution_code)
        except NumberError as error:
            raise ValueError(f"institution_code: {error.sentence}") from error
        if plain != self.institution_code:
            raise ValueError("institution_code: expected plain digits")
        if self.institution_code == INVENTED_INSTITUTION and not self.test:
            raise ValueError(
                "institution_code: 1319999996 is the invented clinic of samples and belongs to test: true only"
            )
        if not 0.02 <= self.look_seconds <= 60:
            raise ValueError("look_seconds: expected 0.02 to 60 seconds")
        if not 1 <= self.taken_within_seconds <= 3600:
            raise ValueError("taken_within_seconds: expected 1 to 3600 seconds")

    @property
    def written_for(self) -> Consumer:
        """The reader of the files, in the encoding that was asked for."""
        encoding = Encoding.UTF_8 if self.encoding == "utf-8" else Encoding.SHIFT_JIS
        return replace(CONSUMERS[self.consumer], encoding=encoding)

    def check_apart_from(self, terminal: TerminalSettings | None) -> None:
        """Raises `ValueError` where the folder is one of the terminal's, or lies in one, by whatever way it is named."""
        if terminal is None:
            return
        ours = self.folder.resolve()
        for theirs in (terminal.req, terminal.res, terminal.face):
            if theirs is None:
                continue
            there = _folded(theirs.resolve())
            if there == _folded(ours) or there in map(_folded, ours.parents):
                raise ValueError("folder: is one of the terminal's own folders; nothing is ever written there")


def _folded(path: Path) -> str:
    return str(path).casefold()
