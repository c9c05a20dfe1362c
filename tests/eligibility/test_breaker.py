"""The breaker: a system in trouble is asked rarely, nobody waits to hear so, and what is under way goes on."""

# ruff: noqa: ARG002 - what stands in for the port has the port's parameters
from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.eligibility.breaker import FAILURES, LONGEST, SHORTEST, BreakerGateway
from kiosk.eligibility.errors import NoAnswerError, ProofRefusedError
from kiosk.record.checkin import Prescription
from kiosk.record.consent import ConsentItem, Consents, no_consents
from kiosk.record.eligibility import EligibilityAnswer
from kiosk.record.identity import Certificate, Challenge, IdentityProof, PinProof
from kiosk.record.ids import VisitId, new_visit_id

PROOF = PinProof(Certificate(b"a certificate"), bytes(256))
CHALLENGE = Challenge("session", bytes(32))


class System:
    """A gateway that works, or fails with a code, and counts how often it is asked."""

    def __init__(self) -> None:
        self.now = 100.0
        self.code: str | None = None
        self.asked = 0

    def _do(self) -> None:
        self.asked += 1
        if self.code == "proof":
            raise ProofRefusedError("not accepted", "proof")
        if self.code == "bug":
            raise RuntimeError("nobody foresaw this")
        if self.code is not None:
            raise NoAnswerError("no", self.code)

    def open(self, visit_id: VisitId) -> Challenge:
        self._do()
        return CHALLENGE

    def verify(
        self, visit_id: VisitId, challenge: Challenge, proof: IdentityProof, *, limit_consent: bool = False
    ) -> EligibilityAnswer:
        self._do()
        raise NoAnswerError("no", "time_out")

    def register(self, session: str) -> EligibilityAnswer:
        raise AssertionError("these tests register nobody")

    def conclude(
        self,
        session: str,
        agreed: Collection[ConsentItem],
        refused: Collection[ConsentItem],
        prescription: Prescription,
    ) -> Consents:
        self._do()
        return no_consents()

    def passes(self, seconds: float) -> None:
        self.now += seconds


def behind(system: System) -> BreakerGateway:
    return BreakerGateway(system, clock=lambda: system.now)


def opens(gateway: BreakerGateway) -> str:
    """`ok`, or the code of what came instead."""
    try:
        gateway.open(new_visit_id())
    except (NoAnswerError, ProofRefusedError) as error:
        return error.code
    return "ok"


def broken(code: str = "line") -> tuple[System, BreakerGateway]:
    system = System()
    gateway = behind(system)
    system.code = code
    for _ in range(FAILURES):
        assert opens(gateway) == code
    return system, gateway


@pytest.mark.parametrize("code", ["line", "time_out", "not_the_centre", "status", "content_type"])
def test_after_three_failures_in_a_row_it_is_left_alone(code: str) -> None:
    system, gateway = broken(code)
    assert opens(gateway) == "resting"
    assert system.asked == FAILURES


def test_a_maintenance_that_is_told_of_is_believed_at_once() -> None:
    system = System()
    gateway = behind(system)
    system.code = "maintenance"
    assert opens(gateway) == "maintenance"
    assert opens(gateway) == "resting"


@pytest.mark.parametrize("code", ["malformed", "mismatch", "result", "proof"])
def test_what_speaks_of_one_patient_breaks_nothing(code: str) -> None:
    system = System()
    gateway = behind(system)
    system.code = code
    assert {opens(gateway) for _ in range(10)} == {code}


def test_a_success_between_failures_forgives_them() -> None:
    system = System()
    gateway = behind(system)
    for _ in range(5):
        system.code = "line"
        assert [opens(gateway) for _ in range(FAILURES - 1)] == ["line"] * (FAILURES - 1)
        system.code = None
        assert opens(gateway) == "ok"
        assert gateway.conclude("session", (), (), Prescription.NOT_ASKED) == no_consents()


def test_a_front_that_opens_sessions_while_all_behind_it_is_down_is_left_alone_too() -> None:
    system = System()
    gateway = behind(system)

    def visit() -> str:
        if (opened := opens(gateway)) != "ok":
            return opened
        with pytest.raises(NoAnswerError) as error:
            gateway.verify(new_visit_id(), CHALLENGE, PROOF)
        return error.value.code

    assert [visit() for _ in range(FAILURES + 1)] == ["time_out"] * FAILURES + ["resting"]
    system.passes(SHORTEST)
    assert [visit(), visit()] == ["time_out", "resting"], "one visit tried, and it rests for longer"
    system.passes(SHORTEST)
    assert visit() == "resting"


def test_after_its_rest_one_visit_tries_and_then_all_do() -> None:
    system, gateway = broken()
    system.passes(SHORTEST)
    system.code = None
    assert opens(gateway) == "ok"
    assert [opens(gateway) for _ in range(3)] == ["ok"] * 3


def test_while_one_visit_tries_the_others_do_not_wait() -> None:
    system, gateway = broken()
    system.passes(SHORTEST)

    class Trying(System):
        def open(self, visit_id: VisitId) -> Challenge:
            assert opens(gateway) == "resting"
            return CHALLENGE

    gateway._gateway = Trying()
    assert opens(gateway) == "ok"


def test_the_rest_doubles_up_to_its_longest_and_starts_small_again() -> None:
    system, gateway = broken()
    rest = SHORTEST
    for _ in range(8):
        system.passes(rest - 0.5)
        assert opens(gateway) == "resting"
        system.passes(0.5)
        assert opens(gateway) == "line"
        rest = min(LONGEST, 2 * rest)
    system.passes(LONGEST)
    system.code = None
    assert opens(gateway) == "ok"
    gateway.conclude("session", (), (), Prescription.NOT_ASKED)
    system.code = "line"
    for _ in range(FAILURES):
        assert opens(gateway) == "line"
    system.passes(SHORTEST)
    assert opens(gateway) == "line"


def test_an_open_session_goes_on_while_new_ones_are_refused() -> None:
    system, gateway = broken()
    assert opens(gateway) == "resting"
    system.code = None
    assert gateway.conclude("session", (), (), Prescription.NOT_ASKED) == no_consents()
    assert opens(gateway) == "ok", "what answers is back"


def test_a_trial_that_ends_in_a_bug_leaves_no_door_shut_for_ever() -> None:
    system, gateway = broken()
    system.passes(SHORTEST)
    system.code = "bug"
    with pytest.raises(RuntimeError):
        gateway.open(new_visit_id())
    system.passes(LONGEST)
    system.code = None
    assert opens(gateway) == "ok"


@given(st.lists(st.sampled_from(["line", "ok", "malformed", "maintenance", 1.0, 11.0, 130.0]), max_size=60))
def test_however_it_fails_it_works_again_when_the_system_does(story: list[str | float]) -> None:
    system = System()
    gateway = behind(system)
    for happens in story:
        if isinstance(happens, float):
            system.passes(happens)
            continue
        system.code = None if happens == "ok" else happens
        assert opens(gateway) in {happens, "resting"}
    system.passes(LONGEST)
    system.code = None
    assert opens(gateway) == "ok"
