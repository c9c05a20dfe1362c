"""Arrivals at the official reader, kept as rows of the desk's list: each once, never joined to a visit of ours.

What is kept is the answer that the reader's file held, whose it is by the clinic's own records, and where the desk is with
it. The file itself stays where the terminal put it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from kiosk.eligibility.terminal import filed
from kiosk.eligibility.terminal.arrivals import Arrival, FailedArrival
from kiosk.eligibility.terminal.filed import FoundBy
from kiosk.reception import kana, on_file
from kiosk.reception.checkins import MOST_DONE
from kiosk.reception.database import Connection, Found
from kiosk.reception.row_moves import RowState
from kiosk.reception.schema import person_in
from kiosk.reception.store import Transaction
from kiosk.record import RecordError, consent, dates, ids
from kiosk.record import checkin as contract
from kiosk.record.checkin import UNCONFIRMED, Eligibility, Prescription
from kiosk.record.consent import ConsentItem, Consents, ConsentState
from kiosk.record.ids import VisitId

ACTOR = "official_reader"
"""Who the audit names: nobody at a kiosk of ours, and nobody at the desk."""

_ASSISTANCE = "A1"

MOST_FAILED = 50
"""Rows a day for files that tell of nothing: a folder full of them shall not bury who came."""


@dataclass(frozen=True, repr=False, kw_only=True)
class ReaderArrival:
    """Somebody at the official reader. `patient` is the clinic's number for them, where `found` says that it is theirs.

    `failed` is the code of why the file tells of no eligibility; then there is nothing else but its time.
    """

    eligibility: Eligibility
    consents: Consents
    prescription: Prescription
    notice_code: str | None
    simulated: bool
    found: FoundBy
    patient: str | None
    failed: str | None


@dataclass(frozen=True, repr=False, kw_only=True)
class ReaderRow:
    """An arrival as it stands at the desk; `stamped_at` is when the terminal wrote it."""

    arrival_id: VisitId
    arrival: ReaderArrival
    stamped_at: datetime
    received_at: datetime
    state: RowState
    taken_by: str | None


def known_keys(day: date) -> Callable[[Connection], list[str]]:
    """The files of `day` (in Japan) that are rows already."""

    def question(connection: Connection) -> list[str]:
        found = connection.execute("SELECT file_key FROM reader_arrival WHERE day = ?", (day.isoformat(),))
        return [row["file_key"] for row in found]

    return question


def keep(came: Arrival | FailedArrival) -> Callable[[Transaction], bool]:
    """Keep an arrival, and whose it is; False where this file, or its very bytes under another name, is a row already."""

    def change(transaction: Transaction) -> bool:
        day = dates.japanese_day(came.stamped_at).isoformat()
        if isinstance(came, FailedArrival):
            arrival = _failed(came)
            digest = hashlib.blake2b(came.key.encode(), digest_size=16).digest()
            if _failures(transaction, day) >= MOST_FAILED:
                return False
        else:
            arrival = _told(came, transaction.connection)
            digest = came.digest
        arrival_id = ids.new_visit_id(int(came.stamped_at.timestamp() * 1000))
        kept = transaction.run(
            "INSERT INTO reader_arrival(arrival_id, file_key, digest, day, received_at, message, reference, born, kana, failed)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            *(arrival_id, came.key, digest, day, transaction.now_text),
            *(_to_json(arrival, came.stamped_at), *person_in(arrival.eligibility)),
            kana.key_of(arrival.eligibility),
            int(arrival.failed is not None),
        )
        if not kept:
            return False
        transaction.tell("checkin", checkin_id=arrival_id, state=RowState.OPEN.value, new=True)
        transaction.audit(ACTOR, "arrival_kept", about=arrival_id)
        return True

    return change


def row(arrival_id: VisitId) -> Callable[[Connection], ReaderRow | None]:
    """One row, if there is one."""

    def question(connection: Connection) -> ReaderRow | None:
        found = connection.execute("SELECT * FROM reader_arrival WHERE arrival_id = ?", (arrival_id,)).fetchone()
        return None if found is None else _row(found)

    return question


def rows_on_board(now: datetime) -> Callable[[Connection], list[ReaderRow]]:
    """Whoever is not finished, and who of today is; in no order."""
    midnight = dates.instant_text(datetime.combine(dates.japanese_day(now), time(), dates.JST))

    def question(connection: Connection) -> list[ReaderRow]:
        found = connection.execute("SELECT * FROM reader_arrival WHERE state != 'done'").fetchall()
        found += connection.execute(
            "SELECT * FROM reader_arrival WHERE state = 'done' AND received_at >= ? ORDER BY received_at DESC LIMIT ?",
            (midnight, MOST_DONE),
        ).fetchall()
        return [_row(each) for each in found]

    return question


def rows_of(day: date, most: int) -> Callable[[Connection], list[ReaderRow]]:
    """Whoever came on `day` (of Japan) by a file that could be read, in the order they came; at most `most`."""

    def question(connection: Connection) -> list[ReaderRow]:
        found = connection.execute(
            "SELECT * FROM reader_arrival WHERE day = ? AND failed = 0 ORDER BY received_at LIMIT ?",
            (day.isoformat(), most),
        )
        return [_row(each) for each in found]

    return question


def _failures(transaction: Transaction, day: str) -> int:
    found = transaction.one(
        "SELECT count(*) AS failures FROM reader_arrival WHERE day = ? AND failed = 1",
        day,
    )
    return 0 if found is None else int(found["failures"])


def _told(came: Arrival, connection: Connection) -> ReaderArrival:
    """The arrival, and who of the clinic's patients it is: by the insurance, where medical assistance stands beside it."""
    found = filed.Found(None, FoundBy.NOBODY)
    if came.eligibility.results:
        asked = min(came.eligibility.results, key=lambda result: result.card_class == _ASSISTANCE)
        asked = replace(asked, reference_number=person_in(came.eligibility)[0] or None)
        found = filed.find(asked, on_file.patients_like(asked, simulated=came.simulated)(connection))
    return ReaderArrival(
        eligibility=came.eligibility,
        consents=came.consents,
        prescription=came.prescription,
        notice_code=came.notice_code,
        simulated=came.simulated,
        found=found.by,
        patient=found.patient_id,
        failed=None,
    )


