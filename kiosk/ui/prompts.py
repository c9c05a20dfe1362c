"""Which words are spoken, and which sound says them. No pygame: the tool that renders the sounds reads this too.

A text is spoken as it stands, if it has no slots; one with slots only where the catalogue has `<key>_spoken` beside it,
a sentence without slots: no name, number or result is ever said aloud (domain/kiosk-ui.md section 3). A sound belongs to
the very words it was rendered from (`mark`): after those were changed it is silent until it is rendered again, so that
nobody hears another consent sentence than the one on the screen.

    assets/sounds/<language>/manifest.json    {"voice": "...", "sounds": {"idle": {"text": MARK, "said": MARK}, ...}}
    assets/sounds/<language>/<key>.ogg
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from kiosk.ui import assets
from kiosk.ui.errors import CatalogueError
from kiosk.ui.messages import Catalogue

SPOKEN = "_spoken"
STAFF_ONLY = frozenset(
    {
        *("closed_staff", "closed_reader", "closed_outbox", "closed_key", "closed_paused", "closed_other"),
        *(
            "staff",
            "staff_no_photo",
            "staff_number",
            "staff_pin",
            "staff_back",
            "staff_how",
            "staff_checking",
            "staff_wrong",
        ),
        *("staff_slow_down", "staff_unreachable", "staff_again", "staff_again_go", "visual_how", "visual_how_printed"),
        *(
            "visual_stale",
            "visual_wait",
            "visual_confirm",
            "visual_refuse",
            "visual_why",
            "visual_not_the_person",
            "visual_card_damaged",
        ),
        *("visual_changed_mind", "visual_other"),
    }
)
"""Told to staff on a patient's screen, in small print or on a screen of their own: never aloud."""
SYMBOLS = frozenset({"looks", "languages"})
"""Letters that stand for a picture ("A あ"), words of two languages: said only in other words (`looks_spoken`)."""
LANGUAGE_NAME = "language_name"
"""A language's own name, said by its own voice: the key of that sound within the language (`name_key` from anywhere)."""
MANIFEST = "manifest.json"
MAX_BYTES = 256 * 1024

_CODE = "sounds"
_HAN_OR_KANA = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_READ_HAN = ("ja", "zh")
_KEY = re.compile(r"[a-z0-9_]{1,64}")
_NAME_KEY = re.compile(rf"{LANGUAGE_NAME}/([A-Za-z-]{{2,16}})")
_MARK = re.compile(r"[0-9a-f]{16}")


def spoken_key(catalogue: Catalogue, key: str) -> str | None:
    """The key of the words that are said where `key` is shown; None: nothing is."""
    if key in STAFF_ONLY:
        return None
    said = key + SPOKEN if key + SPOKEN in catalogue.texts else key
    if said in SYMBOLS or said not in catalogue.texts or catalogue.slots(said):
        return None
    return said if _own_script(catalogue, said) else None


def _own_script(catalogue: Catalogue, key: str) -> bool:
    """Not so where a card's characters are shown to people who may not read them: those are for the eye."""
    return catalogue.language.startswith(_READ_HAN) or not _HAN_OR_KANA.search(catalogue.texts[key])


def spoken_texts(catalogue: Catalogue) -> dict[str, str]:
    """Every text that is spoken, by its key, in the catalogue's order, and then the language's own name."""
    keys = (spoken_key(catalogue, key) for key in catalogue.texts)
    texts = {key: catalogue.texts[key] for key in keys if key is not None}
    return {**texts, LANGUAGE_NAME: catalogue.name} if catalogue.name else texts


def name_key(tag: str) -> str:
    """The key under which the name of the language `tag` is said in that language, whatever is spoken otherwise."""
    return f"{LANGUAGE_NAME}/{tag}"


def named(key: str) -> str | None:
    """The language whose name is said under `key`, if it is such a key."""
    found = _NAME_KEY.fullmatch(key)
    return None if found is None else found[1]


def mark(text: str) -> str:
    """What tells one text from another: 16 hex digits of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Sounds:
    """The sounds of one language: where they lie, and the mark of the text that each one says."""

    folder: Path
    texts: Mapping[str, str]

    @classmethod
    def load(cls, language: str) -> Sounds:
        """What `assets/sounds/<language>/manifest.json` lists; nothing where there is none. Raises `CatalogueError`."""
        folder = assets.folder("sounds") / language
        path = folder / MANIFEST
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return cls(folder, MappingProxyType({}))
        except OSError as error:
            raise CatalogueError(f"{language}/{MANIFEST}: cannot be read ({error.strerror})", _CODE) from error
        return cls(folder, MappingProxyType({key: entry["text"] for key, entry in listed(raw, language).items()}))

    def find(self, catalogue: Catalogue, key: str) -> Path | None:
        """The sound that says the words shown as `key`, if there is one and it says just them."""
        said = spoken_key(catalogue, key)
        if said is None or self.texts.get(said) != mark(catalogue.texts[said]):
            return None
        return self.folder / f"{said}.ogg"

    def find_name(self, name: str) -> Path | None:
        """The sound that says this language's name as its catalogue spells it."""
        return self.folder / f"{LANGUAGE_NAME}.ogg" if self.texts.get(LANGUAGE_NAME) == mark(name) else None


def listed(raw: bytes, language: str) -> dict[str, dict[str, str]]:
    """The sounds that a manifest lists: key -> marks (`text`: of the catalogue's words, `said`: of how they were rendered).

    Raises `CatalogueError`.
    """
    where = f"{language}/{MANIFEST}"
    if len(raw) > MAX_BYTES:
        raise CatalogueError(f"{where}: is larger than {MAX_BYTES} bytes", _CODE)
    try:
        root = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise CatalogueError(f"{where}: is not JSON", _CODE) from error
    sounds = root.get("sounds") if isinstance(root, dict) else None
    if not isinstance(sounds, dict):
        raise CatalogueError(f'{where}: expected {{"sounds": {{key: marks}}}}', _CODE)
    for key, entry in sounds.items():
        if not _KEY.fullmatch(key):
            raise CatalogueError(f"{where}: expected keys of small letters, digits and underscores", _CODE)
        marks = [entry.get(name) for name in ("text", "said")] if isinstance(entry, dict) else [None]
        if not all(isinstance(one, str) and _MARK.fullmatch(one) for one in marks):
            raise CatalogueError(f"{where}: {key} has no marks", _CODE)
    return sounds
