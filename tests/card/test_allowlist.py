"""The allow-list: whatever a caller tries, what reaches the card never touches a forbidden thing."""

from __future__ import annotations

import contextlib
from itertools import chain, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.card import apdu
from kiosk.card.allowlist import RULES, AllowList, Use
from kiosk.card.apdu import Apdu
from kiosk.card.errors import CardGoneError, ForbiddenCommandError
from tests.card.table_card import COMMON, JPKI, JUKI, SURFACE, TEXT, TableCard

READABLE = {(JPKI, 0x06), (JPKI, 0x0A), (SURFACE, 0x02), (TEXT, 0x02)}
SECRETS = {(JPKI, 0x18): 4, (SURFACE, 0x12): 14, (TEXT, 0x15): 14}
OPENED_BY = {(SURFACE, 0x02): 0x12, (TEXT, 0x02): 0x15}
SIGNING = (JPKI, 0x17)
APPLICATIONS = [JPKI, SURFACE, TEXT, JUKI, COMMON, bytes.fromhex("A000000151000000"), JPKI[:5], JPKI + b"\x00"]
DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420") + bytes(32)


def select(aid: bytes) -> bytes:
    return b"\x00\xa4\x04\x0c" + bytes([len(aid)]) + aid


def select_file(file: int) -> bytes:
    return b"\x00\xa4\x02\x0c\x02" + file.to_bytes(2, "big")


def assert_nothing_forbidden(card: TableCard) -> None:
    """Written from domain/mynumber-card.md sections 0 and 4, not from the allow-list's own table."""
    shown: set[int] = set()
    for before, (application, file, command) in pairwise([(None, None, b""), *card.log]):
        here = (application or b"", file if file is not None else -1)
        cla, instruction, p1, p2 = command[:4]
        data = command[5:]
        match instruction:
            case 0xA4 if p1 == 0x04:
                assert (cla, p2) == (0, 0x0C)
                assert data in {JPKI, SURFACE, TEXT}
                shown.clear()
            case 0xA4:
                assert (cla, p1, p2) == (0, 2, 0x0C)
                wanted = (application or b"", int.from_bytes(data, "big"))
                assert wanted in READABLE | SECRETS.keys() | {SIGNING}
            case 0xB0:
                assert (cla, p1 & 0x80) == (0, 0), "a short file id"
                assert len(command) == 5 or (len(command) == 7 and command[4] == 0)
                assert here in READABLE
                assert here not in OPENED_BY or OPENED_BY[here] in shown
            case 0x20:
                assert (cla, p1, p2) == (0, 0, 0x80), "a short file id"
                assert here in SECRETS
                assert not data or (data.isdigit() and len(data) == SECRETS[here])
                shown |= {here[1]} if data else set()
            case 0x2A:
                assert (cla, p1, p2, here) == (0x80, 0, 0x80, SIGNING)
                assert data[:-1].startswith(DIGEST_INFO[:19])
                assert len(data) == 52
            case 0xC0:
                assert len(command) == 5
                assert before[2], "GET RESPONSE comes after something"
            case _:
                pytest.fail(f"instruction {instruction:02X} reached the card")


HEADS = st.sampled_from(
    [
        bytes.fromhex(head)
        for head in (
            *("00A4040C", "00A4020C", "00A40000", "00B00000", "00B08100", "00B08500", "00200080", "00200094"),
            *("00200093", "802A0080", "802A0097", "802A0000", "00C00000", "00240180", "00840000", "00820000"),
            *("80A20000", "80AE0000", "00CA5F51", "00B20104"),
        )
    ]
)
BODIES = st.one_of(
    st.binary(max_size=20),
    st.sampled_from(APPLICATIONS),
    st.integers(0, 0x1F).map(lambda file: file.to_bytes(2, "big")),
    st.from_regex(rb"[0-9]{4}|[0-9]{12}|[0-9]{14}|[A-Z0-9]{6}", fullmatch=True),
    st.just(DIGEST_INFO),
)


