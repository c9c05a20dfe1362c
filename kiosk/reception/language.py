"""Japanese first, English second: which of the two a browser asked for, and saying a text in it.

Pages and words are written in Japanese. In English every text of a template, and every value that it shows, is looked up in
`kiosk.reception.english`; what is not there (numbers) stays as it is. Names of people, and what somebody typed, are nobody's
to translate: templates show them with `| e`, and what is escaped already is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextvars import ContextVar
from http.cookies import CookieError, SimpleCookie
from typing import Final

from jinja2 import Environment, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from kiosk.reception import english

COOKIE: Final = "reception_language"
"""Set by the board's own button: `en`, or anything else for Japanese."""

JAPANESE: Final = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff々]")
_CODE: Final = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})", re.DOTALL)
_RUN: Final = re.compile(r"[^<>\"\n]+")
_SPACE: Final = " \t　"
_MARKS: Final = str.maketrans({"（": " (", "）": ")", "、": ", ", "　": " "})
"""What stands between two texts of a template, itself no word."""

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


def said(sentence: str) -> str:
    """A sentence that is told without a page, in the language that this request asked for."""
    return in_english(sentence) if is_english() else sentence


def in_english(text: str, page: str = "") -> str:
    """`text` in English, as a whole or by its pattern; itself where it is neither. `page`: what it means there goes first."""
    known = _known(text, page)
    if known is not None:
        return known
    if JAPANESE.search(text) is None:
        return text
    for pattern, form in english.PATTERNS:
        found = pattern.fullmatch(text)
        if found is not None:
            return form.format(*(in_english(part or "") for part in found.groups()), raw=found.groups())
    return text


@pass_context
def shown(context: Context, value: object) -> object:
    """What an expression of a template shows, in English; what is no text, or escaped already, as it is."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return in_english(value, page_of(context.name))


def page_of(template: str | None) -> str:
    """The name of a page in `english.PAGES`, by that of its template."""
    return (template or "").removesuffix(".html")


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
        page = page_of(name)

        def spoken(found: re.Match[str]) -> str:
            text = found[0].strip(_SPACE)
            return found[0].replace(text, _known(text, page) or "" if JAPANESE.search(text) else text)

        pieces = _CODE.split(source)
        return "".join(
            piece if _CODE.fullmatch(piece) else _RUN.sub(spoken, piece).translate(_MARKS) for piece in pieces
        )


def _known(text: str, page: str) -> str | None:
    here = english.PAGES.get(page, {})
    return here[text] if text in here else english.WORDS.get(text)


def _asks_for_english(cookies: str) -> bool:
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(cookies)
    except CookieError:
        return False
    return COOKIE in jar and jar[COOKIE].value == "en"
