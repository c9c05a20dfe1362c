"""The section `card:` of the kiosk's settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TrustedRoot:
    """A root whose certificates are taken: `file` in PEM or DER. `simulated` marks every check-in under it as not real."""

    file: Path
    simulated: bool = False


@dataclass(frozen=True)
class CardSettings:
    """What the card room is told.

    `trust`: the roots. `intermediates`: CA certificates between a root and the cards, in PEM or DER, each taken only if a
    root signed it, or one that a root signed. `reader`: part of the names of the readers that patients use, else every
    reader. `pcsc_socket`: of a pcscd of our own. `extended_reads`: false for a reader that loses its card over long
    reads without saying so; the photo then takes 65 commands instead of 5, and nothing else changes.
    """

    trust: tuple[TrustedRoot, ...]
    reader: str | None = None
    pcsc_socket: Path | None = None
    intermediates: tuple[Path, ...] = ()
    extended_reads: bool = True

    def __post_init__(self) -> None:
        if not self.trust:
            raise ValueError("trust: expected at least one root certificate")
        if self.reader == "":
            raise ValueError("reader: expected part of a reader's name, or no such line")
