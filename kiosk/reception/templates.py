"""Where the pages of the staff door lie, and how they are filled in, in Japanese or English."""

from __future__ import annotations

from pathlib import Path

import jinja2

from kiosk.reception import language

PAGES = Path(__file__).parent / "pages"


class Templates:
    """The pages in both languages; each request gets those of the one that its browser asked for."""

    def __init__(self) -> None:
        self._japanese = _environment()
        self._english = _environment()
        self._english.add_extension(language.InEnglish)
        self._english.finalize = language.shown

    def get_template(self, name: str) -> jinja2.Template:
        """The page `name`."""
        chosen = self._english if language.is_english() else self._japanese
        return chosen.get_template(name, globals={"lang": "en" if language.is_english() else "ja"})


def environment() -> Templates:
    """Templates whose every text is escaped and whose every name must be given."""
    return Templates()


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
