"""The trouble lane: whatever stops patients or their records from arriving, in a sentence, and what to do about it.

Most of it follows from what is known anyway (heartbeats, calls for help, the desk's own state) and is over by itself. The
rest is told by whoever notices it, with `raise_trouble` and `clear_trouble`, and stays until then, whichever day it is
(domain/reception-and-reliability.md 6.2, 4). Nobody is named in a trouble.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kiosk.reception import kiosks, words
from kiosk.reception.authority import WARN_BEFORE
from kiosk.reception.database import Connection
from kiosk.reception.desk import AuthorityState
from kiosk.reception.kiosks import KioskRow
from kiosk.reception.store import Transaction
from kiosk.record import dates
from kiosk.record.door import HelpReason

OLDEST_UNSENT: Final = 60.0
"""Seconds that a check-in may wait at a kiosk before the desk must know."""

LARGEST_SKEW: Final = timedelta(seconds=5)
"""Between a kiosk's clock and ours. Heartbeats are on their way for milliseconds."""

FAILURES: Final = 3
"""Visits in a row that failed at one kiosk, without a check-in between."""

CERTIFICATE_ENDS_SOON: Final = timedelta(days=30)
"""Before a kiosk's certificate ends. It renews it when 45 days are left: with 30, that has failed for two weeks."""

MOST: Final = 50
"""Told troubles that the lane shows; more than these nobody can look at."""

_FAILED: Final = (HelpReason.FACE_FAILED, HelpReason.PIN_LOCKED, HelpReason.CARD_UNUSABLE, HelpReason.STOPPED)


@dataclass(frozen=True)
class Trouble:
    """One card of the lane. `key` says which one of its kind: a kiosk's id, a folder's name, nothing of a patient."""

    kind: str
    key: str
    since: datetime
    sentence: str
    what_to_do: str


def raise_trouble(kind: str, key: str, sentence: str, what_to_do: str) -> Callable[[Transaction], bool]:
    """Put a trouble into the lane; False, and nothing changed, where it stands there already."""

    def change(transaction: Transaction) -> bool:
        raised = transaction.run(
            "INSERT INTO trouble(kind, about, since, sentence, what_to_do) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            *(kind, key, transaction.now_text, sentence, what_to_do),
        )
        if raised:
            transaction.tell("trouble", trouble=kind, key=key, open=True)
        return bool(raised)

    return change


def clear_trouble(kind: str, key: str) -> Callable[[Transaction], bool]:
    """It is over; False where it did not stand there."""

    def change(transaction: Transaction) -> bool:
        cleared = transaction.run("DELETE FROM trouble WHERE kind = ? AND about = ?", kind, key)
        if cleared:
            transaction.tell("trouble", trouble=kind, key=key, open=False)
        return bool(cleared)

    return change


def told(connection: Connection) -> list[Trouble]:
    """What was raised and is not over, the oldest first."""
    found = connection.execute("SELECT * FROM trouble ORDER BY since, kind, about LIMIT ?", (MOST,))
    return [
        Trouble(row["kind"], row["about"], dates.instant(row["since"]), row["sentence"], row["what_to_do"])
        for row in found
    ]


def standing(now: datetime) -> Callable[[Connection], list[Trouble]]:
    """Everything that the store knows of: of kiosks, of visits that failed, and what was raised; the oldest first."""

    def question(connection: Connection) -> list[Trouble]:
        gone = _revoked(connection)
        troubles = told(connection) + _unvouched(connection)
        for kiosk in kiosks.all_kiosks(connection):
            if kiosk.beat.kiosk_id not in gone:
                troubles += of_kiosk(kiosk, now)
                troubles += _failing(connection, kiosk)
        troubles += _certificates(connection, now)
        return sorted(troubles, key=lambda trouble: (trouble.since, trouble.kind, trouble.key))

    return question


def of_kiosk(row: KioskRow, now: datetime) -> list[Trouble]:
    """What a kiosk's last heartbeat, and the silence after it, mean for the desk."""
    beat, name = row.beat, words.kiosk_name(row.beat.kiosk_id)
    found = []
    if row.silent(now):
        found.append(("kiosk_offline", row.heard_at, f"{name}から応答がありません", words.TROUBLE_OFFLINE))
    if beat.parked:
        sentence = f"{name}から届けられない受付が{beat.parked}件あります"
        found.append(("parked", row.heard_at - timedelta(seconds=beat.oldest_age), sentence, words.TROUBLE_PARKED))
    if beat.pending and beat.oldest_age > OLDEST_UNSENT:
        sentence = f"{name}に未送信の受付が{beat.pending}件あります"
        found.append(("pending", row.heard_at - timedelta(seconds=beat.oldest_age), sentence, words.TROUBLE_PENDING))
    skew = beat.at - row.heard_at
    if abs(skew) > LARGEST_SKEW:
        sentence = f"{name}の時計が{_length(skew)}{'進んで' if skew > timedelta() else '遅れて'}います"
        found.append(("clock", row.heard_at, sentence, words.TROUBLE_CLOCK))
    return [Trouble(kind, beat.kiosk_id, since, sentence, step) for kind, since, sentence, step in found]


