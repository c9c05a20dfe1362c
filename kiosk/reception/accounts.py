"""Who works at this reception, in which role, and the links by which they come in the first time.

Changes are functions of a `Transaction`, questions of a `Connection`, as everywhere in this room. Every change of an
account is an audit row; sessions of whoever is disabled, or gets another role, end with it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from kiosk.reception.database import Connection, Found
from kiosk.reception.errors import RefusedError
from kiosk.reception.settings import StaffMember
from kiosk.reception.store import Transaction
from kiosk.record import RecordError, dates
from kiosk.staff import commands

ENROL_WITHIN: Final = timedelta(minutes=15)
SIGN_IN_WITHIN: Final = timedelta(minutes=10)
LONGEST_NAME: Final = 40

_SELECT: Final = "SELECT account.*, (SELECT count(*) FROM passkey WHERE passkey.staff_id = account.staff_id) AS passkeys FROM account"


class Role(StrEnum):
    """What somebody may do here (domain/reception-and-reliability.md 3.2)."""

    RECEPTION = "reception"
    """受付: rows, eligibility, consents as yes or no, kiosk mode, the visual check."""
    QUALIFIED = "qualified"
    """有資格者. What the official system keeps for them (medication, checkups) is not in this product: as 受付."""
    ADMINISTRATOR = "administrator"
    """管理者: people and kiosks, no patient's row."""
    AUDITOR = "auditor"
    """監査: the audit log, nothing else."""


DESK: Final = frozenset({Role.RECEPTION, Role.QUALIFIED})
EVERYBODY: Final = frozenset(Role)


@dataclass(frozen=True)
class Account:
    """One person. What they sign in with is told as yes or no. `kiosk_code`: four digits, the name to type at a kiosk."""

    id: str
    name: str
    role: Role
    disabled: bool = False
    has_password: bool = False
    passkeys: int = 0
    has_kiosk_pin: bool = False
    kiosk_code: str = ""

    @property
    def can_sign_in(self) -> bool:
        """Whether there is a way in for this person."""
        return not self.disabled and (self.has_password or self.passkeys > 0)


@dataclass(frozen=True)
class Enrolment:
    """A link for one person, once: `path` stands behind the staff door's address. The store keeps its hash only."""

    staff_id: str
    token: str = field(repr=False)
    expires_at: datetime

    @property
    def path(self) -> str:
        """Where the person sets password and second factor, or a passkey."""
        return f"/join/{self.token}"


@dataclass(frozen=True)
class Link:
    """A link that was found by its token. `totp`: the sealed secret that its page shows."""

    token_hash: str
    account: Account
    totp: bytes | None = field(repr=False)


def create_first(staff_id: str, name: str) -> Callable[[Transaction], Enrolment]:
    """The first administrator; called again before that person has set anything, another link for the same one.

    Raises `RefusedError`: 409 where an administrator can sign in already, or the id is somebody else's.
    """

    def change(transaction: Transaction) -> Enrolment:
        known = every(transaction.connection)
        if any(one.role is Role.ADMINISTRATOR and one.can_sign_in for one in known):
            raise RefusedError(409, "has_administrator", "すでに管理者がいます。新しいリンクは管理者が作れます。")
        before = next((one for one in known if one.id == staff_id), None)
        if before is not None and before.role is not Role.ADMINISTRATOR:
            raise RefusedError(409, "has_account", "このIDは、ほかの人が使っています。")
        if before is None:
            _insert(transaction, staff_id, name, Role.ADMINISTRATOR, "reception")
        return _enrolment(transaction, staff_id)

    return change


def create(staff_id: str, name: str, role: Role, by: str) -> Callable[[Transaction], Enrolment]:
    """Somebody new, and their link. Raises `RefusedError`: 409 the id is taken, 422 it is not an id or there is no name."""

    def change(transaction: Transaction) -> Enrolment:
        if account(staff_id)(transaction.connection) is not None:
            raise RefusedError(409, "has_account", "このIDは、ほかの人が使っています。")
        _insert(transaction, staff_id, name, role, by)
        return _enrolment(transaction, staff_id)

    return change


