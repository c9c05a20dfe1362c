"""Signing in: password and authenticator code, a passkey, a link; and setting these up the first time.

What guesses is counted before it is looked at (`kiosk.reception.limits`), hashes are made off the writer's thread, and
what was found right is looked at again inside the change that begins the session.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from kiosk.reception import accounts, limits, passkeys, session
from kiosk.reception.accounts import Account, Link
from kiosk.reception.database import Connection
from kiosk.reception.desk import Desk
from kiosk.reception.errors import RefusedError
from kiosk.reception.limits import Limit
from kiosk.reception.passkeys import Passkey, SignedIn
from kiosk.reception.passwords import check_password
from kiosk.reception.second_factor import matched_step, new_secret
from kiosk.reception.session import Seat
from kiosk.reception.store import Transaction
from kiosk.record import RecordError
from kiosk.staff import commands

UNKNOWN: Final = "unknown"
"""Who the audit names where nobody was signed in."""

JUST_NOW: Final = timedelta(minutes=5)

_WRONG: Final = "ID、パスワード、確認コードのどれかが違います。"


@dataclass(frozen=True, repr=False)
class _Credentials:
    """What one person signs in with."""

    account: Account
    password: str | None = field(repr=False)
    totp: bytes | None = field(repr=False)
    totp_step: int


@dataclass(frozen=True)
class Browser:
    """Where somebody signs in: the browser's address, the id its cookie will hold, and who sat there until now."""

    address: str
    session_id: str = field(repr=False)
    before: Seat | None


async def with_password(desk: Desk, at: Browser, staff_id: str, password: str, code: str) -> Account:
    """Sign in with both. Raises `RefusedError`: 403 something is wrong, 429 too many were."""
    try:
        commands.staff_id(staff_id)
    except RecordError as error:
        raise _wrong() from error
    counted = limits.of_sign_in(staff_id, at.address)
    await _count(desk, counted)
    known = await desk.store.read(_credentials(staff_id))
    kept = None if known is None or known.account.disabled or known.totp is None else known.password
    if not await desk.hasher.matches(kept, password) or known is None or known.totp is None:
        await desk.store.write(_failed(known, "password"))
        raise _wrong()
    secret = desk.key.open(known.totp, _about(staff_id)).decode()

    def enter(transaction: Transaction) -> bool:
        now = _credentials(staff_id)(transaction.connection)
        if now is None or now.account.disabled or now.password != kept:
            return False
        step = matched_step(secret, code, transaction.now, now.totp_step)
        if step is None:
            return False
        transaction.run("UPDATE account SET totp_step = ? WHERE staff_id = ?", step, staff_id)
        limits.right(counted)(transaction)
        session.begin(staff_id, at.session_id, "password", at.before)(transaction)
        return True

    if not await desk.store.write(enter):
        await desk.store.write(_failed(known, "code"))
        raise _wrong()
    return known.account


async def known_passkey(desk: Desk, at: Browser, credential_id: str) -> Passkey:
    """The passkey that a browser answers with. Raises `RefusedError`: 403 nobody's, 429 too many were."""
    await _count(desk, limits.of_address(at.address))
    found = await desk.store.read(passkeys.passkey(credential_id))
    if found is None:
        await desk.store.write(_failed(None, "passkey"))
        raise RefusedError(403, "passkey", "このパスキーは登録されていません。")
    return found


async def with_passkey(desk: Desk, at: Browser, answered: SignedIn) -> Account:
    """Sign in with a challenge that was answered. Raises `RefusedError` (403)."""

    def enter(transaction: Transaction) -> Account:
        found = accounts.account(answered.passkey.staff_id)(transaction.connection)
        if found is None or found.disabled:
            raise RefusedError(403, "disabled", "このIDは停止されています。管理者に相談してください。")
        passkeys.used(answered)(transaction)
        limits.right(limits.of_address(at.address))(transaction)
        session.begin(found.id, at.session_id, "passkey", at.before)(transaction)
        return found

    return await desk.store.write(enter)


async def with_link(desk: Desk, at: Browser, token: str) -> Account:
    """Sign in by a one-time link. Raises `RefusedError`: 404 on a site that is no test site, 410 the link is over, 429."""
    if desk.settings.site != "test":
        raise RefusedError(404, "not_found", "there is nothing at this path")
    await _count(desk, limits.of_address(at.address))

    def enter(transaction: Transaction) -> Account:
        link = accounts.open_link(token, "sign_in")(transaction)
        transaction.run("DELETE FROM link WHERE token_hash = ?", link.token_hash)
        limits.right(limits.of_address(at.address))(transaction)
        session.begin(link.account.id, at.session_id, "link", at.before)(transaction)
        return link.account

    return await desk.store.write(enter)


async def opened(desk: Desk, address: str, token: str) -> tuple[Link, str]:
    """The link by which somebody sets up how they sign in, and the authenticator's secret that goes with it.

    The secret is made once and stays with the link, so that the page can be opened again. Raises `RefusedError` (410, 429).
    """
    await _count(desk, limits.of_address(address))

    def change(transaction: Transaction) -> tuple[Link, str]:
        link = accounts.open_link(token, "enrol")(transaction)
        limits.right(limits.of_address(address))(transaction)
        about = _about(link.account.id)
        if link.totp is not None:
            return link, desk.key.open(link.totp, about).decode()
        secret = new_secret()
        sealed = desk.key.seal(secret.encode(), about)
        transaction.run("UPDATE link SET totp = ? WHERE token_hash = ?", sealed, link.token_hash)
        return link, secret

    return await desk.store.write(change)


