"""From a model to the bytes of its file: the document's order of elements, the form of the samples, and nothing doubtful.

CRLF, four blanks of indentation, no empty elements unless a consumer insists on them, no attributes, no namespace
(domain/oqs-interface.md section 1.6). What is written reads back as the same model, ● and its like excepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kiosk.eligibility.oqs.document import ROOT
from kiosk.eligibility.oqs.encoding import Encoding, in_shift_jis
from kiosk.eligibility.oqs.errors import MissingElementError, UnencodableError, UnwritableMessageError
from kiosk.eligibility.oqs.schema import KEPT, Element, Kept, Plan, Shape, model_in, plan_of

_NEWLINE = "\r\n"
_INDENT = "    "

MAY_BE_LOST = frozenset({"Name", "InsuredName", "NameOfOther", "Address"})
"""Elements in which the central system itself writes ● for a character it lacks (domain/oqs-interface.md section 8)."""


@dataclass(frozen=True)
class Form:
    """How to write. `substitute` allows ● in names and addresses in Shift_JIS; without it they are an error like others.

    `empty` are tags that are written, empty, where the model they belong to has nothing for them.
    """

    encoding: Encoding = Encoding.UTF_8
    substitute: bool = True
    empty: frozenset[str] = frozenset()


UTF_8 = Form()
SHIFT_JIS = Form(Encoding.SHIFT_JIS)


def write(message: object, form: Form = UTF_8) -> bytes:
    """The file of `message`. CharacterCodeIdentifier, where the message has one, always says what is written.

    Raises `MissingElementError`, `UnencodableError`, `UnwritableMessageError`; each names the element, none its value.
    """
    pen = Pen(form)
    pen.head()
    pen.inside(message, 1, ())
    pen.foot()
    return pen.taken()


class Pen:
    """Writes models as text, line by line. `taken` hands out what was written since the last time."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._lines: list[str] = []

    def head(self) -> None:
        """The declaration and the root's start."""
        self._lines.append(f'<?xml version="1.0" encoding="{self._form.encoding.declared}" standalone="no"?>')
        self._lines.append(f"<{ROOT}>")

    def foot(self) -> None:
        """The root's end."""
        self._lines.append(f"</{ROOT}>")

    def start(self, tag: str, depth: int) -> None:
        """The start of an element that holds others."""
        self._lines.append(f"{_INDENT * depth}<{tag}>")

    def end(self, tag: str, depth: int) -> None:
        """Its end."""
        self._lines.append(f"{_INDENT * depth}</{tag}>")

    def taken(self) -> bytes:
        """The bytes of the lines so far."""
        self._lines.append("")
        text = _NEWLINE.join(self._lines)
        self._lines.clear()
        return text.encode(self._form.encoding.codec)

    def block(self, tag: str, message: object, depth: int, path: tuple[str, ...]) -> None:
        """An element that holds a model."""
        self.start(tag, depth)
        self.inside(message, depth + 1, (*path, tag))
        self.end(tag, depth)

    def inside(self, message: object, depth: int, path: tuple[str, ...]) -> None:
        """The elements of a model; `path` is where it stands, for errors."""
        plan = plan_of(type(message))
        self._check(message, plan, path)
        kept = _places(getattr(message, KEPT), plan) if plan.keeps else {}
        for name, element in plan.fields:
            self._field(getattr(message, name), element, element.tag, kept, depth, path)
        self._kept(kept.get(None, ()), depth, path)

    def _check(self, message: object, plan: Plan, path: tuple[str, ...]) -> None:
        for wanted in plan.required:
            place = plan.places[wanted.tag]
            held = getattr(message, place.name)
            if place.inner is not None and held is not None:
                held = getattr(held, place.inner)
            if held in (None, ()) and not (wanted.unless is not None and wanted.unless(message)):
                raise MissingElementError("/".join((*path, wanted.tag)))

    def _field(self, held: Any, element: Element, tag: str, kept: _KeptAt, depth: int, path: tuple[str, ...]) -> None:
        match element.shape:
            case Shape.VALUE:
                self._value(held, element, tag, depth, path)
            case Shape.VALUES:
                for one in held:
                    self._value(one, element, tag, depth, path, empty=True)
            case Shape.BLOCK:
                if held is not None:
                    self.block(tag, held, depth, path)
                elif tag in self._form.empty:
                    self._empty(tag, depth)
            case Shape.BLOCKS:
                for one in held:
                    self.block(tag, one, depth, path)
            case Shape.INLINE:
                for name, inner in plan_of(model_in(element)).fields:
                    value = None if held is None else getattr(held, name)
                    self._field(value, inner, tag + inner.tag, kept, depth, path)
        self._kept(kept.get(tag, ()), depth, path)

    def _value(
        self, held: Any, element: Element, tag: str, depth: int, path: tuple[str, ...], *, empty: bool = False
    ) -> None:
        if held is None:
            if empty or tag in self._form.empty:
                self._empty(tag, depth)
            return
        if tag == "CharacterCodeIdentifier":
            held = self._form.encoding.character_code
        if element.kind is None:
            raise AssertionError("a value has a kind")
        try:
            text = element.kind.write(held)
        except (ValueError, TypeError, AttributeError) as error:
            raise UnwritableMessageError(
                f"the message cannot be written: {'/'.join((*path, tag))} expects a value of another kind ({element.kind.name})",
                "/".join((*path, tag)),
            ) from error
        if len(text) > element.longest:
            raise UnwritableMessageError(
                f"the message cannot be written: {'/'.join((*path, tag))} is longer than {element.longest} characters",
                "/".join((*path, tag)),
            )
        text = self._encodable(text, tag, path)
        self._lines.append(f"{_INDENT * depth}<{tag}>{_escaped(text)}</{tag}>")

    def _empty(self, tag: str, depth: int) -> None:
        self._lines.append(f"{_INDENT * depth}<{tag}></{tag}>")

    def _kept(self, kept: Iterable[Kept], depth: int, path: tuple[str, ...]) -> None:
        for one in kept:
            xml = self._encodable(one.xml, one.tag, path)
            self._lines.append(_INDENT * depth + xml.replace("\n", _NEWLINE))

    def _encodable(self, text: str, tag: str, path: tuple[str, ...]) -> str:
        if self._form.encoding is Encoding.UTF_8:
            return text
        told = in_shift_jis(text, substitute=self._form.substitute and tag in MAY_BE_LOST)
        if told is None:
            raise UnencodableError("/".join((*path, tag)))
        return told


_KeptAt = Mapping[str | None, Sequence[Kept]]
"""What was kept, by the tag after which it is written; None for what the model does not know."""


def _places(kept: tuple[Kept, ...], plan: Plan) -> _KeptAt:
    at: dict[str | None, list[Kept]] = {}
    for one in kept:
        place = plan.places.get(one.tag)
        at.setdefault(None if place is None else place.tag, []).append(one)
    return at


def _escaped(text: str) -> str:
    if "&" in text or "<" in text or ">" in text or "\r" in text or "\n" in text:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        text = text.replace("\r", "&#13;").replace("\n", "&#10;")
    return text