def invite_again(staff_id: str, by: str) -> Callable[[Transaction], Enrolment]:
    """Another link; what the person signs in with now is replaced when it is used. Raises `RefusedError` (404, 409)."""

    def change(transaction: Transaction) -> Enrolment:
        if _known(transaction, staff_id).disabled:
            raise RefusedError(409, "disabled", "停止中の人です。先に再開してください。")
        transaction.audit(by, "staff_invited", about=staff_id)
        return _enrolment(transaction, staff_id)

    return change


def change_role(staff_id: str, role: Role, by: str) -> Callable[[Transaction], None]:
    """Another role, from the next sign-in on. Raises `RefusedError`: 404, 409 for the last administrator."""

    def change(transaction: Transaction) -> None:
        before = _known(transaction, staff_id)
        if before.role is role:
            return
        _leave_an_administrator(transaction, before)
        transaction.run("UPDATE account SET role = ? WHERE staff_id = ?", role.value, staff_id)
        end_sessions(transaction, staff_id)
        transaction.audit(by, "staff_role", about=staff_id, note=role.value)

    return change


def disable(staff_id: str, by: str) -> Callable[[Transaction], None]:
    """Nobody signs in with it any more; records keep the id. Raises `RefusedError`: 404, 409 for the last administrator."""

    def change(transaction: Transaction) -> None:
        before = _known(transaction, staff_id)
        if before.disabled:
            return
        _leave_an_administrator(transaction, before)
        transaction.run("UPDATE account SET disabled_at = ? WHERE staff_id = ?", transaction.now_text, staff_id)
        transaction.run("DELETE FROM link WHERE staff_id = ?", staff_id)
        end_sessions(transaction, staff_id)
        transaction.audit(by, "staff_disabled", about=staff_id)

    return change


def enable(staff_id: str, by: str) -> Callable[[Transaction], None]:
    """Let the person in again. Raises `RefusedError` (404)."""

    def change(transaction: Transaction) -> None:
        if _known(transaction, staff_id).disabled:
            transaction.run("UPDATE account SET disabled_at = NULL WHERE staff_id = ?", staff_id)
            transaction.audit(by, "staff_enabled", about=staff_id)

    return change


def set_kiosk_pin(staff_id: str, pin_hash: str) -> Callable[[Transaction], None]:
    """The PIN for the visual check at a kiosk, already hashed."""

    def change(transaction: Transaction) -> None:
        transaction.run("UPDATE account SET kiosk_pin = ? WHERE staff_id = ?", pin_hash, staff_id)
        code = _known(transaction, staff_id).kiosk_code
        transaction.run("DELETE FROM attempt WHERE what = ?", f"pin:{code}")
        transaction.audit(staff_id, "kiosk_pin_set", about=staff_id)

    return change


def one_time_link(staff_id: str) -> Callable[[Transaction], str]:
    """The path of a link that signs in as somebody, once, within ten minutes. For test sites only: the door refuses it elsewhere."""

    def change(transaction: Transaction) -> str:
        _known(transaction, staff_id)
        return f"/once/{_new_link(transaction, staff_id, 'sign_in', SIGN_IN_WITHIN)[0]}"

    return change


def link(token: str, purpose: str) -> Callable[[Connection], tuple[Link, datetime] | None]:
    """The link with this token, of somebody who is not disabled, and when it ends."""

    def question(connection: Connection) -> tuple[Link, datetime] | None:
        row = connection.execute(
            "SELECT * FROM link WHERE token_hash = ? AND purpose = ?", (hash_of(token), purpose)
        ).fetchone()
        found = None if row is None else account(row["staff_id"])(connection)
        if row is None or found is None or found.disabled:
            return None
        sealed = None if row["totp"] is None else bytes(row["totp"])
        return Link(row["token_hash"], found, sealed), dates.instant(row["expires_at"])

    return question


def open_link(token: str, purpose: str) -> Callable[[Transaction], Link]:
    """The link, inside a change. Raises `RefusedError` (410) where it was used, is too old, or never was."""

    def change(transaction: Transaction) -> Link:
        found = link(token, purpose)(transaction.connection)
        if found is None or found[1] <= transaction.now:
            raise RefusedError(410, "link_over", "このリンクは使えません。管理者に新しいリンクを頼んでください。")
        return found[0]

    return change