def reader_away(now: datetime) -> Trouble:
    """The official reader's results cannot be read."""
    return Trouble("reader_away", "official_reader", now, words.TROUBLE_READER_AWAY, words.TROUBLE_READER_AWAY_NEXT)


def of_authority(state: AuthorityState | None, now: datetime) -> list[Trouble]:
    """What must be said of reception's own authority: it ends soon, or a newer one was made than the one that is here.

    Once it has ended, reception does not start, and no kiosk comes in that has not changed over.
    """
    if state is None:
        return []
    found = []
    since = state.ends - WARN_BEFORE
    if now >= since:
        sentence = f"受付サーバーの認証局はあと{max(0, (state.ends - now).days)}日で切れます"
        found.append(Trouble("authority_ends", "authority", since, sentence, words.TROUBLE_AUTHORITY_NEXT))
    if state.outdated:
        sentence, step = words.TROUBLE_AUTHORITY_OUTDATED, words.TROUBLE_AUTHORITY_OUTDATED_NEXT
        found.append(Trouble("authority_outdated", "authority", now, sentence, step))
    return found


def audit_misfit(kiosk_ids: Sequence[str], since: datetime) -> Trouble:
    """Kiosks have seen another audit log than the one that is here."""
    return Trouble("audit", ",".join(kiosk_ids), since, words.TROUBLE_AUDIT, words.TROUBLE_AUDIT_NEXT)


def _failing(connection: Connection, kiosk: KioskRow) -> list[Trouble]:
    kiosk_id = kiosk.beat.kiosk_id
    came = connection.execute(
        "SELECT max(received_at) AS at FROM checkin WHERE kiosk_id = ? AND receipt ="
        " (SELECT max(receipt) FROM checkin WHERE kiosk_id = ?)",
        (kiosk_id, kiosk_id),
    ).fetchone()["at"]
    failed = connection.execute(
        "SELECT coalesce(visit_id, help_id) AS visit, max(received_at) AS at FROM help WHERE kiosk_id = ?"
        " AND received_at > ? AND reason IN (?, ?, ?, ?) GROUP BY coalesce(visit_id, help_id) ORDER BY 2 DESC LIMIT ?",
        (kiosk_id, came or "", *(reason.value for reason in _FAILED), FAILURES),
    ).fetchall()
    if len(failed) < FAILURES:
        return []
    sentence = f"{words.kiosk_name(kiosk_id)}で{FAILURES}人続けて受付できませんでした"
    return [Trouble("failures", kiosk_id, dates.instant(failed[0]["at"]), sentence, words.TROUBLE_FAILURES)]


def _certificates(connection: Connection, now: datetime) -> list[Trouble]:
    """Kiosks that have not renewed their certificate in time, and soon cannot come in any more."""
    found = []
    for row in connection.execute(
        "SELECT kiosk_id, max(not_after) AS ends FROM device WHERE revoked_at IS NULL GROUP BY kiosk_id ORDER BY kiosk_id"
    ):
        ends, name = dates.instant(row["ends"]), words.kiosk_name(row["kiosk_id"])
        since, days = ends - CERTIFICATE_ENDS_SOON, (ends - now) // timedelta(days=1)
        if now >= since:
            sentence = f"{name}の証明書が切れました" if days < 0 else f"{name}の証明書はあと{days}日で切れます"
            found.append(Trouble("certificate", row["kiosk_id"], since, sentence, words.TROUBLE_CERTIFICATE_NEXT))
    return found


def _unvouched(connection: Connection) -> list[Trouble]:
    """Check-ins by sight that nobody was granted, until the desk has finished with them."""
    found = connection.execute(
        "SELECT checkin.kiosk_id, checkin.checkin_id, checkin.number, checkin.received_at"
        " FROM unvouched JOIN checkin USING (checkin_id) JOIN checkin AS on_board ON on_board.checkin_id ="
        " CASE checkin.first_id WHEN '' THEN checkin.checkin_id ELSE checkin.first_id END"
        " WHERE on_board.state != 'done' ORDER BY checkin.receipt LIMIT ?",
        (MOST,),
    )
    return [
        Trouble(
            "unvouched",
            row["checkin_id"],
            dates.instant(row["received_at"]),
            f"{words.kiosk_name(row['kiosk_id'])}の{row['number']}は、目視確認の記録が受付にありません",
            words.TROUBLE_UNVOUCHED_NEXT,
        )
        for row in found
    ]


def _revoked(connection: Connection) -> set[str]:
    """Kiosks whose every key was revoked: nobody waits for them any more."""
    found = connection.execute(
        "SELECT kiosk_id FROM device GROUP BY kiosk_id HAVING count(*) = count(revoked_at)"
    ).fetchall()
    return {row["kiosk_id"] for row in found}


def _length(skew: timedelta) -> str:
    seconds = round(abs(skew).total_seconds())
    return f"{seconds}秒" if seconds < 120 else f"約{seconds // 60}分" if seconds < 7200 else f"約{seconds // 3600}時間"
