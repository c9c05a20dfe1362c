"""`kiosk simulate terminal` seen from its folders and pipes alone: no line of the kiosk's own bridge or codec is used."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from kiosk.simulation import terminal_request
from kiosk.simulation.oqs_writer import CLINIC
from kiosk.simulation.terminal_manners import Manner
from kiosk.simulation.terminal_people import STOCK, Numbers, People
from kiosk.simulation.terminal_request import RefusedRequestError

DATA = Path(__file__).parent.parent / "data" / "oqs"
PROCESS = """
import argparse, sys
from kiosk.errors import KioskError
from kiosk.simulation import terminal
parser = argparse.ArgumentParser()
terminal.add_arguments(parser)
try:
    sys.exit(terminal.simulate_terminal(parser.parse_args()))
except KioskError as error:
    sys.exit(str(error))
"""


@contextmanager
def running(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROCESS, "--folder", str(folder), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        with process:
            pass


def heard(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    assert isinstance(told, dict)
    return told


def said(process: subprocess.Popen[str], line: str) -> dict[str, Any]:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()
    return heard(process)


def answered(folder: Path, name: str, process: subprocess.Popen[str], message: bytes) -> ET.Element:
    """Put a request into `req` and wait for the file `name` in `res`."""
    draft = folder / "req" / "draft"
    draft.write_bytes(message)
    draft.rename(folder / "req" / name.replace("res_", "req_"))
    path = folder / "res" / name
    text = b""
    while not text.endswith(b"</XmlMsg>\r\n"):
        assert process.poll() is None
        said(process, "{}")
        text = path.read_bytes() if path.exists() else b""
    path.unlink()
    codec = "cp932" if b"Shift_JIS" in text[:60] else "utf-8"
    return parsed(text.decode(codec))


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text.partition("?>")[2].strip())  # noqa: S314 (what the process beside it wrote)


def request(name: str) -> bytes:
    """A sample request, marked as a test's."""
    message = (DATA / "req" / name).read_bytes()
    return message.replace(b"<ArbitraryFileIdentifier>", b"<ArbitraryFileIdentifier>SIM-")


def asked_for(number: str, birth: str = "19800217", **other: str) -> bytes:
    """The first sample's request, for somebody the terminal knows."""
    text = request("OQSsiquc01req_202610050001.xml").decode()
    text = text.replace(">12<", f">{number}<").replace("99990001", "12340005").replace("19800401", birth)
    for old, new in other.items():
        text = text.replace(f"<{old}>", f"<{new}>")
    return text.replace("            <InsuredBranchNumber>00</InsuredBranchNumber>\r\n", "").encode()


# -- the process -----------------------------------------------------------------------------------------------------------


def test_it_says_where_its_folders_are_and_ends_with_its_standard_input(tmp_path: Path) -> None:
    with running(tmp_path / "oqs") as process:
        told = heard(process)
        assert told == {
            "ready": True,
            "institution_code": CLINIC,
            **{name: str(tmp_path / "oqs" / name) for name in ("req", "res", "face")},
        }
        assert all(Path(told[name]).is_dir() for name in ("req", "res", "face"))
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(5) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_told_to(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path) as process:
        heard(process)
        process.send_signal(number)
        assert process.wait(5) == 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--manner", "rude"), "manner: not something this terminal can do so"),
        (("--delay", "-1"), "delay_seconds: not something"),
        (("--patients", "gone.json"), "gone.json: cannot be read"),
    ],
)
def test_what_it_cannot_do_is_told_in_a_sentence(tmp_path: Path, options: tuple[str, ...], sentence: str) -> None:
    with running(tmp_path, *options) as process:
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 1
    assert sentence in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    "line", ["", "nonsense", "[]", '{"manner": "rude"}', '{"delay_seconds": "x"}', '{"arrive": 99}']
)
def test_a_line_it_does_not_understand_is_answered_and_changes_nothing(tmp_path: Path, line: str) -> None:
    with running(tmp_path) as process:
        heard(process)
        assert set(said(process, line)) == {"error"}
        assert said(process, "{}") == {"manner": "ordinary", "taken": 0, "refused": []}


# -- requests ----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("oqs")


@pytest.fixture(scope="module")
def process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    with running(folder) as process:
        heard(process)
        yield process


VALIDITIES = {"67": "1", "68": "2", "69": "3", "70": "4", "71": "5"}


