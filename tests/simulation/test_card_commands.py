"""The virtual card answers as domain/mynumber-card.md sections 2 and 3 say, whatever is sent."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.simulation import card_image
from kiosk.simulation.card import VirtualCard

JPKI = "D392F000260100000001"
SURFACE = "D3921000310001010402"
TEXT = "D3921000310001010408"
JUKI = "D3921000310001010401"
COMMON = "D3921000310001010100"

CHECK_NUMBER_B = b"55021720352285"
NUMBER = b"123456789018"
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")


@pytest.fixture
def card(issued_card: Path) -> VirtualCard:
    return VirtualCard(card_image.read(issued_card))


def send(card: VirtualCard, apdu: bytes | str) -> tuple[bytes, int]:
    answer = card.transmit(bytes.fromhex(apdu) if isinstance(apdu, str) else apdu)
    return answer[:-2], int.from_bytes(answer[-2:], "big")


def status(card: VirtualCard, apdu: bytes | str) -> int:
    return send(card, apdu)[1]


def select(card: VirtualCard, aid: str, ef: str | None = None) -> int:
    name = bytes.fromhex(aid)
    done = status(card, bytes([0x00, 0xA4, 0x04, 0x0C, len(name)]) + name)
    return done if ef is None else status(card, "00A4020C02" + ef)


def verify(card: VirtualCard, secret: bytes) -> int:
    return status(card, bytes([0x00, 0x20, 0x00, 0x80, len(secret)]) + secret)


def read_all(card: VirtualCard) -> bytes:
    content = b""
    while True:
        chunk, sw = send(card, bytes([0x00, 0xB0]) + len(content).to_bytes(2, "big") + b"\x00")
        if sw == 0x6B00:
            return content
        assert sw == 0x9000
        content += chunk


def read(card: VirtualCard, aid: str, ef: str) -> bytes:
    assert select(card, aid, ef) == 0x9000
    return read_all(card)


def objects(content: bytes) -> dict[int, bytes]:
    """BER-TLV read independently of the writer: tag -> whole object; values are cut from it by `value`."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(content):
        start = at
        two = content[at] & 0x1F == 0x1F
        tag = int.from_bytes(content[at : at + 1 + two], "big")
        at += 1 + two
        size = content[at]
        at += 1
        if size & 0x80:
            more = size & 0x7F
            size = int.from_bytes(content[at : at + more], "big")
            at += more
        at += size
        found[tag] = content[start:at]
    return found


def value(whole: bytes) -> bytes:
    header = 2 if whole[0] & 0x1F == 0x1F else 1
    size = whole[header]
    return whole[header + 1 + (size & 0x7F if size & 0x80 else 0) :]


def public_key(content: bytes) -> rsa.RSAPublicKey:
    parts = objects(content)
    exponent, modulus = (int.from_bytes(value(parts[tag]), "big") for tag in (0x90, 0x91))
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def opened(key: rsa.RSAPublicKey, signature: bytes) -> bytes:
    numbers = key.public_numbers()
    padded = pow(int.from_bytes(signature, "big"), numbers.e, numbers.n).to_bytes(256, "big")
    assert padded.startswith(b"\x00\x01\xff")
    return padded[padded.index(b"\x00", 2) + 1 :]


class TestSelecting:
    @pytest.mark.parametrize("aid", [JPKI, SURFACE, TEXT])
    def test_the_three_applications_of_a_clinic_are_there(self, card: VirtualCard, aid: str) -> None:
        assert select(card, aid) == 0x9000

    @pytest.mark.parametrize("aid", ["A000000151000000", "D392F0002602", "D27600012401", ""])
    def test_an_unknown_application_is_not_found(self, card: VirtualCard, aid: str) -> None:
        assert select(card, aid) == 0x6A82

    def test_a_prefix_selects_from_five_bytes_on(self, card: VirtualCard) -> None:
        assert select(card, JPKI[:8]) == 0x6A82
        assert select(card, JPKI[:10], "0006") == 0x9000

    def test_no_file_before_an_application(self, card: VirtualCard) -> None:
        assert status(card, "00A4020C02000A") == 0x6A82
        assert status(card, "00B0000000") == 0x6986

    def test_a_file_the_application_lacks_is_not_found(self, card: VirtualCard) -> None:
        assert select(card, JPKI, "0042") == 0x6A82

    def test_a_failed_select_keeps_the_application(self, card: VirtualCard) -> None:
        select(card, JPKI, "0006")
        assert select(card, "A000000151000000") == 0x6A82
        assert send(card, "00B0000010") == (b"JPKIAPICCTOKEN2 ", 0x9000)


