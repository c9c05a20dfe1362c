"""Arrivals at an official reader: its folder is read, and nothing but read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.eligibility.errors import EligibilityError
from kiosk.eligibility.oqs.errors import FailedMessageError, MalformedMessageError
from kiosk.eligibility.terminal import filed
from kiosk.eligibility.terminal.arrivals import Arrival, ArrivalsFolder, FailedArrival
from kiosk.eligibility.terminal.errors import MismatchError, NotAFileError, ShareError, TooLargeError
from kiosk.eligibility.terminal.filed import FiledPatient, Found, FoundBy
from kiosk.eligibility.terminal.insured import InsuredNumber
from kiosk.record.checkin import Prescription
from kiosk.record.consent import ConsentItem, ConsentState
from kiosk.record.eligibility import EligibilityResult, Source, Validity
from tests.eligibility.terminal_side import settings, side

SAMPLES = Path(__file__).parent.parent / "data" / "oqs" / "face"
NOW = datetime(2026, 10, 5, 0, 30, tzinfo=UTC)
"""09:30 in Japan, on the day of the samples."""


def sample(stamp: str) -> Path:
    (path,) = SAMPLES.glob(f"*_{stamp}.xml")
    return path


class Clock:
    """The steady clock of two looks, each a second after the other."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@pytest.fixture
def face(tmp_path: Path) -> Path:
    folder = tmp_path / "face"
    folder.mkdir()
    return folder


def folder(face: Path, **other: Any) -> ArrivalsFolder:
    told: dict[str, Any] = {"clock": lambda: NOW, "steady": Clock()}
    return ArrivalsFolder(settings(face.parent), **(told | other))


def looked(arrivals: ArrivalsFolder, times: int = 2) -> list[Arrival | FailedArrival]:
    return [arrival for _ in range(times) for arrival in arrivals.new()]


def seen(face: Path) -> dict[str, tuple[bytes, int, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_ino, path.stat().st_mtime_ns) for path in face.iterdir()}


# -- what the samples say ------------------------------------------------------------------------------------------------


def test_every_sample_is_an_arrival_once_and_stays_where_it_is(face: Path) -> None:
    for path in SAMPLES.iterdir():
        shutil.copy(path, face)
    before = seen(face)
    arrivals = folder(face)

    assert arrivals.new() == ()
    arrived = arrivals.new()

    assert len(arrived) == len(before) == 11
    assert [one.stamped_at for one in arrived] == sorted(one.stamped_at for one in arrived)
    assert all(isinstance(one, Arrival) for one in arrived)
    assert looked(arrivals) == []
    assert seen(face) == before


def test_an_arrival_has_what_the_patient_chose_at_the_reader(face: Path) -> None:
    shutil.copy(sample("20261005090005"), face)

    (arrival,) = looked(folder(face))

    assert isinstance(arrival, Arrival)
    assert arrival.stamped_at == datetime(2026, 10, 5, 0, 0, 5, tzinfo=UTC)
    assert (arrival.confirmed_for, arrival.simulated) == (date(2026, 10, 5), True)
    assert (arrival.eligibility.source, arrival.eligibility.validity) == (Source.OFFICIAL_READER, Validity.VALID)
    assert arrival.eligibility.results[0].reference_number == "00123"
    assert arrival.prescription is Prescription.ELECTRONIC
    assert {item for item, one in arrival.consents.items() if one.state is ConsentState.GIVEN} >= {
        ConsentItem.MEDICATION,
        ConsentItem.CHECKUP,
    }
    assert "厚労" not in repr(arrival)


def test_a_consent_that_has_run_out_is_none(face: Path) -> None:
    shutil.copy(sample("20261005090005"), face)
    late = datetime(2026, 10, 5, 14, 59, tzinfo=UTC)
    path = sample("20261005090005")
    text = path.read_text(encoding="utf-8").replace("ConsTime>20261005", "ConsTime>20261003")
    (face / path.name).write_text(text.replace("AvailableTime>20261006", "AvailableTime>20261004"), encoding="utf-8")

    (arrival,) = looked(folder(face, clock=lambda: late))

    assert isinstance(arrival, Arrival)
    assert arrival.consents[ConsentItem.MEDICATION].state is ConsentState.NOT_ASKED


def test_insurance_and_assistance_are_one_arrival(face: Path) -> None:
    shutil.copy(sample("20261005091005"), face)
    (arrival,) = looked(folder(face))
    assert isinstance(arrival, Arrival)
    assert [result.card_class for result in arrival.eligibility.results] == ["01", "A1"]


