"""Every order of put, repeat, send with every kind of answer, park, unpark, restart and power cut; a dict is the model.

It runs on the machine's own disk, and on one that loses what was not flushed.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import apsw
import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from kiosk.delivery import database
from kiosk.delivery.courier import Courier
from kiosk.delivery.database import Connect
from kiosk.delivery.errors import OutboxError
from kiosk.delivery.outbox import Outbox
from kiosk.record import ids
from kiosk.record.checkin import CheckIn
from tests.delivery.crash_disk import CUTS, CrashVfs, Disk, PowerCutError

if TYPE_CHECKING:
    from tests.delivery.conftest import NewCheckIn, Reception

WAITS = (
    "down",
    "portal",
    "other_hash",
    "other_id",
    "no_receipt",
    "lost_answer",
    "401",
    "403",
    "404",
    "429",
    "500",
    "503",
)
_names = itertools.count()
PARKS = ("400", "409", "413", "415", "422")


def machine(
    folder: Path,
    new_reception: type[Reception],
    new_checkin: NewCheckIn,
    connect: Callable[[CrashVfs], Connect] | None = None,
) -> type[RuleBasedStateMachine]:
    """The machine; with `connect` over a `Disk` whose power can be cut."""

    class Delivery(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.disk = Disk()
            self.path = folder / f"{next(_names)}.db"
            self.reception = new_reception()
            self.put_order: list[CheckIn] = []
            self.numbers: dict[str, str] = {}
            self.state: dict[str, str] = {}
            self.delivered: list[str] = []
            self.arrivals: list[str] = []
            self.open()

        def open(self) -> None:
            maker = database.connect if connect is None else connect(CrashVfs(self.disk))
            self.outbox = Outbox(self.path, "A", maker)
            self.courier = Courier(
                self.outbox, self.reception.client, ("http://r",), ids.kiosk_id("k"), self.delivered.append
            )

        def oldest(self) -> str | None:
            return next((c.checkin_id for c in self.put_order if self.state[c.checkin_id] == "pending"), None)

        @rule()
        def put(self) -> None:
            checkin = new_checkin()
            self.numbers[checkin.checkin_id] = self.outbox.put(checkin, self.reception.sealer)
            self.put_order.append(checkin)
            self.state[checkin.checkin_id] = "pending"

        @precondition(lambda self: self.put_order)
        @rule(which=st.integers(0))
        def put_again(self, which: int) -> None:
            checkin = self.put_order[which % len(self.put_order)]
            assert self.outbox.put(checkin, self.reception.sealer) == self.numbers[checkin.checkin_id]

        @rule(mood=st.sampled_from(("ok", *WAITS, *PARKS)))
        def send(self, mood: str) -> None:
            oldest, known = self.oldest(), set(self.reception.stored)
            self.reception.mood = mood
            wait = self.courier.step()
            self.reception.mood = "ok"
            assert (wait is None) == (oldest is None)
            if oldest is None or wait is None:
                return
            self.arrivals += [visit for visit in self.reception.stored if visit not in known]
            assert all(visit == oldest for visit in set(self.reception.stored) - known), "not the oldest"
            if mood == "ok":
                self.state[oldest] = "acked"
                assert self.delivered[-1] == oldest
            elif mood in PARKS:
                self.state[oldest] = "parked"
            else:
                assert 0 <= wait <= 30

        @precondition(lambda self: "parked" in self.state.values())
        @rule()
        def unpark(self) -> None:
            parked = self.outbox.parked()[0]
            self.outbox.unpark(parked.seq)
            self.state[parked.checkin_id] = "pending"

        @rule()
        def scrub(self) -> None:
            self.outbox.scrub()

        @rule()
        def restart(self) -> None:
            self.outbox.close()
            self.open()

        @precondition(lambda self: connect is not None)  # noqa: ARG005
        @rule(how=st.sampled_from(CUTS), seed=st.integers(0, 1_000))
        def cut(self, how: str, seed: int) -> None:
            dead = self.outbox
            self.disk = self.disk.after_a_cut(random.Random(seed), how)  # noqa: S311 - not for secrets
            with suppress(OutboxError, apsw.Error, PowerCutError):
                dead.close()
            self.open()
            assert self.outbox.damage is None

        @invariant()
        def the_books_balance(self) -> None:
            states = list(self.state.values())
            waiting = self.outbox.waiting()
            assert (waiting.pending, waiting.parked) == (states.count("pending"), states.count("parked"))
            head = self.outbox.head()
            assert (None if head is None else head.checkin_id) == self.oldest()
            acked = [visit for visit, state in self.state.items() if state == "acked"]
            assert sorted(self.delivered) == sorted(acked), "each told once"
            assert set(acked) <= set(self.reception.stored)

        def teardown(self) -> None:
            for parked in self.outbox.parked():
                self.outbox.unpark(parked.seq)
            while self.courier.step() is not None:
                pass
            assert set(self.reception.stored) == set(self.numbers), "promised = stored"
            got = {visit: str(checkin.queue_number) for visit, checkin in self.reception.stored.items()}
            assert got == self.numbers
            assert len(self.delivered) == len(set(self.delivered)) == len(self.numbers), "none twice"
            assert sorted(self.numbers.values()) == [f"A{n + 1:03d}" for n in range(len(self.numbers))]
            self.outbox.close()
            self.reception.client.close()

    return Delivery


HOW = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize=True,
)
OFTEN = settings(HOW, max_examples=200)
"""An example takes some of the rules only: put and power cut must meet."""
UNTIL = settings(HOW, max_examples=2_000, derandomize=False, phases=(Phase.generate,))


@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
def test_promised_is_stored_none_twice_in_order_with_no_body_left(
    tmp_path: Path, new_reception: type[Reception], new_checkin: NewCheckIn
) -> None:
    run_state_machine_as_test(machine(tmp_path, new_reception, new_checkin), settings=HOW)


@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
def test_and_so_it_is_when_the_power_is_cut_at_any_moment(
    tmp_path: Path, new_reception: type[Reception], new_checkin: NewCheckIn
) -> None:
    run_state_machine_as_test(machine(tmp_path, new_reception, new_checkin, lambda vfs: vfs.connect), settings=OFTEN)


@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # connections of machines that failed
def test_a_wrong_setting_is_found(tmp_path: Path, new_reception: type[Reception], new_checkin: NewCheckIn) -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            machine(tmp_path, new_reception, new_checkin, lambda vfs: vfs.connect_normal), settings=UNTIL
        )
