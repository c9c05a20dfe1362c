"""Every kind of card says of itself what it is, over the same commands, and is whole otherwise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from kiosk.errors import UsageError
from kiosk.record import dates
from kiosk.simulation import card_folder, card_image, issuing, kinds
from kiosk.simulation.card import VirtualCard
from kiosk.simulation.card_patients import half_width
from kiosk.simulation.holder import Person
from kiosk.simulation.kinds import KINDS

JPKI = "D392F000260100000001"
SURFACE = "D3921000310001010402"
TEXT = "D3921000310001010408"

NONE_OF_OURS = ["transit", "licence", "bank", "mute"]
PHONES = ["android", "iphone"]
READABLE = [
    name for name in KINDS if name not in (*NONE_OF_OURS, "android", "damaged", "no_certificate", "resident_card")
]
"""A whole certificate lies open on these."""

Fetch = Callable[[str], VirtualCard]


@pytest.fixture(scope="module")
def fetch(issued_card: Path) -> Fetch:
    """A card of a kind with every try it is issued with, under the root of all tests."""

    def fetched(name: str) -> VirtualCard:
        return VirtualCard(card_image.read(issuing.card_of(issued_card, KINDS[name])))

    return fetched


def send(card: VirtualCard, apdu: str) -> tuple[bytes, int]:
    answer = card.transmit(bytes.fromhex(apdu))
    return answer[:-2], int.from_bytes(answer[-2:], "big")


def select(card: VirtualCard, aid: str, ef: str | None = None) -> int:
    done = send(card, f"00A4040C{len(aid) // 2:02X}{aid}")[1]
    return done if ef is None or done != 0x9000 else send(card, f"00A4020C02{ef}")[1]


def tries(card: VirtualCard, aid: str, ef: str) -> int:
    assert select(card, aid, ef) == 0x9000
    status = send(card, "00200080")[1]
    assert status & 0xFFF0 == 0x63C0
    return status & 0xF


def certificate(card: VirtualCard) -> x509.Certificate:
    assert select(card, JPKI, "000A") == 0x9000
    return x509.load_der_x509_certificate(send(card, "00B00000000000")[0])


def token(card: VirtualCard) -> str:
    assert select(card, JPKI, "0006") == 0x9000
    return send(card, "00B0000020")[0].decode("ascii").rstrip()


def root(issued_card: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(card_folder.root(issued_card).read_bytes())


class TestWhatItIs:
    @pytest.mark.parametrize(
        ("kind", "name"),
        [
            ("ordinary", "JPKIAPICCTOKEN2"),
            ("face_only", "JPKIAPICCTOKEN2"),
            ("infant", "JPKIAPICCTOKEN2"),
            ("resident_card", "JPKIAPICCTOKEN"),
            ("android", "JPKIAPGPSETOKEN"),
            ("iphone", "JPKIAPIOSTOKEN"),
        ],
    )
    def test_the_token_names_the_medium(self, fetch: Fetch, kind: str, name: str) -> None:
        assert token(fetch(kind)) == name

    @pytest.mark.parametrize("kind", NONE_OF_OURS)
    def test_another_card_knows_none_of_our_applications(self, fetch: Fetch, kind: str) -> None:
        card = fetch(kind)
        assert [select(card, aid) for aid in (JPKI, SURFACE, TEXT)] == [0x6A82] * 3

    @pytest.mark.parametrize(
        ("kind", "aid"), [("licence", "A0000002310100000000000000000000"), ("bank", "325041592E5359532E4444463031")]
    )
    def test_and_has_its_own(self, fetch: Fetch, kind: str, aid: str) -> None:
        assert select(fetch(kind), aid) == 0x9000

    @pytest.mark.parametrize("kind", [*PHONES, "resident_card"])
    def test_only_the_plastic_card_has_a_printed_side(self, fetch: Fetch, kind: str) -> None:
        card = fetch(kind)
        assert [select(card, SURFACE), select(card, TEXT)] == [0x6A82, 0x6A82]

    @pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"mute"}))
    def test_the_atr_is_one(self, fetch: Fetch, kind: str) -> None:
        atr = fetch(kind).atr
        assert atr[0] == 0x3B
        historical = atr[1] & 0x0F
        at, protocols, more = 2, set(), atr[1] >> 4
        while more:
            at += (more & 7).bit_count()
            if not more & 8:
                break
            protocols.add(atr[at] & 0x0F)
            more, at = atr[at] >> 4, at + 1
        checked = bool(protocols - {0})
        assert len(atr) == at + historical + checked
        if checked:
            check = 0
            for byte in atr[1:]:
                check ^= byte
            assert check == 0


class TestPhoto:
    @pytest.mark.parametrize(("kind", "status"), [("ordinary", 0x9000), ("infant", 0x6A82), ("infant_blank", 0x9000)])
    def test_the_face_record_is_there_or_not(self, fetch: Fetch, kind: str, status: int) -> None:
        assert select(fetch(kind), SURFACE, "0002") == status

    def test_a_blank_face_record_holds_everything_but_a_photo(self, fetch: Fetch, issued_card: Path) -> None:
        card = fetch("infant_blank")
        number = card_folder.facts(card_folder.place_of(issued_card, KINDS["infant_blank"])).check_number_b
        select(card, SURFACE, "0012")
        assert send(card, f"002000800E{number.encode().hex()}")[1] == 0x9000
        select(card, SURFACE, "0002")
        record = send(card, "00B00000000000")[0]
        assert bytes.fromhex("DF2700DF28") in record

    def test_low_b_stands_at_the_limit(self, fetch: Fetch) -> None:
        assert tries(fetch("low_b"), SURFACE, "0012") == 5
        assert tries(fetch("ordinary"), SURFACE, "0012") == 10


class TestPin:
    @pytest.mark.parametrize(
        ("kind", "left"),
        [("ordinary", 3), ("infant", 3), ("last_try", 1), ("locked_pin", 0), ("face_only", 0), ("android", 3)],
    )
    def test_the_tries_it_starts_with(self, fetch: Fetch, kind: str, left: int) -> None:
        assert tries(fetch(kind), JPKI, "0018") == left

    @pytest.mark.parametrize("kind", ["face_only", "no_certificate", "resident_card", "iphone"])
    def test_a_pin_that_was_never_set_is_blocked(self, fetch: Fetch, kind: str) -> None:
        card = fetch(kind)
        select(card, JPKI, "0018")
        assert send(card, "00200080" + "0431323334")[1] == 0x6984

    def test_a_phones_certificate_is_shut_until_the_pin(self, fetch: Fetch) -> None:
        card = fetch("android")
        select(card, JPKI, "000A")
        assert send(card, "00B00000000000")[1] == 0x6982
        select(card, JPKI, "0018")
        assert send(card, "002000800431323334")[1] == 0x9000
        send(card, "00A4020C02000A")
        assert send(card, "00B00000000000")[1] == 0x9000


class TestCertificate:
    @pytest.mark.parametrize("kind", [name for name in READABLE if name != "other_root"])
    def test_all_stand_under_one_root(self, fetch: Fetch, issued_card: Path, kind: str) -> None:
        certificate(fetch(kind)).verify_directly_issued_by(root(issued_card))

    def test_but_the_one_of_a_root_that_only_has_the_same_name(self, fetch: Fetch, issued_card: Path) -> None:
        stranger = certificate(fetch("other_root"))
        assert stranger.issuer == root(issued_card).subject
        with pytest.raises(InvalidSignature):
            stranger.verify_directly_issued_by(root(issued_card))

    def test_no_two_have_one_key(self, fetch: Fetch) -> None:
        keys = [certificate(fetch(kind)).public_key() for kind in ("ordinary", "another", "foreign", "grace")]
        assert not any(key == other for at, key in enumerate(keys) for other in keys[:at])

    @pytest.mark.parametrize(("kind", "days"), [("expiring", 30), ("grace", -30), ("expired", -200)])
    def test_it_ends_in_japan_at_the_end_of_the_day_named(self, fetch: Fetch, kind: str, days: int) -> None:
        ends = certificate(fetch(kind)).not_valid_after_utc.astimezone(dates.JST)
        assert (ends.hour, ends.minute, ends.second) == (23, 59, 59)
        # The card may have been issued before a midnight that has passed since.
        assert ends.date() - datetime.now(dates.JST).date() - timedelta(days) in (timedelta(0), timedelta(-1))

    def test_ordinary_ones_are_far_from_their_end(self, fetch: Fetch) -> None:
        ends = certificate(fetch("ordinary")).not_valid_after_utc.astimezone(dates.JST)
        assert ends.date() - datetime.now(dates.JST).date() > timedelta(days=365)

    def test_sign_only_is_for_signatures(self, fetch: Fetch) -> None:
        usage = certificate(fetch("sign_only")).extensions.get_extension_for_class(x509.KeyUsage).value
        assert (usage.digital_signature, usage.content_commitment) == (False, True)

    def test_a_damaged_one_breaks_off(self, fetch: Fetch) -> None:
        with pytest.raises(ValueError, match="error parsing"):
            certificate(fetch("damaged"))

    @pytest.mark.parametrize("kind", ["no_certificate", "resident_card"])
    def test_it_may_not_be_there(self, fetch: Fetch, kind: str) -> None:
        assert select(fetch(kind), JPKI, "000A") == 0x6A82

    @pytest.mark.parametrize(("kind", "status"), [("ordinary", 0x9000), ("infant", 0x6A82), ("resident_card", 0x9000)])
    def test_that_for_signatures_belongs_to_grown_ups(self, fetch: Fetch, kind: str, status: int) -> None:
        assert select(fetch(kind), JPKI, "0001") == status


class TestHolder:
    def test_a_foreign_residents_check_number_counts_the_western_year(self) -> None:
        person = KINDS["foreign"].holder(date(2026, 11, 22))
        assert person is not None
        assert person.check_number_b == "80021720352285"

    def test_the_infant_is_below_one_year_and_its_card_ends_at_five(self) -> None:
        person = KINDS["infant"].holder(date(2026, 11, 22))
        assert person is not None
        assert (person.birth_date, person.expiry) == (date(2026, 5, 6), date(2031, 5, 6))
        assert person.check_number_b == "08050620314408"

    def test_an_infant_of_29_february_is_five_on_the_28th(self) -> None:
        person = KINDS["infant"].holder(date(2028, 2, 29) + kinds.BIRTHDAY_AGO)
        assert person is not None
        assert (person.birth_date, person.expiry) == (date(2028, 2, 29), date(2033, 2, 28))

    @pytest.mark.parametrize(
        ("kind", "born", "expiry"),
        [
            ("child", date(2022, 5, 6), date(2031, 5, 6)),
            ("elderly", date(1954, 5, 6), date(2036, 5, 6)),
            ("late_elderly", date(1946, 5, 6), date(2036, 5, 6)),
        ],
    )
    def test_who_is_of_an_age_is_so_whenever_the_card_is_issued(self, kind: str, born: date, expiry: date) -> None:
        person = KINDS[kind].holder(date(2026, 11, 22))
        assert person is not None
        assert (person.birth_date, person.expiry) == (born, expiry)

    @pytest.mark.parametrize("kind", NONE_OF_OURS)
    def test_nobody_of_ours_holds_another_issuers_card(self, kind: str) -> None:
        assert KINDS[kind].holder(date(2026, 11, 22)) is None

    def test_somebody_else_shares_nothing_with_the_first(self) -> None:
        one, other = Person(), KINDS["another"].person
        assert other is not None
        assert {one.name, one.pin, one.check_number_b}.isdisjoint({other.name, other.pin, other.check_number_b})

    def test_kana_are_written_in_half_width(self) -> None:
        assert half_width("ガギ\u3000パンダー") == "ｶﾞｷﾞ ﾊﾟﾝﾀﾞｰ"


class TestFolder:
    def test_facts_of_a_card_without_a_holder_are_empty(self, issued_card: Path) -> None:
        facts = card_folder.facts(issuing.card_of(issued_card, KINDS["bank"]))
        assert (facts.kind, facts.pin, facts.check_number_b, facts.fingerprint) == ("bank", None, "", "")

    def test_a_kind_is_issued_once(self, issued_card: Path) -> None:
        facts = [card_folder.facts(issuing.card_of(issued_card, KINDS["grace"])).fingerprint for _ in range(2)]
        assert facts[0] == facts[1] != ""

    def test_the_folders_own_card_is_that_of_its_kind(self, issued_card: Path) -> None:
        assert issuing.card_of(issued_card, KINDS["ordinary"]) == issued_card

    def test_every_kind_is_what_it_is_called_by(self) -> None:
        assert all(name == kind.name and kind.label and kind.sentence for name, kind in KINDS.items())

    def test_an_unknown_kind_is_one_sentence(self) -> None:
        with pytest.raises(UsageError, match="'library' is no kind of card; expected one of: ordinary, another, "):
            kinds.named("library")
