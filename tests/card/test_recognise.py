"""What lies on the reader: every kind of card, told apart by what it answers, in few commands, and no try spent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from kiosk.card import jpki
from kiosk.card.allowlist import AllowList
from kiosk.card.apdu import ApduError, StatusWord, Verification
from kiosk.card.certificate import TrustStore
from kiosk.card.errors import CardGoneError
from kiosk.card.files import Reach
from kiosk.card.recognise import Problem, Recognised, recognise
from kiosk.card.settings import TrustedRoot
from kiosk.card.surface import Photo
from kiosk.simulation import kinds
from kiosk.simulation.card import VirtualCard
from tests.card.table_card import (
    JPKI,
    MARCH,
    SURFACE,
    Authority,
    InMemory,
    TableCard,
    certify,
    my_number_card,
    tlv,
    usage,
)

VERIFY = 0x20


@pytest.fixture
def card(certificate: bytes, card_key: rsa.RSAPrivateKey) -> TableCard:
    return my_number_card(certificate, card_key)


@pytest.fixture
def trust(root: Authority, tmp_path: Path) -> TrustStore:
    (tmp_path / "root.pem").write_bytes(root.pem)
    return TrustStore.load((TrustedRoot(tmp_path / "root.pem", simulated=True),))


def look(card: TableCard | InMemory, trust: TrustStore) -> Recognised | Problem:
    return recognise(AllowList(card), trust, Reach(None))


def recognised(card: TableCard | InMemory, trust: TrustStore) -> Recognised:
    found = look(card, trust)
    assert isinstance(found, Recognised), found
    return found


def verifies_sent(card: TableCard) -> list[bytes]:
    """Every VERIFY with data, which could cost a try."""
    return [command for command in card.sent(VERIFY) if len(command) > 4]


# -- every kind of virtual card ---------------------------------------------------------------------------------------

CAN: dict[str, tuple[int | None, Photo]] = {
    "ordinary": (3, "readable"),
    "another": (3, "readable"),
    "child": (3, "readable"),
    "elderly": (3, "readable"),
    "late_elderly": (3, "readable"),
    "foreign": (3, "readable"),
    "face_only": (None, "readable"),
    "infant": (3, "absent"),
    "infant_blank": (3, "readable"),
    "last_try": (1, "readable"),
    "locked_pin": (None, "readable"),
    "low_b": (3, "shut"),
    "expiring": (3, "readable"),
    "grace": (3, "readable"),
    "expired": (3, "readable"),
}
"""Kinds that can go on, with tries for the PIN and what is known of the photo before the record is open."""

CANNOT: dict[str, Problem] = {
    "no_certificate": "no_certificate",
    "other_root": "not_accepted",
    "sign_only": "not_accepted",
    "damaged": "unreadable",
    "resident_card": "resident_card",
    "android": "phone",
    "iphone": "phone",
    "transit": "other_card",
    "licence": "other_card",
    "bank": "other_card",
}

NO_ANSWER = {"mute"}
"""There is nothing to talk to: `PcscConnection.open` says so."""

MOST_COMMANDS = 13
"""From the placed card to the choice of a method, with extended reads: what the benchmark's floor is made of."""


def test_every_kind_of_card_has_an_answer() -> None:
    assert set(kinds.KINDS) == {*CAN, *CANNOT, *NO_ANSWER}


@pytest.mark.parametrize("kind", CAN)
def test_a_my_number_card_is_recognised_with_what_it_can_do(
    kind: str, virtual_card: Callable[[str], VirtualCard], issued_trust: TrustStore
) -> None:
    card = InMemory(virtual_card(kind))
    found = recognised(card, issued_trust)
    assert (found.pin_tries, found.photo) == CAN[kind]
    assert found.certificate.simulated
    assert [command for command in card.sent if command[1] == VERIFY and len(command) > 4] == []
    assert len(card.sent) <= MOST_COMMANDS
    assert card.card.audit == []


@pytest.mark.parametrize("kind", CANNOT)
def test_every_other_card_says_why_it_cannot_go_on(
    kind: str, virtual_card: Callable[[str], VirtualCard], issued_trust: TrustStore
) -> None:
    card = InMemory(virtual_card(kind))
    assert look(card, issued_trust) == CANNOT[kind]
    assert [command for command in card.sent if command[1] == VERIFY] == [], "its counters are none of our business"
    assert card.card.audit == []


@pytest.mark.parametrize("kind", [*CAN, *CANNOT])
def test_a_card_torn_away_at_any_command_is_gone_and_nothing_else(
    kind: str, virtual_card: Callable[[str], VirtualCard], issued_trust: TrustStore
) -> None:
    whole = InMemory(virtual_card(kind))
    look(whole, issued_trust)
    for command in range(1, len(whole.sent) + 1):
        with pytest.raises(CardGoneError):
            look(InMemory(virtual_card(kind), gone_at=command), issued_trust)


def test_no_command_is_sent_twice_on_the_way(
    virtual_card: Callable[[str], VirtualCard], issued_trust: TrustStore
) -> None:
    card = InMemory(virtual_card("ordinary"))
    recognised(card, issued_trust)
    selects = [command for command in card.sent if command[1] == 0xA4]
    assert len(selects) == len(set(selects)) == 7
    assert selects[0].endswith(JPKI)


# -- what the virtual cards do not show -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        ("JPKIAPICCTOKEN", "resident_card"),
        ("JPKIAPGPSETOKEN", "phone"),
        ("JPKIAPIOSTOKEN", "phone"),
        ("JPKIAPICCTOKEN3", "other_card"),
        ("", "other_card"),
        ("\x00", "other_card"),
        ("券", "other_card"),
    ],
)
def test_the_token_tells_the_medium_and_nothing_is_read_after_it(
    card: TableCard, trust: TrustStore, token: str, problem: Problem
) -> None:
    card.files[JPKI, 0x0006] = token.encode().ljust(32) + bytes(128)
    assert look(card, trust) == problem
    assert card.sent(0xA4)[-1][-2:] == b"\x00\x06"


