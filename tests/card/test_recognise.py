"""What lies on the reader, its PIN, its signature and its photo, told from a card in memory through the allow-list."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from kiosk.card import jpki, surface
from kiosk.card.allowlist import AllowList
from kiosk.card.apdu import ApduError, StatusWord, Verification
from kiosk.card.certificate import TrustStore
from kiosk.card.errors import CardFormatError, CardGoneError, PhotoError
from kiosk.card.recognise import Problem, Recognised, recognise
from kiosk.card.settings import TrustedRoot
from tests.card.table_card import (
    CHECK_NUMBER_B,
    JP2,
    JPKI,
    MARCH,
    SURFACE,
    TEXT,
    Authority,
    TableCard,
    certify,
    face_record,
    my_number_card,
    tlv,
)

VERIFY = 0x20


@pytest.fixture
def card(certificate: bytes, card_key: rsa.RSAPrivateKey) -> TableCard:
    return my_number_card(certificate, card_key)


@pytest.fixture
def trust(root: Authority, tmp_path: Path) -> TrustStore:
    (tmp_path / "root.pem").write_bytes(root.pem)
    return TrustStore.load((TrustedRoot(tmp_path / "root.pem", simulated=True),))


def recognised(card: TableCard, trust: TrustStore, check_number_b: str | None = CHECK_NUMBER_B) -> Recognised:
    found = recognise(AllowList(card), trust, check_number_b)
    assert isinstance(found, Recognised), found
    return found


def verifies_sent(card: TableCard) -> list[bytes]:
    """Every VERIFY with data, which could cost a try."""
    return [command for command in card.sent(VERIFY) if len(command) > 4]


def test_an_adults_card_is_recognised_and_no_try_is_spent(
    card: TableCard, trust: TrustStore, certificate: bytes
) -> None:
    found = recognised(card, trust)
    assert (found.certificate.der, found.certificate.not_after) == (certificate, MARCH)
    assert (found.pin_tries, found.can_show_photo, found.certificate.simulated) == (3, True, True)
    assert verifies_sent(card) == []
    assert card.application == JPKI
    assert {application for application, _, _ in card.log} <= {None, JPKI, SURFACE}


@pytest.mark.parametrize(
    "token", ["JPKIAPICCTOKEN", "JPKIAPGPSETOKEN", "JPKIAPIOSTOKEN", "JPKIAPICCTOKEN3", "", "\x00", "券"]
)
def test_old_cards_and_phones_are_another_card(card: TableCard, trust: TrustStore, token: str) -> None:
    card.files[JPKI, 0x0006] = token.encode().ljust(32) + bytes(128)
    assert recognise(AllowList(card), trust, None) == "other_card"
    assert card.sent(0xA4)[-1][-2:] == b"\x00\x06", "nothing is read after the token"


def test_a_card_of_another_kind_is_another_card(trust: TrustStore) -> None:
    assert recognise(AllowList(TableCard()), trust, None) == "other_card"
    deaf = TableCard(answers=lambda _: (b"", StatusWord.NO_CLASS))
    assert recognise(AllowList(deaf), trust, None) == "other_card"


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
    assert recognise(AllowList(card), trust, None) == problem


def test_a_certificate_that_chains_nowhere_is_another_card(
    card: TableCard, trust: TrustStore, stranger: Authority, card_key: rsa.RSAPrivateKey
) -> None:
    card.files[JPKI, 0x000A] = certify(stranger, card_key)
    assert recognise(AllowList(card), trust, None) == "other_card"


@pytest.mark.parametrize("answer", [0x63C0, 0x6983, 0x6984, 0x9000, 0x6A88])
def test_a_blocked_or_unset_pin_is_no_pin_at_the_first_look(card: TableCard, trust: TrustStore, answer: int) -> None:
    card.answers = lambda command: (b"", answer) if command == b"\x00\x20\x00\x80" else None
    found = recognised(card, trust)
    assert (found.pin_tries, found.can_show_photo) == (None, False)


def test_a_card_without_a_pin_file_is_still_a_card(card: TableCard, trust: TrustStore) -> None:
    del card.secrets[JPKI, 0x0018]
    assert recognised(card, trust).pin_tries is None


@pytest.mark.parametrize("number", [None, "", "123456789018", "5502172035228", "55131720352285", "55023020352285"])
def test_without_a_plausible_check_number_b_no_photo_is_promised(
    card: TableCard, trust: TrustStore, number: str | None
) -> None:
    assert not recognised(card, trust, number).can_show_photo
    assert SURFACE not in {application for application, _, _ in card.log}


def test_without_the_surface_application_no_photo_is_promised(card: TableCard, trust: TrustStore) -> None:
    card.files = {place: content for place, content in card.files.items() if place[0] != SURFACE}
    assert not recognised(card, trust).can_show_photo


def test_a_card_torn_away_at_any_command_is_gone_and_nothing_else(
    card: TableCard, trust: TrustStore, certificate: bytes, card_key: rsa.RSAPrivateKey
) -> None:
    recognised(card, trust)
    for command in range(1, len(card.log) + 1):
        torn = my_number_card(certificate, card_key)
        torn.gone_at = command
        with pytest.raises(CardGoneError):
            recognise(AllowList(torn), trust, CHECK_NUMBER_B)


# -- PIN and signature -----------------------------------------------------------------------------------------------


def test_a_right_pin_lets_the_card_sign_with_the_key_of_the_certificate(card: TableCard, trust: TrustStore) -> None:
    guarded = AllowList(card)
    found = recognise(guarded, trust, None)
    assert isinstance(found, Recognised)
    assert jpki.verify_pin(guarded, b"1234") == Verification(right=True)
    signature = jpki.sign(guarded, b"nonce and visit")
    assert found.certificate.signed(b"nonce and visit", signature)
    assert not found.certificate.signed(b"another nonce", signature)
    assert not found.certificate.signed(b"nonce and visit", signature[:-1])


def test_without_the_pin_the_card_refuses_to_sign(card: TableCard) -> None:
    guarded = AllowList(card)
    jpki.select(guarded)
    with pytest.raises(ApduError) as caught:
        jpki.sign(guarded, b"nonce")
    assert caught.value.status_word == StatusWord.NOT_VERIFIED


def test_a_wrong_pin_tells_how_many_tries_are_left(card: TableCard) -> None:
    guarded = AllowList(card)
    jpki.select(guarded)
    assert [jpki.verify_pin(guarded, b"9999").tries_left for _ in range(4)] == [2, 1, 0, 0]
    assert jpki.verify_pin(guarded, b"1234") == Verification(right=False, tries_left=0)


def test_a_card_that_tells_no_number_is_asked_for_it(card: TableCard) -> None:
    card.answers = lambda command: (b"", 0x6300) if len(command) == 9 and command[1] == VERIFY else None
    guarded = AllowList(card)
    jpki.select(guarded)
    assert jpki.verify_pin(guarded, b"9999") == Verification(right=False, tries_left=3)
    assert len(verifies_sent(card)) == 1


# -- photo -----------------------------------------------------------------------------------------------------------


def test_check_number_b_opens_the_photo_and_nothing_else(card: TableCard) -> None:
    assert surface.photo(AllowList(card), CHECK_NUMBER_B) == JP2
    touched = {(application, command[5:]) for application, _, command in card.log if command[1:3] == b"\xa4\x02"}
    assert touched == {(SURFACE, b"\x00\x12"), (SURFACE, b"\x00\x02")}
    assert TEXT not in {application for application, _, _ in card.log}


@pytest.mark.parametrize(("left", "sent"), [(10, 1), (6, 1), (5, 0), (4, 0), (1, 0), (0, 0)])
def test_check_number_b_is_never_sent_with_five_tries_left_or_fewer(card: TableCard, left: int, sent: int) -> None:
    card.secrets[SURFACE, 0x0012].left = left
    if sent:
        assert surface.photo(AllowList(card), CHECK_NUMBER_B) == JP2
    else:
        with pytest.raises(PhotoError, match="too few tries"):
            surface.photo(AllowList(card), CHECK_NUMBER_B)
        assert card.secrets[SURFACE, 0x0012].left == left
    assert len(verifies_sent(card)) == sent


def test_a_wrong_check_number_b_costs_one_try(card: TableCard) -> None:
    with pytest.raises(PhotoError, match="is wrong"):
        surface.photo(AllowList(card), "55021720352286")
    assert card.secrets[SURFACE, 0x0012].left == 9


def test_a_number_that_cannot_be_check_number_b_is_not_sent(card: TableCard) -> None:
    with pytest.raises(PhotoError, match="not sent"):
        surface.photo(AllowList(card), "55021799992285")
    assert card.log == []


@pytest.mark.parametrize(
    ("record", "error"),
    [
        (face_record(None), PhotoError),
        (face_record(b""), PhotoError),
        (face_record(b"\x89PNG\r\n\x1a\n"), CardFormatError),
        (tlv(0xFF20, tlv(0xDF27, JP2) * 2), CardFormatError),
        (tlv(0xFF20, b"\xdf\x27\x82\x10\x00short"), CardFormatError),
        (tlv(0xFF40, tlv(0xDF27, JP2)), CardFormatError),
        (b"", ApduError),
    ],
)
def test_a_face_record_without_one_jp2_photo_gives_none(card: TableCard, record: bytes, error: type[Exception]) -> None:
    card.files[SURFACE, 0x0002] = record
    with pytest.raises(error):
        surface.photo(AllowList(card), CHECK_NUMBER_B)