async def set_password(desk: Desk, at: Browser, token: str, password: str, code: str) -> Account:
    """Set password and authenticator by a link, and sign in. What was there before is replaced.

    Raises `RefusedError`: 410 the link is over, 422 the password or the code will not do, 429 too many codes were wrong.
    """
    link, secret = await opened(desk, at.address, token)
    check_password(password, (link.account.id, link.account.name, desk.settings.clinic))
    counted = (Limit(f"code:{link.token_hash}", 5, 1, 60),)
    await _count(desk, counted)
    hashed = await desk.hasher.hashed(password)

    def enter(transaction: Transaction) -> Account:
        still = accounts.open_link(token, "enrol")(transaction)
        step = matched_step(secret, code, transaction.now, 0)
        if step is None:
            raise RefusedError(422, "code", "確認コードが違います。アプリにいま出ている6桁を入れてください。")
        _start_over(transaction, still)
        transaction.run(
            "UPDATE account SET password = ?, totp = ?, totp_step = ? WHERE staff_id = ?",
            *(hashed, still.totp, step, still.account.id),
        )
        transaction.audit(still.account.id, "credentials_set", about=still.account.id, note="password")
        session.begin(still.account.id, at.session_id, "password", at.before)(transaction)
        return still.account

    return await desk.store.write(enter)


async def change_password(desk: Desk, seat: Seat, address: str, current: str, password: str) -> None:
    """Another password for whoever sits there, who says the `current` one or has only just signed in.

    The authenticator stays as it is; wherever else the person is signed in, that is over. Raises `RefusedError`: 403 the
    current one is wrong, 409 there is none, or it was changed meanwhile, 422 one of the two will not do, 429 too many were wrong.
    """
    staff_id, fresh = seat.account.id, has_just_signed_in(seat, desk.clock())
    known = await desk.store.read(_credentials(staff_id))
    if known is None or known.password is None:
        raise RefusedError(409, "no_password", "パスワードは登録されていません。")
    check_password(password, (staff_id, seat.account.name, desk.settings.clinic))
    counted = () if fresh else limits.of_sign_in(staff_id, address)
    if not fresh:
        if not current:
            raise RefusedError(422, "current", "いまのパスワードを入れてください。")
        await _count(desk, counted)
        if not await desk.hasher.matches(known.password, current):
            await desk.store.write(
                lambda transaction: transaction.audit(staff_id, "sign_in_failed", about=staff_id, note="password")
            )
            raise RefusedError(403, "wrong", "いまのパスワードが違います。")
    hashed = await desk.hasher.hashed(password)

    def change(transaction: Transaction) -> None:
        now = _credentials(staff_id)(transaction.connection)
        if now is None or now.password != known.password:
            raise RefusedError(409, "changed", "パスワードがほかの画面で変わりました。もう一度入れてください。")
        transaction.run("UPDATE account SET password = ? WHERE staff_id = ?", hashed, staff_id)
        limits.right(counted)(transaction)
        accounts.end_sessions(transaction, staff_id, but=seat.session_hash)
        transaction.audit(staff_id, "password_changed", about=staff_id)

    await desk.store.write(change)


def has_just_signed_in(seat: Seat, now: datetime) -> bool:
    """Whether both factors were shown so lately that the password need not be said again."""
    return now - seat.began_at <= JUST_NOW


async def set_passkey(desk: Desk, at: Browser, token: str, made: Passkey) -> Account:
    """Keep the first passkey by a link, and sign in. What was there before is replaced. Raises `RefusedError` (410)."""

    def enter(transaction: Transaction) -> Account:
        link = accounts.open_link(token, "enrol")(transaction)
        _start_over(transaction, link)
        passkeys.add(made)(transaction)
        transaction.audit(link.account.id, "credentials_set", about=link.account.id, note="passkey")
        session.begin(link.account.id, at.session_id, "passkey", at.before)(transaction)
        return link.account

    return await desk.store.write(enter)


def _wrong() -> RefusedError:
    return RefusedError(403, "wrong", _WRONG)


def _start_over(transaction: Transaction, link: Link) -> None:
    staff_id = link.account.id
    transaction.run("DELETE FROM link WHERE token_hash = ?", link.token_hash)
    transaction.run("DELETE FROM attempt WHERE what = ?", f"code:{link.token_hash}")
    transaction.run("DELETE FROM passkey WHERE staff_id = ?", staff_id)
    transaction.run("UPDATE account SET password = NULL, totp = NULL, totp_step = 0 WHERE staff_id = ?", staff_id)
    accounts.end_sessions(transaction, staff_id)


async def _count(desk: Desk, counted: tuple[Limit, ...]) -> None:
    await desk.store.write(limits.count(counted))


def _failed(known: _Credentials | None, note: str) -> Callable[[Transaction], None]:
    """A failed try. What was typed as an id that nobody has may be anything, a password too: it is not written down."""

    def change(transaction: Transaction) -> None:
        about = None if known is None else known.account.id
        transaction.audit(UNKNOWN, "sign_in_failed", about=about, note=note)

    return change


def _credentials(staff_id: str) -> Callable[[Connection], _Credentials | None]:
    def question(connection: Connection) -> _Credentials | None:
        found = accounts.account(staff_id)(connection)
        row = connection.execute("SELECT * FROM account WHERE staff_id = ?", (staff_id,)).fetchone()
        if found is None or row is None:
            return None
        sealed = None if row["totp"] is None else bytes(row["totp"])
        return _Credentials(found, row["password"], sealed, row["totp_step"])

    return question


def _about(staff_id: str) -> str:
    return f"totp {staff_id}"
