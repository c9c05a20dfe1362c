"""The words on the screen: one catalogue a language, `assets/text/<language>.yaml`, flat `key: text` lines.

The first two lines of a file, before an empty one, are about the catalogue itself: `language_name`, the language's name in
its own script, and `reviewed_by`, who has read these texts and has the language as a mother tongue (nothing: nobody yet).

A text may hold `{slot}` places. Filling one with too few or too many slots is an error: a sentence with a hole in it, or
one that silently drops what it was given, must not reach a patient.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter
from types import MappingProxyType
from typing import Self

import yaml

from kiosk.ui import assets
from kiosk.ui.errors import CatalogueError, SlotError, UnknownMessageError

JAPANESE = "ja"
LANGUAGES = (
    JAPANESE,
    "ja-simple",
    "en",
    "zh-Hans",
    "zh-Hant",
    "ko",
    "vi",
    "pt",
    "es",
    "tl",
    "ne",
    "id",
    "th",
    "my",
)
"""BCP 47 tags in the order in which they are offered. `simple` is the registered variant "simplified form": ja-simple is
やさしい日本語; a private tag would say nothing to others. `pt` is written as in Brazil, `es` as in Latin America."""

MAX_BYTES = 256 * 1024

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,8})?")
"""A BCP 47 tag: a language and at most a script (zh-Hans) or a registered variant (ja-simple, "simplified form")."""
_NAME, _REVIEWED = "language_name", "reviewed_by"
_TEXT_TAG, _NULL_TAG = "tag:yaml.org,2002:str", "tag:yaml.org,2002:null"
_NO_SLOTS: frozenset[str] = frozenset()
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C, where PyYAML has it: fourteen catalogues are read in a tenth of the time."""


class Words(str):
    """A text as it stands on a screen, and the key it was found under; None: nobody says it (a name, a number, a result)."""

    __slots__ = ("key",)
    key: str | None

    def __new__(cls, text: str, key: str | None = None) -> Self:  # noqa: D102
        words = super().__new__(cls, text)
        words.key = key
        return words


@dataclass(frozen=True)
class Catalogue:
    """Every text of one language, its name in its own script, and who with that mother tongue has read them, if anybody."""

    language: str
    texts: Mapping[str, str]
    name: str = ""
    reviewed_by: str | None = None
    _slots: Mapping[str, frozenset[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        slots = {key: _slots_of(text, f"{self.language}: {key}") for key, text in self.texts.items()}
        object.__setattr__(self, "texts", MappingProxyType(dict(self.texts)))
        object.__setattr__(self, "_slots", MappingProxyType(slots))

    @classmethod
    def load(cls, language: str) -> Catalogue:
        """The catalogue of `language` ("ja"); raises `CatalogueError`."""
        where, raw = _read(language)
        texts = parse(raw, where=where)
        name, reviewed_by = _head(texts, where)
        own = {key: text for key, text in texts.items() if key not in {_NAME, _REVIEWED}}
        return cls(language, own, name, reviewed_by)

    def text(self, key: str, **slots: str | int) -> Words:
        """The text `key` with its slots filled; raises `UnknownMessageError` and `SlotError`.

        It knows its key where it can be said: without slots, or with a sentence of its own for that (`<key>_spoken`).
        """
        wanted = self.slots(key)
        if slots.keys() != wanted:
            missing, unknown = sorted(wanted - slots.keys()), sorted(slots.keys() - wanted)
            told = [f"needs {{{name}}}" for name in missing] + [f"has no {{{name}}}" for name in unknown]
            raise SlotError(f"{self.language}: {key} {' and '.join(told)}")
        said = key if not wanted or f"{key}_spoken" in self.texts else None
        return Words(self.texts[key].format(**slots), said)

    def slots(self, key: str) -> frozenset[str]:
        """The slots of the text `key`; raises `UnknownMessageError`."""
        try:
            return self._slots[key]
        except KeyError:
            raise UnknownMessageError(f"{self.language}: there is no text {key}") from None

    def differences(self, other: Catalogue) -> list[str]:
        """What `other` lacks, has too much or fills otherwise than this one; empty when it can take its place."""
        told = [f"{other.language}: {key} is missing" for key in sorted(self.texts.keys() - other.texts.keys())]
        told += [f"{self.language}: {key} is missing" for key in sorted(other.texts.keys() - self.texts.keys())]
        for key in sorted(self.texts.keys() & other.texts.keys()):
            if self.slots(key) != other.slots(key):
                told.append(f"{other.language}: {key} has other slots than {self.language}")
        return told


def head(language: str) -> tuple[str, str | None]:
    """`name` and `reviewed_by` of a catalogue, without reading the rest of it. Raises `CatalogueError`."""
    where, raw = _read(language)
    return _head(parse(raw.partition(b"\n\n")[0], where=where), where)


def _head(texts: Mapping[str, str], where: str) -> tuple[str, str | None]:
    if not texts.get(_NAME):
        raise CatalogueError(f"{where}: {_NAME} is missing; expected the language's name in its own script")
    return texts[_NAME], texts.get(_REVIEWED) or None


def _read(language: str) -> tuple[str, bytes]:
    if not _LANGUAGE.fullmatch(language):
        raise CatalogueError(f'"{language}" is no language; expected a code such as "ja"')
    path = assets.folder("text") / f"{language}.yaml"
    try:
        return path.name, path.read_bytes()
    except OSError as error:
        raise CatalogueError(f"{path.name}: the texts of this language cannot be read ({error.strerror})") from error


def parse(raw: bytes, *, where: str) -> dict[str, str]:
    """The `key: text` lines of a catalogue file; a key twice, or a value that YAML takes for a number, is an error.

    `reviewed_by` alone may be empty. Raises `CatalogueError`.
    """
    if len(raw) > MAX_BYTES:
        raise CatalogueError(f"{where}: is larger than {MAX_BYTES} bytes")
    try:
        root = yaml.compose(raw.decode("utf-8"), Loader=_LOADER)
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{where}: is not UTF-8 at byte {error.start}") from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise CatalogueError(f"{where}: line {mark.line + 1 if mark else '?'} is not YAML") from error
    if not isinstance(root, yaml.MappingNode):
        raise CatalogueError(f"{where}: expected `key: text` lines")
    texts: dict[str, str] = {}
    for key, value in root.value:
        place = f"{where}: line {key.start_mark.line + 1}"
        nobody = _is_text(key) and key.value == _REVIEWED and value.tag == _NULL_TAG
        if not _is_text(key) or not (_is_text(value) or nobody):
            raise CatalogueError(f"{place}: expected `key: text`, the text in quotes if it looks like anything else")
        if key.value in texts:
            raise CatalogueError(f"{place}: {key.value} stands here a second time")
        # Fourteen languages have the same keys.
        texts[sys.intern(key.value)] = "" if nobody else value.value
    return texts


def _is_text(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == _TEXT_TAG


def _slots_of(text: str, where: str) -> frozenset[str]:
    try:
        parts = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise CatalogueError(f"{where}: a brace stands alone; a slot is written {{name}}") from error
    for name, spec, conversion in parts:
        if not name.isidentifier() or spec or conversion:
            raise CatalogueError(f"{where}: a slot is a plain {{name}}")
    return frozenset(name for name, _, _ in parts) or _NO_SLOTS
