"""What a simulated terminal answers: the trees of its messages, right ones and, by manner, wrong ones.

Built with ElementTree from the request's own elements and from what the simulated national system would write of a patient
(`oqs_writer`), not with the kiosk's writer: two sides that were written twice catch each other's mistakes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from xml.etree import ElementTree as ET

from kiosk.simulation import oqs_writer, terminal_medical
from kiosk.simulation.oqs_writer import CLINIC
from kiosk.simulation.patients import Patient
from kiosk.simulation.terminal_manners import Manner
from kiosk.simulation.terminal_people import People
from kiosk.simulation.terminal_request import Request, numbers
from kiosk.simulation.terminal_tree import add, change, child_of, leave_out

JST = timezone(timedelta(hours=9))
_LIMIT_CONSENT = "LimitApplicationCertificateRelatedConsFlg"
_CARD_ONLY = (
    "SpecificDiseasesCertificateRelatedConsFlg",
    "SpecificHealthCheckupsInfoConsFlg",
    "PharmacistsInfoConsFlg",
    "DiagnosisInfoConsFlg",
    "OperationInfoConsFlg",
)
_BULK_LACKS = (
    "QualificationDate",
    "DisqualificationDate",
    "LimitApplicationCertificateRelatedConsFlg",
    "LimitApplicationCertificateRelatedConsTime",
    "LimitApplicationCertificateRelatedInfo",
    "ReferenceNumber",
    *_CARD_ONLY,
)
"""domain/oqs-interface.md section 5.2."""


@dataclass
class System:
    """The national system behind this terminal: its people, and the lists it has received."""

    people: People
    lists: dict[str, Request] = field(default_factory=dict)
    processing_rounds: int = 0
    """How often a list that is fetched is still being processed."""
    fetched: dict[str, int] = field(default_factory=dict)


def answered(request: Request, system: System, manner: Manner, at: datetime) -> ET.Element | bytes:
    """The answer to `request`, at this time (any zone): a tree, or the bytes of a PDF."""
    local = at.astimezone(JST)
    match request.kind:
        case "OQSsiquc01":
            return _look_up(request, system, manner, local)
        case "OQSmuquc01":
            return _reception(request, system, manner, local)
        case "OQSmuquc02":
            return _list(request, system, manner, local)
        case "OQSsiimm01":
            return _registration(request, system, manner, local)
        case _:
            return terminal_medical.answered(request, system.people, manner)


def refused(request_kind: str, at: datetime) -> ET.Element:
    """The answer to a request that is not one of the interface."""
    root = ET.Element("XmlMsg")
    header = ET.SubElement(root, "MessageHeader")
    if request_kind[:3] in {"YZK", "TKK"}:
        add(header, "ResultCode", "9")
        add(header, "MessageContents", "（模擬）要求の形式に誤りがあります。")
        return root
    add(header, "ProcessExecutionTime", f"{at.astimezone(JST):%Y%m%d%H%M%S}")
    _failure(header, "SIMH0002", "（模擬）要求の形式に誤りがあります。")
    return root


# -- one person ------------------------------------------------------------------------------------------------------


def _look_up(request: Request, system: System, manner: Manner, at: datetime) -> ET.Element:
    root = ET.Element("XmlMsg")
    search = child_of(request.body, "QualificationConfirmSearchInfo")
    patient = system.people.found(numbers(search))
    header = ET.SubElement(root, "MessageHeader")
    _head(header, request, manner, at)
    add(header, "ReferenceClassification", "1" if manner is Manner.CARD_RESULT else "2")
    if not _ends_well(header, manner, down=patient.answer == "system_error"):
        return root
    body = ET.SubElement(root, "MessageBody")
    if manner is not Manner.NO_SEARCH:
        body.append(_echo(search, manner))
    if manner is Manner.PERSON_ERROR:
        patient = Patient(answer="person_error")
    if manner is Manner.NOBODY:
        patient = Patient(answer="multiple")
    told = _told(patient, at)
    for child in child_of(told, "MessageBody"):
        body.append(child)
    if manner is Manner.NOBODY:
        child_of(body, "QualificationValidity").text = "1"
    for result in root.iter("ResultOfQualificationConfirmation"):
        leave_out(result, _CARD_ONLY)
        if search.findtext(_LIMIT_CONSENT) != "1":
            leave_out(result, tuple(tag for tag in _BULK_LACKS if tag.startswith("LimitApplication")))
        _spoil(result, manner)
    return root


def _told(patient: Patient, at: datetime) -> ET.Element:
    """What the national system says of a patient, as a tree."""
    text = oqs_writer.result_message(patient, at)
    return ET.fromstring(text.partition("?>")[2].strip())  # noqa: S314 (our own, a line above)


def _spoil(result: ET.Element, manner: Manner) -> None:
    """What was found, of somebody else."""
    if manner is Manner.OTHER_PATIENT:
        change(result, "Birthdate", lambda _: "19000101")
    elif manner is Manner.OTHER_NAME:
        change(result, "NameKana", lambda _: "ﾍﾞﾂ ｼﾞﾝ")
    elif manner is Manner.OTHER_NUMBER:
        change(result, "InsuredIdentificationNumber", lambda number: number + "9")


# -- lists -----------------------------------------------------------------------------------------------------------


def _reception(request: Request, system: System, manner: Manner, at: datetime) -> ET.Element:
    root = ET.Element("XmlMsg")
    header = ET.SubElement(root, "MessageHeader")
    _head(header, request, manner, at, day=False)
    if manner is Manner.MAINTENANCE:
        _ends_well(header, manner, down=False)
        return root
    number = f"{at:%Y%m%d%H%M%S}{len(system.lists) + 1:04d}"
    system.lists[number] = request
    body = ET.SubElement(root, "MessageBody")
    add(body, "ReceptionNumber", number)
    add(body, "ReceptionDateTime", f"{at:%Y%m%d%H%M%S}")
    return root


def _list(request: Request, system: System, manner: Manner, at: datetime) -> ET.Element:
    root = ET.Element("XmlMsg")
    number = (request.body.findtext("ReceptionNumber") or "").strip()
    asked = system.lists.get(number)
    header = ET.SubElement(root, "MessageHeader")
    _head(header, asked or request, manner, at, day=asked is not None)
    add(header, "ReceptionNumber", number + "9" if manner is Manner.WRONG_IDENTIFIER else number)
    if asked is None:
        _failure(header, "SIMH0003", "（模擬）受付番号がありません。")
        return root
    rounds = system.fetched.get(number, 0)
    system.fetched[number] = rounds + 1
    if rounds < system.processing_rounds:
        manner = Manner.PROCESSING
    if not _ends_well(header, manner, down=False):
        return root
    body = ET.SubElement(root, "MessageBody")
    body.extend(_in_manner(list(_units(asked, system, manner, at)), manner))
    failed = sum(unit.findtext("ProcessingResultStatus") == "2" for unit in body)
    add(header, "NumberOfProcessingResult", str(len(body)))
    add(header, "NumberOfNormalProcessing", str(len(body) - failed))
    add(header, "NumberOfError", str(failed))
    return root


def _units(asked: Request, system: System, manner: Manner, at: datetime) -> Iterator[ET.Element]:
    told: dict[tuple[str, str | None, str], ET.Element] = {}
    for search in asked.body:
        patient = system.people.found(numbers(search))
        unit = ET.Element("BulkConfirmUnit")
        unit.append(_echo(search, manner))
        if patient.answer == "system_error":
            patient = Patient(answer="person_error")
        # Thousands of rows are mostly the same few people: what is said of each is made once.
        key = (patient.insured_number, patient.insured_branch, patient.answer)
        body = child_of(told.setdefault(key, _told(patient, at)), "MessageBody")
        unit.extend(copy.deepcopy(child) for child in body if child.tag != "ResultList")
        listed = body.find("ResultList")
        for result in () if listed is None else listed:
            found = copy.deepcopy(result)
            leave_out(found, _BULK_LACKS)
            _spoil(found, manner)
            add(found, "LimitApplicationCertificateChanged", "0")
            unit.append(found)
            add(unit, "ReferenceNumber", patient.reference_number)
        yield unit


def _in_manner(units: list[ET.Element], manner: Manner) -> list[ET.Element]:
    if manner is Manner.ROWS_MISSING:
        return units[:-1]
    if manner is Manner.ROWS_REPEATED:
        return [units[0], *units]
    if manner is Manner.ROWS_SWAPPED:
        identifiers = [one for unit in units for one in unit.iter("ArbitraryIdentifier")]
        texts = [one.text for one in identifiers]
        for one, text in zip(identifiers, reversed(texts), strict=True):
            one.text = text
    return units


# -- registration ------------------------------------------------------------------------------------------------------


def _registration(request: Request, system: System, manner: Manner, at: datetime) -> ET.Element:
    root = ET.Element("XmlMsg")
    asked = child_of(request.body, "ReferenceNumberRegistrationInfo")
    header = ET.SubElement(root, "MessageHeader")
    add(header, "ProcessExecutionTime", f"{at:%Y%m%d%H%M%S}")
    add(header, "CharacterCodeIdentifier", "0")
    failed = not _ends_well(header, manner, down=False)
    _identify(header, request, manner)
    if failed:
        return root
    body = ET.SubElement(root, "MessageBody")
    echo = copy.deepcopy(asked)
    body.append(echo)
    known = system.people.register(numbers(asked), asked.findtext("ReferenceNumber") or "")
    if manner is Manner.OTHER_SEARCH:
        change(echo, "InsuredIdentificationNumber", lambda number: number + "9")
    if manner is Manner.PERSON_ERROR or not known:
        add(body, "ProcessingResultStatus", "2")
        add(body, "ProcessingResultCode", "SIMP0002")
        add(body, "ProcessingResultMessage", "（模擬）該当する資格がありません。")
    else:
        add(body, "ProcessingResultStatus", "1")
    return root


# -- what all have -----------------------------------------------------------------------------------------------------


def _head(header: ET.Element, request: Request, manner: Manner, at: datetime, *, day: bool = True) -> None:
    add(header, "ProcessExecutionTime", f"{at:%Y%m%d%H%M%S}")
    if day:
        asked = request.header.findtext("QualificationConfirmationDate")
        add(header, "QualificationConfirmationDate", "20000101" if manner is Manner.YESTERDAY else asked)
    _identify(header, request, manner)


def _identify(header: ET.Element, request: Request, manner: Manner) -> None:
    identifier = request.header.findtext("ArbitraryFileIdentifier")
    if manner is Manner.WRONG_IDENTIFIER and identifier:
        identifier = identifier[::-1] + "x"
    if manner is not Manner.NO_IDENTIFIER:
        add(header, "ArbitraryFileIdentifier", identifier)
    clinic = request.header.findtext("MedicalInstitutionCode")
    add(header, "MedicalInstitutionCode", CLINIC[::-1] if manner is Manner.OTHER_CLINIC else clinic)


def _ends_well(header: ET.Element, manner: Manner, *, down: bool) -> bool:
    """Write how the file ended; False where nothing follows."""
    if manner is Manner.MAINTENANCE or down:
        _failure(header, "SIMH0001", "（模擬）オンライン資格確認等システムはメンテナンス中です。")
        return False
    add(header, "SegmentOfResult", "2" if manner is Manner.PROCESSING else "1")
    return manner is not Manner.PROCESSING


def _failure(header: ET.Element, code: str, message: str) -> None:
    add(header, "SegmentOfResult", "9")
    add(header, "ErrorCode", code)
    add(header, "ErrorMessage", message)


def _echo(search: ET.Element, manner: Manner) -> ET.Element:
    echo = copy.deepcopy(search)
    if manner is Manner.OTHER_SEARCH:
        change(echo, "InsuredIdentificationNumber", lambda number: number + "9")
    return echo
