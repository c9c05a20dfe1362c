"""Which languages patients may choose here, and why not the others.

Japanese always. Another one if the settings want it, its catalogue says all that the Japanese one says, and its typeface is
on this machine. What nobody with that mother tongue has read is wanted only where the settings say so: consent and
registration are legal statements.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from kiosk import journal
from kiosk.errors import MissingError
from kiosk.ui.errors import CatalogueError
from kiosk.ui.fonts import Faces
from kiosk.ui.messages import JAPANESE, LANGUAGES, Catalogue, Words, head
from kiosk.ui.prompts import Sounds, name_key
from kiosk.ui.settings import DisplaySettings

log = logging.getLogger("kiosk.ui.languages")


@dataclass(frozen=True)
class Language:
    """A language of the product.

    `catalogue`: its texts, where they can be read. `why_not`: why patients cannot choose it here, in one sentence; None:
    they can.
    """

    tag: str
    catalogue: Catalogue | None
    why_not: str | None = None

    @property
    def name(self) -> str:
        """The language's name in its own script, the tag where the catalogue cannot be read."""
        return self.catalogue.name if self.catalogue else self.tag

    @property
    def unread(self) -> bool:
        """Whether nobody with that mother tongue has read the catalogue."""
        return self.catalogue is None or self.catalogue.reviewed_by is None


def every(settings: DisplaySettings, faces: Faces) -> tuple[Language, ...]:
    """Every language of the product, whether it is offered here or why not. Raises `CatalogueError` for Japanese alone."""
    return _looked_at(LANGUAGES, settings, faces)


def offered(settings: DisplaySettings, faces: Faces) -> tuple[Language, ...]:
    """The languages that patients may choose, Japanese first; one that is wanted but cannot be shown is logged.

    Catalogues that are not wanted are not read. Raises `CatalogueError` for Japanese alone.
    """
    languages = _looked_at([tag for tag in LANGUAGES if tag == JAPANESE or wanted(tag, settings)], settings, faces)
    for language in languages:
        if language.why_not is not None:
            log.warning("language_hidden", extra=journal.numbers(language=language.tag))
    return tuple(language for language in languages if language.why_not is None)


def state(settings: DisplaySettings, faces: Faces) -> str:
    """One sentence on the languages, for `kiosk check`: what is offered, and what of it nobody has read.

    Raises `MissingError` with what to do when one that is wanted cannot be shown.
    """
    looked_at = every(settings, faces)
    if lacking := [f"{one.tag}: {one.why_not}" for one in looked_at if one.why_not and wanted(one.tag, settings)]:
        raise MissingError("; ".join(lacking))
    here = [one for one in looked_at if one.why_not is None]
    told = f"offered: {', '.join(one.tag for one in here)}"
    unread = [one.tag for one in here if one.unread]
    return f"{told}; read by no native speaker yet: {', '.join(unread)}" if unread else told


def wanted(tag: str, settings: DisplaySettings) -> bool:
    """Whether the settings want the language, whatever else may stand against it."""
    match settings.languages:
        case "all":
            return True
        case "read":
            try:
                return tag == JAPANESE or head(tag)[1] is not None
            except CatalogueError:
                return True  # to be told, not to be passed over
        case tags:
            return tag in (JAPANESE, *tags)


def _looked_at(tags: Sequence[str], settings: DisplaySettings, faces: Faces) -> tuple[Language, ...]:
    japanese = Catalogue.load(JAPANESE)
    others = (_look(tag, japanese, settings, faces) for tag in tags if tag != JAPANESE)
    return Language(JAPANESE, japanese), *others


def _look(tag: str, japanese: Catalogue, settings: DisplaySettings, faces: Faces) -> Language:
    try:
        catalogue = Catalogue.load(tag)
    except CatalogueError as error:
        return Language(tag, None, error.sentence)
    return Language(tag, catalogue, _why_not(catalogue, japanese, settings, faces))


def _why_not(catalogue: Catalogue, japanese: Catalogue, settings: DisplaySettings, faces: Faces) -> str | None:
    tag = catalogue.language
    if not wanted(tag, settings):
        if settings.languages == "read":
            return "no native speaker has read it; name it under display: languages to offer it all the same"
        return "display: languages does not name it"
    if told := japanese.differences(catalogue):
        return told[0] if len(told) == 1 else f"{told[0]}, and {len(told) - 1} more"
    if lacking := faces.lacking(tag):
        installed = f", or: apt-get install {lacking.package}" if lacking.folder else ""
        return f"{lacking.name('*')} is not here: run ./deploy/demo once{installed}"
    return None


@lru_cache(maxsize=len(LANGUAGES))
def name_of(tag: str) -> Words:
    """A language's name in its own script; it knows its key where it can be heard too. Raises `CatalogueError`."""
    name = head(tag)[0]
    return Words(name, name_key(tag) if Sounds.load(tag).find_name(name) else None)
