"""The second factor beside a password: six digits of an authenticator app (TOTP, RFC 6238; SHA-1, 30 s, ±1 step)."""

from __future__ import annotations

import hmac
from datetime import datetime
from io import BytesIO
from typing import Final

import pyotp
import segno

STEP_S: Final = 30


def new_secret() -> str:
    """A secret in base32, as apps take it."""
    return pyotp.random_base32()


def matched_step(secret: str, code: str, now: datetime, last_step: int) -> int | None:
    """The time step that `code` is of, if it is one of now, before or after, and later than the last one that was used."""
    said = "".join(code.split())
    if not (len(said) == 6 and said.isascii() and said.isdigit()):
        return None
    totp, step = pyotp.TOTP(secret), int(now.timestamp()) // STEP_S
    found = [near for near in (step - 1, step, step + 1) if hmac.compare_digest(totp.generate_otp(near), said)]
    return next((near for near in found if near > last_step), None)


def qr_svg(secret: str, staff_id: str, clinic: str) -> bytes:
    """The picture that an app reads the secret from, as an SVG file of its own: it needs no inline style."""
    uri = pyotp.TOTP(secret).provisioning_uri(name=staff_id, issuer_name=clinic)
    out = BytesIO()
    segno.make(uri, error="m").save(out, kind="svg", scale=5, border=3, light="#fff", svgclass=None, lineclass=None)
    return out.getvalue()