@pytest.mark.parametrize("status_word", [StatusWord.NO_CLASS, StatusWord.NO_INSTRUCTION, 0x6999, 0x6100])
def test_a_card_that_knows_nothing_of_us_is_another_card(trust: TrustStore, status_word: int) -> None:
    assert look(TableCard(), trust) == "other_card"
    assert look(TableCard(answers=lambda _: (b"", status_word)), trust) == "other_card"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "no_certificate"),
        (b"", "no_certificate"),
        (b"\xff" * 300, "unreadable"),
        (tlv(0x30, b"not a certificate"), "unreadable"),
        (tlv(0x30, bytes(9000)), "unreadable"),
        (b"\x30\x82\x05\x00 too short", "unreadable"),
    ],
)
def test_a_card_without_a_usable_certificate_says_which(
    card: TableCard, trust: TrustStore, content: bytes | None, problem: Problem
) -> None:
    del card.files[JPKI, 0x000A]
    if content is not None:
        card.files[JPKI, 0x000A] = content
    assert look(card, trust) == problem


def test_a_certificate_that_chains_nowhere_or_is_for_signatures_is_not_accepted(
    card: TableCard, trust: TrustStore, root: Authority, stranger: Authority, card_key: rsa.RSAPrivateKey
) -> None:
    for der in (certify(stranger, card_key), certify(root, card_key, key_usage=usage(content_commitment=True))):
        card.files[JPKI, 0x000A] = der
        assert look(card, trust) == "not_accepted"


@pytest.mark.parametrize("answer", [0x63C0, 0x6983, 0x6984, 0x9000, 0x6A88])
def test_a_blocked_or_unset_pin_is_no_pin_at_the_first_look(card: TableCard, trust: TrustStore, answer: int) -> None:
    card.answers = lambda command: (
        (b"", answer) if command == b"\x00\x20\x00\x80" and card.application == JPKI else None
    )
    found = recognised(card, trust)
    assert (found.pin_tries, found.photo) == (None, "readable")


def test_a_card_without_a_pin_file_is_still_a_card(card: TableCard, trust: TrustStore) -> None:
    del card.secrets[JPKI, 0x0018]
    assert recognised(card, trust).pin_tries is None


@pytest.mark.parametrize(
    ("answer", "photo"),
    [
        (0x63CA, "readable"),
        (0x63C6, "readable"),
        (0x63C5, "shut"),
        (0x63C0, "shut"),
        (0x6984, "shut"),
        (0x6300, "shut"),
        (0x9000, "shut"),
    ],
)
def test_the_photo_is_promised_only_with_tries_to_spare(
    card: TableCard, trust: TrustStore, answer: int, photo: Photo
) -> None:
    card.answers = lambda command: (
        (b"", answer) if command == b"\x00\x20\x00\x80" and card.application == SURFACE else None
    )
    assert recognised(card, trust).photo == photo


@pytest.mark.parametrize("missing", [0x0002, 0x0012])
def test_without_the_record_or_its_key_there_is_no_photo(card: TableCard, trust: TrustStore, missing: int) -> None:
    card.files.pop((SURFACE, missing), None)
    card.secrets.pop((SURFACE, missing), None)
    found = recognised(card, trust)
    assert (found.photo, found.pin_tries, found.certificate.not_after) == ("absent", 3, MARCH)


def test_an_answer_without_end_from_the_surface_application_costs_the_photo_only(
    card: TableCard, trust: TrustStore
) -> None:
    card.answers = lambda command: (b"", 0x6110) if card.application == SURFACE and command[1] != 0xA4 else None
    assert recognised(card, trust).photo == "absent"


# -- PIN and signature -----------------------------------------------------------------------------------------------


def ready_to_sign(card: TableCard) -> AllowList:
    guarded = AllowList(card)
    jpki.select(guarded)
    return guarded


def test_a_right_pin_lets_the_card_sign_with_the_key_of_the_certificate(card: TableCard, trust: TrustStore) -> None:
    certificate = recognised(card, trust).certificate
    guarded = ready_to_sign(card)
    assert jpki.verify_pin(guarded, b"1234") == Verification(right=True)
    signature = jpki.sign(guarded, b"nonce and visit")
    assert certificate.signed(b"nonce and visit", signature)
    assert not certificate.signed(b"another nonce", signature)
    assert not certificate.signed(b"nonce and visit", signature[:-1])


def test_without_the_pin_the_card_refuses_to_sign(card: TableCard) -> None:
    with pytest.raises(ApduError) as caught:
        jpki.sign(ready_to_sign(card), b"nonce")
    assert caught.value.status_word == StatusWord.NOT_VERIFIED


def test_a_wrong_pin_tells_how_many_tries_are_left(card: TableCard) -> None:
    guarded = ready_to_sign(card)
    assert [jpki.verify_pin(guarded, b"9999").tries_left for _ in range(4)] == [2, 1, 0, 0]
    assert jpki.verify_pin(guarded, b"1234") == Verification(right=False, tries_left=0)


def test_a_card_that_tells_no_number_is_asked_for_it(card: TableCard) -> None:
    card.answers = lambda command: (b"", 0x6300) if len(command) == 9 and command[1] == VERIFY else None
    guarded = ready_to_sign(card)
    assert jpki.verify_pin(guarded, b"9999") == Verification(right=False, tries_left=3)
    assert len(verifies_sent(card)) == 1
