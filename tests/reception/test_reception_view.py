"""What a row of the board says of an answer: pure words, from records made up here."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from kiosk.reception.checkins import Row
from kiosk.reception.row_moves import RowState
from kiosk.reception.view import RowView, row_view
from kiosk.record.checkin import CardSeen, CheckIn, Eligibility, Identity, Prescription
from kiosk.record.consent import ConsentItem, given, no_consents
from kiosk.record.dates import Notice
from kiosk.record.eligibility import EligibilityResult, Source, Validity
from kiosk.record.identity import Method
from kiosk.record.ids import KioskId, QueueNumber, new_visit_id

AT = datetime(2026, 10, 5, 0, 0, tzinfo=UTC)
HANAKO = EligibilityResult(
    card_class="01",
    insurer_number="01139997",
    insured_symbol="1234",
    insured_number="67",
    name="試験\u3000花子",
    name_kana="ｼｹﾝ ﾊﾅｺ",
    birth_date=date(1980, 2, 17),
    copay_ratio=30,
)
ASSISTANCE = replace(HANAKO, card_class="A1", insurer_number="12139994", insured_symbol=None, copay_ratio=None)
TWIN = replace(HANAKO, name="試験\u3000月子", name_kana="ｼｹﾝ ﾂｷｺ")


def row(
    *results: EligibilityResult,
    validity: Validity = Validity.VALID,
    agreed: tuple[ConsentItem, ...] = (),
    after: timedelta = timedelta(minutes=1),
) -> RowView:
    consents = no_consents()
    consents.update({item: given(AT) for item in agreed})
    checkin = CheckIn(
        checkin_id=new_visit_id(),
        kiosk_id=KioskId("kiosk-a"),
        queue_number=QueueNumber("A012"),
        opened_at=AT,
        confirmed_at=AT,
        complete=True,
        simulated=True,
        identity=Identity(Method.PIN),
        card=CardSeen("ab" * 32, Notice.NONE),
        eligibility=Eligibility(Source.CENTRE, validity, AT, results),
        consents=consents,
        prescription=Prescription.NOT_ASKED,
    )
    return row_view(Row(1, checkin, b"", AT, RowState.OPEN, None), (), AT + after)


@pytest.mark.parametrize(("told", "shown"), [("insured", "本人"), ("family", "家族"), (None, ""), ("9", "")])
def test_insured_or_family_is_shown_as_the_reader_names_it(told: str | None, shown: str) -> None:
    assert row(replace(HANAKO, insured_or_family=told)).family == shown


@pytest.mark.parametrize("results", [(HANAKO, ASSISTANCE), (ASSISTANCE, HANAKO)])
def test_the_insurance_is_shown_and_the_assistance_beside_it_named(results: tuple[EligibilityResult, ...]) -> None:
    shown = row(*results)

    assert (shown.insurer_number, shown.copay) == ("01139997", "3割")
    assert "医療扶助" in shown.tags
    assert shown.others == ()


def test_twins_are_two_people_of_whom_the_desk_asks_one() -> None:
    shown = row(HANAKO, TWIN, validity=Validity.MULTIPLE)

    assert (shown.kana, shown.others) == ("シケン ハナコ", ("シケン ツキコ",))
    assert (shown.verdict.reason, shown.verdict.next_step) == ("複数該当（2件）", "お名前を伺い、受付で選ぶ")


@pytest.mark.parametrize(
    ("card_class", "tag"),
    [("01", ()), ("05", ("特別療養費",)), ("07", ("自衛官",)), ("A1", ("医療扶助",)), ("99", ()), (None, ())],
)
def test_a_class_that_changes_the_charge_is_named(card_class: str | None, tag: tuple[str, ...]) -> None:
    assert row(replace(HANAKO, card_class=card_class)).tags == tag


@pytest.mark.parametrize(
    ("after", "state", "title"),
    [
        (timedelta(hours=23, minutes=59), "given", "薬剤情報：同意あり（9:00 まで閲覧できます）"),
        (timedelta(hours=24), "not_asked", "薬剤情報：同意の期限切れ（9:00 まで）"),
        (timedelta(days=3), "not_asked", "薬剤情報：同意の期限切れ（10/6 9:00 まで）"),
    ],
)
def test_a_consent_past_its_24_hours_is_none(after: timedelta, state: str, title: str) -> None:
    medication = row(HANAKO, agreed=(ConsentItem.MEDICATION,), after=after).marks[0]

    assert medication.state == state
    assert medication.title == title
