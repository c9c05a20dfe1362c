"""Who may come in where: every route of the staff door stands in the table below, or the test fails."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from starlette.responses import Response
from starlette.routing import Mount, Route

from kiosk.reception import guard
from kiosk.reception.accounts import Role
from kiosk.record import ids
from tests.reception.desks import ON_SQLITE_ONLY

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]

DESK = frozenset({Role.RECEPTION, Role.QUALIFIED})
ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
READERS = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
ALL_ROLES = frozenset(Role)
ANYBODY = None
"""Signed in or not."""
MACHINE: frozenset[Role] = frozenset()
"""Nobody who signs in: a program with a token of its own."""

MAY = {
    ("GET", "/api/v1/feed"): MACHINE,
    ("GET", "/"): ANYBODY,
    ("GET", "/fonts/{name}"): ANYBODY,
    # coming in and going
    ("GET", "/sign-in"): ANYBODY,
    ("POST", "/sign-in"): ANYBODY,
    ("POST", "/api/v1/sign-in/options"): ANYBODY,
    ("POST", "/api/v1/sign-in/passkey"): ANYBODY,
    ("GET", "/once/{token}"): ANYBODY,
    ("GET", "/join/{token}"): ANYBODY,
    ("POST", "/join/{token}"): ANYBODY,
    ("GET", "/join/{token}/qr.svg"): ANYBODY,
    ("POST", "/api/v1/join/{token}/options"): ANYBODY,
    ("POST", "/api/v1/join/{token}/passkey"): ANYBODY,
    ("POST", "/sign-out"): ALL_ROLES,
    # kiosks that are not paired yet
    ("POST", "/enrol"): ANYBODY,
    ("POST", "/enrol/{id}"): ANYBODY,
    ("GET", "/enrol/{id}"): ANYBODY,
    # the board
    ("GET", "/board"): DESK,
    ("GET", "/events"): DESK,
    ("GET", "/api/v1/rows"): DESK,
    ("GET", "/api/v1/rows/{id}"): DESK,
    ("POST", "/api/v1/rows/{id}/{step}"): DESK,
    ("GET", "/api/v1/help/{id}"): DESK,
    ("POST", "/api/v1/help/{id}/done"): DESK,
    ("GET", "/api/v1/kiosks/{kiosk_id}"): DESK,
    ("POST", "/api/v1/kiosks/{kiosk_id}/grant"): DESK,
    ("POST", "/api/v1/grants/{id}/{decision}"): DESK,
    ("POST", "/api/v1/kiosks/{kiosk_id}/pause"): DESK,
    ("POST", "/api/v1/kiosks/{kiosk_id}/resume"): DESK,
    ("POST", "/api/v1/kiosks/{kiosk_id}/restart"): DESK,
    ("GET", "/api/v1/troubles"): DESK,
    ("GET", "/search"): DESK,
    ("POST", "/search"): DESK,
    ("GET", "/day"): DESK,
    ("POST", "/day"): DESK,
    ("GET", "/day.csv"): DESK,
    # asking the terminal
    ("GET", "/lookup"): DESK,
    ("POST", "/lookup"): DESK,
    ("GET", "/list"): DESK,
    ("POST", "/api/v1/list"): DESK,
    ("GET", "/api/v1/list/progress"): DESK,
    # people and kiosks
    ("GET", "/people"): ADMINISTRATOR,
    ("POST", "/people"): ADMINISTRATOR,
    ("POST", "/people/{id}"): ADMINISTRATOR,
    ("GET", "/kiosks"): ADMINISTRATOR,
    ("GET", "/api/v1/pairings"): ADMINISTRATOR,
    ("POST", "/api/v1/pairings/{id}/accept"): ADMINISTRATOR,
    ("POST", "/api/v1/pairings/{id}/refuse"): ADMINISTRATOR,
    ("POST", "/api/v1/devices/{key_hash}/revoke"): ADMINISTRATOR,
    # the audit log
    ("GET", "/audit"): READERS,
    ("GET", "/audit.csv"): READERS,
    ("POST", "/audit/misfits"): ADMINISTRATOR,
    # oneself
    ("GET", "/me"): ALL_ROLES,
    ("POST", "/me/pin"): DESK,
    ("POST", "/me/password"): ALL_ROLES,
    ("POST", "/me/passkey/remove"): ALL_ROLES,
    ("GET", "/api/v1/me"): ALL_ROLES,
    ("POST", "/api/v1/me/here"): ALL_ROLES,
    ("POST", "/api/v1/me/passkey/options"): ALL_ROLES,
    ("POST", "/api/v1/me/passkey"): ALL_ROLES,
}

QUERIES = {"/events": "?after=x"}
"""A stream that does not end cannot be asked for here: an answer that says why is an answer."""


def routes(desk: Any) -> list[Route]:
    """Every route of the door but the folder of static files."""
    found: list[Route] = []
    for route in desk.at_staff_door._transport.app.routes:
        if isinstance(route, Mount):
            assert route.path == "/static"
            continue
        assert isinstance(route, Route)
        found.append(route)
    return found


def path_of(route: Route) -> str:
    parts = {
        "id": ids.new_visit_id(),
        "kiosk_id": "a",
        "step": "take",
        "decision": "confirm",
        "token": "x",
        "name": "x",
    }
    path = route.path
    for name in route.param_convertors:
        path = path.replace(f"{{{name}}}", parts.get(name, "0" * 64))
    return path + QUERIES.get(route.path, "")


def methods(route: Route) -> set[str]:
    return set(route.methods or ()) - {"HEAD"}


@ON_SQLITE_ONLY  # the guard stands before every route
async def test_the_table_names_every_route_and_no_other(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        found = {(method, route.path) for route in routes(desk) for method in methods(route)}
        assert found == set(MAY)


@ON_SQLITE_ONLY  # the guard stands before every route
@pytest.mark.parametrize("role", list(Role))
async def test_each_role_comes_in_where_the_table_says_and_nowhere_else(open_desk: OpenDesk, role: Role) -> None:
    async with open_desk() as desk:
        for route in routes(desk):
            for method in methods(route):
                headers = await desk.sit_down(f"some-{role.value}", role)
                answer = await desk.at_staff_door.request(method, path_of(route), headers=headers, json={})
                may = MAY[method, route.path]
                refused = answer.status_code == 403 and '"code":"role"' in answer.text
                if may is MACHINE:
                    assert (answer.status_code, answer.json()["code"]) == (401, "token")
                    continue
                assert refused is (may is not ANYBODY and role not in may), (method, route.path, answer.text)
                assert may is ANYBODY or answer.status_code != 401, (method, route.path)


async def test_who_is_not_signed_in_comes_in_nowhere_but_where_anybody_may(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        headers = await desk.sit_down(None)
        for route in routes(desk):
            for method in methods(route):
                desk.at_staff_door.cookies.clear()
                answer = await desk.at_staff_door.request(method, path_of(route), headers=headers, json={})
                outside = answer.status_code == 401 and answer.json()["code"] == "signed_out"
                may = MAY[method, route.path]
                assert outside is (may is not ANYBODY and may is not MACHINE), (method, route.path, answer.text)


@ON_SQLITE_ONLY  # the guard stands before every route
async def test_no_post_is_carried_out_without_the_pages_own_token_and_origin(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        for route in routes(desk):
            may = MAY.get(("POST", route.path))
            if "POST" not in methods(route) or may is ANYBODY:
                continue
            role = min(may)
            headers = await desk.sit_down(f"some-{role.value}", role)
            post, path = desk.at_staff_door.post, path_of(route)
            foreign = headers | {"origin": "http://evil.example"}
            assert (await post(path, headers=foreign, json={})).json()["code"] == "origin", route.path
            for wrong in ({"token": "0" * 64}, {}):
                origin = {"origin": headers["origin"]}
                answer = await post(path, headers=origin | {"x-csrf-token": "0" * 64}, data=wrong)
                assert answer.status_code == 403, (route.path, answer.text)


async def test_each_role_begins_at_its_own_page(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        homes = {}
        for role in Role:
            await desk.sit_down(f"some-{role.value}", role)
            homes[role] = (await desk.at_staff_door.get("/")).headers["location"]
            assert (await desk.at_staff_door.get(homes[role])).status_code == 200
        assert homes == {
            Role.RECEPTION: "/board",
            Role.QUALIFIED: "/board",
            Role.ADMINISTRATOR: "/people",
            Role.AUDITOR: "/audit",
        }


async def test_a_person_is_told_in_a_page_and_a_program_in_a_problem_document(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await desk.sit_down("some-auditor", Role.AUDITOR)
        get, browser = desk.at_staff_door.get, {"accept": "text/html,*/*;q=0.8"}
        page = await get("/board", headers=browser)
        assert page.status_code == 403
        assert "この操作は、あなたの役割ではできません。" in page.text
        assert (await get("/board")).headers["content-type"] == "application/problem+json"
        desk.at_staff_door.cookies.clear()
        away = await get("/board", headers=browser)
        assert (away.status_code, away.headers["location"]) == (303, "/sign-in?back=/board")
        for path in ("/events", "/api/v1/rows"):
            assert (await get(path, headers={"accept": "*/*"})).headers["content-type"] == "application/problem+json"
        assert (await get("/api/v1/rows/x", headers=browser)).status_code == 401


def test_a_route_of_which_nobody_said_who_may_come_in_is_not_served() -> None:
    async def endpoint(_: Any) -> Response:
        return Response()

    with pytest.raises(TypeError, match="nobody said who may come in"):
        guard.checked([Route("/open", endpoint)])
