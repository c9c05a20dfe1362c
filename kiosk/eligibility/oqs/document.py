"""From bytes to an XML tree, and nothing else: the exchange is hostile input until it has passed here.

A message is refused by its size before it is looked at, and by its number of tags before it is parsed, so that nothing
can grow in the parser; no DTD, no entities of its own, no network. Real results are 7 deep and have some 150 elements;
medication is 9 deep and may have thousands (domain/oqs-interface.md sections 2 and 5.5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO

from lxml import etree

from kiosk.eligibility.oqs import encoding
from kiosk.eligibility.oqs.errors import MalformedMessageError

MAX_BYTES = 4 * 1024 * 1024
"""The greatest message; what another consumer of these files takes too (domain/oqs-interface.md section 2.7)."""
MAX_DEPTH = 16
ROOT = "XmlMsg"


@dataclass(frozen=True)
class Bounds:
    """How much a message may hold. `tags`: start tags, end tags, comments and the like together, and attributes as many."""

    octets: int = MAX_BYTES
    tags: int = 40_000


RESULT = Bounds()
"""For everything about eligibility: the elements of some hundred results."""
MEDICAL = Bounds(tags=120_000)
"""For medication and check-ups: years of them."""

_DTD = re.compile(r"<!(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)
_TOO_DEEP = etree.XPath(f"boolean(/*{'/*' * MAX_DEPTH})")


def tree(message: bytes | str, bounds: Bounds = RESULT) -> etree._Element:
    """The root element of `message`; a `str` is already decoded, whatever its declaration says.

    Raises `MalformedMessageError`.
    """
    if len(message) > bounds.octets:
        raise MalformedMessageError(f"the message is larger than {bounds.octets} bytes")
    text = message if isinstance(message, str) else encoding.decoded(message)
    if text.count("<") > bounds.tags or text.count("=") > bounds.tags:
        raise MalformedMessageError(f"the message has more than {bounds.tags} tags or attributes")
    refuse_document_type(text)
    # A declared Shift_JIS would contradict the UTF-8 that the parser is given: the declaration has done its work.
    try:
        encoded = encoding.without_declaration(text).encode("utf-8")
    except UnicodeEncodeError as error:
        raise MalformedMessageError("the message holds half a character") from error
    return _parsed(encoded)


def taken(source: BinaryIO, bounds: Bounds = RESULT) -> bytes:
    """What `source` holds, if it is within `bounds`: no more than that is ever read. Raises `MalformedMessageError`."""
    message = source.read(bounds.octets + 1)
    if len(message) > bounds.octets:
        raise MalformedMessageError(f"the message is larger than {bounds.octets} bytes")
    return message


def refuse_document_type(text: str) -> None:
    """The interface has no document type declaration; whoever sends one wants something else."""
    if _DTD.search(text):
        raise MalformedMessageError("the message has a document type declaration, which the interface does not have")


def _parsed(encoded: bytes) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8",
        load_dtd=False,
        no_network=True,
        resolve_entities=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(encoded, parser)
    except etree.XMLSyntaxError as error:
        raise MalformedMessageError(f"the message is not well-formed XML (line {error.lineno or 1})") from error
    if _TOO_DEEP(root):
        raise MalformedMessageError(f"the message is nested deeper than {MAX_DEPTH} elements")
    if root.tag != ROOT:
        raise MalformedMessageError(f"the message's root is not {ROOT}")
    return root
