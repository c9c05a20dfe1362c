"""From a message's tree to its model, in any order of elements.

Absent, empty and blank mean the same: None. The order of elements carries nothing in real files, the number does: one
element that stands twice with two values is a contradiction, and no value is chosen.
"""

from __future__ import annotations

from typing import Any, TypeVar

from lxml import etree

from kiosk.eligibility.oqs import document
from kiosk.eligibility.oqs.document import Bounds
from kiosk.eligibility.oqs.errors import MalformedMessageError
from kiosk.eligibility.oqs.schema import KEPT, MAX_TEXT, Element, Kept, Place, Plan, Shape, model_in, plan_of

_M = TypeVar("_M")


def read(message: bytes | str, kind: type[_M], bounds: Bounds = document.RESULT) -> _M:
    """The message of `kind` in `message` (a `str` is already decoded). Raises `MalformedMessageError`.

    What is read is what stands there: whether the system calls it a failure is for whoever asked to see.
    """
    return model_of(document.tree(message, bounds), kind)


def model_of(element: etree._Element, kind: type[_M]) -> _M:
    """The model of `kind` that `element` holds; raises `MalformedMessageError`."""
    plan = plan_of(kind)
    found = _Found()
    for child in element:
        tag = child.tag
        place = plan.places.get(tag)
        if place is not None:
            _take(child, place, found)
        elif isinstance(tag, str):
            found.kept.append(_kept(child))
        else:
            raise MalformedMessageError("the message refers to an entity, which the interface does not have")
    return kind(**found.fields(plan))


class _Found:
    """What has been found so far in one element."""

    def __init__(self) -> None:
        self.held: dict[str, Any] = {}
        self.many: dict[str, list[Any]] = {}
        self.inline: dict[str, dict[str, Any]] = {}
        self.texts: dict[str, tuple[etree._Element, str]] = {}
        self.kept: list[Kept] = []

    def fields(self, plan: Plan) -> dict[str, Any]:
        """The fields of the model that `plan` describes."""
        told = self.held | {name: tuple(many) for name, many in self.many.items()}
        if self.inline:
            models = dict(plan.fields)
            told |= {name: model_in(models[name])(**inside) for name, inside in self.inline.items()}
        if self.kept and plan.keeps:
            # The order in which they will be written, so that a message written again reads the same.
            told[KEPT] = tuple(sorted(self.kept, key=lambda kept: plan.order.get(kept.tag, len(plan.order))))
        return told


def _take(child: etree._Element, place: Place, found: _Found) -> None:
    match place.element.shape:
        case Shape.VALUE:
            _take_value(child, place, found)
        case Shape.VALUES:
            found.many.setdefault(place.name, []).append(_text(child, place.tag))
        case Shape.BLOCK:
            block = model_of(child, model_in(place.element))
            if found.held.setdefault(place.name, block) != block:
                raise MalformedMessageError(f"the message has more than one {place.tag}")
        case Shape.BLOCKS:
            found.many.setdefault(place.name, []).append(model_of(child, model_in(place.element)))
        case Shape.INLINE:
            raise AssertionError("an inline model has no element of its own")


def _take_value(child: etree._Element, place: Place, found: _Found) -> None:
    text = _text(child, place.tag)
    if text is None:
        if len(child):
            found.kept.append(_kept(child))
        return
    before = found.texts.setdefault(place.tag, (child, text))
    if before[0] is not child:
        if before[1].strip() != text.strip():
            raise MalformedMessageError(f"the message says two things in {place.tag}")
        return
    try:
        value = _understood(child, text, place.element)
    except ValueError:
        found.kept.append(_kept(child))
        return
    if value is None:
        return
    if place.inner is None:
        found.held[place.name] = value
    else:
        found.inline.setdefault(place.name, {})[place.inner] = value


def _understood(child: etree._Element, text: str, element: Element) -> object:
    if element.kind is None or len(child):
        raise ValueError("a value has no elements in it")
    return element.kind.read(text)


def _text(child: etree._Element, tag: str) -> str | None:
    text = (child.text or "").strip("\r\n\t")
    if not text.strip():
        return None
    if len(text) > MAX_TEXT:
        raise MalformedMessageError(f"the message has more than {MAX_TEXT} characters in {tag}")
    return text


def _kept(child: etree._Element) -> Kept:
    return Kept(str(child.tag), etree.tostring(child, encoding="unicode", with_tail=False))
