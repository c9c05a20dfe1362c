"""Reading settings: YAML -> frozen dataclasses, every error one sentence with file, key and what was expected.

Each room's section is a frozen dataclass in its own `settings.py`; this leaf only knows how to fill one. Field types that
are understood: `str`, `int`, `float`, `bool`, `Path`, `Literal[...]`, an optional or a union of those, `tuple[X, ...]`, and another
dataclass. A dataclass may check itself in `__post_init__` by raising `ValueError("key: what was expected")`.

    settings = settings.read(Path("kiosk.yaml"), KioskSettings)

Secrets never stand in a file: a secret's key ends in `_file` and names a file of mode 0600 (`read_secret`).
"""

from __future__ import annotations

import contextlib
import stat
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import yaml

from kiosk.errors import SettingsError

_T = TypeVar("_T")

MAX_BYTES = 256 * 1024


def read(path: Path, cls: type[_T]) -> _T:
    """The settings in the YAML file at `path` as a `cls`. Relative `Path` values are taken from the file's folder.

    Raises `SettingsError`.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}); expected a settings file in YAML") from error
    if len(raw) > MAX_BYTES:
        raise SettingsError(f"{path}: is larger than {MAX_BYTES} bytes; expected a short settings file")
    try:
        data = yaml.safe_load(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 at byte {error.start}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "unknown line"
        raise SettingsError(f"{path}: {where} is not YAML") from error
    return from_mapping({} if data is None else data, cls, where=str(path), base=path.parent)


def from_mapping(data: object, cls: type[_T], *, where: str, base: Path) -> _T:
    """A `cls` filled from parsed YAML. `where` names the place in errors, `base` is what relative paths start from."""
    return typing.cast(_T, _dataclass(data, cls, where, "", base))


def read_secret(path: Path) -> bytes:
    """The bytes of a secret's file, which must belong to this user alone (mode 0600 or stricter)."""
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SettingsError(f"{path}: others can read this secret; run: chmod 600 {path}")
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path}: the secret cannot be read ({error.strerror})") from error


def _dataclass(data: object, cls: type[Any], where: str, key: str, base: Path) -> object:
    if not isinstance(data, Mapping):
        raise SettingsError(f"{where}: {key or 'the file'} must be a section of `key: value` lines")
    hints = typing.get_type_hints(cls)
    known = {field.name: field for field in fields(cls)}
    prefix = f"{key}." if key else ""
    for name in data:
        if name not in known:
            expected = ", ".join(sorted(known))
            raise SettingsError(f"{where}: {prefix}{name} is not a setting here; expected one of: {expected}")
    values: dict[str, object] = {}
    for name, field in known.items():
        if name in data:
            values[name] = _value(data[name], hints[name], where, prefix + name, base)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise SettingsError(f"{where}: {prefix}{name} is missing; expected {_expected(hints[name])}")
    try:
        return cls(**values)
    except ValueError as error:
        raise SettingsError(f"{where}: {prefix}{error}") from error


def _value(data: object, hint: Any, where: str, key: str, base: Path) -> object:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        inner = [arg for arg in get_args(hint) if arg is not type(None)]
        if data is None and len(inner) < len(get_args(hint)):
            return None
        if len(inner) == 1:
            return _value(data, inner[0], where, key, base)
        for arg in inner:
            with contextlib.suppress(SettingsError):
                return _value(data, arg, where, key, base)
    elif origin is Literal:
        if data in get_args(hint) and not isinstance(data, bool):
            return data
    elif origin is tuple:
        if isinstance(data, list):
            return tuple(_value(v, get_args(hint)[0], where, f"{key}[{i}]", base) for i, v in enumerate(data))
    elif is_dataclass(hint):
        return _dataclass(data, typing.cast("type[Any]", hint), where, key, base)
    elif hint is Path:
        if isinstance(data, str) and data and "\0" not in data:
            return base / Path(data).expanduser()
    elif hint is float:
        if isinstance(data, int | float) and not isinstance(data, bool):
            return float(data)
    elif isinstance(data, hint) and (hint is bool or not isinstance(data, bool)):
        return data
    raise SettingsError(f"{where}: {key} is not usable; expected {_expected(hint)}")


def _expected(hint: Any) -> str:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        words = " or ".join(_expected(arg) for arg in get_args(hint) if arg is not type(None))
        return f"{words} (or nothing)" if type(None) in get_args(hint) else words
    if origin is Literal:
        return "one of: " + ", ".join(str(choice) for choice in get_args(hint))
    if origin is tuple:
        return "a list, each " + _expected(get_args(hint)[0])
    if is_dataclass(hint):
        return "a section"
    plain = {str: "text (in quotes if it looks like a number)", int: "a whole number", float: "a number"}
    plain |= {bool: "true or false", Path: "a path"}
    return plain.get(hint, str(hint))