def test_whoever_the_reader_found_no_valid_insurance_for_arrived_too(face: Path) -> None:
    shutil.copy(sample("20261005091405"), face)
    shutil.copy(sample("20261005091655"), face)
    validities = [one.eligibility.validity for one in looked(folder(face)) if isinstance(one, Arrival)]
    assert validities == [Validity.INVALID, Validity.NOT_FOUND]


# -- once, today, and only cards -----------------------------------------------------------------------------------------


def test_what_was_told_before_a_restart_is_not_told_again(face: Path) -> None:
    shutil.copy(sample("20261005090005"), face)
    (arrival,) = looked(folder(face))

    assert looked(folder(face, known=[arrival.key])) == []


def test_a_name_in_another_case_or_a_copy_is_the_same_arrival(face: Path) -> None:
    path = sample("20261005090005")
    shutil.copy(path, face)
    arrivals = folder(face)
    assert len(looked(arrivals)) == 1
    (face / path.name).rename(face / path.name.upper())
    shutil.copy(path, face / path.name.replace("0a1b", "ffff"))

    assert looked(arrivals) == []


def test_only_todays_files_are_arrivals(face: Path) -> None:
    shutil.copy(sample("20261005090005"), face)
    assert looked(folder(face, clock=lambda: NOW + timedelta(days=1))) == []
    assert looked(folder(face, clock=lambda: NOW - timedelta(hours=10))) == []


@pytest.mark.parametrize("classification", ["2", "A", "B", "C", ""])
def test_what_no_card_was_shown_for_is_nobodys_arrival(face: Path, classification: str) -> None:
    path = sample("20261005090005")
    text = path.read_text(encoding="utf-8")
    told = text.replace("<ReferenceClassification>1</Ref", f"<ReferenceClassification>{classification}</Ref")
    assert told != text
    (face / path.name).write_text(told, encoding="utf-8")
    assert looked(folder(face)) == []


def test_other_files_are_not_looked_at(face: Path) -> None:
    for name in ("OQSsiquc01res_202610050001.xml", "readme.txt", "OQSsiquc01res_face_x_20261399000000.xml", "DEL1.txt"):
        (face / name).write_bytes(b"<XmlMsg>")
    assert looked(folder(face)) == []


# -- another program owns the folder ---------------------------------------------------------------------------------------


def test_a_file_that_grows_is_waited_for(face: Path) -> None:
    message = sample("20261005090005").read_bytes()
    path = face / sample("20261005090005").name
    arrivals = folder(face)
    for end in (100, 2000, len(message)):
        path.write_bytes(message[:end])
        assert arrivals.new() == ()
    assert len(arrivals.new()) == 1


def test_a_file_that_is_moved_away_after_one_look_is_an_arrival_if_it_was_whole(face: Path) -> None:
    shutil.copy(sample("20261005090005"), face)
    whole, half = folder(face), face / sample("20261005090210").name
    half.write_bytes(sample("20261005090210").read_bytes()[:1000])
    assert whole.new() == ()
    for path in face.iterdir():
        path.unlink()

    (arrival,) = looked(whole)

    assert isinstance(arrival, Arrival)
    assert arrival.eligibility.results[0].reference_number == "00123"


def spoiled(change: Callable[[str], str]) -> Callable[[Path], None]:
    def put(face: Path) -> None:
        path = sample("20261005091005")
        (face / path.name).write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")

    return put


def link(face: Path) -> None:
    (face / sample("20261005091005").name).symlink_to(sample("20261005091005"))


def huge(face: Path) -> None:
    (face / sample("20261005091005").name).write_bytes(b" " * (4 * 1024 * 1024 + 1))


FAILED: dict[str, tuple[Callable[[Path], None], type[EligibilityError]]] = {
    "another clinic's": (spoiled(lambda text: text.replace("1319999996<", "1319999988<")), MismatchError),
    "two people's": (spoiled(lambda text: text.replace("19750909", "19500101", 1)), MismatchError),
    "a failure": (spoiled(lambda text: text.replace("OfResult>1<", "OfResult>9<")), FailedMessageError),
    "cut off": (spoiled(lambda text: text[:1000]), MalformedMessageError),
    "a web page": (spoiled(lambda _: "<html></html>"), MalformedMessageError),
    "a link": (link, NotAFileError),
    "without end": (huge, TooLargeError),
}


@pytest.mark.parametrize("case", FAILED)
def test_what_is_not_believed_is_told_once_as_a_failed_arrival(face: Path, case: str) -> None:
    put, error = FAILED[case]
    put(face)
    there = sorted(path.name for path in face.iterdir())

    (arrival,) = looked(folder(face), times=8)

    assert isinstance(arrival, FailedArrival)
    assert type(arrival.error) is error
    assert sorted(path.name for path in face.iterdir()) == there