def account(staff_id: str) -> Callable[[Connection], Account | None]:
    """One person, disabled or not."""

    def question(connection: Connection) -> Account | None:
        row = connection.execute(f"{_SELECT} WHERE account.staff_id = ?", (staff_id,)).fetchone()
        return None if row is None else _account(row)

    return question


def every(connection: Connection) -> list[Account]:
    """Everybody, the disabled too, by id."""
    return [_account(row) for row in connection.execute(f"{_SELECT} ORDER BY account.staff_id")]


def staff(connection: Connection) -> tuple[StaffMember, ...]:
    """Everybody's id and name, for what the board shows of who did what."""
    found = connection.execute("SELECT staff_id, name FROM account ORDER BY staff_id")
    return tuple(StaffMember(row["staff_id"], row["name"]) for row in found)


def end_sessions(transaction: Transaction, staff_id: str, *, but: str = "") -> None:
    """Sign somebody out everywhere; `but`: the hash of the session that goes on."""
    transaction.run("DELETE FROM staff_session WHERE staff_id = ? AND session_hash != ?", staff_id, but)


def hash_of(token: str) -> str:
    """What is kept of a token or a session's id: nobody who reads the database can use it."""
    return hashlib.sha256(token.encode()).hexdigest()


def _insert(transaction: Transaction, staff_id: str, name: str, role: Role, by: str) -> None:
    try:
        commands.staff_id(staff_id)
    except RecordError as error:
        raise RefusedError(422, "staff_id", "IDは英小文字・数字・ハイフンで32文字までです。") from error
    if staff_id == "reception" or not 0 < len(name.strip()) <= LONGEST_NAME:
        raise RefusedError(422, "name", f"名前は{LONGEST_NAME}文字までで入れてください。")
    transaction.run(
        "INSERT INTO account(staff_id, name, role, kiosk_code, made_at) VALUES (?, ?, ?, ?, ?)",
        *(staff_id, name.strip(), role.value, _free_code(transaction), transaction.now_text),
    )
    transaction.audit(by, "staff_created", about=staff_id, note=role.value)


def _free_code(transaction: Transaction) -> str:
    taken = {row["kiosk_code"] for row in transaction.connection.execute("SELECT kiosk_code FROM account")}
    free = [code for number in range(1000, 10_000) if (code := str(number)) not in taken]
    if not free:
        raise RefusedError(409, "too_many", "これ以上は登録できません。")
    return secrets.choice(free)


def _enrolment(transaction: Transaction, staff_id: str) -> Enrolment:
    transaction.run("DELETE FROM link WHERE staff_id = ? AND purpose = 'enrol'", staff_id)
    token, expires_at = _new_link(transaction, staff_id, "enrol", ENROL_WITHIN)
    return Enrolment(staff_id, token, expires_at)


def _new_link(transaction: Transaction, staff_id: str, purpose: str, lasts: timedelta) -> tuple[str, datetime]:
    token, expires_at = secrets.token_urlsafe(32), transaction.now + lasts
    transaction.run(
        "INSERT INTO link(token_hash, staff_id, purpose, expires_at) VALUES (?, ?, ?, ?)",
        *(hash_of(token), staff_id, purpose, dates.instant_text(expires_at)),
    )
    return token, expires_at


def _known(transaction: Transaction, staff_id: str) -> Account:
    found = account(staff_id)(transaction.connection)
    if found is None:
        raise RefusedError(404, "no_such_staff", "この人は登録されていません。")
    return found


def _leave_an_administrator(transaction: Transaction, leaving: Account) -> None:
    left = [one for one in every(transaction.connection) if one.role is Role.ADMINISTRATOR and not one.disabled]
    if leaving.role is Role.ADMINISTRATOR and [one.id for one in left] == [leaving.id]:
        raise RefusedError(409, "last_administrator", "最後の管理者です。先にほかの人を管理者にしてください。")


def _account(row: Found) -> Account:
    return Account(
        id=row["staff_id"],
        name=row["name"],
        role=Role(row["role"]),
        disabled=row["disabled_at"] is not None,
        has_password=row["password"] is not None,
        passkeys=row["passkeys"],
        has_kiosk_pin=row["kiosk_pin"] is not None,
        kiosk_code=row["kiosk_code"],
    )
