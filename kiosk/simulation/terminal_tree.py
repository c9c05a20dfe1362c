"""Small changes to an ElementTree, as the simulated terminal makes them."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree as ET


def child_of(element: ET.Element, tag: str) -> ET.Element:
    """The child of this tag; raises `ValueError`."""
    found = element.find(tag)
    if found is None:
        raise ValueError(f"{tag} is missing")
    return found


def change(element: ET.Element, tag: str, to: Callable[[str], str]) -> None:
    """Give the child of this tag another text."""
    found = child_of(element, tag)
    found.text = to(found.text or "")


def leave_out(element: ET.Element, tags: tuple[str, ...]) -> None:
    """Take the children of these tags away."""
    for child in [one for one in element if one.tag in tags]:
        element.remove(child)


def add(parent: ET.Element, tag: str, text: str | None) -> None:
    """An absent value is an absent element."""
    if text:
        ET.SubElement(parent, tag).text = text