def with_length(head: bytes, body: bytes, tail: bytes) -> bytes:
    return head + bytes([len(body)]) + body + tail


COMMANDS = st.one_of(
    st.binary(max_size=24),
    st.sampled_from(APPLICATIONS).map(select),
    st.integers(0, 0x1F).map(select_file),
    st.sampled_from([b"\x00\xb0\x00\x00\x00", b"\x00\x20\x00\x80", b"\x80\x2a\x00\x80\x33" + DIGEST_INFO + b"\x00"]),
    st.builds(with_length, HEADS, BODIES, st.sampled_from([b"", b"\x00", b"\x00\x00"])),
    st.builds(lambda head, le: head + le, HEADS, st.sampled_from([b"", b"\x00", b"\xff", b"\x00\x00\x0c"])),
)
STATUS = st.sampled_from([None, None, None, 0x6A82, 0x6100, 0x6982, 0x63C2])


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(COMMANDS, STATUS), max_size=30))
def test_nothing_forbidden_reaches_a_card_that_would_open_everything(calls: list[tuple[bytes, int | None]]) -> None:
    card = TableCard(open_house=True)
    guarded = AllowList(card)
    for command, status_word in calls:
        card.answers = lambda _, said=status_word: None if said is None else (b"", said)  # type: ignore[misc]
        with contextlib.suppress(ForbiddenCommandError):
            guarded.transmit(command)
    assert_nothing_forbidden(card)


READS = st.builds(
    lambda p1, p2, le: bytes([0, 0xB0, p1, p2, le]), st.integers(0, 0xFF), st.integers(0, 0xFF), st.just(0)
)
APPROACHES = st.builds(
    lambda application, file, commands: [select(application), select_file(file), *commands],
    st.sampled_from([JPKI, SURFACE, TEXT]),
    st.sampled_from([0x02, 0x06, 0x0A, 0x12, 0x17, 0x18]),
    st.lists(st.one_of(READS, COMMANDS), max_size=4),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(APPROACHES, max_size=6))
def test_nothing_forbidden_reaches_a_card_whatever_is_selected_before(approaches: list[list[bytes]]) -> None:
    card = TableCard(open_house=True)
    guarded = AllowList(card)
    for command in chain.from_iterable(approaches):
        with contextlib.suppress(ForbiddenCommandError):
            guarded.transmit(command)
    assert_nothing_forbidden(card)


