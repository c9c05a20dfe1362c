"""Which bytes mean which characters: UTF-8, or the Shift_JIS that every known consumer takes for code page 932.

Reading. A byte order mark and a declaration are believed as long as the bytes bear them out; files that were converted
by hand are declared wrongly. UTF-8 betrays itself: Japanese in it is made of three-byte sequences, which text in code page
932 practically never forms by chance (its half-width kana can form two-byte ones: テイ in half-width is also "ò"). So bytes
that are whole UTF-8 with three-byte characters, or that are declared UTF-8, are UTF-8; the rest is code page 932 if it can
be; what is neither is refused (domain/oqs-interface.md section 1.6).

Writing in Shift_JIS. The characters which Unicode has twice for one of JIS (〜 and ～) are written as the one that code page
932 has. Others that it lacks are written ● in names and addresses, as the central system itself does (section 8), after
the selectors of glyph variants are taken off; in any other element they are an error.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from enum import Enum

from kiosk.eligibility.oqs.errors import MalformedMessageError

_LONGEST_DECLARATION = 256

_DECLARATION = re.compile(r"<\?xml\s[^>]{0,200}\?>")
_ENCODING = re.compile(rb"""\s{0,64}<\?xml\s[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,20})["']""")
_MARK = codecs.BOM_UTF8
_THREE_BYTES = re.compile("[\u0800-\U0010ffff]")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


class Encoding(Enum):
    """What a file is written in: the name in its declaration, Python's codec, the code of table 005."""

    UTF_8 = ("UTF-8", "utf-8", "0")
    SHIFT_JIS = ("Shift_JIS", "cp932", "1")

    @property
    def declared(self) -> str:
        """The name in the XML declaration."""
        return self.value[0]

    @property
    def codec(self) -> str:
        """Python's name of it."""
        return self.value[1]

    @property
    def character_code(self) -> str:
        """CharacterCodeIdentifier, table 005."""
        return self.value[2]

    def decoder(self) -> codecs.IncrementalDecoder:
        """A strict decoder for a file that is read in pieces; a byte order mark is taken off."""
        return codecs.getincrementaldecoder("utf-8-sig" if self is Encoding.UTF_8 else self.codec)("strict")


_NAMES = dict.fromkeys(("utf-8", "utf8", "us-ascii"), Encoding.UTF_8) | dict.fromkeys(
    ("shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j", "ms932", "cp932"), Encoding.SHIFT_JIS
)


class Scan:
    """Looks at bytes as they pass and can then say what they are encoded in. Constant memory."""

    def __init__(self) -> None:
        self._utf_8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")("strict")
        self._shift_jis: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("cp932")("strict")
        self._head = b""
        self._ascii = True
        self._three_bytes = False

    def feed(self, piece: bytes, *, last: bool) -> None:
        """Take the next bytes; `last` with the final ones, which may be none."""
        if len(self._head) < _LONGEST_DECLARATION:
            self._head += piece[:_LONGEST_DECLARATION]
        if self._ascii and not _NOT_ASCII.search(piece):
            return
        self._ascii = False
        if self._utf_8 is not None:
            try:
                text = self._utf_8.decode(piece, last)
            except UnicodeDecodeError:
                self._utf_8 = None
            else:
                self._three_bytes = self._three_bytes or _THREE_BYTES.search(text) is not None
        if self._shift_jis is not None:
            try:
                self._shift_jis.decode(piece, last)
            except UnicodeDecodeError:
                self._shift_jis = None

    def encoding(self) -> Encoding:
        """What the bytes are; raises `MalformedMessageError` for neither, and for a declaration of something else."""
        declared = self._declared()
        if self._ascii:
            return declared or Encoding.UTF_8
        if self._utf_8 is not None and (declared is Encoding.UTF_8 or self._three_bytes):
            return Encoding.UTF_8
        if self._shift_jis is not None:
            return Encoding.SHIFT_JIS
        if self._utf_8 is not None:
            return Encoding.UTF_8
        raise MalformedMessageError("the message is neither UTF-8 nor Shift_JIS")

    def _declared(self) -> Encoding | None:
        if self._head.startswith(_MARK):
            return Encoding.UTF_8
        found = _ENCODING.match(self._head)
        if found is None:
            return None
        known = _NAMES.get(found.group(1).decode("ascii").lower())
        if known is None:
            raise MalformedMessageError("the message declares an encoding that is neither UTF-8 nor Shift_JIS")
        return known


def encoding_of(message: bytes) -> Encoding:
    """What `message` is encoded in; raises `MalformedMessageError`."""
    scan = Scan()
    scan.feed(message, last=True)
    return scan.encoding()


def decoded(message: bytes) -> str:
    """The text of `message`, without a byte order mark; raises `MalformedMessageError`."""
    encoding = encoding_of(message)
    return message.removeprefix(_MARK).decode(encoding.codec)


def without_declaration(text: str) -> str:
    """`text` from its root element on, where a declaration or blanks stand in front of it."""
    text = text.lstrip()
    found = _DECLARATION.match(text)
    return text[found.end() :].lstrip() if found else text


LOST = "●"
"""What stands for a character that the receiving side does not have (domain/oqs-interface.md section 8)."""

_SAME = str.maketrans({"\u2014": "\u2015", "\u00a5": "\uffe5", "\u203e": "\uffe3"})
"""Em dash, yen and overline, which code page 932 has under other code points; Python's codec knows the six others
(〜 ‖ − ¢ £ ¬) itself."""

_SOUND_MARK = re.compile("[\u3041-\u30ff][\u3099\u309a]")
"""A kana and its sound mark as two characters, as some systems take names apart."""

_SELECTORS = re.compile("[\u180b-\u180d\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def in_shift_jis(text: str, *, substitute: bool) -> str | None:
    """`text` in characters that code page 932 has; None if it has not all of them and none may stand in its place."""
    if _encodable(text):
        return text
    text = _SOUND_MARK.sub(lambda pair: unicodedata.normalize("NFC", pair.group()), text.translate(_SAME))
    if _encodable(text):
        return text
    if not substitute:
        return None
    return "".join(sign if _encodable(sign) else LOST for sign in _SELECTORS.sub("", text))


def _encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
