"""The desk's page for a 資格確認書: type its numbers, see what the system knows under them.

Plain forms, drawn by the server: what was typed stands in the body of a POST, never in an address or a log, and what was
answered is shown and not kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from starlette.requests import Request
from starlette.responses import Response

from kiosk.eligibility.errors import EligibilityError
from kiosk.eligibility.oqs.errors import FailedMessageError, Layer, UnwritableMessageError
from kiosk.eligibility.terminal.look_up import LookUpAnswer
from kiosk.reception import listed, view, words
from kiosk.reception.accounts import DESK, Account
from kiosk.reception.desk import Desk
from kiosk.reception.errors import RefusedError
from kiosk.reception.forms import form_of
from kiosk.reception.frame import Frame
from kiosk.reception.session import Sessions, require
from kiosk.reception.typed import ERAS, Typed
from kiosk.reception.words import Verdict
from kiosk.record import dates
from kiosk.record.eligibility import EligibilityResult, Validity

_FAILURES = {
    "share": "照会端末のフォルダーにつながりません。端末の電源とLANを確かめてください。",
    "not_taken": "照会端末のソフトが動いていないようです。端末を確かめてください。",
    "time_out": "資格確認システムから返事がありません。少し待って、もう一度照会してください。",
    "processing": "資格確認システムがまだ処理中です。少し待って、もう一度照会してください。",
    "busy": "照会が混み合っています。少し待って、もう一度照会してください。",
}
_NOT_BELIEVED = "返ってきた答えがこの照会のものと確かめられないため、表示しません。もう一度照会してください。"


@dataclass(frozen=True, repr=False, kw_only=True)
class PersonView:
    """One person and one insurance of an answer. Texts are empty where there is nothing to say."""

    kana: str
    kanji: str
    gaiji: bool
    born: str
    age: str
    sex: str
    insurer_number: str
    insurer_name: str
    insured: str
    branch: str
    family: str
    copay: str
    limit: str
    qualified: str
    disqualified: str
    preschool: bool


@dataclass(frozen=True, repr=False, kw_only=True)
class AnswerView:
    """An answer as the page shows it. `choose`: more than one person has these numbers."""

    validity: Validity
    verdict: Verdict
    people: tuple[PersonView, ...]
    choose: bool
    at: str
    simulated: bool


def answer_view(answer: LookUpAnswer, now: datetime) -> AnswerView:
    """What the desk must know of an answer; `now` gives ages."""
    today = dates.japanese_day(now)
    local = answer.answered_at.astimezone(dates.JST)
    return AnswerView(
        validity=answer.validity,
        verdict=words.VERDICTS[answer.validity],
        people=tuple(_person(result, today) for result in answer.results),
        choose=answer.validity is Validity.MULTIPLE,
        at=f"{local.month}/{local.day} {local.hour}:{local:%M}",
        simulated=answer.simulated,
    )


def failure_sentence(error: EligibilityError) -> str:
    """Why there is no answer, and what to do, in one sentence."""
    if isinstance(error, UnwritableMessageError):
        return "この文字は照会に使えません。記号と番号を券面と見比べてください。"
    if isinstance(error, FailedMessageError):
        code = f"（{error.result_code}）" if error.result_code else ""
        if error.layer is Layer.PERSON:
            return f"この番号は照会できませんでした{code}。券面と見比べてください。"
        return f"資格確認システムが今は答えられません{code}。少し待って、もう一度照会してください。"
    return _FAILURES.get(error.code, _NOT_BELIEVED)


class LookUpPage:
    """The endpoints of the page, of one desk."""

    def __init__(self, desk: Desk, sessions: Sessions) -> None:
        self._desk = desk
        self._frame = Frame(desk, sessions)

    async def page(self, request: Request) -> Response:
        """`GET /lookup`: an empty form."""
        return self._drawn(request, Typed(era=ERAS[0]))

    async def asked(self, request: Request) -> Response:
        """`POST /lookup`: the form again, with the answer or with the one sentence why there is none."""
        typed = Typed(era=ERAS[0])
        try:
            form = await form_of(request)
            typed = Typed.of(form)
            if "chosen" in form:
                typed = replace(typed, branch=form["chosen"])
            account = await require(request, *DESK, token=form.get("token", ""))
            answer = await self._answer(account, typed)
        except RefusedError as error:
            if error.status == 401:
                raise
            return self._drawn(request, typed, refused=error)
        shown = answer_view(answer, self._desk.clock())
        # A consent is one patient's: whoever is typed next must be asked again.
        return self._drawn(request, typed if shown.choose else replace(typed, limit=""), answer=shown)

    async def _answer(self, account: Account, typed: Typed) -> LookUpAnswer:
        desk, staff_id = self._desk, self._frame.asking(account)
        query = typed.query(dates.japanese_day(desk.clock()))
        await desk.store.write(lambda transaction: transaction.audit(staff_id, "look_up"))
        try:
            answer = await desk.lookups.ask(query)
        except EligibilityError as error:
            raise RefusedError(504, "no_answer", failure_sentence(error)) from error
        if answer.validity in listed.CLEARED_BY:
            await desk.store.write(listed.clear(desk.key, query.insured, query.birth_date))
        return answer

    def _drawn(
        self, request: Request, typed: Typed, *, answer: AnswerView | None = None, refused: RefusedError | None = None
    ) -> Response:
        return self._frame.drawn(
            request,
            "lookup.html",
            status=200 if refused is None else refused.status,
            eras=ERAS,
            typed=typed,
            answer=answer,
            sentence="" if refused is None else refused.sentence,
            wrong="branch" if answer is not None and answer.choose else "" if refused is None else refused.code,
        )


def _person(result: EligibilityResult, today: date) -> PersonView:
    born = result.birth_date
    limit = result.limit_category
    return PersonView(
        kana=view.kana(result),
        kanji=result.name or "",
        gaiji="●" in f"{result.name}{result.name_other}{result.address}",
        born="" if born is None else words.japanese_date(born),
        age="" if born is None else f"{words.age(born, today)}歳",
        sex="" if result.sex is None else words.SEXES[result.sex],
        insurer_number=result.insurer_number or "",
        insurer_name=result.insurer_name or "",
        insured="・".join(text for text in (result.insured_symbol, result.insured_number) if text),
        branch=result.insured_branch or "",
        family=words.INSURED_OR_FAMILY.get(result.insured_or_family or "", ""),
        copay=view.copay(result),
        limit="" if limit is None else words.LIMITS.get(limit, limit),
        qualified="" if result.qualified_on is None else words.japanese_date(result.qualified_on),
        disqualified="" if result.disqualified_on is None else words.japanese_date(result.disqualified_on),
        preschool=result.preschool,
    )
