"""The documents of the kiosk door and the feed, held against the doors; and what a kiosk's sealed body may do to one."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import copy
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import httpx
import pytest
import requests
import schemathesis
import yaml
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import load_all_checks
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.routing import Route

from kiosk.eligibility.terminal.settings import TerminalSettings
from kiosk.reception import feed_api, kiosk_door, later_answers, machines, refusals, seal, service, staff_door
from kiosk.reception.desk import Desk
from kiosk.reception.settings import Door, ReceptionSettings
from kiosk.record import checkin as contract
from kiosk.record import consent, ids
from kiosk.record.checkin import CardSeen, CheckIn, Eligibility, Identity, Prescription
from kiosk.record.consent import ConsentItem
from kiosk.record.dates import Notice
from kiosk.record.eligibility import EligibilityResult, Source, Validity
from kiosk.record.identity import Method

_T = TypeVar("_T")

DOCUMENTS = Path(__file__).parents[2] / "docs" / "openapi"
TOO_LARGE = 413
"""However right a body is, its size alone may be refused."""

CONFIG = schemathesis.Config.from_dict(
    {
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ["2xx", 401, 403, 404, 409, TOO_LARGE, 429]},
            "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 409, TOO_LARGE, 422, 429]},
        }
    }
)
KIOSK_DOOR = schemathesis.openapi.from_path(DOCUMENTS / "kiosk-door.yaml", config=CONFIG)
FEED = schemathesis.openapi.from_path(DOCUMENTS / "feed.yaml", config=CONFIG)

load_all_checks()

BOUNDED = settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

BOUNDED_MORE = settings(BOUNDED, max_examples=60)

LAST = "SELECT record FROM checkin ORDER BY receipt DESC LIMIT 1"


@dataclass
class Doors:
    """Both doors of one desk, open on a thread of their own."""

    desk: Desk
    loop: asyncio.AbstractEventLoop
    kiosk_url: str
    staff_url: str
    http: httpx.Client
    session: requests.Session
    token: str = field(repr=False)

    def read(self, question: Callable[[Any], _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(self.desk.store.read(question), self.loop).result(10)

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    def stored(self) -> int:
        return self.read(
            lambda connection: int(connection.execute("SELECT count(*) AS n FROM checkin").fetchone()["n"])
        )

    def refused(self) -> list[tuple[str, str]]:
        return self.read(
            lambda connection: [
                (row["actor"], row["note"])
                for row in connection.execute("SELECT actor, note FROM audit WHERE action = 'refused' ORDER BY seq")
            ]
        )

    def post(self, record: bytes, checkin_id: str, kiosk_id: str = "a", **headers: str) -> httpx.Response:
        public = X25519PublicKey.from_public_bytes(base64.b64decode(self.desk.key.public_key))
        own = {"idempotency-key": checkin_id, "x-kiosk-id": kiosk_id, "x-kiosk-seq": "1"}
        own |= {"x-key-id": self.desk.key.key_id} | {name.replace("_", "-"): text for name, text in headers.items()}
        body = seal.SUITE.encrypt(record, public, info=checkin_id.encode("ascii"))
        return self.http.post(f"{self.kiosk_url}/k/v1/checkins", content=body, headers=own)


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("doors")
    for name in ("req", "res"):
        (folder / name).mkdir()
    told = ReceptionSettings(
        site="test",
        clinic="みほん内科クリニック",
        database=folder / "reception.db",
        key_file=folder / "reception.key",
        kiosk_door=Door("127.0.0.1", 0),
        staff_door=Door("127.0.0.1", 0),
        password_hashing="small",
        terminal=TerminalSettings(
            req=folder / "req", res=folder / "res", institution_code="1319999996", timeout_seconds=1, test=True
        ),
    )
    opened: Future[Doors] = Future()
    stop: Future[Callable[[], None]] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(told, opened, stop)), name="doors")
    thread.start()
    try:
        found = opened.result(20)
        yield found
        found.http.close()
        found.session.close()
    finally:
        stop.result(5)()
        thread.join(20)
        assert not thread.is_alive()


async def _serve(told: ReceptionSettings, opened: Future[Doors], stop: Future[Callable[[], None]]) -> None:
    loop, told_to_end = asyncio.get_running_loop(), asyncio.Event()

    def end() -> None:
        loop.call_soon_threadsafe(told_to_end.set)

    stop.set_result(end)
    desk = Desk(told)
    try:
        token = machines.new_token()
        await desk.store.write(machines.create("emr", token))
        with (
            service._listen(told.kiosk_door, "kiosk_door") as kiosks,
            service._listen(told.staff_door, "staff_door") as staff,
        ):
            servers = [
                service._server(kiosk_door.app(desk), None),
                service._server(await staff_door.app(desk), None),
            ]
            running = [
                asyncio.create_task(server.serve(sockets=[door]))
                for server, door in zip(servers, (kiosks, staff), strict=True)
            ]
            while not all(server.started for server in servers):  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.005)
            http, session = httpx.Client(trust_env=False, timeout=10), requests.Session()
            session.trust_env = False
            opened.set_result(Doors(desk, loop, service._url(kiosks), service._url(staff), http, session, token))
            await told_to_end.wait()
            desk.hush()
            for server in servers:
                server.should_exit = True
            await asyncio.gather(*running)
    except BaseException as error:
        if not opened.done():
            opened.set_exception(error)
        raise
    finally:
        desk.close()


# -- documents and doors -----------------------------------------------------------------------------------------------


def documented(name: str) -> set[tuple[str, str]]:
    document = yaml.safe_load((DOCUMENTS / name).read_text(encoding="utf-8"))
    return {(method.upper(), path) for path, operations in document["paths"].items() for method in operations}


def answered(routes: Any) -> set[tuple[str, str]]:
    return {
        (method, route.path)
        for route in routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }


def test_every_route_of_the_kiosk_door_is_documented_and_the_other_way_round(doors: Doors) -> None:
    routes = kiosk_door.app(doors.desk).routes
    assert len(answered(routes)) == len(routes)
    assert answered(routes) == documented("kiosk-door.yaml")


def test_the_feed_is_documented(doors: Doors) -> None:
    assert answered(feed_api.FeedApi(doors.desk).routes()) == documented("feed.yaml")


def test_the_documents_are_openapi() -> None:
    KIOSK_DOOR.validate()
    FEED.validate()


def test_what_the_contract_lists_is_what_the_document_lists() -> None:
    from kiosk.record.door import HelpReason, StaffOutcome
    from kiosk.staff.commands import CommandKind, CommandState

    schemas = yaml.safe_load((DOCUMENTS / "kiosk-door.yaml").read_text(encoding="utf-8"))["components"]["schemas"]
    for name, ours in {
        "HelpReason": HelpReason,
        "StaffOutcome": StaffOutcome,
        "CommandKind": CommandKind,
        "CommandState": CommandState,
    }.items():
        assert schemas[name]["enum"] == [one.value for one in ours], name
    assert set(schemas["EligibilityResult"]["properties"]) == set(EligibilityResult.__dataclass_fields__)
    assert schemas["Eligibility"]["properties"]["source"]["enum"] == [one.value for one in Source]
    assert schemas["Eligibility"]["properties"]["validity"]["enum"] == [one.value for one in Validity]
    assert schemas["CheckIn"]["properties"]["consents"]["required"] == [one.value for one in ConsentItem]


def test_the_example_in_the_feeds_page_is_as_documented() -> None:
    page = (DOCUMENTS.parent / "feed.md").read_text(encoding="utf-8")
    example = json.loads(page.split("```json\n")[1].split("```")[0])
    FEED["/api/v1/feed"]["GET"].validate_response(answer_with(example))
    with pytest.raises(Failure):
        FEED["/api/v1/feed"]["GET"].validate_response(answer_with(example | {"next": "41"}))
    (item,) = example["items"]
    assert contract.from_json(json.dumps(item["record"]).encode()).simulated
    assert later_answers.from_json(json.dumps(item["later"]).encode()).eligibility.validity is Validity.VALID


def answer_with(content: object) -> httpx.Response:
    answer = httpx.Response(200, json=content, request=httpx.Request("GET", "http://127.0.0.1/api/v1/feed"))
    answer.elapsed = timedelta()
    return answer


def is_as_it_should_be(case: schemathesis.Case[Any], where: ParameterLocation | None = None) -> bool:
    """Whether the whole case, or that part of it, is what the document allows."""
    if case.meta is None:
        return True
    if where is None:
        return case.meta.generation.mode is GenerationMode.POSITIVE
    part = case.meta.components.get(where)
    return part is None or part.mode is GenerationMode.POSITIVE


def whole(told: Any) -> Any:
    """A number as kiosks write it: to JSON Schema 0.0 is an integer too."""
    if isinstance(told, dict):
        return {name: whole(one) for name, one in told.items()}
    return int(told) if isinstance(told, float) and told.is_integer() and abs(told) <= 2**53 else told


@KIOSK_DOOR.exclude(operation_id="hearCommands").parametrize()
@BOUNDED
def test_the_kiosk_door_is_as_documented(doors: Doors, case: schemathesis.Case[Any]) -> None:
    # What a document cannot say: the body names the same kiosk, the key is this reception's.
    if is_as_it_should_be(case):
        if isinstance(case.body, dict):
            case.body = {name: whole(told) for name, told in case.body.items()}
            if "kiosk_id" in case.body:
                case.body["kiosk_id"] = case.headers["X-Kiosk-Id"]
        if "X-Key-Id" in case.headers:
            case.headers["X-Key-Id"] = doors.desk.key.key_id
    # Nor can it say what is inside a sealed body: that comes below.
    but: list[Any] = [positive_data_acceptance] if case.path == "/k/v1/checkins" else []
    before = doors.stored()
    case.call_and_validate(base_url=doors.kiosk_url, session=doors.session, excluded_checks=but)
    assert doors.stored() == before


@FEED.parametrize()
@BOUNDED
def test_the_feed_is_as_documented(doors: Doors, case: schemathesis.Case[Any]) -> None:
    if is_as_it_should_be(case, ParameterLocation.HEADER):
        case.headers["Authorization"] = f"Bearer {doors.token}"
    if "wait" in case.query and is_as_it_should_be(case, ParameterLocation.QUERY):
        case.query["wait"] = 0  # a test waits for nothing
    case.call_and_validate(base_url=doors.staff_url, session=doors.session)


def test_the_line_is_as_documented(doors: Doors) -> None:
    assert doors.http.get(f"{doors.kiosk_url}/k/v1/line").status_code == 400
    with doors.http.stream("GET", f"{doors.kiosk_url}/k/v1/line", headers={"x-kiosk-id": "a"}) as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert next(answer.iter_lines()).startswith("retry:")


# -- the sealed body ---------------------------------------------------------------------------------------------------

AT = datetime(2026, 11, 24, 0, 15, tzinfo=UTC)


def a_checkin() -> CheckIn:
    agreed = consent.given(AT)
    person = EligibilityResult(insurer_number="06139999", insured_number="3456", name="見本　花子", copay_ratio=10)
    return CheckIn(
        checkin_id=ids.new_visit_id(),
        kiosk_id=ids.kiosk_id("a"),
        queue_number=ids.queue_number("A012"),
        opened_at=AT,
        confirmed_at=AT,
        complete=True,
        simulated=True,
        identity=Identity(Method.VISUAL, "tanaka"),
        card=CardSeen("ab" * 32, Notice.NONE),
        eligibility=Eligibility(Source.CENTRE, Validity.VALID, AT, (person,)),
        consents={**consent.no_consents(), ConsentItem.MEDICATION: agreed},
        prescription=Prescription.PAPER,
    )


ANY_TEXT = st.text(max_size=30) | st.text(st.characters(), max_size=5)
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | ANY_TEXT
    | st.sampled_from(["face", "2026-02-30", "A012", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*path, key))


PLACES = sorted(places(json.loads(contract.to_json(a_checkin()))), key=repr)[1:]


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """What stands where in a check-in is changed, taken away or added, in one to three places."""
    record: dict[str, Any] = copy.deepcopy(json.loads(contract.to_json(a_checkin())))
    for path in draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3)):
        holder: Any = record
        with contextlib.suppress(KeyError, IndexError, TypeError):
            for key in path[:-1]:
                holder = holder[key]
            how = draw(st.sampled_from(["change", "remove", "add"]))
            if how == "change":
                holder[path[-1]] = draw(ANY_JSON)
            elif how == "remove":
                del holder[path[-1]]
            elif isinstance(holder, dict):
                holder[draw(ANY_TEXT)] = draw(ANY_JSON)
    return record


def written(record: object) -> bytes:
    return json.dumps(record, ensure_ascii=True).encode()


@BOUNDED_MORE
@given(record=mutated())
def test_a_changed_checkin_is_kept_whole_or_refused_whole(doors: Doors, record: dict[str, Any]) -> None:
    told = record.get("checkin_id")
    checkin_id = told if isinstance(told, str) and len(told) == 36 and told.isascii() else ids.new_visit_id()
    before = doors.stored()
    answer = doors.post(written(record), checkin_id)
    assert answer.status_code in (201, 400, 422), answer.text
    if answer.status_code == 201:
        assert doors.stored() == before + 1
        kept = doors.read(lambda connection: bytes(connection.execute(LAST).fetchone()["record"]))
        assert contract.from_json(kept).checkin_id == checkin_id
        assert (
            doors.http.get(f"{doors.staff_url}{feed_api.PATH}", params={"limit": 200}, headers=doors.bearer).status_code
            == 200
        )
    else:
        assert doors.stored() == before
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json()) == {"code", "sentence"}


@BOUNDED_MORE
@given(record=ANY_JSON.map(written) | st.binary(max_size=200) | st.integers(1, 30_000).map(lambda deep: b"[" * deep))
def test_what_is_no_checkin_is_refused(doors: Doors, record: bytes) -> None:
    before = doors.stored()
    answer = doors.post(record, ids.new_visit_id())
    assert (answer.status_code, answer.json()["code"]) == (422, "record")
    assert doors.stored() == before


def test_a_body_as_large_as_may_be_is_opened_and_one_larger_is_not(doors: Doors) -> None:
    record = json.loads(contract.to_json(a_checkin()))
    overhead = len(doors.desk.key.seal(b"", "x"))
    record["more"] = ""
    record["more"] = "x" * (contract.MAX_BYTES - overhead - len(written(record)))
    assert doors.post(written(record), record["checkin_id"]).status_code == 201
    record["more"] += "x"
    answer = doors.post(written(record), record["checkin_id"])
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_refusals_are_written_down_once_a_minute_for_each_kiosk_and_not_without_end(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1_000_000.0]
    monkeypatch.setattr(refusals, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    before = len(doors.refused())
    for _ in range(3):
        for kiosk_id in ("first", "second"):
            assert doors.post(b"{}", ids.new_visit_id(), kiosk_id).status_code == 422
    assert sorted(doors.refused()[before:]) == [("first", "record"), ("second", "record")]
    clock[0] += 61
    for number in range(60):
        assert doors.post(b"{}", ids.new_visit_id(), f"made-up-{number}").status_code == 422
    assert len(doors.refused()) == before + 2 + refusals.MOST_A_MINUTE
    clock[0] += 61
    assert doors.post(b"{}", ids.new_visit_id(), "first").status_code == 422
    assert doors.refused()[-1] == ("first", "record")
