"""The exchange is hostile input: whatever the bytes, a typed error (or a result) within a second."""

from __future__ import annotations

import io
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.eligibility.oqs import bulk, checkup, document, from_xml, medication, qualification, registration
from kiosk.eligibility.oqs.document import MAX_BYTES, MAX_DEPTH
from kiosk.eligibility.oqs.errors import MalformedMessageError, OqsError
from kiosk.eligibility.oqs.reading import read_result

SAMPLES = sorted((Path(__file__).parent.parent / "data" / "oqs" / "face").iterdir())
VALID = SAMPLES[1].read_bytes()
SECONDS = 1.0


def read_quickly(message: bytes | str) -> str:
    """The code of the error, "" for a result; nothing else may come out, and not late."""
    started = time.process_time()
    try:
        read_result(message)
        code = ""
    except OqsError as error:
        code = error.code
    assert time.process_time() - started < SECONDS
    return code


@settings(deadline=None)
@given(st.binary(max_size=4096))
def test_any_bytes_give_a_typed_error(message: bytes) -> None:
    assert read_quickly(message) == "malformed"


@settings(deadline=None)
@given(st.text(max_size=4096))
def test_any_text_gives_a_typed_error(message: str) -> None:
    assert read_quickly(message) == "malformed"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SAMPLES), st.integers(0, 2**32), st.integers(1, 40))
def test_a_damaged_sample_is_a_result_or_a_typed_error(sample: Path, seed: int, damages: int) -> None:
    chance = random.Random(seed)  # noqa: S311 (nothing here is a secret)
    message = bytearray(sample.read_bytes())
    for _ in range(damages):
        at = chance.randrange(len(message))
        match chance.randrange(4):
            case 0:
                message[at] = chance.randrange(256)
            case 1:
                del message[at : at + chance.randrange(40)]
            case 2:
                message[at:at] = message[at : at + chance.randrange(200)]
            case _:
                message[at:at] = chance.choice([b"<", b">", b"&", b"\0", b"<!--", b"]]>", b"<Name>", b"</Name>", b"0"])
        if len(message) < 2:
            break
    read_quickly(bytes(message))


