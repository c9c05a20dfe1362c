"""The desk's page for a whole list (一括照会): a CSV file and its day in, who needs the desk's attention out.

What was found is kept until the list's day is over (`kiosk.reception.listed`) and shown again to whoever opens the page.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from kiosk.eligibility.errors import EligibilityError
from kiosk.eligibility.terminal.look_up import NumberQuery
from kiosk.reception import language, list_words, listed, lists, words
from kiosk.reception.answers import bounded_body
from kiosk.reception.desk import Desk
from kiosk.reception.errors import RefusedError
from kiosk.reception.frame import Frame
from kiosk.reception.listed import Attention, Listing
from kiosk.reception.lists import ListRow
from kiosk.reception.lookup_page import failure_sentence
from kiosk.reception.lookups import ListAnswer
from kiosk.reception.session import Sessions, seat_of
from kiosk.reception.words import Tone, Verdict
from kiosk.record import RecordError, dates
from kiosk.record.eligibility import Validity

_UNKNOWN = Verdict(Tone.CHECK, "要確認", "照会できず", "窓口で1件ずつ照会する")


@dataclass(frozen=True, repr=False)
class ListingView:
    """A list as the page shows it: what it is for and when the system answered, in words."""

    listing: Listing
    day: str
    at: str


def verdict_of(row: ListRow, validity: Validity | None) -> Verdict:
    """What the desk must know of one row; without a believed answer (None) it is never valid."""
    if row.query is None:
        return Verdict(Tone.CHECK, "要確認", "照会していません", row.sentence)
    # Not by the outcome: medical assistance that is not registered is in force, and the desk must act all the same.
    return _UNKNOWN if validity is None else words.VERDICTS[validity]


def listing_of(rows: Sequence[ListRow], answer: ListAnswer, day: date) -> Listing:
    """What the desk sees of a list: its sums, and every row that is not plainly valid."""
    counts: Counter[Tone] = Counter()
    shown, asked = [], 0
    for row in rows:
        verdict = verdict_of(row, answer.validities.get(asked) if row.query is not None else None)
        asked += row.query is not None
        counts[verdict.tone] += 1
        if verdict.tone is not Tone.VALID:
            shown.append(
                Attention(
                    line=row.line,
                    name=row.name,
                    tone=verdict.tone.value,
                    word=verdict.word,
                    reason=verdict.reason,
                    next_step=verdict.next_step,
                )
            )
    return Listing(
        day=day,
        asked_at=answer.processed_at,
        valid=counts[Tone.VALID],
        invalid=counts[Tone.INVALID],
        check=counts[Tone.CHECK],
        simulated=answer.simulated,
        rows=tuple(shown),
    )


class ListPage:
    """The endpoints of the page, of one desk."""

    def __init__(self, desk: Desk, sessions: Sessions) -> None:
        self._desk = desk
        self._frame = Frame(desk, sessions)

    async def page(self, request: Request) -> Response:
        """`GET /list`: choose a file; the lists that are kept."""
        now = self._desk.clock()
        kept = await self._desk.store.read(listed.listings(dates.japanese_day(now), self._desk.key))
        return self._frame.drawn(
            request, "list.html", days=list_words.days(now), kept=[self._shown(one, now) for one in kept]
        )

    async def progress(self, _: Request) -> Response:
        """`GET /api/v1/list/progress`: how far the list that is under way is; nothing (204) where there is none."""
        progress = self._desk.lookups.progress
        if progress is None:
            return Response(status_code=204)
        told = {"step": progress.step.value, "words": language.said(list_words.step_words(progress))}
        return JSONResponse(told | {"done": progress.done, "rows": progress.rows})

    async def asked(self, request: Request) -> Response:
        """`POST /api/v1/list?day=YYYY-MM-DD`, the file as the body: a piece of HTML, its result and then every other list that is kept.

        Without a day it is for today. Raises `RefusedError`.
        """
        desk, staff_id = self._desk, self._frame.asking(seat_of(request).account)
        now = desk.clock()
        day = _day(request.query_params.get("day"), dates.japanese_day(now))
        body = await bounded_body(request, lists.MAX_BYTES)
        # Thousands of rows take a moment to read and to draw: the board goes on meanwhile.
        rows = await asyncio.to_thread(lists.read, body, dates.japanese_day(now))
        queries = [row.query for row in rows if row.query is not None]
        answer = await self._answered(queries, staff_id) if queries else ListAnswer(now, desk.lookups.simulated)
        listing = await asyncio.to_thread(listing_of, rows, answer, day)
        if queries:
            await desk.store.write(await asyncio.to_thread(listed.keep, listing, body, queries, answer, desk.key))
        kept = await desk.store.read(listed.listings(dates.japanese_day(now), desk.key))
        shown = [self._shown(one, now) for one in (listing, *(other for other in kept if other != listing))]
        return HTMLResponse(await asyncio.to_thread(self._frame.piece, "kept.html", kept=shown))

    async def _answered(self, queries: Sequence[NumberQuery], staff_id: str) -> ListAnswer:
        await self._desk.store.write(lambda transaction: transaction.audit(staff_id, "look_up_list"))
        try:
            return await self._desk.lookups.ask_list(queries)
        except EligibilityError as error:
            raise RefusedError(504, "no_answer", failure_sentence(error)) from error

    def _shown(self, listing: Listing, now: datetime) -> ListingView:
        day = list_words.day_words(listing.day, dates.japanese_day(now))
        return ListingView(listing, day, list_words.clock_words(listing.asked_at))


def _day(told: str | None, today: date) -> date:
    """The day a list is for. Raises `RefusedError` (422)."""
    if told is None:
        return today
    try:
        day = dates.day(told)
    except RecordError as error:
        raise RefusedError(422, "day", "いつの予約かを選んでください。") from error
    if not today <= day <= today + timedelta(days=listed.FURTHEST):
        raise RefusedError(422, "day", f"きょうから{listed.FURTHEST}日先までの予約を照会できます。")
    return day