class TestReading:
    def test_the_token_names_a_my_number_card(self, card: VirtualCard) -> None:
        token = read(card, JPKI, "0006")
        assert token[:32] == b"JPKIAPICCTOKEN2".ljust(32)
        assert len(token) == 160

    def test_by_short_identifier_makes_the_file_current(self, card: VirtualCard, issued_card: Path) -> None:
        select(card, JPKI)
        assert send(card, "00B08A0020")[1] == 0x9000
        assert read_all(card) == (issued_card / "certificate.der").read_bytes()
        assert status(card, "00B09E0000") == 0x6A82

    def test_with_extended_length(self, card: VirtualCard, issued_card: Path) -> None:
        select(card, JPKI, "000A")
        assert send(card, "00B00000000000") == ((issued_card / "certificate.der").read_bytes(), 0x9000)

    @pytest.mark.parametrize(
        ("aid", "ef"), [(JPKI, "0001"), (SURFACE, "0002"), (TEXT, "0002"), (TEXT, "0001"), (SURFACE, "0005")]
    )
    def test_a_closed_file_stays_closed(self, card: VirtualCard, aid: str, ef: str) -> None:
        assert select(card, aid, ef) == 0x9000
        assert status(card, "00B0000000") == 0x6982

    def test_a_password_cannot_be_read(self, card: VirtualCard) -> None:
        select(card, JPKI, "0018")
        assert status(card, "00B0000000") == 0x6986

    def test_check_number_b_opens_photo_and_attributes_and_not_the_number(self, card: VirtualCard) -> None:
        select(card, SURFACE, "0012")
        assert verify(card, CHECK_NUMBER_B) == 0x9000
        for ef, expected in (("0002", 0x9000), ("0005", 0x6982)):
            select(card, SURFACE, ef)
            assert status(card, "00B0000000") == expected
        select(card, TEXT, "0015")
        assert verify(card, CHECK_NUMBER_B) == 0x9000
        for ef, expected in (("0002", 0x9000), ("0001", 0x6982)):
            select(card, TEXT, ef)
            assert status(card, "00B0000000") == expected


class TestVerifying:
    def test_asking_for_the_tries_costs_none(self, card: VirtualCard) -> None:
        select(card, JPKI, "0018")
        assert [status(card, "00200080") for _ in range(5)] == [0x63C3] * 5

    def test_three_wrong_pins_lock_it_even_for_the_right_one(self, card: VirtualCard) -> None:
        select(card, JPKI, "0018")
        assert [verify(card, b"0000") for _ in range(4)] == [0x63C2, 0x63C1, 0x63C0, 0x6984]
        assert verify(card, b"1234") == 0x6984
        assert status(card, "00200080") == 0x63C0

    def test_the_right_pin_gives_the_tries_back(self, card: VirtualCard) -> None:
        select(card, JPKI, "0018")
        verify(card, b"0000")
        assert verify(card, b"1234") == 0x9000
        assert status(card, "00200080") == 0x63C3

    def test_tries_stay_used_up_without_power(self, card: VirtualCard) -> None:
        select(card, JPKI, "0018")
        verify(card, b"0000")
        card.reset()
        select(card, JPKI, "0018")
        assert status(card, "00200080") == 0x63C2

    def test_a_password_named_by_its_short_identifier(self, card: VirtualCard) -> None:
        select(card, JPKI)
        assert status(card, "002000980431323334") == 0x9000

    def test_without_a_password_file_there_is_nothing_to_verify(self, card: VirtualCard) -> None:
        select(card, JPKI, "000A")
        assert verify(card, b"1234") == 0x6A88
        assert status(card, "002000000431323334") == 0x6A86


