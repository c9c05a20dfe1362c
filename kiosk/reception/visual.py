"""The visual check from the board: granted to one person for the visit at one kiosk, confirmed or refused by the same.

Every step is an audit row. What the board shows is the state the kiosk answered, never that a command was sent
(design/architecture.md, "The visual check"; kiosk.staff.commands).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kiosk.reception import kiosks
from kiosk.reception.database import Connection, Found
from kiosk.reception.errors import RefusedError
from kiosk.reception.kiosks import KioskRow
from kiosk.reception.store import Transaction
from kiosk.record import dates, ids
from kiosk.record.ids import KioskId, VisitId
from kiosk.staff.commands import GRANT_LASTS, MODE_LASTS, WITHOUT_VISIT, Command, CommandKind, CommandState

BEFORE_CONFIRMATION = (
    "reading",
    "choosing_method",
    "reading_front",
    "typing_check_number",
    "looking_at_face",
    "typing_pin",
    "offering_last_try",
    "staff_entrance",
)
"""Stages (kiosk.visit) in which a visit still needs somebody to say who the holder is."""

COMPARING = "comparing"

ASKED_SHOWN = timedelta(minutes=5)
"""So long the strip says that a kiosk did not do what it was asked."""


@dataclass(frozen=True)
class Grant:
    """The last grant for a visit: what the kiosk answered to it, and what was decided since."""

    command: Command
    state: CommandState | None
    state_at: datetime | None
    decision: CommandKind | None
    """The last confirm or refuse sent under this grant."""
    decided: CommandState | None
    """What the kiosk answered to that."""

    def waiting(self, now: datetime) -> bool:
        """Whether the kiosk has not answered yet and still may."""
        return self.state is None and now < self.command.expires_at

    def comparing(self, at_kiosk: KioskRow, now: datetime) -> bool:
        """Whether the person may decide now: the kiosk answered, time is left, and it has not gone on since."""
        if self.state is not CommandState.COMPARING or now >= self.command.expires_at:
            return False
        if self.decided in (CommandState.CONFIRMED, CommandState.REFUSED):
            return False
        if at_kiosk.beat.visit_id != self.command.visit_id:
            return False
        if at_kiosk.beat.stage == COMPARING:
            return True
        heard_before = self.state_at is not None and at_kiosk.heard_at <= self.state_at
        return heard_before and at_kiosk.beat.stage in BEFORE_CONFIRMATION

    def alive(self, at_kiosk: KioskRow, now: datetime) -> bool:
        """Whether this grant still stands in the way of another one for the same visit."""
        return self.waiting(now) or self.comparing(at_kiosk, now)


def grant(kiosk_id: KioskId, visit_id: VisitId, staff_id: str, command_id: str) -> Callable[[Transaction], Command]:
    """Grant `staff_id` the check of the visit that is now at the kiosk. Raises `RefusedError`: 404, 409."""

    def change(transaction: Transaction) -> Command:
        at_kiosk = kiosks.kiosk(kiosk_id)(transaction.connection)
        if at_kiosk is None:
            raise RefusedError(404, "no_such_kiosk", "この受付機は見つかりません。")
        if at_kiosk.silent(transaction.now):
            raise RefusedError(409, "silent", "受付機から応答がありません。受付機のところで確認してください。")
        if at_kiosk.beat.visit_id != visit_id or at_kiosk.beat.stage not in BEFORE_CONFIRMATION:
            raise RefusedError(
                409, "visit_gone_on", "この方の受付は先に進みました。いまは目視確認に切り替えられません。"
            )
        before = latest_grant(kiosk_id, visit_id)(transaction.connection)
        if before is not None and before.alive(at_kiosk, transaction.now):
            raise RefusedError(409, "granted_already", "この方の目視確認は、すでに始まっています。")
        command = Command(
            id=command_id,
            kind=CommandKind.GRANT_VISUAL,
            kiosk_id=kiosk_id,
            visit_id=visit_id,
            issued_by=staff_id,
            expires_at=transaction.now + GRANT_LASTS,
        )
        return _issue(transaction, command, None)

    return change


def decide(grant_id: str, kind: CommandKind, staff_id: str, command_id: str) -> Callable[[Transaction], Command]:
    """Confirm or refuse under a grant, by the person it was given to. Raises `RefusedError`: 403, 404, 409.

    It expires with the grant: a decision that arrives after it means nothing at the kiosk.
    """

    def change(transaction: Transaction) -> Command:
        granted = _grant(transaction.connection, "id = ?", grant_id)
        if granted is None:
            raise RefusedError(404, "no_such_grant", "この目視確認は見つかりません。")
        if granted.command.issued_by != staff_id:
            raise RefusedError(403, "other_person", "切り替えた本人だけが、確認の結果を押せます。")
        at_kiosk = kiosks.kiosk(granted.command.kiosk_id)(transaction.connection)
        if at_kiosk is None or not granted.comparing(at_kiosk, transaction.now):
            raise RefusedError(
                409, "not_comparing", "この目視確認は終わっています。必要ならもう一度切り替えてください。"
            )
        if granted.decision is not None and granted.decided is None:
            raise RefusedError(409, "decided_already", "結果は受付機に送りました。応答を待っています。")
        command = Command(
            id=command_id,
            kind=kind,
            kiosk_id=granted.command.kiosk_id,
            visit_id=granted.command.visit_id,
            issued_by=staff_id,
            expires_at=granted.command.expires_at,
        )
        return _issue(transaction, command, grant_id)

    return change


def set_mode(kiosk_id: KioskId, kind: CommandKind, staff_id: str, command_id: str) -> Callable[[Transaction], Command]:
    """Put the kiosk out of service, or back, or have it start again (`PAUSE`, `RESUME`, `RESTART`).

    Raises `RefusedError`: 404, 409 where it is not heard.
    """

    def change(transaction: Transaction) -> Command:
        if kind not in WITHOUT_VISIT:
            raise ValueError(f"{kind} is about a visit")
        at_kiosk = kiosks.kiosk(kiosk_id)(transaction.connection)
        if at_kiosk is None:
            raise RefusedError(404, "no_such_kiosk", "この受付機は見つかりません。")
        if at_kiosk.silent(transaction.now):
            raise RefusedError(409, "silent", "受付機から応答がありません。受付機のところで確認してください。")
        expires_at = transaction.now + MODE_LASTS
        return _issue(transaction, Command(command_id, kind, kiosk_id, None, staff_id, expires_at), None)

    return change


def vouched(kiosk_id: KioskId, visit_id: VisitId, staff_id: str) -> Callable[[Connection], bool]:
    """Whether `staff_id` may have confirmed that visit by sight: at the board, or with code and PIN at the kiosk.

    How a check at the kiosk ended may come after the check-in: there an open one counts.
    """

    def question(connection: Connection) -> bool:
        found = connection.execute(
            "SELECT 1 FROM command WHERE kind = 'confirm_visual' AND kiosk_id = ? AND visit_id = ? AND issued_by = ?"
            " UNION ALL SELECT 1 FROM kiosk_check WHERE kiosk_id = ? AND visit_id = ? AND staff_id = ?"
            " AND (outcome IS NULL OR outcome = 'confirmed') LIMIT 1",
            (kiosk_id, visit_id, staff_id) * 2,
        )
        return found.fetchone() is not None

    return question


@dataclass(frozen=True)
class Asked:
    """What was last asked of a kiosk itself, and the state it answered, if it did."""

    command: Command
    state: CommandState | None

    def waiting(self, now: datetime) -> bool:
        """Whether the kiosk has not answered yet and still may."""
        return self.state is None and now < self.command.expires_at

    def old(self, now: datetime) -> bool:
        """Whether nobody waits for its outcome any more."""
        return now - self.command.expires_at > ASKED_SHOWN


def last_asked(kiosk_id: KioskId) -> Callable[[Connection], Asked | None]:
    """What was last asked of this kiosk itself, if anything ever was."""

    def question(connection: Connection) -> Asked | None:
        row = connection.execute(
            "SELECT * FROM command WHERE kiosk_id = ? AND visit_id = '' ORDER BY seq DESC LIMIT 1", (kiosk_id,)
        ).fetchone()
        return None if row is None else Asked(_command(row), _state(row))

    return question


def answered(command_id: str, kiosk_id: KioskId, state: CommandState) -> Callable[[Transaction], None]:
    """Note the state the kiosk reached because of a command. Raises `RefusedError` (404: not a command for this kiosk)."""

    def change(transaction: Transaction) -> None:
        row = transaction.one("SELECT * FROM command WHERE id = ? AND kiosk_id = ?", command_id, kiosk_id)
        if row is None:
            raise RefusedError(404, "no_such_command", "there is no such command for this kiosk")
        if row["state"] == state.value:
            return
        transaction.run(
            "UPDATE command SET state = ?, state_at = ? WHERE id = ?", state.value, transaction.now_text, command_id
        )
        transaction.tell("command", command_id=command_id, kiosk_id=kiosk_id, state=state.value)
        about_visit = CommandKind(row["kind"]) not in WITHOUT_VISIT
        action = f"visual_{state.value}" if about_visit else f"kiosk_{state.value}"
        transaction.audit(kiosk_id, action, kiosk_id=kiosk_id, about=row["visit_id"] or None)

    return change


def queued(kiosk_id: KioskId, now: datetime) -> Callable[[Connection], list[Command]]:
    """Commands for this kiosk that it has not answered and that still mean something."""

    def question(connection: Connection) -> list[Command]:
        found = connection.execute(
            "SELECT * FROM command WHERE kiosk_id = ? AND state IS NULL AND expires_at > ? ORDER BY seq",
            (kiosk_id, dates.instant_text(now)),
        )
        return [_command(row) for row in found]

    return question


def newest(connection: Connection) -> int:
    """The number of the last command ever issued, 0 if none was."""
    return int(connection.execute("SELECT coalesce(max(seq), 0) AS newest FROM command").fetchone()["newest"])


def issued_after(seq: int) -> Callable[[Connection], list[tuple[int, Command]]]:
    """The commands after number `seq`, each with its own."""

    def question(connection: Connection) -> list[tuple[int, Command]]:
        found = connection.execute("SELECT * FROM command WHERE seq > ? ORDER BY seq", (seq,))
        return [(row["seq"], _command(row)) for row in found]

    return question


def latest_grant(kiosk_id: KioskId, visit_id: VisitId) -> Callable[[Connection], Grant | None]:
    """The last grant for this visit at this kiosk, if any."""

    def question(connection: Connection) -> Grant | None:
        return _grant(connection, "kiosk_id = ? AND visit_id = ?", kiosk_id, visit_id)

    return question


def _grant(connection: Connection, where: str, *values: str) -> Grant | None:
    row = connection.execute(
        f"SELECT * FROM command WHERE kind = 'grant_visual' AND {where} ORDER BY seq DESC LIMIT 1",  # noqa: S608
        values,
    ).fetchone()
    if row is None:
        return None
    last = connection.execute(
        "SELECT kind, state FROM command WHERE grant_id = ? ORDER BY seq DESC LIMIT 1", (row["id"],)
    ).fetchone()
    return Grant(
        command=_command(row),
        state=_state(row),
        state_at=None if row["state_at"] is None else dates.instant(row["state_at"]),
        decision=None if last is None else CommandKind(last["kind"]),
        decided=None if last is None or last["state"] is None else CommandState(last["state"]),
    )


def _issue(transaction: Transaction, command: Command, grant_id: str | None) -> Command:
    transaction.run(
        "INSERT INTO command(id, kind, kiosk_id, visit_id, issued_by, issued_at, expires_at, grant_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(command.id, command.kind.value, command.kiosk_id, command.visit_id or "", command.issued_by),
        *(transaction.now_text, dates.instant_text(command.expires_at), grant_id),
    )
    transaction.commands.append(command)
    transaction.tell("command", command_id=command.id, kiosk_id=command.kiosk_id, state="sent")
    transaction.audit(command.issued_by, command.kind.value, kiosk_id=command.kiosk_id, about=command.visit_id)
    return command


def _state(row: Found) -> CommandState | None:
    return None if row["state"] is None else CommandState(row["state"])


def _command(row: Found) -> Command:
    return Command(
        id=row["id"],
        kind=CommandKind(row["kind"]),
        kiosk_id=ids.kiosk_id(row["kiosk_id"]),
        visit_id=ids.visit_id(row["visit_id"]) if row["visit_id"] else None,
        issued_by=row["issued_by"],
        expires_at=dates.instant(row["expires_at"]),
    )
