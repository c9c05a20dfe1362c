"""Who works here (`/people`, for administrators): inviting, changing roles, stopping."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kiosk.reception import accounts
from kiosk.reception.accounts import Account, Enrolment, Role
from kiosk.reception.desk import Desk
from kiosk.reception.errors import RefusedError
from kiosk.reception.forms import form_of
from kiosk.reception.frame import Frame
from kiosk.reception.guard import guarded
from kiosk.reception.session import Sessions, require, seat_of
from kiosk.reception.store import Transaction

ROLE_WORDS: Final[Mapping[Role, str]] = {
    Role.RECEPTION: "受付",
    Role.QUALIFIED: "有資格者",
    Role.ADMINISTRATOR: "管理者",
    Role.AUDITOR: "監査",
}
_ADMINISTRATOR: Final = frozenset({Role.ADMINISTRATOR})


@dataclass(frozen=True)
class PersonView:
    """One line of the list."""

    account: Account
    role: str
    signs_in_with: str


def person_view(account: Account) -> PersonView:
    """How somebody signs in, in words."""
    ways = [f"パスキー {account.passkeys}個"] if account.passkeys else []
    ways += ["パスワードと確認コード"] if account.has_password else []
    said = "停止中" if account.disabled else "・".join(ways) or "未登録"
    return PersonView(account, ROLE_WORDS[account.role], said)


class PeoplePage:
    """The endpoints of one desk."""

    def __init__(self, desk: Desk, sessions: Sessions) -> None:
        self._desk = desk
        self._frame = Frame(desk, sessions)

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            guarded("/people", self.page, ["GET"], _ADMINISTRATOR),
            guarded("/people", self.invited, ["POST"], _ADMINISTRATOR, form=True),
            guarded("/people/{id}", self.changed, ["POST"], _ADMINISTRATOR, form=True),
        ]

    async def page(self, request: Request) -> Response:
        """`GET /people`: everybody."""
        return await self._drawn(request)

    async def invited(self, request: Request) -> Response:
        """`POST /people`: somebody new; the page then shows the link, once."""
        form = await form_of(request)
        by = await require(request, Role.ADMINISTRATOR, token=form.get("token", ""))
        staff_id, name = form.get("staff_id", "").strip().lower(), form.get("name", "").strip()
        return await self._done(request, lambda: accounts.create(staff_id, name, _role(form), by.id))

    async def changed(self, request: Request) -> Response:
        """`POST /people/{id}`: what the field `act` says: link, role, disable or enable."""
        form = await form_of(request)
        by = (await require(request, Role.ADMINISTRATOR, token=form.get("token", ""))).id
        staff_id, act = request.path_params["id"], form.get("act", "")
        acts: dict[str, Callable[[], Callable[[Transaction], Enrolment | None]]] = {
            "link": lambda: accounts.invite_again(staff_id, by),
            "role": lambda: accounts.change_role(staff_id, _role(form), by),
            "disable": lambda: accounts.disable(staff_id, by),
            "enable": lambda: accounts.enable(staff_id, by),
        }
        if act not in acts:
            raise RefusedError(422, "act", "この操作はありません。")
        return await self._done(request, acts[act])

    async def _done(self, request: Request, make: Callable[[], Callable[[Transaction], Enrolment | None]]) -> Response:
        try:
            enrolment = await self._desk.store.write(make())
        except RefusedError as error:
            return await self._drawn(request, refused=error)
        if enrolment is None:
            return RedirectResponse("/people", 303)
        return await self._drawn(request, enrolment=enrolment)

    async def _drawn(
        self, request: Request, *, enrolment: Enrolment | None = None, refused: RefusedError | None = None
    ) -> Response:
        known = await self._desk.store.read(accounts.every)
        host = f"{request.url.scheme}://{request.headers.get('host', '')}"
        invited = None if enrolment is None else next((one for one in known if one.id == enrolment.staff_id), None)
        return self._frame.drawn(
            request,
            "people.html",
            status=200 if refused is None else refused.status,
            sentence="" if refused is None else refused.sentence,
            people=[person_view(account) for account in known],
            roles=[(role.value, word) for role, word in ROLE_WORDS.items()],
            invited=invited,
            link="" if enrolment is None else f"{host}{enrolment.path}",
            mine=seat_of(request).account.id,
        )


def _role(form: Mapping[str, str]) -> Role:
    try:
        return Role(form.get("role", ""))
    except ValueError as error:
        raise RefusedError(422, "role", "役割を選んでください。") from error