class TestSigning:
    DIGEST_INFO = SHA256_PREFIX + sha256(b"challenge").digest()
    COMMAND = bytes([0x80, 0x2A, 0x00, 0x80, len(DIGEST_INFO)]) + DIGEST_INFO + b"\x00"

    def test_the_key_is_shut_without_the_pin(self, card: VirtualCard) -> None:
        select(card, JPKI, "0017")
        assert status(card, self.COMMAND) == 0x6982

    def test_the_key_signs_what_the_certificate_verifies(self, card: VirtualCard, issued_card: Path) -> None:
        select(card, JPKI, "0018")
        verify(card, b"1234")
        select(card, JPKI, "0017")
        signature, sw = send(card, self.COMMAND)
        assert sw == 0x9000
        key = x509.load_der_x509_certificate((issued_card / "certificate.der").read_bytes()).public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        key.verify(signature, b"challenge", padding.PKCS1v15(), hashes.SHA256())

    @pytest.mark.parametrize("forget", ["reset", "another application", "a wrong pin"])
    def test_what_opened_the_key_is_forgotten(self, card: VirtualCard, forget: str) -> None:
        select(card, JPKI, "0018")
        verify(card, b"1234")
        if forget == "reset":
            card.reset()
        elif forget == "another application":
            select(card, SURFACE)
        else:
            verify(card, b"0000")
        select(card, JPKI, "0017")
        assert status(card, self.COMMAND) == 0x6982

    def test_the_signature_password_does_not_open_the_authentication_key(self, card: VirtualCard) -> None:
        select(card, JPKI, "001B")
        assert verify(card, b"ABC123") == 0x9000
        select(card, JPKI, "0017")
        assert status(card, self.COMMAND) == 0x6982

    def test_more_than_the_padding_leaves_room_for_is_refused(self, card: VirtualCard) -> None:
        select(card, JPKI, "0018")
        verify(card, b"1234")
        select(card, JPKI, "0017")
        assert status(card, bytes([0x80, 0x2A, 0x00, 0x80, 246]) + bytes(246) + b"\x00") == 0x6700


class TestRecords:
    def test_the_attributes_are_where_their_table_says(self, card: VirtualCard) -> None:
        select(card, TEXT, "0015")
        verify(card, CHECK_NUMBER_B)
        content = read(card, TEXT, "0002")
        found = objects(value(content))
        assert value(found[0xDF22]).decode() == "試験\u3000花子"
        assert (value(found[0xDF24]), value(found[0xDF25])) == (b"19800217", b"2")
        assert self._offsets(found) == [content.index(found[tag]) for tag in range(0xDF22, 0xDF26)]

    def test_the_face_record_is_signed_over_three_digests(self, card: VirtualCard) -> None:
        content, found = self._face_record(card)
        certifier = public_key(value(objects(value(read(card, SURFACE, "0004")))[0x5F4E])[32:])
        parts: Sequence[Sequence[int]] = ((0xDF22, 0xDF23, 0xDF24), (0xDF25, 0xDF26), (0xDF27,))
        digests = b"".join(sha256(b"".join(found[tag] for tag in part)).digest() for part in parts)
        assert opened(certifier, value(found[0xDF28])).endswith(b"\x04\x60" + digests)
        assert self._offsets(found) == [content.index(found[tag]) for tag in range(0xDF22, 0xDF2B)]

    def test_the_photo_is_a_grey_jpeg_2000_of_240_by_320(self, card: VirtualCard) -> None:
        photo = value(self._face_record(card)[1][0xDF27])
        assert photo.startswith(bytes.fromhex("0000000c6a502020"))
        picture = cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_UNCHANGED)
        assert picture is not None
        assert picture.shape == (320, 240)

    def test_the_card_shows_it_is_there_without_a_pin(self, card: VirtualCard) -> None:
        found = self._face_record(card)[1]
        info = SHA256_PREFIX + sha256(b"random").digest()
        signature, sw = send(card, bytes([0x80, 0x2A, 0x00, 0x00, len(info)]) + info + b"\x00")
        assert sw == 0x9000
        public_key(value(found[0xDF24])).verify(signature, b"random", padding.PKCS1v15(), hashes.SHA256())

    @staticmethod
    def _face_record(card: VirtualCard) -> tuple[bytes, dict[int, bytes]]:
        select(card, SURFACE, "0012")
        verify(card, CHECK_NUMBER_B)
        content = read(card, SURFACE, "0002")
        return content, objects(value(content))

    @staticmethod
    def _offsets(found: dict[int, bytes]) -> list[int]:
        table = value(found[0xDF21])
        return [int.from_bytes(table[at : at + 2], "big") for at in range(0, len(table), 2)]


