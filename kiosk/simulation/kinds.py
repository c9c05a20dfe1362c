"""Every kind of card that can lie on the reader, as data: whose it is, what is written on it, what is wrong with it.

`kiosk.simulation.issuing` makes a card of a kind; this module is light, so that a command can list the kinds at once.
Facts: domain/mynumber-card.md sections 1, 2, 6 and 8; what is not public there is marked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal

from kiosk.errors import UsageError
from kiosk.simulation.card_image import (
    AID_COMMON,
    AID_JPKI,
    AID_JUKI,
    AID_SURFACE,
    AID_TEXT,
    ATR_CONTACT,
    ATR_MUTE,
)
from kiosk.simulation.holder import Person

_ATR_FELICA = bytes.fromhex("3B8F8001804F0CA00000030611003B0000000042")
"""What readers make up for a FeliCa card (PC/SC part 3, supplement: standard 11, card name 003B)."""

_ATR_TYPE_A = bytes.fromhex("3B80800101")
"""What readers make up for an ISO 14443-4 type A card without historical bytes (PC/SC part 3, section 3.1.3.2.3.1)."""

_ATR_TYPE_B = bytes.fromhex("3B88800100000000338181003A")
"""The same for type B, with invented application data."""

_AID_LICENCE = (
    bytes.fromhex("A0000002310100000000000000000000"),
    bytes.fromhex("A0000002310200000000000000000000"),
)
"""DF1 and DF2 of the IC driving licence (the police agency's published specification)."""

_AID_PAYMENT = (b"2PAY.SYS.DDF01", bytes.fromhex("A0000000031010"))
"""The payment system environment of contactless cards and one brand's application (EMV book B)."""

_AID_TRANSIT = (bytes.fromhex("A00000034100000101"),)
"""An invented application: transit cards are FeliCa, which knows none, and some readers answer for it."""

_HANAKO = Person()
_MY_NUMBER_CARD = (AID_JPKI, AID_SURFACE, AID_TEXT, AID_COMMON, AID_JUKI)

SitterName = Literal["astronaut", "grace_hopper"]
"""Whose portrait is the photo (`kiosk.simulation.people`, which needs OpenCV)."""

BIRTHDAY_AGO: Final = timedelta(days=200)
"""How long ago the last birthday was of those who are of an age: an infant has not had one (below one year, since
2 December 2024, the card carries no photo)."""


ADULT: Final = 18


@dataclass(frozen=True, kw_only=True, repr=False)
class Kind:
    """One kind. `label` is what the dock calls it, `sentence` what `--help` says of it.

    `applications` by AID, in the order in which they are found; `token` is what EF 0006 of the JPKI application says.
    `age`: the holder's in
    years, whenever the card is issued; None: born when the person says. `face_record` "blank": there, without a photo in it. `certificate` "cut": the file ends in the middle. `ends_in_days`:
    the certificate's last day counted from the day of issue, None: the holder's fifth birthday.
    """

    name: str
    label: str
    sentence: str
    person: Person | None = _HANAKO
    age: int | None = None
    sitter: SitterName = "astronaut"
    atr: bytes = ATR_CONTACT
    applications: tuple[bytes, ...] = _MY_NUMBER_CARD
    token: str = "JPKIAPICCTOKEN2"  # noqa: S105
    face_record: Literal["photo", "blank", "absent"] = "photo"
    certificate: Literal["authentication", "signature", "cut", "none"] = "authentication"
    certificate_opened_by_pin: bool = False
    signature_certificate: bool = True
    known_root: bool = True
    ends_in_days: int | None = None
    pin_tries: int = 3
    check_number_tries: int = 10

    def holder(self, today: date) -> Person | None:
        """Whose card of this kind it is, if issued `today`; None for cards without a person of ours."""
        if self.person is None or self.age is None:
            return self.person
        last_birthday = today - BIRTHDAY_AGO
        # A minor's card ends on the fifth birthday after its issue, else on the tenth (domain/flow-and-rules.md 2.6).
        lasts = 5 if self.age < ADULT else 10
        born, last = _years_on(last_birthday, -self.age), _years_on(last_birthday, lasts)
        return replace(self.person, birth_date=born, expiry=last)

    @property
    def infant(self) -> bool:
        """Whether the holder is below one year of age."""
        return self.age == 0

    @property
    def has_pin(self) -> bool:
        """Whether the holder was given a PIN for the authentication key (it may be blocked)."""
        return self.certificate != "none" and self.person is not None and self.person.pin is not None


def _years_on(birthday: date, years: int) -> date:
    """The birthday that many years on; whoever was born on 29 February is as old a day earlier in other years."""
    day = 28 if years and (birthday.month, birthday.day) == (2, 29) else birthday.day
    return birthday.replace(year=birthday.year + years, day=day)


_FOREIGNER = Person(name="ＳＡＭＰＬＥ\u3000ＭＡＲＩＡ", name_kana="サンプル\u3000マリア", foreign=True)
_ANOTHER = Person(
    name="見本\u3000太郎",
    name_kana="ミホン\u3000タロウ",
    birth_date=date(1958, 11, 3),
    sex="1",
    expiry=date(2033, 11, 3),
    security_code="7316",
    pin="5678",
)
_INFANT = Person(
    name="試験\u3000あかり", name_kana="シケン\u3000アカリ", security_code="4408", address=Person().address
)
_NO_PIN = Person(pin=None)

_ALL = (
    Kind(name="ordinary", label="ふつう", sentence="a My Number Card with nothing amiss"),
    Kind(
        name="another",
        label="別の人",
        sentence="somebody else's, with another PIN and face: what a swap brings",
        person=_ANOTHER,
        sitter="grace_hopper",
    ),
    Kind(
        name="face_only",
        label="顔認証カード",
        sentence="issued without PINs (顔認証マイナンバーカード)",
        person=_NO_PIN,
        signature_certificate=False,
    ),
    Kind(
        name="infant",
        label="乳児 写真なし",
        sentence="an infant's: PIN, no face record, no signature certificate",
        person=_INFANT,
        age=0,
        face_record="absent",
        signature_certificate=False,
    ),
    Kind(
        name="infant_blank",
        label="乳児 空の写真",
        sentence="the same with a face record that holds no photo (which of the two is real is not public)",
        person=_INFANT,
        age=0,
        face_record="blank",
        signature_certificate=False,
    ),
    Kind(
        name="child",
        label="未就学の子",
        sentence="a child's of four years, with a photo",
        person=_INFANT,
        age=4,
        signature_certificate=False,
    ),
    Kind(
        name="elderly",
        label="72歳",
        sentence="somebody's of 72 years (70 to 74: 高齢受給者証)",
        person=_ANOTHER,
        age=72,
    ),
    Kind(
        name="late_elderly",
        label="80歳",
        sentence="somebody's of 80 years (75 and over: 後期高齢者医療)",
        person=_ANOTHER,
        age=80,
    ),
    Kind(
        name="foreign",
        label="外国の方",
        sentence="a foreign resident's: check number B counts the Western year",
        person=_FOREIGNER,
    ),
    Kind(name="last_try", label="PIN残り1回", sentence="one PIN try left", pin_tries=1),
    Kind(name="locked_pin", label="PINロック", sentence="a PIN that is blocked already", pin_tries=0),
    Kind(
        name="low_b",
        label="照合B残り5",
        sentence="check number B nearly used up: 5 tries left of 10, none to spend",
        check_number_tries=5,
    ),
    Kind(
        name="no_certificate",
        label="証明書なし",
        sentence="no authentication certificate (and no PIN for one)",
        person=_NO_PIN,
        certificate="none",
        signature_certificate=False,
    ),
    Kind(name="expiring", label="期限まで1か月", sentence="a certificate that ends in 30 days", ends_in_days=30),
    Kind(
        name="grace",
        label="期限切れ1か月",
        sentence="one that ended 30 days ago: the months of grace",
        ends_in_days=-30,
    ),
    Kind(
        name="expired", label="期限切れ半年", sentence="one that ended 200 days ago: past all grace", ends_in_days=-200
    ),
    Kind(
        name="other_root",
        label="知らない発行者",
        sentence="a certificate under a root of the same name that nobody trusts",
        known_root=False,
    ),
    Kind(
        name="sign_only",
        label="署名用の証明書",
        sentence="a certificate for signatures (nonRepudiation) where that for authentication belongs",
        certificate="signature",
    ),
    Kind(
        name="damaged",
        label="傷んだカード",
        sentence="a chip whose certificate breaks off in the middle",
        certificate="cut",
    ),
    Kind(
        name="mute",
        label="応答なし",
        sentence="present, but never powers up: in a sleeve, upside down, broken",
        person=None,
        atr=ATR_MUTE,
        applications=(),
    ),
    Kind(
        name="resident_card",
        label="住基カード",
        sentence="the old 住基カード (JPKIAPICCTOKEN): signature certificate only",
        applications=(AID_JPKI, AID_JUKI),
        token="JPKIAPICCTOKEN",  # noqa: S106
        certificate="none",
    ),
    Kind(
        name="android",
        label="Android",
        sentence="an Android phone (JPKIAPGPSETOKEN): certificate behind the PIN, no photo",
        applications=(AID_JPKI,),
        token="JPKIAPGPSETOKEN",  # noqa: S106
        atr=_ATR_TYPE_A,
        certificate_opened_by_pin=True,
        signature_certificate=False,
    ),
    Kind(
        name="iphone",
        label="iPhone",
        sentence="an iPhone (JPKIAPIOSTOKEN): no PIN, no photo; the rest is not public",
        applications=(AID_JPKI,),
        token="JPKIAPIOSTOKEN",  # noqa: S106
        atr=_ATR_TYPE_A,
        person=_NO_PIN,
        signature_certificate=False,
    ),
    Kind(
        name="transit",
        label="交通系IC",
        sentence="a transit card (FeliCa)",
        person=None,
        atr=_ATR_FELICA,
        applications=_AID_TRANSIT,
    ),
    Kind(
        name="licence",
        label="運転免許証",
        sentence="an IC driving licence",
        person=None,
        atr=_ATR_TYPE_B,
        applications=_AID_LICENCE,
    ),
    Kind(
        name="bank",
        label="銀行カード",
        sentence="a bank's payment card",
        person=None,
        atr=_ATR_TYPE_A,
        applications=_AID_PAYMENT,
    ),
)

KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _ALL}
"""Every kind by name, in the order in which they are shown."""

ORDINARY: Final = KINDS["ordinary"]


def named(name: str) -> Kind:
    """The kind of this name; raises `UsageError` that names them all."""
    if name not in KINDS:
        raise UsageError(f"{name[:40]!r} is no kind of card; expected one of: {', '.join(KINDS)}")
    return KINDS[name]
