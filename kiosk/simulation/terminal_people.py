"""Who a simulated terminal knows by number: the people of the centre's directory, or a few invented ones of its own.

The invented ones cover every answer; all are insured under 01139997, symbol 12340005, unless said otherwise, and born on
1980-02-17. 67 is valid, 68 lost, 69 lost with a newer one, 71 twins (branches 01 and 02), 72 medical assistance that is not
registered, 73 cannot be looked up, 74 brings the system down; every other number belongs to nobody.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path

from kiosk.simulation import patients
from kiosk.simulation.patients import NOBODY, Patient

STOCK = (
    Patient(),
    Patient(insured_number="68", answer="invalid", disqualified_on="2026-03-31", reference_number=None),
    Patient(insured_number="69", answer="invalid_newer_exists", disqualified_on="2026-03-31", reference_number=None),
    Patient(insured_number="71", insured_branch="01", name="双葉\u3000一子", name_kana="ﾌﾀﾊﾞ ｲﾁｺ", family=True),
    Patient(insured_number="71", insured_branch="02", name="双葉\u3000二子", name_kana="ﾌﾀﾊﾞ ﾆｺ", family=True),
    Patient(
        insured_number="1000017",
        insurer_number="12139994",
        insurer_name="架空区福祉事務所",
        card_class="A1",
        insured_symbol=None,
        insured_branch=None,
        answer="valid_unregistered",
        limit_category=None,
        reference_number=None,
    ),
    Patient(insured_number="73", answer="person_error"),
    Patient(insured_number="74", answer="system_error"),
    Patient(
        insured_number="09900011",
        insurer_number="39139993",
        insurer_name="架空後期高齢者医療広域連合",
        insured_symbol=None,
        insured_branch=None,
        name="後期\u3000梅",
        name_kana="ｺｳｷ ｳﾒ",
        birth_date="1945-03-20",
        copay_ratio=20,
        limit_category="B09",
    ),
    Patient(
        insured_number="12345",
        insurer_number="138990",
        insurer_name="架空市",
        insured_symbol="架－９",
        name="国保\u3000二郎",
        name_kana="ｺｸﾎ ｼﾞﾛｳ",
        sex="male",
        birth_date="1954-06-01",
        elderly=True,
        copay_ratio=20,
        limit_category="B04",
    ),
    Patient(
        insured_number="75",
        insured_branch="03",
        name="●\u3000小花",
        name_kana="ｼｹﾝ ｺﾊﾅ",
        birth_date="2022-05-05",
        family=True,
        preschool=True,
        copay_ratio=20,
        limit_category=None,
    ),
)


@dataclass(frozen=True)
class Numbers:
    """What a search says, blanks around it taken off; "" is what it does not say. `birth_date` is eight digits."""

    insurer: str
    symbol: str
    number: str
    branch: str
    birth_date: str


class People:
    """Everybody this terminal can find. `directory` is the centre's file, read again for each search."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self._references: dict[tuple[str, str, str], str] = {}

    def everybody(self) -> tuple[Patient, ...]:
        """The people, with the reference numbers that were registered here."""
        known = STOCK if self._directory is None else tuple(patients.read(self._directory).values())
        return tuple(
            replace(one, reference_number=self._references.get(_key(one), one.reference_number)) for one in known
        )

    def found(self, numbers: Numbers) -> Patient:
        """Who has these numbers: one person; nobody; or, for more than one, somebody whose answer is `multiple`."""
        alike = [one for one in self.everybody() if _fits(one, numbers)]
        if len(alike) > 1:
            return Patient(answer="multiple")
        return alike[0] if alike else NOBODY

    def register(self, numbers: Numbers, reference_number: str) -> bool:
        """Keep a reference number; False where nobody has these numbers (the birth date is not looked at)."""
        alike = [one for one in self.everybody() if _fits(one, numbers, born=False)]
        for one in alike:
            self._references[_key(one)] = reference_number
        return bool(alike)


def _fits(patient: Patient, numbers: Numbers, *, born: bool = True) -> bool:
    wanted = (numbers.insurer, _plain(numbers.number))
    return (
        (patient.insurer_number, _plain(patient.insured_number)) == wanted
        and (
            not numbers.symbol or not patient.insured_symbol or _plain(numbers.symbol) == _plain(patient.insured_symbol)
        )
        and (not numbers.branch or numbers.branch == patient.insured_branch)
        and (not born or patient.birth_date.replace("-", "") == numbers.birth_date)
    )


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _key(patient: Patient) -> tuple[str, str, str]:
    return patient.insurer_number, _plain(patient.insured_number), patient.insured_branch or ""