class TestAudit:
    def test_a_visit_at_the_clinic_leaves_it_empty(self, card: VirtualCard) -> None:
        for aid, ef, secret in (
            (JPKI, "0018", b"1234"),
            (SURFACE, "0012", CHECK_NUMBER_B),
            (TEXT, "0015", CHECK_NUMBER_B),
        ):
            select(card, aid, ef)
            assert verify(card, secret) == 0x9000
        read(card, TEXT, "0002")
        assert card.audit == []

    @pytest.mark.parametrize(
        ("aid", "command", "noted"),
        [
            (TEXT, "00A4020C020001", "SELECT 0001 in 0408"),
            (TEXT, "00A4020C020003", "SELECT 0003 in 0408"),
            (SURFACE, "00A4020C020005", "SELECT 0005 in 0402"),
            (SURFACE, "00A4020C020013", "SELECT 0013 in 0402"),
            (TEXT, "00A4020C020014", "SELECT 0014 in 0408"),
            (TEXT, "00B0810000", "SELECT 0001 in 0408"),
            (SURFACE, "00B0850000", "SELECT 0005 in 0402"),
            (TEXT, "002000940431323334", "VERIFY 0014 in 0408"),
            (SURFACE, "00200093", "VERIFY 0013 in 0402"),
            (JPKI, "002000800C" + NUMBER.hex(), "VERIFY with 12 digits"),
            (JPKI, "00A4040C0A" + JUKI, "SELECT juki application"),
            (JPKI, "00A4040C0A" + COMMON, "SELECT common application"),
        ],
    )
    def test_every_approach_to_the_number_is_noted(self, card: VirtualCard, aid: str, command: str, noted: str) -> None:
        select(card, aid)
        send(card, command)
        assert card.audit == [noted]

    def test_it_outlives_a_reset(self, card: VirtualCard) -> None:
        select(card, JUKI)
        card.reset()
        assert card.audit == ["SELECT juki application"]

    def test_it_never_repeats_what_was_typed(self, card: VirtualCard) -> None:
        select(card, TEXT, "0014")
        verify(card, NUMBER)
        assert NUMBER.decode() not in str(card.audit)


class TestAnythingElse:
    def test_what_opensc_probes_is_declined(self, card: VirtualCard) -> None:
        assert status(card, "00CA000000") == 0x6A88
        assert status(card, "00CB3FFF00") == 0x6D00
        assert status(card, "80CA9F7F00") == 0x6D00
        assert status(card, "A0A40000023F00") == 0x6E00

    @pytest.mark.parametrize("apdu", ["", "00", "00A404", "00A4040C0AD392", "00A4020C02000A0000", "00B000000000010000"])
    def test_lengths_that_contradict_are_refused(self, card: VirtualCard, apdu: str) -> None:
        assert status(card, apdu) == 0x6700

    @settings(max_examples=300, deadline=None)
    @given(
        st.lists(
            st.one_of(
                st.binary(max_size=40),
                st.builds(
                    lambda head, ef, data: bytes.fromhex(head) + bytes([ef, len(data)]) + data,
                    st.sampled_from(["00A402", "00A404", "00B000", "00B081", "002000", "802A00"]),
                    st.integers(0, 255),
                    st.binary(max_size=20),
                ),
            ),
            max_size=12,
        )
    )
    def test_no_bytes_make_it_fail(self, issued_card_image: card_image.CardImage, apdus: list[bytes]) -> None:
        card = VirtualCard(issued_card_image)
        select(card, JPKI)
        for apdu in apdus:
            answer = card.transmit(apdu)
            assert len(answer) >= 2
            assert answer[-2:] != b"\x6f\x00"


@pytest.fixture(scope="module")
def issued_card_image(issued_card: Path) -> card_image.CardImage:
    return card_image.read(issued_card)
