"""The board's words: eras, ages, names of kiosks; every value of the contract has one."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.reception import words
from kiosk.record.door import HelpReason
from kiosk.record.eligibility import Sex, Validity
from kiosk.record.identity import Method
from kiosk.visit.endings import stage_word
from kiosk.visit.stage import Stage


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2019, 5, 1), "令和元年5月1日（2019）"),
        (date(2019, 4, 30), "平成31年4月30日（2019）"),
        (date(1989, 1, 8), "平成元年1月8日（1989）"),
        (date(1989, 1, 7), "昭和64年1月7日（1989）"),
        (date(1926, 12, 25), "昭和元年12月25日（1926）"),
        (date(1926, 12, 24), "大正15年12月24日（1926）"),
        (date(1912, 7, 29), "明治45年7月29日（1912）"),
        (date(1850, 1, 2), "1850年1月2日"),
    ],
)
def test_dates_in_the_era_calendar(day: date, said: str) -> None:
    assert words.japanese_date(day) == said


@pytest.mark.parametrize(
    ("born", "today", "years"),
    [
        (date(2000, 6, 15), date(2026, 6, 14), 25),
        (date(2000, 6, 15), date(2026, 6, 15), 26),
        (date(2004, 2, 29), date(2026, 2, 28), 21),
        (date(2004, 2, 29), date(2026, 3, 1), 22),
    ],
)
def test_ages(born: date, today: date, years: int) -> None:
    assert words.age(born, today) == years


@given(st.dates(date(1868, 1, 25), date(2100, 12, 31)))
def test_every_day_has_an_era_and_keeps_its_christian_year(day: date) -> None:
    said = words.japanese_date(day)
    assert said[:2] in ("明治", "大正", "昭和", "平成", "令和")
    assert said.endswith(f"（{day.year}）")


@pytest.mark.parametrize(("kiosk_id", "said"), [("a", "受付機 A"), ("kiosk-b", "受付機 B"), ("north", "受付機 north")])
def test_kiosks_have_short_names(kiosk_id: str, said: str) -> None:
    assert words.kiosk_name(kiosk_id) == said


def test_every_value_of_the_contract_has_its_words() -> None:
    assert set(words.VERDICTS) == set(Validity)
    assert set(words.HELP) == set(words.HELP_NEXT) == set(HelpReason)
    stages = {stage_word(None), "farewell", *(_snake(stage.__name__) for stage in get_args(Stage))}
    assert set(words.STAGES) == stages
    assert set(words.STOPPED_AT) <= stages
    assert set(words.METHODS) == set(Method)
    assert set(words.SEXES) == set(Sex)
    for validity, verdict in words.VERDICTS.items():
        assert (verdict.next_step == "") == (validity is Validity.VALID)


def _snake(name: str) -> str:
    return "".join(
        "_" + letter.lower() if letter.isupper() and at else letter.lower() for at, letter in enumerate(name)
    )
