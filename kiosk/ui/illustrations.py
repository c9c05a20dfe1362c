"""Our illustrations: SVG files drawn at the size that is wanted, smoothly, and kept (bounded) for the next time."""

from __future__ import annotations

import io
import re
from functools import lru_cache
from pathlib import Path

import pygame

from kiosk.ui import assets
from kiosk.ui.errors import IllustrationError

NOW = "-now"
"""`NAME-now.svg` is the second picture of a moving illustration."""

MAX_BYTES = 256 * 1024
_NAME = re.compile(r"[a-z0-9-]{1,64}")
_ROOT = re.compile(r"<svg\b[^>]*>", re.DOTALL)
_BOX = re.compile(r"""\bviewBox\s*=\s*["']\s*([-\d.]+)[\s,]+([-\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)\s*["']""")
_SIZE = re.compile(r"""\s(?:width|height)\s*=\s*(?:"[^"]*"|'[^']*')""")


class Illustrations:
    """The pictures of one folder, drawn by SDL_image's nanosvg (no text, masks or filters in the files)."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or assets.folder("illustrations")
        self._drawn = lru_cache(maxsize=24)(self._draw)
        self._source = lru_cache(maxsize=128)(self._read)

    def moves(self, name: str) -> bool:
        """Whether the illustration has a second picture."""
        return (self.folder / f"{name}{NOW}.svg").is_file()

    def fitted(self, name: str, width: int, height: int) -> pygame.Surface:
        """The illustration as large as fits; premultiplied: blit it with `BLEND_PREMULTIPLIED`.

        Raises `IllustrationError`.
        """
        return self._drawn(name, width, height)

    def _draw(self, name: str, width: int, height: int) -> pygame.Surface:
        source, (own_width, own_height) = self._source(name)
        scale = min(width / own_width, height / own_height)
        size = max(1, round(own_width * scale)), max(1, round(own_height * scale))
        # Drawn at twice the size and halved: nanosvg's own smoothing leaves steps in near-level lines.
        sized = source.replace("<svg", f'<svg width="{2 * size[0]}" height="{2 * size[1]}"', 1)
        try:
            large = pygame.image.load(io.BytesIO(sized.encode()), "illustration.svg")
        except pygame.error as error:
            raise IllustrationError(f"{name}.svg: cannot be drawn") from error
        return pygame.transform.smoothscale(large.premul_alpha(), size)

    def _read(self, name: str) -> tuple[str, tuple[float, float]]:
        if not _NAME.fullmatch(name):
            raise IllustrationError("An illustration's name is made of a-z, 0-9 and hyphens")
        path = self.folder / f"{name}.svg"
        try:
            raw = path.read_bytes()
            text = raw.decode("utf-8") if len(raw) <= MAX_BYTES else ""
        except (OSError, UnicodeDecodeError) as error:
            raise IllustrationError(f"{path.name}: there is no such illustration") from error
        root = _ROOT.search(text)
        box = _BOX.search(root.group()) if root else None
        if root is None or box is None or not (float(box[3]) > 0 and float(box[4]) > 0):
            raise IllustrationError(f"{path.name}: expected an <svg> with a viewBox, at most {MAX_BYTES} bytes")
        plain = _SIZE.sub("", root.group())
        return plain + text[root.end() :], (float(box[3]), float(box[4]))
