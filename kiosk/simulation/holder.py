"""Invented people who hold virtual cards, and the check number B that is printed on their cards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

_ERAS = ((date(2019, 5, 1), 2018), (date(1989, 1, 8), 1988), (date(1926, 12, 25), 1925), (date(1912, 7, 30), 1911))
"""First day of an era and the year before its first: 令和, 平成, 昭和, 大正."""


@dataclass(frozen=True, repr=False)
class Person:
    """An invented card holder. Sex is '1' 男 or '2' 女; a card whose `pin` is None was issued without one (顔認証カード).

    The card of a `foreign` resident counts the year of birth in the Western calendar.
    """

    name: str = "試験\u3000花子"
    name_kana: str = "シケン\u3000ハナコ"
    birth_date: date = date(1980, 2, 17)
    sex: str = "2"
    expiry: date = date(2035, 2, 17)
    security_code: str = "2285"
    pin: str | None = "1234"
    address: str = "東京都千代田区霞が関一丁目１番地"
    foreign: bool = False

    @property
    def year_of_birth(self) -> int:
        """The year as it is printed, two digits: of the Japanese era, or of the Western calendar if `foreign`.

        domain/mynumber-card.md section 2.4; for foreign residents it is what the old 住基カード did, not certain.
        """
        if self.foreign:
            return self.birth_date.year % 100
        return self.birth_date.year - next(before for first_day, before in _ERAS if self.birth_date >= first_day)

    @property
    def check_number_b(self) -> str:
        """照合番号B: YYMMDD of the birth date, year of expiry, security code (14 digits; section 2.4)."""
        return f"{self.year_of_birth:02d}{self.birth_date:%m%d}{self.expiry.year:04d}{self.security_code}"
