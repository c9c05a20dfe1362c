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
    """`trust`: the roots. `reader`: part of the reader's name, else the first one. `pcsc_socket`: of a pcscd of our own."""

    trust: tuple[TrustedRoot, ...]
    reader: str | None = None
    pcsc_socket: Path | None = None

    def __post_init__(self) -> None:
        if not self.trust:
            raise ValueError("trust: expected at least one root certificate")
        if self.reader == "":
            raise ValueError("reader: expected part of a reader's name, or no such line")
