"""What is told of the readers, from what pcscd says of each: changes only, and never a card that is somebody else's."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kiosk.card.messages import Placed, ReaderState, Removed
from kiosk.card.presence import IN_USE_SECONDS, Presence, Sight
from kiosk.card.slot import Slot

OK = ReaderState(usable=True, word="ok")
IN_USE = ReaderState(usable=False, word="in_use")


def slot(
    name: str = "A",
    events: int = 0,
    *,
    present: bool = False,
    mute: bool = False,
    held: bool = False,
    lost: bool = False,
) -> Slot:
    return Slot(name, events << 16, present, mute, held, lost, events)


EMPTY = slot()
CARD = slot(events=1, present=True)


def test_the_first_look_tells_how_things_stand() -> None:
    assert Presence().see([EMPTY], 1.0) == [OK, Removed()]
    assert Presence().see([CARD], 1.0) == [OK, Placed(1.0)]


def test_only_changes_are_told() -> None:
    presence = Presence()
    told = [presence.see([one], at) for at, one in enumerate((EMPTY, EMPTY, CARD, CARD, slot(events=2)))]
    assert told == [[OK, Removed()], [], [Placed(2)], [], [Removed()]]


def test_a_swap_faster_than_a_look_is_a_removal_and_a_placing() -> None:
    presence = Presence()
    presence.see([CARD], 1.0)
    assert presence.see([slot(events=3, present=True)], 2.0) == [Removed(), Placed(2.0)]


def test_a_mute_card_is_placed() -> None:
    assert Presence().see([slot(events=1, present=True, mute=True)], 1.0) == [OK, Placed(1.0)]


def test_a_reader_that_goes_takes_its_card_along() -> None:
    presence = Presence()
    presence.see([CARD], 1.0)
    assert presence.unusable("no_reader") == [Removed(), ReaderState(usable=False, word="no_reader")]
    assert presence.unusable("no_reader") == []
    assert presence.unusable("no_pcscd") == [ReaderState(usable=False, word="no_pcscd")]
    assert presence.see([CARD], 2.0) == [OK, Placed(2.0)]


def test_a_reader_that_vanishes_during_a_look_takes_its_card_along() -> None:
    presence = Presence()
    presence.see([CARD], 1.0)
    assert presence.see([slot(lost=True)], 2.0) == [Removed()]


# -- two places -------------------------------------------------------------------------------------------------------


def test_a_card_on_either_reader_is_a_card() -> None:
    presence = Presence()
    assert presence.see([EMPTY, slot("B")], 1.0) == [OK, Removed()]
    assert presence.see([EMPTY, slot("B", 1, present=True)], 2.0) == [Placed(2.0)]
    assert presence.see([EMPTY, slot("B", 2)], 3.0) == [Removed()]


def test_a_card_beside_the_first_is_not_told_until_the_first_leaves() -> None:
    presence = Presence()
    presence.see([CARD, slot("B")], 1.0)
    beside = slot("B", 1, present=True)
    assert presence.see([CARD, beside], 2.0) == []
    assert presence.see([CARD, slot("B", 2)], 3.0) == []
    assert presence.see([CARD, beside], 4.0) == []
    assert presence.see([slot(events=2), beside], 5.0) == [Removed(), Placed(5.0)]


def test_after_too_many_cards_the_one_that_stays_is_told_anew() -> None:
    presence = Presence()
    beside = slot("B", 1, present=True)
    assert presence.see([CARD, beside], 1.0) == [OK, Placed(1.0)]
    presence.start_over()
    assert presence.see([CARD, beside], 2.0) == []
    assert presence.see([CARD, slot("B", 2)], 3.0) == [Removed(), Placed(3.0)]
    assert presence.see([CARD, slot("B", 2)], 4.0) == []


def test_after_too_many_cards_none_is_a_removal_once() -> None:
    presence = Presence()
    presence.see([CARD, slot("B", 1, present=True)], 1.0)
    presence.start_over()
    assert presence.see([slot(events=2), slot("B", 2)], 2.0) == [Removed()]
    assert presence.see([CARD, slot("B", 2)], 3.0) == [Placed(3.0)]


# -- somebody else ----------------------------------------------------------------------------------------------------


HELD = slot(events=1, present=True, held=True)


def test_a_card_that_somebody_takes_from_us_is_removed_after_a_while_and_told_when_it_is_let_go() -> None:
    presence = Presence()
    presence.see([CARD], 9.0)
    assert presence.see([HELD], 10.0) == []
    assert presence.doubtful
    assert presence.see([HELD], 10.0 + IN_USE_SECONDS / 2) == []
    assert presence.see([HELD], 10.0 + IN_USE_SECONDS) == [Removed(), IN_USE]
    assert not presence.doubtful
    assert presence.see([HELD], 20.0) == []
    assert presence.see([CARD], 21.0) == [OK, Placed(21.0)]


def test_a_card_that_somebody_holds_from_the_start_is_never_told_as_placed() -> None:
    presence = Presence()
    assert presence.see([HELD, slot("B")], 10.0) == []
    assert presence.doubtful
    assert presence.see([HELD, slot("B")], 10.0 + IN_USE_SECONDS) == [IN_USE]
    assert presence.see([CARD, slot("B")], 20.0) == [OK, Placed(20.0)]


def test_a_card_that_a_killed_booth_still_holds_is_told_as_soon_as_it_is_let_go() -> None:
    presence = Presence()
    assert presence.see([HELD], 10.0) == []
    assert presence.see([CARD], 10.2) == [OK, Placed(10.2)]


def test_a_reader_let_go_in_time_was_never_in_use() -> None:
    presence = Presence()
    presence.see([CARD], 9.0)
    presence.see([HELD], 10.0)
    assert presence.see([CARD], 10.5) == []
    assert presence.see([HELD], 11.1) == []
    assert presence.doubtful


def test_our_own_hold_is_nobody_elses() -> None:
    presence = Presence()
    presence.see([CARD], 1.0)
    presence.busy = True
    assert presence.see([HELD], 2.0) == []
    assert presence.see([HELD], 60.0) == []
    assert not presence.doubtful


def test_a_reader_that_others_held_before_is_not_ours_because_we_try() -> None:
    presence = Presence()
    presence.see([HELD], 1.0)
    assert presence.see([HELD], 2.0) == [IN_USE]
    presence.busy = True
    assert presence.see([HELD], 2.5) == []
    presence.busy = False
    assert presence.see([CARD], 3.0) == [OK, Placed(3.0)]


def test_with_one_reader_in_use_a_card_on_the_other_is_served() -> None:
    presence = Presence()
    presence.see([slot("A"), slot("B")], 1.0)
    held = slot("B", 1, present=True, held=True)
    assert presence.see([EMPTY, held], 2.0) == []
    assert presence.see([EMPTY, held], 3.0) == [IN_USE]
    assert presence.see([CARD, held], 4.0) == [OK, Placed(4.0)]
    assert presence.see([slot(events=2), held], 5.0) == [Removed(), IN_USE]


# -- whatever comes ---------------------------------------------------------------------------------------------------

SLOTS = st.builds(
    slot,
    st.sampled_from("AB"),
    st.integers(0, 3),
    present=st.booleans(),
    mute=st.booleans(),
    held=st.booleans(),
    lost=st.booleans(),
)
LOOKS = st.lists(
    st.one_of(
        st.lists(SLOTS, min_size=1, max_size=2, unique_by=lambda one: one.name),
        st.sampled_from(["no_pcscd", "no_reader"]),
    ),
    max_size=20,
)


@given(LOOKS, st.lists(st.integers(0, 19), max_size=3), st.sets(st.integers(0, 19)))
def test_placed_and_removed_alternate_and_a_usable_reader_says_so_first(
    looks: list[list[Slot] | str], starts_over: list[int], busy: set[int]
) -> None:
    presence, told = Presence(), list[Sight]()
    for at, seen in enumerate(looks):
        presence.busy = at in busy
        if at in starts_over:
            presence.start_over()
        told += presence.unusable(seen) if isinstance(seen, str) else presence.see(seen, at * 0.6)
    cards = [sight for sight in told if not isinstance(sight, ReaderState)]
    assert all(type(one) is not type(next_) for one, next_ in pairwise(cards))
    states = [sight for sight in told if isinstance(sight, ReaderState)]
    assert all(one != next_ for one, next_ in pairwise(states))
    usable = False
    for sight in told:
        if isinstance(sight, ReaderState):
            usable = sight.usable
        elif isinstance(sight, Placed):
            assert usable
