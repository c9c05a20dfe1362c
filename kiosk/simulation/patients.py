"""Made-up patients: what the simulated centre knows about the holder of a card, found by the certificate's fingerprint.

The directory is a JSON file, `{"<SHA-256 of the certificate, hex>": {"answer": "valid", ...}}`; every key of a patient is a
field of `Patient`, what is not said is that of 試験 花子, an invented woman with an invented insurance. A card that is not
in the directory has no insurance at all. The file is read again for each question, so a demo may change it as it runs.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Literal

from kiosk import settings
from kiosk.errors import SettingsError

MAX_BYTES = 4 * 1024 * 1024

Answer = Literal[
    "valid",
    "invalid",
    "invalid_newer_exists",
    "not_found",
    "multiple",
    "valid_unregistered",
    "person_error",
    "system_error",
    "still_processing",
]
"""資格有効性 1 to 6 in the house's words; then: the look-up of this person fails, the whole system fails or is not done."""


@dataclass(frozen=True, repr=False, kw_only=True)
class Patient:
    """One patient: the answer, the person, the insurance, and how the centre behaves when asked. Dates are YYYY-MM-DD.

    `copay_ratio` other than 30 needs its reason: an insurer number that starts with 39 (後期高齢), `elderly` (高齢受給者証,
    70 to 74) or `preschool`. `card_class` A1 is medical assistance, which has neither symbol nor ratio.
    """

    answer: Answer = "valid"
    name: str = "試験\u3000花子"
    name_kana: str = "ｼｹﾝ ﾊﾅｺ"
    name_other: str | None = None
    sex: Literal["male", "female", "unset"] = "female"
    birth_date: str = "1980-02-17"
    address: str = "東京都架空区見本町１－２－３"
    post_number: str = "999-0001"
    card_class: str = "01"
    insurer_number: str = "01139997"
    insurer_name: str = "架空健康保険協会東京支部"
    insured_symbol: str | None = "12340005"
    insured_number: str = "67"
    insured_branch: str | None = "00"
    family: bool = False
    qualified_on: str = "2020-04-01"
    disqualified_on: str | None = None
    copay_ratio: Literal[10, 20, 30] = 30
    elderly: bool = False
    preschool: bool = False
    limit_category: str | None = "A03"
    specific_disease: Literal["1", "2", "3"] | None = None
    """特定疾病 (table 013) of whose 受療証 this patient is a holder."""
    ticket: bool = False
    """医療券: of medical assistance, for this month. Without it the assistance is `valid_unregistered`."""
    beside: Literal["assistance", "twin"] | None = None
    """A second result: medical assistance that pays beside the insurance, or a twin of the same insurance."""
    reason_of_loss: Literal["01", "02", "03", "99"] = "99"
    """Why the insurance was lost (table 008); said where it was."""
    reference_number: str | None = "00042"
    delay_seconds: float = 0.0
    """The answer comes this much later."""
    down: bool = False
    """The centre breaks down when this patient is asked for."""
    maintenance: bool = False
    """The centre closes for its maintenance just when this patient is asked for."""
    revoked: bool = False
    """The certificate was revoked: the proof is refused."""
    registered: bool = True
    """The card was registered for insurance before; else it must be, once, before there is a result."""

    def __post_init__(self) -> None:
        for day in ("birth_date", "qualified_on", "disqualified_on"):
            text = getattr(self, day)
            if text is not None:
                _day(text, day)
        if not re.fullmatch(r"[0-9]{6}|[0-9]{8}", self.insurer_number):
            raise ValueError("insurer_number: expected 6 or 8 digits")
        if not re.fullmatch(r"[\uff66-\uff9f ]{1,100}", self.name_kana):
            raise ValueError("name_kana: expected half-width kana")
        if self.limit_category is not None and not re.fullmatch(r"A0[1-6]|B0[1-9]|B10", self.limit_category):
            raise ValueError("limit_category: expected A01 to A06 or B01 to B10")
        if self.copay_ratio != 30 and not self.says_ratio and not (self.preschool and self.copay_ratio == 20):
            raise ValueError(
                "copay_ratio: other than 30 belongs to an insurer 39......, to elderly or (20) to preschool"
            )
        if self.ticket and self.card_class != "A1":
            raise ValueError("ticket: belongs to medical assistance, card_class A1")
        if not 0 <= self.delay_seconds <= 600:
            raise ValueError("delay_seconds: expected 0 to 600")

    @property
    def late_elderly(self) -> bool:
        """後期高齢者医療: 法別番号 39 (domain/oqs-interface.md section 7.2)."""
        return len(self.insurer_number) == 8 and self.insurer_number.startswith("39")

    @property
    def says_ratio(self) -> bool:
        """Whether the ratio stands in the result as such."""
        return self.late_elderly or self.elderly

    def __repr__(self) -> str:
        return f"Patient({self.answer})"


def read(path: Path) -> dict[str, Patient]:
    """The directory at `path`, by fingerprint; raises `SettingsError` with what is wrong and where."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}); expected a directory of patients") from error
    if len(raw) > MAX_BYTES:
        raise SettingsError(f"{path}: is larger than {MAX_BYTES} bytes")
    try:
        listed = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{path}: is not JSON in UTF-8") from error
    if not isinstance(listed, dict):
        raise SettingsError(f'{path}: expected {{"<fingerprint>": {{...}}}}')
    directory: dict[str, Patient] = {}
    for number, (fingerprint, told) in enumerate(listed.items(), start=1):
        where = f"{path}: patient {number}"
        if not re.fullmatch(r"[0-9a-f]{64}", fingerprint):
            raise SettingsError(f"{where}: expected the fingerprint of a certificate, 64 hex digits in lower case")
        directory[fingerprint] = settings.from_mapping(told, Patient, where=where, base=path.parent)
    return directory


def write(path: Path, directory: dict[str, Patient]) -> None:
    """Store a directory: what differs from 試験 花子 of each patient. Replaces the file in one step."""
    invented = Patient()
    listed = {
        fingerprint: {
            field.name: getattr(patient, field.name)
            for field in fields(Patient)
            if getattr(patient, field.name) != getattr(invented, field.name)
        }
        for fingerprint, patient in directory.items()
    }
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(json.dumps(listed, ensure_ascii=False, indent=1), encoding="utf-8")
    beside.replace(path)


def _day(text: str, what: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{what}: expected a date, YYYY-MM-DD") from error


NOBODY = Patient(answer="not_found")
"""A card that the directory does not know."""