NUMBER = b"123456789018"
FORBIDDEN = {
    "the picture of the number": (SURFACE, [select_file(0x0005)]),
    "the picture of the number, by short file id": (SURFACE, [b"\x00\xb0\x85\x00\x00"]),
    "the same with an extended length": (SURFACE, [b"\x00\xb0\x85\x00\x00\x10\x00"]),
    "check number A of the surface application": (SURFACE, [select_file(0x0013)]),
    "check number A by short file id": (SURFACE, [b"\x00\x20\x00\x93\x0c" + NUMBER]),
    "the birth date as a password": (SURFACE, [select_file(0x0011)]),
    "twelve digits where fourteen belong": (SURFACE, [select_file(0x0012), b"\x00\x20\x00\x80\x0c" + NUMBER]),
    "twelve digits where the PIN belongs": (JPKI, [select_file(0x0018), b"\x00\x20\x00\x80\x0c" + NUMBER]),
    "a VERIFY with an extended length": (
        SURFACE,
        [select_file(0x0012), b"\x00\x20\x00\x80\x00\x00\x0e55021720352285"],
    ),
    "a length byte that lies": (SURFACE, [select_file(0x0012), b"\x00\x20\x00\x80\x0e" + NUMBER]),
    "fourteen characters that are no digits": (SURFACE, [select_file(0x0012), b"\x00\x20\x00\x80\x0e" + b"A" * 14]),
    "the photo before check number B": (SURFACE, [select_file(0x0002), b"\x00\xb0\x00\x00\x00"]),
    "the photo by an extended read before check number B": (
        SURFACE,
        [select_file(0x0002), b"\x00\xb0\x00\x00\x00\x10\x00"],
    ),
    "the signature certificate": (JPKI, [select_file(0x0001)]),
    "the signature password": (JPKI, [select_file(0x001B)]),
    "the signature key in one shot": (JPKI, [b"\x80\x2a\x00\x9a\x33" + DIGEST_INFO + b"\x00"]),
    "signing what is no DigestInfo": (JPKI, [select_file(0x0017), b"\x80\x2a\x00\x80\x01x\x00"]),
    "changing the PIN": (JPKI, [select_file(0x0018), b"\x00\x24\x01\x80\x041234"]),
    "reading the PIN file": (JPKI, [select_file(0x0018), b"\x00\xb0\x00\x00\x00"]),
    "writing": (JPKI, [select_file(0x000A), b"\x00\xd6\x00\x00\x01x"]),
    "half a command": (JPKI, [select_file(0x000A), b"\x00\xb0"]),
    "nothing": (JPKI, [select_file(0x000A), b""]),
    "an extended length of 65536": (JPKI, [select_file(0x000A), b"\x00\xb0\x00\x00\x00\x00\x00"]),
    "an extended read with data": (JPKI, [select_file(0x000A), b"\x00\xb0\x00\x00\x01\x10\x00"]),
    "logical channels": (JPKI, [b"\x01\xa4\x02\x0c\x02\x00\x0a"]),
    "command chaining": (JPKI, [select_file(0x0018), b"\x10\x20\x00\x80\x0212"]),
    "a SELECT that wants file control information": (JPKI, [b"\x00\xa4\x02\x00\x02\x00\x0a"]),
    "a reader's own command": (JPKI, [b"\xff\xca\x00\x00\x00"]),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_a_forbidden_command_is_refused_before_it_is_sent(what: str) -> None:
    application, commands = FORBIDDEN[what]
    card = TableCard(open_house=True)
    guarded = AllowList(card)
    guarded.transmit(select(application))
    for command in commands[:-1]:
        guarded.transmit(command)
    before = len(card.log)
    with pytest.raises(ForbiddenCommandError):
        guarded.transmit(commands[-1])
    assert len(card.log) == before == guarded.passed


@pytest.mark.parametrize("application", [JUKI, COMMON])
def test_the_applications_with_tracking_identifiers_cannot_be_selected(
    application: bytes,
) -> None:
    card = TableCard(open_house=True)
    for form in (select(application), select(application[:9]), select(application) + b"\x00"):
        with pytest.raises(ForbiddenCommandError):
            AllowList(card).transmit(form)
    assert card.log == []


def test_every_rule_is_a_triple_of_application_file_and_instruction() -> None:
    assert {place: (rule.use, rule.digits, rule.after) for place, rule in RULES.items()} == {
        (JPKI, 0x06): (Use.READ, 0, None),
        (JPKI, 0x0A): (Use.READ, 0, None),
        (JPKI, 0x17): (Use.SIGN, 0, None),
        (JPKI, 0x18): (Use.VERIFY, 4, None),
        (SURFACE, 0x02): (Use.READ, 0, 0x12),
        (SURFACE, 0x12): (Use.VERIFY, 14, None),
        (TEXT, 0x02): (Use.READ, 0, 0x15),
        (TEXT, 0x15): (Use.VERIFY, 14, None),
    }


def test_of_the_text_application_only_name_and_birth_date_can_be_selected_and_only_check_number_b_opens_them() -> None:
    card = TableCard(open_house=True)
    guarded = AllowList(card)
    guarded.transmit(select(TEXT))
    sent = len(card.log)
    for file in (0x01, 0x03, 0x04, 0x05, 0x06, 0x07, 0x11, 0x12, 0x13, 0x14, 0x16):
        with pytest.raises(ForbiddenCommandError):
            guarded.transmit(select_file(file))
    apdu.select_file(guarded, 0x0002)
    for command in (b"\x00\xb0\x00\x00\x00", b"\x00\xb0\x81\x00\x00", b"\x00\x20\x00\x80\x041234"):
        with pytest.raises(ForbiddenCommandError):
            guarded.transmit(command)
    apdu.select_file(guarded, 0x0015)
    for secret in (b"1234", b"123456789018", b"123456"):
        with pytest.raises(ForbiddenCommandError):
            guarded.transmit(b"\x00\x20\x00\x80" + bytes([len(secret)]) + secret)
    assert len(card.log) == sent + 2
    assert apdu.verify(guarded, b"55021720352285").right
    apdu.select_file(guarded, 0x0002)
    assert guarded.transmit(b"\x00\xb0\x00\x00\x00") == (b"open", 0x9000)


@pytest.mark.parametrize("le", [b"\x00", b"\x10", b"\x00\x10\x00", b"\x00\x00\x01", b"\x00\xff\xff"])
def test_short_and_extended_reads_of_a_free_file_pass(le: bytes) -> None:
    card = TableCard(open_house=True)
    guarded = AllowList(card)
    guarded.transmit(select(JPKI))
    guarded.transmit(select_file(0x000A))
    assert guarded.transmit(b"\x00\xb0\x7f\xff" + le) == (b"open", 0x9000)


def test_check_number_b_opens_the_photo_until_the_application_is_left() -> None:
    card = TableCard(open_house=True)
    guarded = AllowList(card)
    guarded.transmit(select(SURFACE))
    apdu.select_file(guarded, 0x0012)
    assert apdu.verify(guarded, b"55021720352285").right
    apdu.select_file(guarded, 0x0002)
    assert guarded.transmit(b"\x00\xb0\x00\x00\x00") == (b"open", 0x9000)
    guarded.transmit(select(SURFACE))
    apdu.select_file(guarded, 0x0002)
    with pytest.raises(ForbiddenCommandError):
        guarded.transmit(b"\x00\xb0\x00\x00\x00")


def test_after_a_broken_transport_nothing_counts_as_selected() -> None:
    card = TableCard(open_house=True, gone_at=3)
    guarded = AllowList(card)
    guarded.transmit(select(JPKI))
    apdu.select_file(guarded, 0x000A)
    with pytest.raises(CardGoneError):
        guarded.transmit(b"\x00\xb0\x00\x00\x00")
    card.gone_at = 100
    with pytest.raises(ForbiddenCommandError):
        guarded.transmit(b"\x00\xb0\x00\x00\x00")


@pytest.mark.parametrize("lost", [0x6A82, 0x6F00, 0x6100, 0x6283])
def test_after_a_select_that_failed_nothing_counts_as_selected(lost: int) -> None:
    card = TableCard(open_house=True)
    guarded = AllowList(card)
    guarded.transmit(select(JPKI))
    guarded.transmit(select_file(0x0018))
    card.answers = lambda command: (b"", lost) if command == select_file(0x000A) else None
    guarded.transmit(select_file(0x000A))
    for command in (b"\x00\xb0\x00\x00\x00", b"\x00\x20\x00\x80\x041234"):
        with pytest.raises(ForbiddenCommandError):
            guarded.transmit(command)


def test_get_response_is_allowed_only_while_an_answer_waits() -> None:
    card = TableCard(open_house=True)
    guarded = AllowList(card)
    guarded.transmit(select(JPKI))
    with pytest.raises(ForbiddenCommandError):
        guarded.transmit(b"\x00\xc0\x00\x00\x10")
    apdu.select_file(guarded, 0x0006)
    card.answers = lambda command: (b"", 0x6104) if command[1] == 0xB0 else (b"JPKI", 0x9000)
    assert apdu.exchange(guarded, b"\x00\xb0\x00\x00\x20") == (b"JPKI", 0x9000)


def test_a_caller_cannot_change_a_command_after_it_was_checked() -> None:
    mine = bytearray(select(JPKI))

    class Racer(TableCard):
        def transmit(self, command: Apdu) -> tuple[bytes, int]:
            mine[5:] = JUKI
            return super().transmit(command)

    card = Racer(open_house=True)
    AllowList(card).transmit(mine)
    assert card.application == JPKI
