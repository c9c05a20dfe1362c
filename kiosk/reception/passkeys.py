"""Passkeys (WebAuthn): made for one person at one browser or phone, and a sign-in that is two factors by itself.

They need a name: browsers refuse an address as the "relying party". What is signed is a challenge of ours, good for five
minutes and once; nothing is kept for it until then, so asking for many costs nobody anything.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import webauthn
from starlette.requests import Request
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from kiosk.reception import accounts
from kiosk.reception.accounts import Account
from kiosk.reception.database import Connection
from kiosk.reception.errors import RefusedError
from kiosk.reception.session import Seat
from kiosk.reception.store import Transaction
from kiosk.record import dates

ANSWER_WITHIN: Final = timedelta(minutes=5)
MOST: Final = 10
"""Passkeys of one person."""
_RANDOM, _MAC = 16, 16


@dataclass(frozen=True)
class Passkey:
    """One passkey as it is kept."""

    credential_id: str
    staff_id: str
    public_key: bytes = field(repr=False)
    sign_count: int


@dataclass(frozen=True)
class SignedIn:
    """A challenge that was answered: by whose passkey, which challenge, and the passkey's new count."""

    passkey: Passkey
    challenge: str
    sign_count: int


@dataclass(frozen=True)
class OwnPasskey:
    """One of somebody's own, as the page lists it. `ref` names it there; `used_at` None: never, as far as is known."""

    ref: str
    added_at: datetime
    used_at: datetime | None


class Passkeys:
    """Makes challenges and checks what browsers answer to them. `key`: 32 bytes that every node of this reception has."""

    def __init__(self, key: bytes, clinic: str, clock: Callable[[], datetime]) -> None:
        self._key = key
        self._clinic = clinic
        self._clock = clock

    def to_make(self, request: Request, account: Account, known: Sequence[Passkey]) -> dict[str, Any]:
        """What the browser needs to make a passkey for somebody. Raises `RefusedError` (409) under an address."""
        options = webauthn.generate_registration_options(
            rp_id=_name(request),
            rp_name=self._clinic,
            user_id=account.id.encode(),
            user_name=account.id,
            user_display_name=account.name,
            challenge=self._challenge(f"make {account.id}"),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=[
                PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.credential_id)) for one in known
            ],
        )
        return _json(options)

    def made(self, request: Request, account: Account, answer: object) -> Passkey:
        """The passkey that a browser made. Raises `RefusedError` (403)."""
        try:
            challenge, credential = self._challenge_in(answer, f"make {account.id}")
            made = webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=_name(request),
                expected_origin=_origin(request),
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError) as error:
            raise _refused() from error
        return Passkey(bytes_to_base64url(made.credential_id), account.id, made.credential_public_key, made.sign_count)

    def to_sign_in(self, request: Request) -> dict[str, Any]:
        """What the browser needs to offer whichever passkeys it has for here. Raises `RefusedError` (409)."""
        options = webauthn.generate_authentication_options(
            rp_id=_name(request),
            challenge=self._challenge("sign in"),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return _json(options)

    def signed_in(self, request: Request, answer: object, passkey: Passkey) -> SignedIn:
        """Whose passkey signed our challenge. Raises `RefusedError` (403)."""
        try:
            challenge, credential = self._challenge_in(answer, "sign in")
            verified = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=_name(request),
                expected_origin=_origin(request),
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError) as error:
            raise _refused() from error
        return SignedIn(passkey, bytes_to_base64url(challenge), verified.new_sign_count)

    def _challenge(self, purpose: str) -> bytes:
        head = secrets.token_bytes(_RANDOM) + int(self._clock().timestamp()).to_bytes(8, "big")
        return head + self._mac(purpose, head)

    def _challenge_in(self, answer: object, purpose: str) -> tuple[bytes, dict[str, Any]]:
        """The challenge that was answered, if it is one of ours and not too old. Raises `ValueError` or `TypeError`."""
        if not isinstance(answer, dict):
            raise TypeError("expected a credential")
        told = json.loads(base64url_to_bytes(answer["response"]["clientDataJSON"]))
        challenge = base64url_to_bytes(told["challenge"])
        head, mac = challenge[:-_MAC], challenge[-_MAC:]
        made_at = int.from_bytes(head[_RANDOM:], "big")
        age = self._clock().timestamp() - made_at
        if not hmac.compare_digest(mac, self._mac(purpose, head)) or not -1 <= age <= ANSWER_WITHIN.total_seconds():
            raise ValueError("the challenge is not one of ours, or too old")
        return challenge, answer

    def _mac(self, purpose: str, head: bytes) -> bytes:
        return hmac.new(self._key, purpose.encode() + b"\0" + head, hashlib.sha256).digest()[:_MAC]


def possible(request: Request) -> bool:
    """Whether the browser came by a name: with an address it can neither make nor use a passkey."""
    host = request.url.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or request.url.scheme == "https"
    return False


