"""The desk's page for a whole list (一括照会): a CSV file in, who needs the desk's attention out. Nothing of it is kept."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from kiosk.eligibility.errors import EligibilityError
from kiosk.eligibility.oqs.bulk import RowOutcome
from kiosk.eligibility.terminal.bulk import BulkRow
from kiosk.reception import lists, templates, words
from kiosk.reception.answers import bounded_body
from kiosk.reception.desk import Desk
from kiosk.reception.errors import RefusedError
from kiosk.reception.lists import ListRow
from kiosk.reception.lookup_page import failure_sentence
from kiosk.reception.session import Sessions
from kiosk.reception.words import Tone, Verdict
from kiosk.record import dates

_UNKNOWN = Verdict(Tone.CHECK, "要確認", "照会できず", "窓口で1件ずつ照会する")


@dataclass(frozen=True, repr=False)
class ListedView:
    """A row that needs attention."""

    line: int
    name: str
    verdict: Verdict


def verdict_of(row: ListRow, answer: BulkRow | None) -> Verdict:
    """What the desk must know of one row; without a believed answer it is never valid."""
    if row.query is None:
        return Verdict(Tone.CHECK, "要確認", "照会していません", row.sentence)
    if answer is None or answer.validity is None or answer.outcome is RowOutcome.ERROR:
        return _UNKNOWN
    # Not by the outcome: medical assistance that is not registered is in force, and the desk must act all the same.
    return words.VERDICTS[answer.validity]


class ListPage:
    """The endpoints of the page, of one desk."""

    def __init__(self, desk: Desk, sessions: Sessions) -> None:
        self._desk = desk
        self._sessions = sessions
        self._pages = templates.environment()

    async def page(self, request: Request) -> Response:
        """`GET /list`: choose a file."""
        desk, session = self._desk, self._sessions.of(request)
        fresh = session or self._sessions.fresh()
        member = None if fresh.staff_id is None else desk.member(fresh.staff_id)
        page = self._pages.get_template("list.html").render(
            clinic=desk.settings.clinic,
            test_site=desk.settings.site == "test",
            possible=desk.lookups.possible,
            me="" if member is None else member.name,
            token=self._sessions.token(fresh),
        )
        response = HTMLResponse(page)
        if session is None:
            self._sessions.put(response, fresh)
        return response

    async def asked(self, request: Request) -> Response:
        """`POST /api/v1/list`, the file as the body: a piece of HTML with the result. Raises `RefusedError`."""
        desk, session = self._desk, self._sessions.check_post(request)
        staff_id = session.staff_id
        if staff_id is None or desk.member(staff_id) is None:
            raise RefusedError(403, "no_staff", "先に受付ボードの右上で担当者を選んでください。")
        if not desk.lookups.possible:
            raise RefusedError(503, "no_terminal", "この受付には照会端末が設定されていません。")
        body = await bounded_body(request, lists.MAX_BYTES)
        # Thousands of rows take a moment to read and to draw: the board goes on meanwhile.
        rows = await asyncio.to_thread(lists.read, body, dates.japanese_day(desk.clock()))
        queries = [row.query for row in rows if row.query is not None]
        answers: dict[int, BulkRow] = {}
        if queries:
            await desk.store.write(lambda transaction: transaction.audit(staff_id, "look_up_list"))
            try:
                answers = await desk.lookups.ask_list(queries)
            except EligibilityError as error:
                raise RefusedError(504, "no_answer", failure_sentence(error)) from error
        return HTMLResponse(await asyncio.to_thread(self._drawn, rows, answers))

    def _drawn(self, rows: list[ListRow], answers: dict[int, BulkRow]) -> str:
        counts = dict.fromkeys(Tone, 0)
        shown, asked = [], 0
        for row in rows:
            verdict = verdict_of(row, answers.get(asked))
            asked += row.query is not None
            counts[verdict.tone] += 1
            if verdict.tone is not Tone.VALID:
                shown.append(ListedView(row.line, row.name, verdict))
        return self._pages.get_template("listed.html").render(
            whole=len(rows),
            valid=counts[Tone.VALID],
            invalid=counts[Tone.INVALID],
            check=counts[Tone.CHECK],
            rows=shown,
            simulated=self._desk.lookups.simulated,
        )
