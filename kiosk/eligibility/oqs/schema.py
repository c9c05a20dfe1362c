"""How messages are declared: a model is a frozen dataclass, and each of its fields names the element it stands for.

    @model
    class ReceptionHeader:
        processed_at: datetime | None = value("ProcessExecutionTime", INSTANT)
        ...
        kept: tuple[Kept, ...] = ()

The order of the fields is the order in which the elements are written; reading takes them in any order. Every element may
be absent (None), for the interface's mandatory marks are not public: what must be there before a message may go out is
said beside the message (`requires`). No model shows what it holds in its `repr`.

`kept` is what a reader may not lose: elements that the model does not know, and known ones whose value could not be
understood. They are written back as they came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from enum import Enum
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast, dataclass_transform

from kiosk.eligibility.oqs.codes import UnknownCode
from kiosk.eligibility.oqs.kinds import TEXT, Kind

_M = TypeVar("_M")
_T = TypeVar("_T")

MAX_TEXT = 1000
"""What `kiosk.record.checkin` takes; the longest known field is an address."""

KEPT = "kept"
_ELEMENT = "oqs_element"


@dataclass(frozen=True)
class Kept:
    """An element as it came: its tag and all of its XML."""

    tag: str = field(repr=False)
    xml: str = field(repr=False)


class Shape(Enum):
    """How often an element may stand, and what is in it."""

    VALUE = "one value"
    VALUES = "texts, as often as they come"
    BLOCK = "one model"
    BLOCKS = "models, as often as they come"
    INLINE = "a model without an element of its own, whose tags begin with a prefix"


@dataclass(frozen=True)
class Element:
    """What one field stands for."""

    shape: Shape
    tag: str
    kind: Kind[Any] | None = None
    model: type[Any] | None = None
    longest: int = MAX_TEXT
    also: str | None = None


def value(tag: str, kind: Kind[_T], *, longest: int = MAX_TEXT, also: str | None = None) -> _T | None:
    """A field for one value; `longest` is how many characters may be written, `also` a tag that is read like this one."""
    return cast("_T | None", _declared(Element(Shape.VALUE, tag, kind, longest=longest, also=also), None))


def values(tag: str) -> tuple[str | None, ...]:
    """A field for texts that stand more than once; an empty element is None and keeps its place."""
    return cast("tuple[str | None, ...]", _declared(Element(Shape.VALUES, tag, TEXT), ()))


def block(tag: str, of: type[_M]) -> _M | None:
    """A field for an element that holds a model."""
    return cast("_M | None", _declared(Element(Shape.BLOCK, tag, model=of), None))


def blocks(tag: str, of: type[_M]) -> tuple[_M, ...]:
    """A field for elements that each hold a model."""
    return cast("tuple[_M, ...]", _declared(Element(Shape.BLOCKS, tag, model=of), ()))


def inline(prefix: str, of: type[_M]) -> _M | None:
    """A field for elements that belong together and all begin with `prefix`, without one around them."""
    return cast("_M | None", _declared(Element(Shape.INLINE, prefix, model=of), None))


def _declared(element: Element, default: object) -> Any:
    return field(default=default, metadata={_ELEMENT: element})


@dataclass_transform(frozen_default=True, kw_only_default=True)
def model(of: type[_M]) -> type[_M]:
    """Make a frozen, keyword-only dataclass whose `repr` tells nothing but its name."""
    of.__repr__ = _nameless  # type: ignore[method-assign]
    return dataclass(frozen=True, kw_only=True, repr=False, slots=True)(of)


def _nameless(self: object) -> str:
    return f"{type(self).__name__}(...)"


@dataclass(frozen=True)
class Requirement:
    """An element that must be there, unless the model it is in says otherwise."""

    tag: str
    unless: Callable[[Any], bool] | None = None


_REQUIRED = "__oqs_required__"


def requires(*wanted: str | Requirement) -> Callable[[type[_M]], type[_M]]:
    """Say which elements of a model must be there before it may be written: right inside it, named by their tags."""

    def mark(of: type[_M]) -> type[_M]:
        told = tuple(Requirement(want) if isinstance(want, str) else want for want in wanted)
        setattr(of, _REQUIRED, told)
        return of

    return mark


class Place(NamedTuple):
    """Where an element's content goes: to a field, or to one (`inner`) of the inline model in it. `tag` is as written."""

    tag: str
    name: str
    element: Element
    inner: str | None


@dataclass(frozen=True)
class Plan:
    """A model's fields in the order of its elements, and the place of each tag."""

    fields: tuple[tuple[str, Element], ...]
    places: dict[str, Place]
    order: dict[str, int]
    required: tuple[Requirement, ...]
    keeps: bool


def _plan(of: type[Any]) -> Plan:
    declared = tuple((one.name, element) for one in fields(of) if (element := one.metadata.get(_ELEMENT)) is not None)
    places: dict[str, Place] = {}
    for name, element in declared:
        if element.shape is Shape.INLINE:
            for inner, part in plan_of(model_in(element)).fields:
                places[element.tag + part.tag] = Place(element.tag + part.tag, name, part, inner)
        else:
            places[element.tag] = Place(element.tag, name, element, None)
            if element.also is not None:
                places[element.also] = places[element.tag]
    return Plan(
        fields=declared,
        places=places,
        order={tag: number for number, tag in enumerate(places)},
        required=getattr(of, _REQUIRED, ()),
        keeps=any(one.name == KEPT for one in fields(of)),
    )


plan_of = cast("Callable[[type[Any]], Plan]", cache(_plan))
"""The plan of a model, made once."""


def model_in(element: Element) -> type[Any]:
    """The model that a block or an inline element holds."""
    if element.model is None:
        raise AssertionError("a block has a model")
    return element.model


def unread(message: object) -> frozenset[str]:
    """Names of elements, anywhere in `message`, that are there with a value that could not be understood.

    Names of the interface, never values; what the interface does not know at all is not among them.
    """
    return frozenset(_unread(message))


def _unread(message: object) -> Iterator[str]:
    plan = plan_of(type(message))
    if plan.keeps:
        yield from (plan.places[kept.tag].tag for kept in getattr(message, KEPT) if kept.tag in plan.places)
    for name, element in plan.fields:
        held = getattr(message, name)
        if isinstance(held, UnknownCode):
            yield element.tag
        elif element.shape is Shape.BLOCKS:
            for one in held:
                yield from _unread(one)
        elif element.model is not None and held is not None:
            prefix = element.tag if element.shape is Shape.INLINE else ""
            yield from (prefix + tag for tag in _unread(held))
