"""Japanese first, English second: which of the two a browser asked for, and saying a text in it.

Pages and words are written in Japanese. In English every text of a template, and every value that it shows, is looked up in
`kiosk.reception.english`; what is not there (names of people, numbers) stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextvars import ContextVar
from http.cookies import CookieError, SimpleCookie
from typing import Final

from jinja2 import Environment
from jinja2.ext import Extension
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from kiosk.reception import english

COOKIE: Final = "reception_language"
"""Set by the board's own button: `en`, or anything else for Japanese."""

JAPANESE: Final = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff々]")
_CODE: Final = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})", re.DOTALL)
_RUN: Final = re.compile(r"[^<>\"\n]+")
_SPACE: Final = " \t　"

_english: ContextVar[bool] = ContextVar("english", default=False)


class Spoken:
    """Notes for each request which language its browser asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            _english.set(_asks_for_english(Headers(scope=scope).get("cookie", "")))
        await self._app(scope, receive, send)


def is_english() -> bool:
    """Whether the request that is being answered asked for English."""
    return _english.get()


def in_english(text: str) -> str:
    """`text` in English, as a whole or by its pattern; itself where it is neither."""
    known = english.WORDS.get(text)
    if known is not None:
        return known
    if JAPANESE.search(text) is None:
        return text
    for pattern, said in english.PATTERNS:
        found = pattern.fullmatch(text)
        if found is not None:
            return said.format(*(in_english(part or "") for part in found.groups()))
    return text


def shown(value: object) -> object:
    """What an expression of a template shows, in English; anything but a text as it is."""
    if not isinstance(value, str):
        return value
    said = in_english(value)
    return value if said == value else said


def runs(source: str) -> Iterable[str]:
    """The Japanese texts of a template, without what is code in it."""
    for piece in _CODE.split(source):
        if not _CODE.fullmatch(piece):
            yield from (run.strip(_SPACE) for run in _RUN.findall(piece) if JAPANESE.search(run))


class InEnglish(Extension):
    """Templates whose own texts are said in English, from the moment they are loaded."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002 - jinja's
        """The source with every Japanese run of text replaced."""
        pieces = _CODE.split(source)
        return "".join(piece if _CODE.fullmatch(piece) else _RUN.sub(_said, piece) for piece in pieces)


def _said(found: re.Match[str]) -> str:
    run = found[0]
    if JAPANESE.search(run) is None:
        return run
    text = run.strip(_SPACE)
    return run.replace(text, english.WORDS.get(text, text)).replace("　", " ")


def _asks_for_english(cookies: str) -> bool:
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(cookies)
    except CookieError:
        return False
    return COOKIE in jar and jar[COOKIE].value == "en"