def _failed(came: FailedArrival) -> ReaderArrival:
    return ReaderArrival(
        eligibility=UNCONFIRMED,
        consents=consent.no_consents(),
        prescription=Prescription.NOT_ASKED,
        notice_code=None,
        simulated=False,
        found=FoundBy.NOBODY,
        patient=None,
        failed=came.error.code or "unreadable",
    )


def _to_json(arrival: ReaderArrival, stamped_at: datetime) -> bytes:
    given = {item.value: one.at for item, one in arrival.consents.items() if one.state is ConsentState.GIVEN}
    told = {
        "stamped_at": dates.instant_text(stamped_at),
        "eligibility": contract.eligibility_json(arrival.eligibility),
        "consents": {item: dates.instant_text(at) for item, at in given.items() if at is not None},
        "prescription": arrival.prescription.value,
        "notice_code": arrival.notice_code,
        "simulated": arrival.simulated,
        "found": arrival.found.value,
        "patient": arrival.patient,
        "failed": arrival.failed,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def message_of(row: ReaderRow) -> dict[str, object]:
    """What is kept of the arrival, for whoever reads rows as JSON."""
    told = json.loads(_to_json(row.arrival, row.stamped_at))
    if not isinstance(told, dict):
        raise RecordError("arrival: expected an object")
    return told


def _row(found: Found) -> ReaderRow:
    told = json.loads(found["message"])
    consents = consent.no_consents()
    for item, at in told["consents"].items():
        consents[ConsentItem(item)] = consent.given(dates.instant(at))
    arrival = ReaderArrival(
        eligibility=contract.eligibility_from_json(told["eligibility"]),
        consents=consents,
        prescription=Prescription(told["prescription"]),
        notice_code=told["notice_code"],
        simulated=told["simulated"],
        found=FoundBy(told["found"]),
        patient=told["patient"],
        failed=told["failed"],
    )
    return ReaderRow(
        arrival_id=ids.visit_id(found["arrival_id"]),
        arrival=arrival,
        stamped_at=dates.instant(told["stamped_at"]),
        received_at=dates.instant(found["received_at"]),
        state=RowState(found["state"]),
        taken_by=found["taken_by"],
    )
