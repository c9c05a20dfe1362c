"""Reading takes what real files do: encodings that are not declared or declared wrongly, codes of later tables, odd forms."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from kiosk.eligibility.oqs import from_xml, to_xml
from kiosk.eligibility.oqs.codes import (
    CardClass,
    ReferenceClassification,
    SexCode,
    StatusOfOther,
    UnknownCode,
    english_of,
    label_of,
)
from kiosk.eligibility.oqs.encoding import Encoding, encoding_of
from kiosk.eligibility.oqs.errors import MalformedMessageError
from kiosk.eligibility.oqs.qualification import QualificationResponse
from kiosk.eligibility.oqs.reading import read_result
from kiosk.eligibility.oqs.result import ResultOfQualificationConfirmation
from kiosk.eligibility.oqs.schema import unread

DATA = Path(__file__).parent.parent / "data" / "oqs"
SAMPLES = sorted(DATA.glob("*/OQSsiquc01res*.xml"))
DECLARATIONS = [
    "",
    '<?xml version="1.0"?>',
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>',
    "<?xml version='1.0' encoding='utf8'?>",
    '<?xml version="1.0" encoding="Shift_JIS" standalone="no"?>',
    '<?xml version="1.0" encoding="SJIS"?>',
    '<?xml version="1.0" encoding="Windows-31J"?>',
]


def face(time: str) -> str:
    (path,) = (DATA / "face").glob(f"*_20261005{time}.xml")
    return path.read_bytes().decode("utf-8")


def response(text: str | bytes) -> QualificationResponse:
    return from_xml.read(text, QualificationResponse)


def only(text: str | bytes) -> ResultOfQualificationConfirmation:
    told = response(text)
    assert told.body is not None
    (result,) = told.body.results
    return result


def text_of(sample: Path) -> str:
    message = sample.read_bytes()
    return message.decode(encoding_of(message).codec).partition("?>")[2]


@pytest.mark.parametrize("declaration", DECLARATIONS)
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp932"])
def test_the_declaration_may_be_missing_or_wrong(declaration: str, codec: str) -> None:
    for text in map(text_of, SAMPLES):
        assert response((declaration + text).encode(codec)) == response(text)


def test_half_width_kana_alone_is_not_mistaken_for_utf_8() -> None:
    # These bytes are valid UTF-8 too ("ò"): nothing but the declaration, or Japan, tells them apart.
    message = "<XmlMsg><MessageBody><ResultList>{}</ResultList></MessageBody></XmlMsg>".format(
        "<ResultOfQualificationConfirmation><NameKana>ﾃｲ</NameKana></ResultOfQualificationConfirmation>"
    ).encode("cp932")
    assert message.decode("utf-8")

    assert only(message).name_kana == "ﾃｲ"
    assert only(b'<?xml version="1.0" encoding="Shift_JIS"?>' + message).name_kana == "ﾃｲ"


def test_text_in_utf_8_that_is_also_valid_shift_jis_is_read_as_utf_8() -> None:
    message = face("090005").replace('encoding="UTF-8"', 'encoding="Shift_JIS"').encode("utf-8")

    assert encoding_of(message) is Encoding.UTF_8
    assert only(message).name == "厚労\u3000太郎"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_any_order_of_elements_reads_the_same(sample: Path) -> None:
    root = etree.fromstring(text_of(sample).strip())
    chance = random.Random(7)  # noqa: S311 (nothing here is a secret)
    for element in list(root.iter()):
        children = list(element)
        if [child.tag for child in children].count("ResultOfQualificationConfirmation") < 2:
            chance.shuffle(children)
        element[:] = children
    shuffled = etree.tostring(root, encoding="UTF-8")

    assert response(shuffled) == response(sample.read_bytes())


@pytest.mark.parametrize("empty", ["<Sex2></Sex2>", "<Sex2/>", "<Sex2>  </Sex2>", "<Sex2>\r\n    </Sex2>", ""])
def test_absent_empty_and_blank_mean_the_same(empty: str) -> None:
    result = only(face("090005").replace("<Sex1>", f"{empty}<Sex1>"))

    assert result.sex2 is None
    assert not result.kept


def test_the_same_said_twice_is_said_once() -> None:
    assert only(face("090005").replace("<Sex1>1</Sex1>", "<Sex1>1</Sex1><Sex1> 1</Sex1><Sex1/>")).sex1 is SexCode.MALE


def test_elements_inside_a_value_are_kept_and_not_understood() -> None:
    told = response(face("090005").replace("<Name>厚労", "<Name><b>厚労</b>"))
    blank = response(face("090005").replace("<Name>厚労\u3000太郎", "<Name><b>厚労</b>"))

    for one in (told, blank):
        assert one.body is not None
        assert one.body.results[0].name is None
        assert unread(one) == {"Name"}
        assert "<b>厚労</b>".encode() in to_xml.write(one)


def test_two_blocks_that_contradict_each_other_are_refused() -> None:
    twice = face("090210").replace(
        "<ElderlyRecipientCertificateInfo>",
        "<ElderlyRecipientCertificateInfo><ElderlyRecipientContributionRatio>030</ElderlyRecipientContributionRatio>"
        "</ElderlyRecipientCertificateInfo><ElderlyRecipientCertificateInfo>",
    )

    with pytest.raises(MalformedMessageError, match="more than one ElderlyRecipientCertificateInfo"):
        response(twice)


def test_codes_of_later_tables_are_kept_as_they_came() -> None:
    odd = (
        face("090005")
        .replace("<ReferenceClassification>1", "<ReferenceClassification>B")
        .replace("<InsuredCardClassification>01", "<InsuredCardClassification>08")
    )
    told = response(odd)
    assert told.header is not None
    result = only(odd)

    # A, B and C are what one claims computer's own bridge writes for assistance, home visits and online care.
    assert told.header.reference_classification == UnknownCode("B")
    assert isinstance(result.insured_card_classification, UnknownCode)
    assert label_of(result.insured_card_classification) == english_of(result.insured_card_classification) == "08"
    assert unread(told) == {"ReferenceClassification", "InsuredCardClassification"}
    assert read_result(odd).results[0].card_class == "08"
    assert b"<InsuredCardClassification>08</InsuredCardClassification>" in to_xml.write(told)


def test_codes_have_labels_in_two_languages() -> None:
    assert (label_of(CardClass.MEDICAL_ASSISTANCE), english_of(CardClass.MEDICAL_ASSISTANCE)) == (
        "医療扶助",
        "medical assistance",
    )
    assert ReferenceClassification.CARD.english == "My Number Card"


@pytest.mark.parametrize(
    "name",
    [
        "●橋\u3000一郎",
        "辻\U000e0100\u3000花子",
        "葛\ufe00西",
        "德永\u3000𠮷野",
        "ｼｹﾝ",
        "Ö. Müller",
    ],
)
def test_names_stay_as_they_came(name: str) -> None:
    message = face("090005").replace("<Name>厚労\u3000太郎", f"<Name>{name}")

    assert only(message.encode("utf-8")).name == name
    assert only(to_xml.write(response(message))).name == name


@pytest.mark.parametrize("tag", ["StatusOfInfecton", "StatusOfInfection"])
def test_the_misspelt_tag_is_read_in_either_spelling_and_written_in_its_own(tag: str) -> None:
    told = response(face("090855").replace("StatusOfInfecton", tag))
    assert told.body is not None
    listed = told.body.results[0].public_expense_result_list
    assert listed is not None

    assert listed.tickets[0].status_of_infection is StatusOfOther.ABSENT
    assert to_xml.write(told).count(b"<StatusOfInfecton>") == 1
    assert b"StatusOfInfection" not in to_xml.write(told)


@pytest.mark.parametrize(
    ("written", "number"),
    [("  138990", "138990"), ("138990", "138990"), ("01139997", "01139997"), ("138990  ", "138990")],
)
def test_an_insurer_number_has_eight_characters_of_which_two_may_be_blank(written: str, number: str) -> None:
    result = only(face("090005").replace("<InsurerNumber>01139997", f"<InsurerNumber>{written}"))

    assert result.insurer_number == number
    assert f"<InsurerNumber>{number:>8}</InsurerNumber>".encode() in to_xml.write(
        response(face("090005").replace("<InsurerNumber>01139997", f"<InsurerNumber>{written}"))
    )


@pytest.mark.parametrize("odd", ["1139997", "A1139997", "０１１３９９９７"])
def test_an_insurer_number_of_another_form_is_kept_and_not_understood(odd: str) -> None:
    message = face("090005").replace("<InsurerNumber>01139997", f"<InsurerNumber>{odd}")

    assert only(message).insurer_number is None
    assert unread(response(message)) == {"InsurerNumber"}
    assert f"<InsurerNumber>{odd}</InsurerNumber>".encode() in to_xml.write(response(message))


def test_certificates_count_while_they_are_in_force() -> None:
    lapsed = face("090210").replace(
        "<LimitApplicationCertificateValidEndDate>20270731", "<LimitApplicationCertificateValidEndDate>20261004"
    )
    recalled = face("090210").replace(
        "<SpecificDiseasesSelfPay>",
        "<SpecificDiseasesValidEndDate>20261004</SpecificDiseasesValidEndDate><SpecificDiseasesSelfPay>",
    )

    assert read_result(face("090210")).results[0].limit_category == "B04"
    assert read_result(lapsed).results[0].limit_category is None
    assert not read_result(recalled).results[0].specific_disease


def test_local_times_are_japans() -> None:
    result = only(face("090005"))
    assert result.pharmacists_info is not None
    assert result.pharmacists_info.cons_time is not None

    assert result.pharmacists_info.cons_time.isoformat() == "2026-10-05T00:00:05+00:00"
    assert result.birthdate == date(1980, 4, 1)
