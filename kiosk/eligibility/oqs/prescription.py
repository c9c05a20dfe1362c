"""処方情報, what was prescribed electronically: the Sh elements of YZKsiquc01res (domain/oqs-interface.md section 5.5)."""

from __future__ import annotations

from datetime import date

from kiosk.eligibility.oqs.kinds import DAY, MONTH, TEXT, WORD, Month
from kiosk.eligibility.oqs.schema import Kept, block, blocks, model, value


@model
class ShDrugInf:
    """One prescribed drug; quantities are texts, as they come."""

    usage_cl: str | None = value("ShUsageCl", WORD)
    usage_n: str | None = value("ShUsageN", TEXT)
    sp_inst: str | None = value("ShSpInst", TEXT)
    drug_c: str | None = value("ShDrugC", WORD)
    drug_n: str | None = value("ShDrugN", TEXT)
    ingre_n: str | None = value("ShIngreN", TEXT)
    qua1: str | None = value("ShQua1", WORD)
    unit: str | None = value("ShUnit", TEXT)
    times: str | None = value("ShTimes", WORD)
    kept: tuple[Kept, ...] = ()


@model
class ShDrugInfs:
    """The drugs of a day."""

    drugs: tuple[ShDrugInf, ...] = blocks("ShDrugInf", ShDrugInf)
    kept: tuple[Kept, ...] = ()


@model
class ShPrDateInf:
    """One day and its drugs."""

    pr_date: date | None = value("ShPrDate", DAY)
    drug_infs: ShDrugInfs | None = block("ShDrugInfs", ShDrugInfs)
    kept: tuple[Kept, ...] = ()


@model
class ShPrDateInfs:
    """The days of a month."""

    days: tuple[ShPrDateInf, ...] = blocks("ShPrDateInf", ShPrDateInf)
    kept: tuple[Kept, ...] = ()


@model
class ShPrMonthInf:
    """One month of prescriptions of one place."""

    pr_month: Month | None = value("ShPrMonth", MONTH)
    pr_org: str | None = value("ShPrOrg", WORD)
    me_tr_di_h_cd: str | None = value("ShMeTrDiHCd", WORD)
    me_tr_di_h_nm: str | None = value("ShMeTrDiHNm", TEXT)
    pr_h_cd: str | None = value("ShPrHCd", WORD)
    pr_h_nm: str | None = value("ShPrHNm", TEXT)
    pr_is_org: str | None = value("ShPrIsOrg", WORD)
    pr_cl: str | None = value("ShPrCl", WORD)
    date_infs: ShPrDateInfs | None = block("ShPrDateInfs", ShPrDateInfs)
    kept: tuple[Kept, ...] = ()


@model
class ShPrInf:
    """All months."""

    months: tuple[ShPrMonthInf, ...] = blocks("ShPrMonthInf", ShPrMonthInf)
    kept: tuple[Kept, ...] = ()