def credential_id(answer: object) -> str:
    """Which passkey an answer claims to be of. Raises `RefusedError` (403)."""
    named = answer.get("id") if isinstance(answer, dict) else None
    if not isinstance(named, str) or not 0 < len(named) <= 1400 or not named.isascii():
        raise _refused()
    return named.rstrip("=")


def passkey(named: str) -> Callable[[Connection], Passkey | None]:
    """The passkey with this credential id."""

    def question(connection: Connection) -> Passkey | None:
        row = connection.execute("SELECT * FROM passkey WHERE credential_id = ?", (named,)).fetchone()
        if row is None:
            return None
        return Passkey(row["credential_id"], row["staff_id"], bytes(row["public_key"]), row["sign_count"])

    return question


def of_account(staff_id: str) -> Callable[[Connection], list[Passkey]]:
    """Everybody's own."""

    def question(connection: Connection) -> list[Passkey]:
        found = connection.execute("SELECT * FROM passkey WHERE staff_id = ? ORDER BY added_at", (staff_id,))
        return [
            Passkey(row["credential_id"], row["staff_id"], bytes(row["public_key"]), row["sign_count"]) for row in found
        ]

    return question


def add(made: Passkey) -> Callable[[Transaction], None]:
    """Keep a passkey. Raises `RefusedError` (409) where it is kept already, or there are too many."""

    def change(transaction: Transaction) -> None:
        count = transaction.one("SELECT count(*) AS many FROM passkey WHERE staff_id = ?", made.staff_id)
        known = transaction.one("SELECT staff_id FROM passkey WHERE credential_id = ?", made.credential_id)
        if known is not None or (count is not None and count["many"] >= MOST):
            raise RefusedError(409, "passkey", "このパスキーは登録できません。登録済みか、数が多すぎます。")
        transaction.run(
            "INSERT INTO passkey(credential_id, staff_id, public_key, sign_count, added_at) VALUES (?, ?, ?, ?, ?)",
            *(made.credential_id, made.staff_id, made.public_key, made.sign_count, transaction.now_text),
        )
        transaction.audit(made.staff_id, "passkey_added", about=made.staff_id)

    return change


def own(staff_id: str) -> Callable[[Connection], list[OwnPasskey]]:
    """What the person's page lists, the oldest first."""

    def question(connection: Connection) -> list[OwnPasskey]:
        found = connection.execute(
            "SELECT credential_id, added_at, used_at FROM passkey WHERE staff_id = ? ORDER BY added_at, credential_id",
            (staff_id,),
        )
        return [
            OwnPasskey(
                accounts.hash_of(row["credential_id"]),
                dates.instant(row["added_at"]),
                None if row["used_at"] is None else dates.instant(row["used_at"]),
            )
            for row in found
        ]

    return question


def remove(ref: str, seat: Seat) -> Callable[[Transaction], None]:
    """Take one of one's own away; whoever is signed in elsewhere as the same person signs in again.

    Raises `RefusedError`: 404 it is not one of them, 409 nothing would be left to sign in with.
    """
    staff_id = seat.account.id

    def change(transaction: Transaction) -> None:
        rows = transaction.connection.execute("SELECT credential_id FROM passkey WHERE staff_id = ?", (staff_id,))
        kept = [row["credential_id"] for row in rows.fetchall()]
        found = next((one for one in kept if accounts.hash_of(one) == ref), None)
        if found is None:
            raise RefusedError(404, "no_such_passkey", "このパスキーは登録されていません。")
        account = accounts.account(staff_id)(transaction.connection)
        if len(kept) == 1 and (account is None or not account.has_password):
            raise RefusedError(
                409, "last_way", "最後のサインイン方法なので外せません。先に別のパスキーを加えてください。"
            )
        transaction.run("DELETE FROM passkey WHERE credential_id = ?", found)
        accounts.end_sessions(transaction, staff_id, but=seat.session_hash)
        transaction.audit(staff_id, "passkey_removed", about=staff_id)

    return change


def used(answered: SignedIn) -> Callable[[Transaction], None]:
    """Note that a passkey was used. Raises `RefusedError` (403) for a challenge that was answered before."""

    def change(transaction: Transaction) -> None:
        if transaction.one("SELECT 1 AS one FROM used_challenge WHERE challenge = ?", answered.challenge) is not None:
            raise _refused()
        transaction.run(
            "INSERT INTO used_challenge(challenge, used_at) VALUES (?, ?)", answered.challenge, transaction.now_text
        )
        transaction.run(
            "UPDATE passkey SET sign_count = ?, used_at = ? WHERE credential_id = ?",
            *(answered.sign_count, transaction.now_text, answered.passkey.credential_id),
        )

    return change


def _name(request: Request) -> str:
    if not possible(request):
        raise RefusedError(409, "no_name", "このアドレスではパスキーを使えません。パスワードでサインインしてください。")
    return request.url.hostname or ""


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers.get('host', '')}"


def _json(options: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return told


def _refused() -> RefusedError:
    return RefusedError(403, "passkey", "このパスキーではサインインできません。ほかの方法を使ってください。")
