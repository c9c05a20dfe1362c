"""The staff door's routes, each with who may come in: there is no other way to make one, so none is open by oversight."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from kiosk.reception.accounts import Role
from kiosk.reception.session import AUTOMATIC, required

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Guarded:
    """An endpoint with its rule. `roles` None: anybody, signed in or not."""

    endpoint: Endpoint
    roles: frozenset[Role] | None
    idle: bool = False
    form: bool = False

    async def __call__(self, request: Request) -> Response:
        """Let the request in, or raise `RefusedError` (401, 403)."""
        if self.roles is not None:
            await required(request, tuple(self.roles), idle=self.idle, form=self.form)
        return await self.endpoint(request)


def guarded(
    path: str,
    endpoint: Endpoint,
    methods: Sequence[str],
    roles: Collection[Role],
    *,
    idle: bool = False,
    form: bool = False,
) -> Route:
    """A route for whoever is signed in in one of `roles`.

    `idle`: also after a while in which nobody pressed anything. `form`: a POST whose token is a field of its form, which
    the endpoint gives to `kiosk.reception.session.require`.
    """
    return _route(path, Guarded(endpoint, frozenset(roles), idle, form), methods)


def open_to_all(path: str, endpoint: Endpoint, methods: Sequence[str]) -> Route:
    """A route for everybody who can reach the door: nothing of patients or people behind it."""
    return _route(path, Guarded(endpoint, None), methods)


def checked(routes: Sequence[BaseRoute]) -> list[BaseRoute]:
    """The routes, if each of them says who may come in; a folder of static files needs no rule."""
    for route in routes:
        if not isinstance(route, Mount) and rule(route) is None:
            raise TypeError(f"{route}: nobody said who may come in; see kiosk.reception.guard")
    return list(routes)


def rule(route: BaseRoute) -> Guarded | None:
    """Who may come in by a route."""
    kept = getattr(route, "rule", None)
    return kept if isinstance(kept, Guarded) else None


def is_automatic(request: Request) -> bool:
    """Whether a page asked for this by itself."""
    return AUTOMATIC in request.headers


def _route(path: str, guard: Guarded, methods: Sequence[str]) -> Route:
    async def answer(request: Request) -> Response:
        return await guard(request)

    route = Route(path, answer, methods=list(methods))
    route.rule = guard  # type: ignore[attr-defined]
    return route