@settings(deadline=None)
@given(st.sampled_from(["Birthdate", "ProcessExecutionTime", "InsurerNumber", "Name", "Sex1"]), st.text(max_size=40))
def test_any_text_in_an_element_is_read_or_refused(tag: str, text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    message = VALID.decode()
    start, end = message.rindex(f"<{tag}>") + len(tag) + 2, message.rindex(f"</{tag}>")
    read_quickly(message[:start] + escaped + message[end:])


def _filled(start: bytes, repeated: bytes, end: bytes) -> bytes:
    room = MAX_BYTES - len(start) - len(end)
    return start + repeated * (room // len(repeated)) + end


BOMBS = {
    "deep": _filled(b"", b"<a>", b""),
    "wide": _filled(b"<XmlMsg>", b"<a/>", b"</XmlMsg>"),
    "one long text": _filled(b"<XmlMsg><MessageHeader>", b"x", b"</MessageHeader></XmlMsg>"),
    "one long tag": _filled(b"<", b"a", b"/>"),
    "one long declaration": _filled(b"<?xml ", b" ", b""),
    "encodings": _filled(b"<?xml ", b'encoding="', b""),
    "blanks": _filled(b"", b" ", b""),
    "blanks before a declaration": _filled(b"", b" ", b'<?xml version="1.0" encoding="Shift_JIS"?><XmlMsg/>'),
    "comments": _filled(b"<XmlMsg>", b"<!---->", b"</XmlMsg>"),
    "instructions": _filled(b"<XmlMsg>", b"<?a?>", b"</XmlMsg>"),
    "character references": _filled(b"<XmlMsg>", b"&#x41;", b"</XmlMsg>"),
    "sections": _filled(b"<XmlMsg>", b"<![CDATA[]]>", b"</XmlMsg>"),
    "attributes": b"<XmlMsg " + b" ".join(b'a%d=""' % i for i in range(250_000)) + b"/>",
    "namespaces": b"<XmlMsg " + b" ".join(b'xmlns:a%d="u"' % i for i in range(150_000)) + b"/>",
    "zeros": bytes(MAX_BYTES),
    "brackets": b"<" * MAX_BYTES,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_of_the_greatest_length_goes_off_in_vain(bomb: str) -> None:
    assert len(BOMBS[bomb]) <= MAX_BYTES
    assert read_quickly(BOMBS[bomb]) == "malformed"


def test_a_message_that_is_too_large_is_not_looked_at() -> None:
    with pytest.raises(MalformedMessageError, match="larger"):
        read_result(VALID + b" " * MAX_BYTES)
    started = time.process_time()
    with pytest.raises(MalformedMessageError, match="larger"):
        read_result(bytes(100_000_000))
    assert time.process_time() - started < 0.01


def test_no_more_is_taken_from_a_file_than_a_message_may_have() -> None:
    class Pipe(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert 0 < size <= MAX_BYTES + 1
            return super().read(size)

    assert document.taken(Pipe(VALID)) == VALID
    with pytest.raises(MalformedMessageError, match="larger"):
        document.taken(Pipe(bytes(MAX_BYTES + 1)))


MESSAGES: list[type[Any]] = [
    qualification.QualificationRequest,
    qualification.QualificationResponse,
    bulk.BulkRequest,
    bulk.BulkReception,
    bulk.BulkResponse,
    bulk.ConsentedRequest,
    registration.RegistrationRequest,
    registration.RegistrationResponse,
    registration.BulkRegistrationResponse,
    medication.MedicationRequest,
    medication.MedicationResponse,
    checkup.CheckupResponse,
]


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
@settings(deadline=None, max_examples=20)
@given(message=st.binary(max_size=2048) | st.text(max_size=2048))
def test_any_bytes_give_a_typed_error_whatever_they_were_to_be(kind: type[Any], message: bytes | str) -> None:
    with pytest.raises(MalformedMessageError):
        from_xml.read(message, kind, document.MEDICAL)


WIDEST = {
    "unknown": (b"<XmlMsg><MessageHeader>", b"<a/>", b"</MessageHeader></XmlMsg>"),
    "known": (b"<XmlMsg><MessageHeader>", b"<ResultCode>1</ResultCode>", b"</MessageHeader></XmlMsg>"),
    "claims": (b"<XmlMsg><MessageBody>", b"<MeTrMonthInf/>", b"</MessageBody></XmlMsg>"),
    "bodies": (b"<XmlMsg>", b"<MessageBody><X/></MessageBody>", b"</XmlMsg>"),
}


@pytest.mark.parametrize("widest", WIDEST)
def test_the_widest_message_that_is_let_in_is_read_within_a_second(widest: str) -> None:
    start, repeated, end = WIDEST[widest]
    message = start + repeated * ((document.MEDICAL.tags - 8) // repeated.count(b"<")) + end
    started = time.process_time()

    from_xml.read(message, medication.MedicationResponse, document.MEDICAL)

    assert time.process_time() - started < SECONDS


def test_hostile_messages_leave_no_more_than_some_megabytes(tmp_path: Path) -> None:
    for number, bomb in enumerate(BOMBS.values()):
        (tmp_path / f"{number:02d}").write_bytes(bomb)
    script = (
        "import pathlib, resource, sys\n"
        "from kiosk.eligibility.oqs.errors import OqsError\n"
        "from kiosk.eligibility.oqs.reading import read_result\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n"
        "    try:\n"
        "        read_result(path.read_bytes())\n"
        "    except OqsError:\n"
        "        pass\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, tmp_path], check=True, capture_output=True, text=True, timeout=60
    )

    assert int(told.stdout) < 64


@pytest.mark.parametrize(
    "document_type",
    [
        '<!DOCTYPE XmlMsg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE XmlMsg SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE XmlMsg [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        "<!doctype XmlMsg>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_a_document_type_is_refused_unread(document_type: str, encoding: str) -> None:
    name = "UTF-8" if encoding == "utf-8" else "Shift_JIS"
    message = f'<?xml version="1.0" encoding="{name}"?>{document_type}<XmlMsg>&a;</XmlMsg>'.encode(encoding)

    with pytest.raises(MalformedMessageError, match="document type"):
        read_result(message)


@pytest.mark.parametrize("encoding", ["UTF-16", "UTF-7", "EBCDIC-CP-US", "ISO-2022-JP", "rot13"])
def test_an_encoding_of_no_terminal_is_refused(encoding: str) -> None:
    with pytest.raises(MalformedMessageError):
        read_result(VALID.replace(b'encoding="UTF-8"', f'encoding="{encoding}"'.encode()))


def test_utf_16_does_not_smuggle_a_document_type() -> None:
    message = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><XmlMsg>&b;</XmlMsg>'

    assert read_quickly(message.encode("utf-16")) == "malformed"


def test_bytes_that_are_of_no_encoding_of_the_interface_are_refused() -> None:
    message = VALID.replace("厚労".encode(), b"\xff\xfe\x80")

    with pytest.raises(MalformedMessageError, match="neither UTF-8 nor Shift_JIS"):
        read_result(message)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(MalformedMessageError, match="half a character"):
        read_result(VALID.decode().replace("厚労", "\ud800"))


@pytest.mark.parametrize(("deep", "code"), [(MAX_DEPTH - 3, ""), (MAX_DEPTH, "malformed")])
def test_depth_is_bounded(deep: int, code: str) -> None:
    nested = b"<a>" * deep + b"</a>" * deep

    assert read_quickly(VALID.replace(b"</MessageBody>", nested + b"</MessageBody>")) == code


def test_a_text_longer_than_a_check_in_takes_is_refused() -> None:
    with pytest.raises(MalformedMessageError, match="1000 characters in Name"):
        read_result(VALID.replace(b"<Name>", b"<Name>" + b"x" * 1001))


def test_more_results_than_a_person_can_have_are_refused() -> None:
    result = VALID[VALID.index(b"<ResultOfQ") : VALID.index(b"</ResultList>")]

    with pytest.raises(MalformedMessageError, match="more than 32 results"):
        read_result(VALID.replace(b"</ResultList>", result * 40 + b"</ResultList>"))


def test_an_error_holds_nothing_of_the_message() -> None:
    odd = VALID.replace(
        b"<ProcessingResultStatus>1</ProcessingResultStatus>",
        b"<ProcessingResultStatus>2</ProcessingResultStatus><ProcessingResultCode>TARO YAMADA</ProcessingResultCode>",
    )

    with pytest.raises(OqsError) as error:
        read_result(odd)

    assert "TARO" not in str(error.value)
