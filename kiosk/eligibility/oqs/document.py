"""From bytes to an XML tree, and nothing else: the exchange is hostile input until it has passed here.

Bounds: 4 MiB, depth 16, 20,000 elements; no DTD, no entities of its own, no network. Real messages are 7 deep and have
some 150 elements a result. The encoding is what the declaration says, UTF-8 or Shift_JIS, and Shift_JIS means code page
932 as every known consumer takes it (domain/oqs-interface.md section 1.6); a byte order mark means UTF-8.
"""

from __future__ import annotations

import re
from io import BytesIO

from lxml import etree

from kiosk.eligibility.oqs.errors import MalformedMessageError

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 16
MAX_ELEMENTS = 20_000

_CODECS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "utf-8"} | dict.fromkeys(
    ("shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j", "ms932", "cp932"), "cp932"
)
_DECLARATION = re.compile(r"<\?xml\s[^>]{0,200}\?>")
_ENCODING = re.compile(rb"""\s*<\?xml\s[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,20})["']""")
_DTD = re.compile(r"<!(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)


def tree(document: bytes | str) -> etree._Element:
    """The root element of `document`; a `str` is already decoded, whatever its declaration says.

    Raises `MalformedMessageError`.
    """
    if len(document) > MAX_BYTES:
        raise MalformedMessageError(f"the message is larger than {MAX_BYTES} bytes")
    text = document if isinstance(document, str) else _decoded(document)
    if _DTD.search(text):
        raise MalformedMessageError("the message has a document type declaration, which the interface does not have")
    text = text.lstrip()
    # A declared Shift_JIS would contradict the UTF-8 that the parser is given: the declaration has done its work.
    declared = _DECLARATION.match(text)
    try:
        encoded = text[declared.end() if declared else 0 :].lstrip().encode("utf-8")
    except UnicodeEncodeError as error:
        raise MalformedMessageError("the message holds half a character") from error
    return _parsed(encoded)


def _decoded(document: bytes) -> str:
    if document.startswith(b"\xef\xbb\xbf"):
        codec, document = "utf-8", document[3:]
    else:
        declared = _ENCODING.match(document)
        name = declared.group(1).decode("ascii").lower() if declared else "utf-8"
        known = _CODECS.get(name)
        if known is None:
            raise MalformedMessageError("the message declares an encoding that is neither UTF-8 nor Shift_JIS")
        codec = known
    try:
        return document.decode(codec)
    except UnicodeDecodeError as error:
        raise MalformedMessageError(f"the message is not {codec} at byte {error.start}") from error


def _parsed(encoded: bytes) -> etree._Element:
    # Read step by step, so that the bounds end a bomb while it is still being read.
    steps = etree.iterparse(
        BytesIO(encoded),
        events=("start", "end"),
        load_dtd=False,
        no_network=True,
        resolve_entities=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    depth = elements = 0
    try:
        for event, _ in steps:
            if event == "end":
                depth -= 1
                continue
            depth += 1
            elements += 1
            if depth > MAX_DEPTH:
                raise MalformedMessageError(f"the message is nested deeper than {MAX_DEPTH} elements")
            if elements > MAX_ELEMENTS:
                raise MalformedMessageError(f"the message has more than {MAX_ELEMENTS} elements")
    except etree.XMLSyntaxError as error:
        raise MalformedMessageError(f"the message is not well-formed XML (line {error.lineno or 1})") from error
    root: etree._Element | None = steps.root
    if root is None:
        raise MalformedMessageError("the message is empty")
    return root
