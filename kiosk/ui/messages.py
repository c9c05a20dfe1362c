"""The words on the screen: one catalogue a language, `assets/text/<language>.yaml`, flat `key: text` lines.

A text may hold `{slot}` places. Filling one with too few or too many slots is an error: a sentence with a hole in it, or
one that silently drops what it was given, must not reach a patient.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter
from types import MappingProxyType

import yaml

from kiosk.ui import assets
from kiosk.ui.errors import CatalogueError, SlotError, UnknownMessageError

MAX_BYTES = 256 * 1024

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,8})?")
_TEXT_TAG = "tag:yaml.org,2002:str"


@dataclass(frozen=True)
class Catalogue:
    """Every text of one language."""

    language: str
    texts: Mapping[str, str]
    _slots: Mapping[str, frozenset[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        slots = {key: _slots_of(text, f"{self.language}: {key}") for key, text in self.texts.items()}
        object.__setattr__(self, "texts", MappingProxyType(dict(self.texts)))
        object.__setattr__(self, "_slots", MappingProxyType(slots))

    @classmethod
    def load(cls, language: str) -> Catalogue:
        """The catalogue of `language` ("ja"); raises `CatalogueError`."""
        if not _LANGUAGE.fullmatch(language):
            raise CatalogueError(f'"{language}" is no language; expected a code such as "ja"')
        path = assets.folder("text") / f"{language}.yaml"
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise CatalogueError(
                f"{path.name}: the texts of this language cannot be read ({error.strerror})"
            ) from error
        return cls(language, parse(raw, where=path.name))

    def text(self, key: str, **slots: str | int) -> str:
        """The text `key` with its slots filled; raises `UnknownMessageError` and `SlotError`."""
        wanted = self.slots(key)
        if slots.keys() != wanted:
            missing, unknown = sorted(wanted - slots.keys()), sorted(slots.keys() - wanted)
            told = [f"needs {{{name}}}" for name in missing] + [f"has no {{{name}}}" for name in unknown]
            raise SlotError(f"{self.language}: {key} {' and '.join(told)}")
        return self.texts[key].format(**slots)

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


def parse(raw: bytes, *, where: str) -> dict[str, str]:
    """The `key: text` lines of a catalogue file; a key twice, or a value that YAML takes for a number, is an error."""
    if len(raw) > MAX_BYTES:
        raise CatalogueError(f"{where}: is larger than {MAX_BYTES} bytes")
    try:
        root = yaml.compose(raw.decode("utf-8"), Loader=yaml.SafeLoader)
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
        if not _is_text(key) or not _is_text(value):
            raise CatalogueError(f"{place}: expected `key: text`, the text in quotes if it looks like anything else")
        if key.value in texts:
            raise CatalogueError(f"{place}: {key.value} stands here a second time")
        texts[key.value] = value.value
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
    return frozenset(name for name, _, _ in parts)
