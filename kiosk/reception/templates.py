"""Where the pages of the staff door lie, and how they are filled in."""

from __future__ import annotations

from pathlib import Path

import jinja2

PAGES = Path(__file__).parent / "pages"


def environment() -> jinja2.Environment:
    """Templates whose every text is escaped and whose every name must be given."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
