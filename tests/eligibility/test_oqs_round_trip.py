"""What is read and written again reads the same: every sample, and any model there can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from kiosk.eligibility.oqs import (
    bulk,
    checkup,
    codes,
    from_xml,
    kinds,
    medication,
    qualification,
    registration,
    to_xml,
)
from kiosk.eligibility.oqs.encoding import Encoding, encoding_of
from kiosk.eligibility.oqs.schema import Element, Kept, Shape, plan_of, unread
from kiosk.eligibility.oqs.to_xml import Form

SAMPLES = sorted((Path(__file__).parent.parent / "data" / "oqs").glob("*/*.xml"))
SCRAMBLED = "OQSsiquc01res_face_1319999996718293041526374859a0_20261005091240.xml"
"""The one sample whose elements are in the arbitrary order of real files."""

MESSAGES: dict[str, type[Any]] = {
    "OQSsiquc01req": qualification.QualificationRequest,
    "OQSsiquc01res": qualification.QualificationResponse,
    "OQSmuquc01req": bulk.BulkRequest,
    "OQSmuquc01res": bulk.BulkReception,
    "OQSmuquc02req": bulk.BulkFetch,
    "OQSmuquc02res": bulk.BulkResponse,
    "OQSmuhvq01req": bulk.ConsentedRequest,
    "OQSmuonq01req": bulk.ConsentedRequest,
    "OQSmutic01req": bulk.ConsentedRequest,
    "OQSsiimm01req": registration.RegistrationRequest,
    "OQSsiimm01res": registration.RegistrationResponse,
    "OQSmuimm01req": registration.BulkRegistrationRequest,
    "OQSmuimm02res": registration.BulkRegistrationResponse,
    "YZKsiquc01req": medication.MedicationRequest,
    "YZKsiquc01res": medication.MedicationResponse,
    "TKKsiquc01req": checkup.CheckupRequest,
    "TKKsiquc01res": checkup.CheckupResponse,
}


def kind_of(sample: Path) -> type[Any]:
    return MESSAGES[sample.name[:13]]


def test_there_are_all_the_samples() -> None:
    assert len(SAMPLES) == 38


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_is_written_as_it_was_byte_for_byte(sample: Path) -> None:
    message = sample.read_bytes()
    told = from_xml.read(message, kind_of(sample))

    written = to_xml.write(told, Form(encoding_of(message)))

    assert from_xml.read(written, kind_of(sample)) == told
    if sample.name != SCRAMBLED:
        assert written == message


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
@pytest.mark.parametrize("encoding", Encoding)
def test_a_sample_says_the_same_in_either_encoding(sample: Path, encoding: Encoding) -> None:
    told = from_xml.read(sample.read_bytes(), kind_of(sample))

    written = to_xml.write(told, Form(encoding))

    assert encoding_of(written) is encoding or written.isascii()
    assert to_xml.write(from_xml.read(written, kind_of(sample)), Form(encoding)) == written
    assert without_character_code(from_xml.read(written, kind_of(sample))) == without_character_code(told)


def without_character_code(message: Any) -> Any:
    if not hasattr(message.header, "character_code_identifier"):
        return message
    return replace(message, header=replace(message.header, character_code_identifier=None))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_element_of_a_sample_is_known(sample: Path) -> None:
    assert not unknown_tags(from_xml.read(sample.read_bytes(), kind_of(sample)))


def unknown_tags(message: Any) -> set[str]:
    plan = plan_of(type(message))
    found = {kept.tag for kept in getattr(message, "kept", ()) if kept.tag not in plan.places}
    for name, element in plan.fields:
        held = getattr(message, name)
        inside = held if element.shape is Shape.BLOCKS else (held,) if element.model and held is not None else ()
        for one in inside:
            found |= unknown_tags(one)
    return found


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_unknown_elements_survive_wherever_they_stand(sample: Path) -> None:
    root = etree.fromstring(sample.read_bytes())
    parents = [element for element in root.iter() if len(element)]
    for number, parent in enumerate(parents):
        added = etree.Element(f"NewIn2030No{number}", kind="ｶﾅ")
        added.text = f"●{number}"
        parent.insert(0, added)
        nested = etree.SubElement(parent, "NewGroup")
        etree.SubElement(nested, "Inner").text = "１ & <２>"
    message = etree.tostring(root, encoding="UTF-8")
    told = from_xml.read(message, kind_of(sample))

    written = to_xml.write(told)

    assert without_character_code(from_xml.read(written, kind_of(sample))) == without_character_code(told)
    again = etree.fromstring(written)
    for number in range(len(parents)):
        (found,) = again.iter(f"NewIn2030No{number}")
        assert (found.text, found.get("kind")) == (f"●{number}", "ｶﾅ")
        assert found.getparent() is not None
    assert [element.text for element in again.iter("Inner")] == ["１ & <２>"] * len(parents)


def test_a_value_that_was_not_understood_is_written_as_it_came() -> None:
    (sample,) = (one for one in SAMPLES if one.name == "OQSsiquc01res_202610050006.xml")
    told = from_xml.read(sample.read_bytes(), qualification.QualificationResponse)

    assert unread(told) == {"Birthdate"}
    assert b"<Birthdate>1980040X</Birthdate>" in to_xml.write(told)


# -- any model -------------------------------------------------------------------------------------------------------

_CONTROLS = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA1), *range(0xF8F0, 0xF8F4))))
_TWO_OF_ONE = "¢£¬‖−〜"
"""Code page 932 takes these for other code points of the same character of JIS."""


def texts(encoding: Encoding, longest: int = 12) -> st.SearchStrategy[str]:
    letters = st.characters(
        codec=encoding.codec, exclude_categories=["Cs"], exclude_characters=_CONTROLS + _TWO_OF_ONE + "\ufffe\uffff"
    )
    some = st.text(letters | st.sampled_from("●ｱｶﾞ\u3000 <>&\"'"), min_size=1, max_size=longest)
    return some.filter(lambda text: bool(text.strip()))


def words(encoding: Encoding, longest: int = 12) -> st.SearchStrategy[str]:
    return texts(encoding, longest).map(str.strip)


def values(element: Element, encoding: Encoding) -> st.SearchStrategy[object]:
    kind, longest = element.kind, min(element.longest, 12)
    if element.tag == "CharacterCodeIdentifier":
        return st.just(next(code for code in codes.CharacterCode if code == encoding.character_code))
    if kind is kinds.TEXT:
        return texts(encoding, longest)
    if kind is kinds.WORD:
        return words(encoding, longest)
    if kind is kinds.DAY:
        return st.dates()
    if kind is kinds.INSTANT:
        return st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
            lambda at: at.replace(microsecond=0)
        )
    if kind is kinds.MONTH:
        return st.builds(kinds.Month, st.integers(1, 9999), st.integers(1, 12))
    if kind is kinds.COUNT:
        return st.integers(0, 10**9 - 1)
    if kind is kinds.PERCENT:
        return st.sampled_from([10, 20, 30])
    if kind is kinds.INSURER_NUMBER:
        return st.from_regex("[0-9]{6}|[0-9]{8}", fullmatch=True)
    assert kind is not None
    table: type[codes.Code] = getattr(codes, kind.name)
    known = {str(code) for code in table}
    unknown = words(encoding, 4).filter(lambda word: word not in known).map(codes.UnknownCode)
    return st.sampled_from(table) | unknown


def keepings(encoding: Encoding) -> st.SearchStrategy[Kept]:
    def made(tag: str, text: str, attribute: str) -> Kept:
        element = etree.Element(tag, a=attribute)
        etree.SubElement(element, "Inner").text = text
        return Kept(tag, etree.tostring(element, encoding="unicode"))

    tags = st.from_regex("Zz[A-Za-z0-9]{0,5}", fullmatch=True)
    return st.builds(made, tags, texts(encoding), texts(encoding))


def _models(of: type[Any], encoding: Encoding) -> st.SearchStrategy[Any]:
    plan = plan_of(of)
    required = {plan.places[wanted.tag].name for wanted in plan.required}
    always: dict[str, st.SearchStrategy[Any]] = {}
    sometimes: dict[str, st.SearchStrategy[Any]] = {}
    for name, element in plan.fields:
        place = always if name in required else sometimes
        match element.shape:
            case Shape.VALUE:
                place[name] = values(element, encoding)
            case Shape.VALUES:
                place[name] = st.lists(st.none() | texts(encoding), max_size=3).map(tuple)
            case Shape.BLOCK:
                place[name] = models(element.model or of, encoding)
            case Shape.BLOCKS:
                place[name] = st.lists(models(element.model or of, encoding), min_size=1, max_size=2).map(tuple)
            case Shape.INLINE:
                place[name] = models(element.model or of, encoding).map(lambda one: None if one == type(one)() else one)
    if plan.keeps:
        sometimes["kept"] = st.lists(keepings(encoding), max_size=2).map(tuple)
    return st.fixed_dictionaries(always, optional=sometimes).map(lambda told: of(**told))


models = cast("Callable[[type[Any], Encoding], st.SearchStrategy[Any]]", cache(_models))


@pytest.mark.parametrize("encoding", Encoding)
@pytest.mark.parametrize("kind", sorted(set(MESSAGES.values()), key=str))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_model_reads_back_as_it_was_written(kind: type[Any], encoding: Encoding, data: st.DataObject) -> None:
    message = data.draw(models(kind, encoding))

    written = to_xml.write(message, Form(encoding))

    assert from_xml.read(written, kind) == message


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_model_tells_anything_about_a_person(data: st.DataObject) -> None:
    message = data.draw(models(qualification.QualificationResponse, Encoding.UTF_8))

    assert repr(message) == "QualificationResponse(...)"
    assert repr(message.header) == "QualificationHeader(...)"
    assert all(repr(kept) == "Kept()" for kept in message.kept)
