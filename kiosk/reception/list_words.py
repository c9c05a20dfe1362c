"""The words of lists: days, and how far a list that is being looked up is."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from kiosk.reception.listed import FURTHEST
from kiosk.reception.lookups import ListStep, Progress
from kiosk.record import dates

_WEEKDAYS = "月火水木金土日"
_NOON = 12
_AHEAD = {0: "きょう", 1: "あす", 2: "あさって"}

_STEPS = {
    ListStep.SENDING: "照会の一覧を作っています",
    ListStep.WAITING: "資格確認システムの結果を待っています（数分かかることがあります）",
    ListStep.READING: "結果を読んでいます",
}


def day_words(day: date, today: date) -> str:
    """`day` as the desk says it: あす 11月25日（水）."""
    plain = f"{day.month}月{day.day}日（{_WEEKDAYS[day.weekday()]}）"
    ahead = _AHEAD.get((day - today).days)
    return plain if ahead is None else f"{ahead} {plain}"


def days(now: datetime) -> list[tuple[str, str, bool]]:
    """The days a list may be for: its ISO date, its words, and whether it is the one most likely meant."""
    local = now.astimezone(dates.JST)
    today = dates.japanese_day(now)
    usual = today + timedelta(days=local.hour >= _NOON)
    every = [today + timedelta(days=ahead) for ahead in range(FURTHEST + 1)]
    return [(day.isoformat(), day_words(day, today), day == usual) for day in every]


def clock_words(at: datetime) -> str:
    """When something was, in Japan: 11/24 18:02."""
    local = at.astimezone(dates.JST)
    return f"{local.month}/{local.day} {local.hour}:{local:%M}"


def step_words(progress: Progress) -> str:
    """What a list that is under way waits for."""
    return _STEPS[progress.step]
