"""Whoever answers in the centre's place, and whatever: what is not the agreed answer is no answer, never a result."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.eligibility.centre import CentreGateway
from kiosk.eligibility.errors import EligibilityError, NoAnswerError, ProofRefusedError
from kiosk.eligibility.exchange import MAX_BYTES
from kiosk.eligibility.settings import CentreSettings
from kiosk.record import ids
from kiosk.record.checkin import Prescription
from kiosk.record.consent import ConsentItem, ConsentState
from kiosk.record.dates import instant_text
from kiosk.record.eligibility import EligibilityAnswer, Validity
from kiosk.record.identity import Certificate, Challenge, PinProof

SAMPLES = Path(__file__).parent.parent / "data" / "oqs"
RESULT = (SAMPLES / "res" / "OQSsiquc01res_202610050001.xml").read_text(encoding="utf-8")
FAILED = (SAMPLES / "res" / "OQSsiquc01res_202610050007.xml").read_text(encoding="utf-8")
SESSION = "abcdefgh-ABCDEFGH_0123"
VISIT = ids.new_visit_id()
PROOF = PinProof(Certificate(b"a certificate"), bytes(256))
CHALLENGE = Challenge(SESSION, bytes(32))
OPENED = {"session": SESSION, "challenge": "00" * 32, "valid_for": 60}
ANSWER = {"session": SESSION, "certificate": PROOF.certificate.fingerprint, "simulated": False, "result": RESULT}
AT = datetime(2026, 10, 5, 0, 0, tzinfo=UTC)

Handler = Callable[[httpx.Request], httpx.Response]


def gateway(handler: Handler) -> CentreGateway:
    section = CentreSettings(url="https://centre.invalid")
    client = httpx.Client(base_url=section.url, transport=httpx.MockTransport(handler))
    return CentreGateway(section, ids.kiosk_id("door-1"), client)


def saying(body: object, status: int = 200, kind: str = "application/json") -> Handler:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda _: httpx.Response(status, headers={"content-type": kind}, content=content)


def verify(handler: Handler) -> EligibilityAnswer:
    with gateway(handler) as centre:
        return centre.verify(VISIT, CHALLENGE, PROOF)


def no_answer(handler: Handler) -> str:
    """The code of the `NoAnswerError` of each call, which must be the same."""
    with gateway(handler) as centre:
        codes = []
        for call in (
            lambda: centre.open(VISIT),
            lambda: centre.verify(VISIT, CHALLENGE, PROOF),
            lambda: centre.conclude(SESSION, (), (), Prescription.NOT_ASKED),
        ):
            with pytest.raises(NoAnswerError) as error:
                call()
            codes.append(error.value.code)
    (code,) = set(codes)
    return code


def test_the_honest_answer_is_a_result() -> None:
    answer = verify(saying(ANSWER))

    assert (answer.validity, len(answer.results), answer.simulated) == (Validity.VALID, 1, False)
    assert answer.answered_at == datetime(2026, 10, 5, 0, 20, 1, tzinfo=UTC)


def test_what_is_asked_is_as_the_wire_format_says() -> None:
    asked: list[tuple[str, object]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.url.path, json.loads(request.content)))
        return httpx.Response(200, json=ANSWER)

    verify(answer)

    assert asked == [
        (
            f"/v1/sessions/{SESSION}/verify",
            {
                "visit_id": VISIT,
                "method": "pin",
                "certificate": "YSBjZXJ0aWZpY2F0ZQ==",
                "signature": "A" * 342 + "==",
            },
        )
    ]


# -- what comes instead of the centre --------------------------------------------------------------------------------

PORTAL = b"<html><title>Welcome to our network</title><form action=/login></form></html>"


@pytest.mark.parametrize(
    ("handler", "code"),
    [
        (saying(b'{"no": "json"', status=500), "status"),
        (saying(PORTAL, status=200, kind="text/html"), None),
        (saying(PORTAL, status=201, kind="text/html"), None),
        (saying(PORTAL, status=403, kind="text/html"), "status"),
        (lambda _: httpx.Response(302, headers={"location": "https://portal.invalid/"}), "status"),
        (lambda _: httpx.Response(307, headers={"location": "https://portal.invalid/"}), "status"),
        (saying({"code": "down", "sentence": "?"}, status=503, kind="application/problem+json"), "status"),
        (saying(b"", status=204), "status"),
        (saying({}, status=404), "status"),
    ],
)
def test_another_reply_is_no_answer(handler: Handler, code: str | None) -> None:
    if code is not None:
        assert no_answer(handler) == code
        return
    with gateway(handler) as centre:
        for call in (lambda: centre.open(VISIT), lambda: centre.verify(VISIT, CHALLENGE, PROOF)):
            with pytest.raises(NoAnswerError) as error:
                call()
            assert error.value.code in {"status", "content_type"}


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (httpx.ConnectError("refused"), "line"),
        (httpx.ReadError("reset"), "line"),
        (httpx.RemoteProtocolError("cut off"), "line"),
        (httpx.ConnectTimeout("slow"), "time_out"),
        (httpx.ReadTimeout("slow"), "time_out"),
        (httpx.WriteTimeout("slow"), "time_out"),
    ],
)
def test_a_line_that_fails_is_no_answer(failure: httpx.HTTPError, code: str) -> None:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise failure

    assert no_answer(fail) == code


def test_a_redirect_is_not_followed() -> None:
    visited: list[str] = []

    def portal(request: httpx.Request) -> httpx.Response:
        visited.append(request.url.host)
        return httpx.Response(307, headers={"location": "https://portal.invalid/"})

    no_answer(portal)

    assert set(visited) == {"centre.invalid"}


def test_a_body_without_end_is_left_at_four_mebibytes() -> None:
    read = 0

    class Endless(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            nonlocal read
            while True:
                read += 65536
                yield bytes(65536)

    with pytest.raises(NoAnswerError) as error:
        verify(lambda _: httpx.Response(200, headers={"content-type": "application/json"}, stream=Endless()))

    assert error.value.code == "too_large"
    assert read <= MAX_BYTES + 65536


def test_a_compressed_body_is_not_unpacked() -> None:
    packed = gzip.compress(json.dumps(ANSWER).encode())

    with pytest.raises(NoAnswerError):
        verify(
            lambda _: httpx.Response(
                200,
                headers={"content-type": "application/json", "content-encoding": "gzip"},
                stream=httpx.ByteStream(packed),
            )
        )


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}"]
)
def test_a_body_that_is_no_object_is_no_answer(body: bytes) -> None:
    with pytest.raises(NoAnswerError) as error:
        verify(saying(body))

    assert error.value.code == "malformed"


# -- what a lying centre says ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        ({"session": SESSION + "x"}, "mismatch"),
        ({"session": None}, "mismatch"),
        ({"certificate": "0" * 64}, "mismatch"),
        ({"certificate": PROOF.certificate.fingerprint.upper()}, "mismatch"),
        ({"simulated": None}, "malformed"),
        ({"simulated": "false"}, "malformed"),
        ({"simulated": 0}, "malformed"),
        ({"result": None}, "malformed"),
        ({"result": None, "registration": "perhaps"}, "malformed"),
        ({"result": None, "registration": "needed", "certificate": "0" * 64}, "mismatch"),
        ({"result": RESULT[:900]}, "result"),
        ({"result": ""}, "result"),
        ({"result": FAILED}, "result"),
        ({"result": RESULT.replace("<QualificationValidity>1", "<QualificationValidity>9")}, "result"),
        ({"result": "\ud800"}, "result"),
    ],
)
def test_a_lie_in_the_answer_is_no_answer(lie: dict[str, object], code: str) -> None:
    with pytest.raises(NoAnswerError) as error:
        verify(saying(ANSWER | lie))

    assert error.value.code == code


def test_a_registration_that_is_answered_for_another_card_is_no_answer() -> None:
    replies = iter([ANSWER | {"result": None, "registration": "needed"}, ANSWER | {"certificate": "0" * 64}])

    def each(request: httpx.Request) -> httpx.Response:
        return saying(next(replies))(request)

    with gateway(each) as centre:
        assert centre.verify(VISIT, CHALLENGE, PROOF).registration_needed
        with pytest.raises(NoAnswerError) as error:
            centre.register(SESSION)

    assert error.value.code == "mismatch"


def test_a_made_up_result_never_passes_for_a_real_one() -> None:
    marked = RESULT.replace("<ArbitraryFileIdentifier>kiosk-0001", "<ArbitraryFileIdentifier>SIM0001")

    assert verify(saying(ANSWER | {"result": marked, "simulated": False})).simulated
    assert verify(saying(ANSWER | {"simulated": True})).simulated


@pytest.mark.parametrize(
    "lie",
    [
        {"session": "short"},
        {"session": "../" * 8},
        {"session": 7},
        {"challenge": "00" * 31},
        {"challenge": "zz" * 32},
        {"challenge": None},
        {"valid_for": 0},
        {"valid_for": True},
        {"valid_for": "60"},
    ],
)
def test_an_unusable_challenge_is_no_answer(lie: dict[str, object]) -> None:
    with gateway(saying(OPENED | lie, status=201)) as centre, pytest.raises(NoAnswerError) as error:
        centre.open(VISIT)

    assert error.value.code == "malformed"


def test_a_maintenance_is_told_as_what_it_is() -> None:
    problem = {"code": "maintenance", "sentence": "until six"}
    assert no_answer(saying(problem, 503, "application/problem+json")) == "maintenance"
    assert no_answer(saying(problem, 503)) == "status"


def test_a_refusal_is_told_with_the_centres_code() -> None:
    refusal = saying({"code": "certificate_revoked", "sentence": "no"}, 403, "application/problem+json")

    with pytest.raises(ProofRefusedError) as error:
        verify(refusal)

    assert error.value.code == "certificate_revoked"


@pytest.mark.parametrize("code", ["", "Yamada Taro", 7, None, "x" * 41])
def test_a_refusal_without_a_code_word_is_no_answer(code: object) -> None:
    with pytest.raises(NoAnswerError):
        verify(saying({"code": code}, 403, "application/problem+json"))


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_json_is_a_typed_error(body: object) -> None:
    for status in (200, 201, 403):
        for kind in ("application/json", "application/problem+json"):
            with pytest.raises(EligibilityError):
                verify(saying(body, status, kind))


# -- consents --------------------------------------------------------------------------------------------------------


def listed(**changed: object) -> dict[str, object]:
    given_at = {"state": "given", "at": instant_text(AT), "until": instant_text(AT + timedelta(hours=24))}
    consents: dict[str, object] = {item.value: {"state": "not_asked"} for item in ConsentItem}
    return {"consents": consents | {"medication": given_at, "surgery": {"state": "refused"}} | changed}


def conclude(body: object) -> object:
    with gateway(saying(body)) as centre:
        return centre.conclude(SESSION, [ConsentItem.MEDICATION], [ConsentItem.SURGERY], Prescription.PAPER)


def test_the_honest_list_of_consents_has_the_centres_times() -> None:
    with gateway(saying(listed())) as centre:
        consents = centre.conclude(SESSION, [ConsentItem.MEDICATION], [ConsentItem.SURGERY], Prescription.PAPER)

    assert consents[ConsentItem.MEDICATION].at == AT
    assert [consents[item].state for item in ConsentItem] == [
        ConsentState.GIVEN,
        ConsentState.NOT_ASKED,
        ConsentState.REFUSED,
        ConsentState.NOT_ASKED,
        ConsentState.NOT_ASKED,
    ]


GIVEN = {"state": "given", "at": instant_text(AT), "until": instant_text(AT + timedelta(hours=24))}


@pytest.mark.parametrize(
    "lie",
    [
        {"checkup": GIVEN},
        {"surgery": GIVEN},
        {"medication": {"state": "refused"}},
        {"medication": {"state": "not_asked"}},
        {"medication": {"state": "given"}},
        {"medication": GIVEN | {"until": instant_text(AT + timedelta(hours=25))}},
        {"medication": GIVEN | {"at": "2026-10-05 09:00"}},
        {"medication": GIVEN | {"state": "maybe"}},
        {"medication": None},
        {"surgery": GIVEN | {"state": "refused"}},
    ],
)
def test_a_consent_that_the_patient_did_not_give_is_no_answer(lie: dict[str, object]) -> None:
    with pytest.raises(NoAnswerError):
        conclude(listed(**lie))


@pytest.mark.parametrize("body", [{}, {"consents": []}, {"consents": {}}, {"consents": None}])
def test_a_list_that_lacks_consents_is_no_answer(body: object) -> None:
    with pytest.raises(NoAnswerError):
        conclude(body)


def test_a_session_name_cannot_lead_elsewhere() -> None:
    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url.path)

    with gateway(never) as centre, pytest.raises(NoAnswerError):
        centre.conclude("../../admin?x=", (), (), Prescription.NOT_ASKED)


def test_an_error_does_not_show_the_answer() -> None:
    with pytest.raises(NoAnswerError) as error:
        verify(saying(ANSWER | {"result": RESULT[:-400]}))

    assert "厚労" not in str(error.value)
    assert "99990001" not in str(error.value)
