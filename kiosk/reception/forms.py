"""The fields of a plain form, as a browser posts them, within bounds."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request

from kiosk.reception.answers import bounded_body
from kiosk.reception.errors import RefusedError

LARGEST: Final = 8 * 1024
_FIELDS: Final = 20


async def form_of(request: Request) -> Mapping[str, str]:
    """Its fields by name; empty ones are left out. Raises `RefusedError` (400, and as `bounded_body`)."""
    body = await bounded_body(request, LARGEST)
    try:
        return dict(urllib.parse.parse_qsl(body.decode("ascii"), errors="strict", max_num_fields=_FIELDS))
    except ValueError as error:
        raise RefusedError(400, "form", "ページを読み込み直してください。") from error
