"""The insurance and its certificates: tables 001 and 010 to 014."""

from __future__ import annotations

from kiosk.eligibility.oqs.codes.code import Code


class LimitConsent(Code):
    """限度額適用認定証等情報の提供同意 (特定疾病 too), table 001."""

    NONE = "0", "未同意", "no consent"
    GIVEN = "1", "同意", "consent given"


class CardClass(Code):
    """被保険者証区分, table 010."""

    GENERAL = "01", "一般", "general"
    RETIRED = "02", "退職", "retired"
    SHORT_TERM = "03", "短期（一般）", "short-term"
    SHORT_TERM_RETIRED = "04", "短期（退職）", "short-term, retired"
    SPECIAL_CARE_PAYMENT = "05", "特別療養費支給対象者", "special care payment"
    SPECIAL_RETIRED = "06", "特例退職", "special retired"
    SELF_DEFENCE = "07", "自衛官診療証", "Self-Defence Forces"
    MEDICAL_ASSISTANCE = "A1", "医療扶助", "medical assistance"


class LimitClassification(Code):
    """限度額適用認定証区分, table 011."""

    LIMIT = "01", "限度額適用認定証", "limit certificate"
    LIMIT_AND_MEALS = "02", "限度額適用・標準負担額減額認定証", "limit and reduced meal charge certificate"
    MEALS = "03", "標準負担額減額認定証", "reduced meal charge certificate"


class LimitCategory(Code):
    """限度額適用認定証適用区分, table 012: A below 70 years, B from 70."""

    A01 = "A01", "ア", "category A (a)"
    A02 = "A02", "イ", "category A (i)"
    A03 = "A03", "ウ", "category A (u)"
    A04 = "A04", "エ", "category A (e)"
    A05 = "A05", "オ", "category A (o)"
    A06 = "A06", "オ（境）", "category A (o), borderline"
    B01 = "B01", "現役並みⅢ", "active income III"
    B02 = "B02", "現役並みⅡ", "active income II"
    B03 = "B03", "現役並みⅠ", "active income I"
    B04 = "B04", "一般", "general (70 to 74)"
    B05 = "B05", "低所得Ⅱ", "low income II"
    B06 = "B06", "低所得Ⅰ", "low income I"
    B07 = "B07", "低所得Ⅰ（老福）", "low income I, old-age welfare pension"
    B08 = "B08", "低所得Ⅰ（境）", "low income I, borderline"
    B09 = "B09", "一般Ⅱ", "general II (75 and over)"
    B10 = "B10", "一般Ⅰ", "general I (75 and over)"


class SpecificDisease(Code):
    """特定疾病, table 013."""

    DIALYSIS = "1", "人工透析を必要とする慢性腎不全", "chronic kidney failure on dialysis"
    HAEMOPHILIA = "2", "先天性血液凝固因子障害", "congenital clotting factor deficiency"
    HIV_BY_BLOOD_PRODUCTS = "3", "血液凝固因子製剤に起因するHIV感染症", "HIV infection by blood products"


class LimitChanged(Code):
    """限度額情報変更, table 014 (bulk look-up only)."""

    UNCHANGED = "0", "変更なし", "not changed"
    CHANGED_OR_UNKNOWN = "1", "変更あり・判定不能", "changed, or cannot be told"
