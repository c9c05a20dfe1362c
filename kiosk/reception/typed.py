"""What the desk types off a 資格確認書, and the question it makes. Every refusal is one sentence and names its field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Self

from kiosk.eligibility.oqs import numbers
from kiosk.eligibility.oqs.errors import NumberError
from kiosk.eligibility.terminal.insured import InsuredNumber
from kiosk.eligibility.terminal.look_up import NumberQuery
from kiosk.reception.errors import RefusedError

WESTERN = "西暦"

_ERAS = {
    "令和": (date(2019, 5, 1), date.max),
    "平成": (date(1989, 1, 8), date(2019, 4, 30)),
    "昭和": (date(1926, 12, 25), date(1989, 1, 7)),
    "大正": (date(1912, 7, 30), date(1926, 12, 24)),
    "明治": (date(1868, 1, 25), date(1912, 7, 29)),
}
ERAS = ("昭和", "平成", "令和", "大正", "明治", WESTERN)
"""As the page offers them."""

_LONGEST = 40
"""Characters that any field may have."""


@dataclass(frozen=True, repr=False, kw_only=True)
class Typed:
    """The fields as they were typed, blanks around them taken off; "" where nothing was."""

    insurer: str = ""
    symbol: str = ""
    number: str = ""
    branch: str = ""
    era: str = ""
    year: str = ""
    month: str = ""
    day: str = ""
    limit: str = ""

    @classmethod
    def of(cls, form: Mapping[str, str]) -> Self:
        """The fields in a form. Raises `RefusedError` (422) where one is far too long."""
        told = {field.name: form.get(field.name, "").strip() for field in fields(cls)}
        if any(len(text) > _LONGEST for text in told.values()):
            raise RefusedError(422, "too_long", f"入力は1つの欄につき{_LONGEST}文字までです。")
        return cls(**told)

    def query(self, today: date) -> NumberQuery:
        """The question. Raises `RefusedError` (422), its code the name of the field."""
        insurer = _plain(self.insurer)
        if not re.fullmatch(r"[0-9]{6}|[0-9]{8}", insurer):
            raise RefusedError(422, "insurer", "保険者番号は8桁（国民健康保険は6桁）で入れてください。")
        if not numbers.has_right_check_digit(insurer):
            raise RefusedError(422, "insurer", "保険者番号が違うようです。もう一度、券面と見比べてください。")
        if not self.number:
            raise RefusedError(422, "number", "番号を入れてください。")
        if self.branch and not re.fullmatch(r"[0-9]{1,2}", _plain(self.branch)):
            raise RefusedError(422, "branch", "枝番は2桁の数字で入れてください。")
        if not _is_writable(self.symbol) or not _is_writable(self.number):
            raise RefusedError(422, "number", "記号と番号に、照会に使えない文字があります。")
        birth_date = self.birth_date(today)
        try:
            insured = InsuredNumber(insurer=insurer, number=self.number, symbol=self.symbol, branch=self.branch)
        except NumberError as error:
            raise RefusedError(422, "number", "記号と番号は20文字までです。") from error
        return NumberQuery(insured=insured, birth_date=birth_date, limit_consent=self.limit == "yes")

    def birth_date(self, today: date) -> date:
        """生年月日, of an era's calendar or the Christian one. Raises `RefusedError` (422, `birth_date`)."""
        year, month, day = (_plain(text) for text in (self.year, self.month, self.day))
        if year == "元" and self.era != WESTERN:
            year = "1"
        if not all(re.fullmatch(r"[0-9]{1,4}", text) for text in (year, month, day)):
            raise RefusedError(422, "birth_date", "生年月日を数字で入れてください。")
        first, last = _ERAS.get(self.era, (date(1868, 1, 25), date.max))
        try:
            born = date(int(year) + (first.year - 1 if self.era in _ERAS else 0), int(month), int(day))
        except ValueError as error:
            raise RefusedError(422, "birth_date", "生年月日が暦にありません。") from error
        if not first <= born <= last:
            raise RefusedError(422, "birth_date", f"この日は{self.era}ではありません。" if self.era in _ERAS else _OLD)
        if born > today:
            raise RefusedError(422, "birth_date", "生年月日が今日より先になっています。")
        return born


_OLD = "生年月日の年を確かめてください。"


def _is_writable(text: str) -> bool:
    """Whether the interface's narrower encoding, code page 932, has every character (domain/oqs-interface.md section 1.6)."""
    try:
        text.encode("cp932")
    except UnicodeEncodeError:
        return False
    return text.replace("\u3000", " ").isprintable()


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()
