"""The table: what lies on the reader x what the patient does -> what is offered, and what is said. All on a real pcscd."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.record.dates import Notice
from kiosk.record.door import HelpReason
from kiosk.simulation import card_control, card_folder, issuing
from kiosk.simulation.kinds import KINDS
from kiosk.simulation.pcsc import PrivateReader
from kiosk.visit import effects as fx
from kiosk.visit import events as ev
from kiosk.visit.stage import (
    Comparing,
    LookingAtFace,
    OfferingLastTry,
    TakingCard,
    TypingCheckNumber,
    TypingPin,
    Verifying,
)
from tests.e2e import card_table
from tests.e2e.card_table import Kiosk

STAY = frozenset({"stop", "call_staff", "looks", "listen"})
FACE, PIN = "choose_face", "choose_pin"

FIRST_LOOK = [
    # kind, screen, ways offered, words of the catalogue that are said, words that are not
    ("ordinary", "P02", {FACE, PIN}, ("choose",), ("pin_reset",)),
    ("another", "P02", {FACE, PIN}, ("choose",), ()),
    ("foreign", "P02", {FACE, PIN}, ("choose",), ()),
    ("child", "P02", {FACE, PIN}, ("choose",), ()),
    ("elderly", "P02", {FACE, PIN}, ("choose",), ()),
    ("late_elderly", "P02", {FACE, PIN}, ("choose",), ()),
    ("infant_blank", "P02", {FACE, PIN}, ("choose",), ()),
    ("face_only", "P02", {FACE}, ("choose_one", "card_without_pin"), ("pin_reset", "nudge_pin_locked")),
    ("locked_pin", "P02", {FACE}, ("choose_one", "card_without_pin"), ("pin_reset", "nudge_pin_locked")),
    ("infant", "P02", {PIN}, ("choose_one", "card_without_face"), ()),
    ("low_b", "P02", {PIN}, ("choose_one",), ()),
    ("last_try", "P02", {FACE, PIN}, ("choose",), ()),
    ("expiring", "P02", {FACE, PIN}, ("choose",), ()),
    ("grace", "P02", {FACE, PIN}, ("choose",), ()),
    ("expired", "E06", set(), ("refused_expired",), ()),
    ("no_certificate", "E06", set(), ("refused_no_certificate",), ()),
    ("other_root", "E06", set(), ("refused_not_accepted",), ("refused_other_card_how",)),
    ("sign_only", "E06", set(), ("refused_not_accepted",), ()),
    ("damaged", "E01", set(), ("refused_unreadable",), ()),
    ("mute", "E01", set(), ("refused_unreadable", "refused_unreadable_how"), ()),
    ("resident_card", "E02", set(), ("refused_resident_card_how",), ()),
    ("android", "E20", set(), ("refused_phone_how",), ()),
    ("iphone", "E20", set(), ("refused_phone_how",), ()),
    ("transit", "E02", set(), ("refused_other_card_how",), ()),
    ("licence", "E02", set(), ("refused_other_card_how",), ()),
    ("bank", "E02", set(), ("refused_other_card_how",), ()),
]

RINGS = {"expired", "no_certificate", "other_root", "sign_only"}
"""Kinds whose holder needs the desk: it is told at once, namelessly."""


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PrivateReader, Path]]:
    folder = tmp_path_factory.mktemp("cards")
    issuing.issue_kind(folder, KINDS["ordinary"])
    with PrivateReader(folder) as started:
        yield started, card_folder.root(folder)


@pytest.fixture
def kiosk(reader: tuple[PrivateReader, Path]) -> Iterator[Kiosk]:
    started, root = reader
    with card_table.kiosk(started.control, started.socket, root) as ready:
        yield ready
    assert started.audit() == [], "the card was asked for what must never be touched"


def rung(kiosk: Kiosk) -> list[HelpReason]:
    return [effect.reason for effect in kiosk.effects if isinstance(effect, fx.CallDesk)]


def test_the_table_has_every_kind() -> None:
    assert {row[0] for row in FIRST_LOOK} == set(KINDS)


@pytest.mark.parametrize(("kind", "screen", "ways", "said", "unsaid"), FIRST_LOOK, ids=[row[0] for row in FIRST_LOOK])
def test_at_first_look(
    kiosk: Kiosk, kind: str, screen: str, ways: set[str], said: tuple[str, ...], unsaid: tuple[str, ...]
) -> None:
    before = kiosk.card("tries") if KINDS[kind].person is not None else None
    kiosk.place(kind)
    assert kiosk.screen() == screen
    assert kiosk.offered() - STAY == ways
    for key in said:
        assert kiosk.word(key) in kiosk.told()
    for key in unsaid:
        assert kiosk.word(key) not in kiosk.told()
    assert (rung(kiosk) == [HelpReason.CARD_UNUSABLE]) is (kind in RINGS)
    if before is not None:
        told = kiosk.card("tries")["tries"]
        assert isinstance(told, dict)
        limits = {"pin": KINDS[kind].pin_tries, "check_number_b": KINDS[kind].check_number_tries}
        for name, left in limits.items():
            assert told.get(name, 0) in (left, 0), "a look spends no try"


@pytest.mark.parametrize(
    ("kind", "notice"), [("ordinary", Notice.NONE), ("expiring", Notice.EXPIRING), ("grace", Notice.GRACE)]
)
def test_the_certificate_s_end_is_judged_and_kept(kiosk: Kiosk, kind: str, notice: Notice) -> None:
    kiosk.place(kind)
    assert kiosk.visit.card is not None
    assert kiosk.visit.card.notice is notice


@pytest.mark.parametrize("kind", ["ordinary", "foreign", "infant", "low_b", "expiring", "grace"])
def test_the_right_pin_goes_on_to_the_centre(kiosk: Kiosk, kind: str) -> None:
    card = kiosk.place(kind)
    assert card.pin is not None
    kiosk.taps(PIN)
    kiosk.types(card.pin)
    kiosk.until(lambda: isinstance(kiosk.stage, Verifying))


def test_wrong_pins_count_down_ask_before_the_last_and_then_say_where_to_unlock(kiosk: Kiosk) -> None:
    kiosk.card("kind", "another")
    kiosk.card("tries", "pin", "3")
    kiosk.place("another")
    kiosk.taps(PIN)
    kiosk.types("0000")
    kiosk.until(lambda: isinstance(kiosk.stage, TypingPin) and kiosk.stage.wrong)
    assert kiosk.word("pin_left", tries=2) in kiosk.told()
    kiosk.types("0000")
    kiosk.until(lambda: isinstance(kiosk.stage, OfferingLastTry))
    assert kiosk.word("last_try_means") in kiosk.told()
    kiosk.taps("last_try")
    kiosk.types("0000")
    kiosk.until(lambda: kiosk.screen() == "P02")
    assert kiosk.word("nudge_pin_locked") in kiosk.told()
    assert kiosk.word("pin_reset") in kiosk.told()
    assert kiosk.offered() - STAY == {FACE}
    assert rung(kiosk) == [HelpReason.PIN_LOCKED]
    kiosk.card("tries", "pin", "3")


def test_one_try_left_is_asked_for_before_a_digit_is_typed(kiosk: Kiosk) -> None:
    kiosk.place("last_try")
    kiosk.taps(PIN)
    assert isinstance(kiosk.stage, OfferingLastTry)
    assert kiosk.word("last_try") in kiosk.told()


@pytest.mark.parametrize("kind", ["ordinary", "face_only", "foreign", "locked_pin"])
def test_the_number_printed_on_the_card_opens_its_photo(kiosk: Kiosk, kind: str) -> None:
    card = kiosk.place(kind)
    kiosk.taps(FACE)
    assert kiosk.screen() == "P03n"
    kiosk.types(card.check_number_b)
    kiosk.taps("number_typed")
    kiosk.until(lambda: isinstance(kiosk.stage, LookingAtFace))
    assert kiosk.visit.photo_sent
    assert kiosk.visit.card is not None
    assert kiosk.visit.card.printed_expiry is not None


def test_the_card_may_be_in_the_hand_while_its_number_is_typed(kiosk: Kiosk) -> None:
    card = kiosk.place("ordinary")
    kiosk.taps(FACE)
    kiosk.types(card.check_number_b[:6])
    kiosk.card("pull")
    kiosk.until(lambda: not kiosk.visit.card_present)
    kiosk.types(card.check_number_b[6:])
    kiosk.taps("number_typed")
    assert kiosk.screen() == "P03p"
    kiosk.card("place", "ordinary")
    kiosk.until(lambda: isinstance(kiosk.stage, LookingAtFace) and kiosk.visit.photo_sent)


def test_a_wrong_number_costs_one_try_is_said_and_the_second_ends_the_face_way(kiosk: Kiosk) -> None:
    card = kiosk.place("ordinary")
    kiosk.card("tries", "check_number_b", "10")
    kiosk.taps(FACE)
    kiosk.types(card.check_number_b[:10] + "0001")
    kiosk.taps("number_typed")
    kiosk.until(lambda: isinstance(kiosk.stage, TypingCheckNumber) and kiosk.stage.wrong)
    assert kiosk.card("tries")["tries"]["check_number_b"] == 9  # type: ignore[index]
    kiosk.types(card.check_number_b[:10] + "0002")
    kiosk.taps("number_typed")
    kiosk.until(lambda: kiosk.screen() == "P02")
    assert kiosk.offered() - STAY == {PIN}
    assert kiosk.word("nudge_face_unavailable") in kiosk.told()
    kiosk.card("tries", "check_number_b", "10")


def test_a_number_that_cannot_be_one_is_never_sent(kiosk: Kiosk) -> None:
    kiosk.place("ordinary")
    kiosk.card("tries", "check_number_b", "10")
    kiosk.taps(FACE)
    kiosk.types("99133120352285")
    kiosk.taps("number_typed")
    kiosk.until(lambda: isinstance(kiosk.stage, TypingCheckNumber) and kiosk.stage.wrong)
    assert kiosk.card("tries")["tries"]["check_number_b"] == 10  # type: ignore[index]


def test_a_face_record_without_a_photo_leaves_the_pin(kiosk: Kiosk) -> None:
    card = kiosk.place("infant_blank")
    kiosk.taps(FACE)
    kiosk.types(card.check_number_b)
    kiosk.taps("number_typed")
    kiosk.until(lambda: kiosk.screen() == "P02")
    assert kiosk.offered() - STAY == {PIN}


@pytest.mark.parametrize(("kind", "state"), [("ordinary", "comparing"), ("low_b", "comparing"), ("infant", "no_photo")])
def test_a_visual_check_needs_a_photo_in_print_at_least(kiosk: Kiosk, kind: str, state: str) -> None:
    kiosk.place(kind)
    kiosk.happens(ev.VisualGranted("command-1", kiosk.visit.visit_id, "s01", 180.0))
    assert fx.AnswerCommand("command-1", state) in kiosk.effects
    assert isinstance(kiosk.stage, Comparing) is (state == "comparing")


def test_two_cards_at_once_are_one_too_many(reader: tuple[PrivateReader, Path]) -> None:
    started, root = reader
    card_control.ask(started.control, "place ordinary")
    card_control.ask(started.control, "second transit")
    card_table.seen(started.socket, 2)
    with card_table.kiosk(started.control, started.socket, root, lying=True) as kiosk:
        kiosk.until(lambda: kiosk.now.visit is not None and kiosk.screen() != "P01")
        _one_too_many(kiosk)


def _one_too_many(kiosk: Kiosk) -> None:
    assert kiosk.screen() == "E01"
    assert kiosk.word("refused_several_cards") in kiosk.told()


def test_a_card_torn_away_while_it_is_read_is_asked_to_be_placed_again(kiosk: Kiosk) -> None:
    kiosk.card("kind", "ordinary")
    kiosk.card("tear", "3")
    kiosk.card("place", "ordinary")
    kiosk.until(lambda: kiosk.now.visit is not None and kiosk.screen() == "E01")
    assert kiosk.word("refused_unreadable") in kiosk.told()
    kiosk.until(lambda: kiosk.now.visit is None)


def test_a_card_exchanged_faster_than_the_poll_is_never_taken_for_the_first(kiosk: Kiosk) -> None:
    kiosk.place("ordinary")
    kiosk.taps(PIN)
    kiosk.card("swap", "another")
    # Either the swap is seen, or the next command finds out; the second card is never asked for a PIN.
    kiosk.types("1234")
    kiosk.until(lambda: kiosk.now.visit is None or not isinstance(kiosk.stage, TypingPin))
    assert kiosk.now.visit is None or isinstance(kiosk.stage, TakingCard)
    assert kiosk.card("tries")["tries"]["pin"] == 3  # type: ignore[index]
