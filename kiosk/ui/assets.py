"""Where our own pictures, texts and themes lie: beside the packages in a clone, inside `kiosk` when installed."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def folder(name: str) -> Path:
    """The folder `name` ("text", "themes", "illustrations") of the assets."""
    installed = _PACKAGE / "assets"
    return (installed if installed.is_dir() else _PACKAGE.parent / "assets") / name