def test_a_folder_that_cannot_be_listed_is_an_error_and_loses_nothing(face: Path) -> None:
    shutil.copy(sample("20261005090005"), face)
    arrivals = folder(face)
    assert arrivals.new() == ()
    face.rename(face.parent / "aside")
    with pytest.raises(ShareError):
        arrivals.new()
    (face.parent / "aside").rename(face)
    assert len(arrivals.new()) == 1


def test_without_a_folder_there_are_no_arrivals(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="face: "):
        ArrivalsFolder(settings(tmp_path, face=None))


@pytest.mark.parametrize("encoding", ["utf-8", "shift_jis"])
def test_a_patient_at_the_simulated_reader_arrives(tmp_path: Path, encoding: str) -> None:
    with side(tmp_path, "--encoding", encoding) as there:
        arrivals = ArrivalsFolder(there.settings())
        there.tell(arrive=0)
        (arrival,) = looked(arrivals)
    assert isinstance(arrival, Arrival)
    assert arrival.eligibility.results[0].name == "試験　花子"


# -- whose it is -----------------------------------------------------------------------------------------------------------


BORN = date(1980, 4, 1)
RESULT = EligibilityResult(
    name_kana="ｺｳﾛｳ ﾀﾛｳ",
    birth_date=BORN,
    insurer_number="01139997",
    insured_symbol="99990001",
    insured_number="12",
    insured_branch="00",
    reference_number="00123",
)
NEW = EligibilityResult(name_kana="ｺｳﾛｳ ﾀﾛｳ", birth_date=BORN, insurer_number="01139997", insured_number="12")


def patient(patient_id: str, **other: Any) -> FiledPatient:
    told: dict[str, Any] = {"patient_id": patient_id, "name_kana": "こうろう　たろう", "birth_date": BORN}
    return FiledPatient(**(told | other))


INSURED = (InsuredNumber(insurer="01139997", symbol="９９９９０００１", number="12", branch="00"),)
FOUND: dict[str, tuple[EligibilityResult, list[FiledPatient], Found]] = {
    "by the clinic's own number": (
        RESULT,
        [patient("1", reference_number="00123"), patient("2")],
        Found("1", FoundBy.REFERENCE_NUMBER),
    ),
    "the number is somebody else's": (
        RESULT,
        [patient("1", reference_number="00123", name_kana="ベツジン"), patient("2")],
        Found(None, FoundBy.CONTRADICTION),
    ),
    "the number is of another birth date": (
        RESULT,
        [patient("1", reference_number="00123", birth_date=date(1980, 4, 2))],
        Found(None, FoundBy.CONTRADICTION),
    ),
    "the number is two patients'": (
        RESULT,
        [patient("1", reference_number="00123"), patient("2", reference_number="00123")],
        Found(None, FoundBy.SEVERAL),
    ),
    "by name and birth date": (
        NEW,
        [patient("1"), patient("2", name_kana="ベツジン")],
        Found("1", FoundBy.NAME_AND_BIRTH_DATE),
    ),
    "who has another number of the clinic's": (
        RESULT,
        [patient("1", reference_number="00999")],
        Found(None, FoundBy.CONTRADICTION),
    ),
    "two of one name, one of this insurance": (
        NEW,
        [patient("1"), patient("2", insured=INSURED)],
        Found("2", FoundBy.INSURANCE),
    ),
    "two of one name, neither of this insurance": (NEW, [patient("1"), patient("2")], Found(None, FoundBy.SEVERAL)),
    "two of one name and one insurance": (
        NEW,
        [patient("1", insured=INSURED), patient("2", insured=INSURED)],
        Found(None, FoundBy.SEVERAL),
    ),
    "nobody": (NEW, [patient("1", birth_date=date(1980, 4, 2))], Found(None, FoundBy.NOBODY)),
    "a result without kana": (
        EligibilityResult(birth_date=BORN),
        [patient("1", name_kana="")],
        Found(None, FoundBy.NOBODY),
    ),
}


@pytest.mark.parametrize("case", FOUND)
def test_an_arrival_is_one_patients_or_the_desks(case: str) -> None:
    result, patients, found = FOUND[case]
    assert filed.find(result, patients) == found
    assert filed.find(result, reversed(patients)) == found
    assert "こうろう" not in repr(patients)


@given(spelling=st.sampled_from(["コウロウ タロウ", "こうろうたろう", "ｺｳﾛｳﾀﾛｳ", "コウロウ　タロウ "]))
def test_a_name_is_the_same_in_any_spelling(spelling: str) -> None:
    assert filed.find(NEW, [patient("1", name_kana=spelling)]).patient_id == "1"
