"""調剤情報, what was dispensed on electronic prescriptions: the Cz elements of YZKsiquc01res (section 5.5).

Only some of their names are confirmed; the others follow the prescriptions', and what differs is kept as it comes.
"""

from __future__ import annotations

from datetime import date

from kiosk.eligibility.oqs.kinds import DAY, MONTH, TEXT, WORD, Month
from kiosk.eligibility.oqs.schema import Kept, block, blocks, model, value


@model
class CzDrugInf:
    """One dispensed drug; quantities are texts, as they come."""

    usage_cl: str | None = value("CzUsageCl", WORD)
    usage_n: str | None = value("CzUsageN", TEXT)
    sp_inst: str | None = value("CzSpInst", TEXT)
    drug_c: str | None = value("CzDrugC", WORD)
    drug_n: str | None = value("CzDrugN", TEXT)
    ingre_n: str | None = value("CzIngreN", TEXT)
    qua1: str | None = value("CzQua1", WORD)
    unit: str | None = value("CzUnit", TEXT)
    times: str | None = value("CzTimes", WORD)
    kept: tuple[Kept, ...] = ()


@model
class CzDrugInfs:
    """The drugs of a day."""

    drugs: tuple[CzDrugInf, ...] = blocks("CzDrugInf", CzDrugInf)
    kept: tuple[Kept, ...] = ()


@model
class CzDiDateInf:
    """One day and its drugs."""

    di_date: date | None = value("CzDiDate", DAY)
    pr_date: date | None = value("CzPrDate", DAY)
    drug_infs: CzDrugInfs | None = block("CzDrugInfs", CzDrugInfs)
    kept: tuple[Kept, ...] = ()


@model
class CzDiDateInfs:
    """The days of a month."""

    days: tuple[CzDiDateInf, ...] = blocks("CzDiDateInf", CzDiDateInf)
    kept: tuple[Kept, ...] = ()


@model
class CzDiMonthInf:
    """One month of dispensing at one place."""

    di_month: Month | None = value("CzDiMonth", MONTH)
    di_org: str | None = value("CzDiOrg", WORD)
    me_tr_di_h_cd: str | None = value("CzMeTrDiHCd", WORD)
    me_tr_di_h_nm: str | None = value("CzMeTrDiHNm", TEXT)
    prls_h_cd: str | None = value("CzPrlsHCd", WORD)
    prls_h_nm: str | None = value("CzPrlsHNm", TEXT)
    pr_is_org: str | None = value("CzPrIsOrg", WORD)
    pr_cl: str | None = value("CzPrCl", WORD)
    date_infs: CzDiDateInfs | None = block("CzDiDateInfs", CzDiDateInfs)
    kept: tuple[Kept, ...] = ()


@model
class CzDiInf:
    """All months."""

    months: tuple[CzDiMonthInf, ...] = blocks("CzDiMonthInf", CzDiMonthInf)
    kept: tuple[Kept, ...] = ()