@pytest.mark.parametrize("number", VALIDITIES)
def test_each_of_its_people_has_their_answer(folder: Path, process: subprocess.Popen[str], number: str) -> None:
    said(process, '{"manner": "ordinary", "encoding": "shift_jis"}')
    root = answered(folder, f"OQSsiquc01res_{number}.xml", process, asked_for(number))

    assert root.findtext("MessageBody/QualificationValidity") == VALIDITIES[number]
    assert root.findtext("MessageHeader/ReferenceClassification") == "2"
    assert root.findtext("MessageHeader/ArbitraryFileIdentifier") == "SIM-kiosk-0001"
    assert root.findtext("MessageHeader/CharacterCodeIdentifier") in {None, "1"}
    assert root.findtext("MessageBody/QualificationConfirmSearchInfo/InsuredIdentificationNumber") == number
    results = root.findall("MessageBody/ResultList/ResultOfQualificationConfirmation")
    assert len(results) == (number in {"67", "68", "69"})
    for result in results:
        assert not any(child.tag.endswith("InfoConsFlg") and "Limit" not in child.tag for child in result)
    assert not list((folder / "req").iterdir())


@pytest.mark.parametrize("path", sorted((DATA / "req").iterdir()), ids=lambda path: path.name[:10])
def test_every_sample_request_it_speaks_is_taken_as_one(path: Path) -> None:
    name = terminal_request.name_of(path.name)
    if name is None:
        assert path.name[:8] in {"OQSmuhvq", "OQSmuonq", "OQSmutic"}
        return
    assert terminal_request.read(name.kind, request(path.name)).kind == name.kind


SPOILED = {
    "another order": lambda text: text.replace("InsuredCardSymbol>", "X>").replace(
        "InsuredIdentificationNumber>", "InsuredCardSymbol>"
    ),
    "an unknown element": lambda text: text.replace("<Birthdate>", "<Age>1</Age><Birthdate>"),
    "an empty element": lambda text: text.replace(">00123<", "><"),
    "no header": lambda text: text.replace("MessageHeader", "Header"),
    "line ends of another system": lambda text: text.replace("\r\n", "\n", 8).replace("\n", "\r\n", 1),
    "an insurer number without its padding": lambda text: text.replace("01139997", "138990"),
    "another encoding than declared": lambda text: text.replace("UTF-8", "UTF-16"),
    "cut off": lambda text: text[:400],
    "not a test's": lambda text: text.replace("SIM-", ""),
    "nobody's": lambda text: text.replace("ArbitraryFileIdentifier", "Identifier"),
}


@pytest.mark.parametrize("what", SPOILED)
def test_it_is_as_strict_as_the_real_one_may_be(folder: Path, process: subprocess.Popen[str], what: str) -> None:
    said(process, '{"manner": "ordinary", "encoding": "utf-8"}')
    text = SPOILED[what](request("OQSsiquc01req_202610050001.xml").decode())
    with pytest.raises(RefusedRequestError):
        terminal_request.read("OQSsiquc01", text.encode())
    root = answered(folder, "OQSsiquc01res_1.xml", process, text.encode())
    assert root.findtext("MessageHeader/SegmentOfResult") == "9"
    assert root.findtext("MessageHeader/ErrorCode") == "SIMH0002"


