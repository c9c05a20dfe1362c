"""医療扶助, medical assistance and its tickets: tables 018 to 025."""

from __future__ import annotations

from kiosk.eligibility.oqs.codes.code import Code


class TicketType(Code):
    """券種別, table 018."""

    MEDICAL = "01", "医療券", "medical ticket"
    DISPENSING = "02", "調剤券", "dispensing ticket"


class CareType(Code):
    """診療別, table 019."""

    INPATIENT = "01", "入院", "inpatient"
    OUTPATIENT = "02", "入院外", "outpatient"
    DENTAL = "03", "歯科", "dental"
    DISPENSING = "04", "調剤", "dispensing"
    HOME_NURSING = "05", "訪問看護", "home nursing"


class SingleOrCombined(Code):
    """単独・併用の別, table 020."""

    SINGLE = "01", "単独", "assistance alone"
    COMBINED = "02", "併用", "with insurance"


class StatusOfOther(Code):
    """社会保険, 感染症, 後期高齢, 都道府県費の状況: tables 021, 023, 024, 025."""

    PRESENT = "01", "あり", "there is"
    ABSENT = "02", "なし", "there is none"


class Consistency(Code):
    """不整合, table 022: there, or absent."""

    INCONSISTENT = "1", "不整合あり", "inconsistent"