def test_it_tells_why_it_refused_a_request(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        heard(process)
        path = tmp_path / "draft"
        path.write_bytes(b"nothing")
        path.rename(tmp_path / "req" / "OQSsiquc01req_1.xml")
        refused: list[str] = []
        while not refused:
            refused = said(process, "{}")["refused"]
        assert refused == ["the declaration is not the interface's"]


def test_a_list_is_received_and_fetched_under_its_number(folder: Path, process: subprocess.Popen[str]) -> None:
    said(process, '{"manner": "ordinary"}')
    sample = request("OQSmuquc01req_202610040001.xml")
    root = answered(folder, "OQSmuquc01res_1.xml", process, sample)
    number = root.findtext("MessageBody/ReceptionNumber") or ""
    assert number.isdigit()

    fetch = request("OQSmuquc02req_202610050001.xml").decode().replace("202610041900000001", number)
    root = answered(folder, "OQSmuquc02res_1.xml", process, fetch.encode())

    units = root.findall("MessageBody/BulkConfirmUnit")
    assert root.findtext("MessageHeader/NumberOfProcessingResult") == str(len(units)) == "4"
    assert [one.findtext("QualificationConfirmSearchInfo/ArbitraryIdentifier") for one in units] == [
        "123_1",
        "124_1",
        "125_1",
        "126_1",
    ]
    assert units[2].findtext("QualificationValidity") == "1"
    assert units[2].find("ResultOfQualificationConfirmation/QualificationDate") is None


def test_a_list_may_come_zipped(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        heard(process)
        said(process, '{"zipped": true}')
        root = answered(tmp_path, "OQSmuquc01res_1.xml", process, request("OQSmuquc01req_202610040001.xml"))
        fetch = request("OQSmuquc02req_202610050001.xml").decode()
        fetch = fetch.replace("202610041900000001", root.findtext("MessageBody/ReceptionNumber") or "")
        (tmp_path / "draft").write_text(fetch, encoding="utf-8", newline="")
        (tmp_path / "draft").rename(tmp_path / "req" / "OQSmuquc02req_7.xml")
        path = tmp_path / "res" / "OQSmuquc02res_7.zip"
        while not zipfile.is_zipfile(path):
            said(process, "{}")
        with zipfile.ZipFile(path) as archive:
            assert archive.namelist() == ["OQSmuquc02res_7.xml"]


def test_a_registered_number_is_in_the_next_answer(folder: Path, process: subprocess.Popen[str]) -> None:
    said(process, '{"manner": "ordinary"}')
    text = request("OQSsiimm01req_202610050001.xml").decode("cp932")
    text = text.replace(">12<", ">67<").replace("99990001", "12340005").replace("00123", "00777")
    root = answered(folder, "OQSsiimm01res_1.xml", process, text.encode("cp932"))
    assert root.findtext("MessageBody/ProcessingResultStatus") == "1"
    root = answered(folder, "OQSsiquc01res_2.xml", process, asked_for("67"))
    assert root.findtext(".//ReferenceNumber") == "00777"


def test_somebody_at_its_reader_leaves_a_result_in_face(folder: Path, process: subprocess.Popen[str]) -> None:
    name = said(process, '{"arrive": 0}')["arrived"]
    root = parsed((folder / "face" / name).read_text(encoding="utf-8"))
    assert root.findtext("MessageHeader/ReferenceClassification") == "1"
    assert len(name) == len("OQSsiquc01res_face_") + 30 + len("_20261005090005.xml")


def test_somebody_may_have_been_at_its_reader_before_it_is_ready(tmp_path: Path) -> None:
    with running(tmp_path, "--arrive", "0", "--arrive", "1", "--encoding", "shift_jis") as process:
        heard(process)
        files = sorted((tmp_path / "face").iterdir())
        texts = [path.read_bytes().decode("cp932") for path in files]
    assert len(files) == 2
    assert sorted(parsed(text).findtext(".//InsuredIdentificationNumber") or "" for text in texts) == ["67", "68"]
    assert all('encoding="Shift_JIS"' in text for text in texts)


@pytest.mark.parametrize("number", ["-1", "99"])
def test_nobody_it_does_not_know_was_at_its_reader(tmp_path: Path, number: str) -> None:
    with running(tmp_path, f"--arrive={number}") as process:
        assert process.stderr is not None
        assert "one of this terminal's people" in process.stderr.read()
        assert process.wait(10) == 1
    assert list((tmp_path / "face").iterdir()) == []


def test_its_reader_has_manners_too(folder: Path, process: subprocess.Popen[str]) -> None:
    manners: dict[str, Callable[[Path], bool]] = {
        "pipe": Path.is_fifo,
        "folder": Path.is_dir,
        "link": Path.is_symlink,
        "portal": lambda path: b"sign in" in path.read_bytes(),
        "upper_case": lambda path: not path.exists() and path.with_name(path.name.upper()).exists(),
        "never": lambda path: not path.exists(),
    }
    for manner, is_so in manners.items():
        said(process, json.dumps({"manner": manner}))
        path = folder / "face" / said(process, '{"arrive": 0}')["arrived"]
        said(process, "{}")
        assert is_so(path), manner
    said(process, '{"manner": "ordinary"}')


def test_a_request_is_left_alone_by_a_terminal_that_does_not_run(tmp_path: Path) -> None:
    with running(tmp_path, "--manner", "idle") as process:
        heard(process)
        path = tmp_path / "req" / "OQSsiquc01req_1.xml"
        path.write_bytes(asked_for("67"))
        for _ in range(5):
            said(process, "{}")
        assert path.exists()
        assert not any((tmp_path / "res").iterdir())


# -- who it knows ----------------------------------------------------------------------------------------------------------


def test_its_people_cover_every_answer() -> None:
    answers = {person.answer for person in STOCK} | {"not_found", "multiple"}
    assert answers == {
        "valid",
        "invalid",
        "invalid_newer_exists",
        "not_found",
        "multiple",
        "valid_unregistered",
        "person_error",
        "system_error",
    }


def test_somebody_is_found_by_every_number_that_is_given() -> None:
    people = People()
    right = Numbers("01139997", "１２３４０００５", "67", "00", "19800217")
    assert people.found(right).answer == "valid"
    for wrong in (
        Numbers("06139901", right.symbol, right.number, right.branch, right.birth_date),
        Numbers(right.insurer, "1", right.number, right.branch, right.birth_date),
        Numbers(right.insurer, right.symbol, "99", right.branch, right.birth_date),
        Numbers(right.insurer, right.symbol, right.number, "01", right.birth_date),
        Numbers(right.insurer, right.symbol, right.number, right.branch, "19800218"),
    ):
        assert people.found(wrong).answer == "not_found"


def test_every_manner_has_a_sentence() -> None:
    assert all(manner.sentence for manner in Manner)
