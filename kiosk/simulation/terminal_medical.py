"""What a simulated terminal answers about medication (YZKsiquc01) and check-ups (TKKsiquc01): one invented thing each."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from kiosk.simulation.terminal_manners import Manner
from kiosk.simulation.terminal_people import People
from kiosk.simulation.terminal_request import Request, numbers
from kiosk.simulation.terminal_tree import add

_PDF = b"%PDF-1.4\n% (simulated) nothing is drawn here\n%%EOF\n"


def answered(request: Request, people: People, manner: Manner) -> ET.Element | bytes:
    """The answer to `request`: a tree, or the bytes of a PDF."""
    root = ET.Element("XmlMsg")
    header = ET.SubElement(root, "MessageHeader")
    asked = numbers(request.header)
    alike = [
        one for one in people.everybody() if (one.insurer_number, one.insured_number) == (asked.insurer, asked.number)
    ]
    if not alike or manner in {Manner.MAINTENANCE, Manner.PERSON_ERROR}:
        add(header, "ResultCode", "9")
        add(header, "MessageContents", "（模擬）閲覧同意の有効期限が切れています。")
        return root
    medication = request.kind == "YZKsiquc01"
    if (request.body.findtext("FileCategory") or "") in ({"1", "3"} if medication else {"1"}):
        return _PDF
    add(header, "ResultCode", "1")
    patient = alike[0]
    born = "19000101" if manner is Manner.OTHER_PATIENT else patient.birth_date.replace("-", "")
    kana = "ﾍﾞﾂ ｼﾞﾝ" if manner is Manner.OTHER_NAME else patient.name_kana
    sex = {"male": "1", "female": "2", "unset": "3"}[patient.sex]
    body = ET.SubElement(root, "MessageBody")
    if medication:
        person = ET.SubElement(header, "QuaInf")
        for tag, text in (("Name", patient.name), ("KanaName", kana), ("Birth", born), ("AdmGendCode", sex)):
            add(person, tag, text)
        _claims(ET.SubElement(body, "MeTrMonthInf"), request.body.findtext("StartDate") or "")
    else:
        person = ET.SubElement(header, "QualificationsInfo")
        for tag, text in (
            ("Name", patient.name),
            ("KanasName", kana),
            ("Birthday", born),
            ("AdministrativeGenderCode", sex),
        ):
            add(person, tag, text)
        _checkup(ET.SubElement(body, "SpecificHealthCheckupInfo"))
    return root


def _claims(month: ET.Element, when: str) -> None:
    for tag, text in (("MeTrMonth", when), ("DiOrg", "2"), ("MeTrDiHNm", "架空薬局"), ("InOut", "2")):
        add(month, tag, text)
    day = ET.SubElement(ET.SubElement(month, "DiDateInfs"), "DiDateInf")
    add(day, "DiDate", when + "07")
    drug = ET.SubElement(ET.SubElement(day, "DrugInfs"), "DrugInf")
    for tag, text in (
        ("DrugC", "999999901"),
        ("DrugN", "架空降圧錠５ｍｇ"),
        ("Qua1", "1"),
        ("Unit", "錠"),
        ("Times", "28"),
    ):
        add(drug, tag, text)


def _checkup(checkup: ET.Element) -> None:
    add(checkup, "EffectiveTime", "20260610")
    infos = ET.SubElement(checkup, "HealthCheckupResultAndQuestionInfos")
    info = ET.SubElement(infos, "HealthCheckupResultAndQuestionInfo")
    for tag, text in (
        ("ItemCode", "9N001000000000001"),
        ("ItemName", "身長"),
        ("DataType", "PQ"),
        ("DataValue", "170.5"),
        ("Unit", "cm"),
    ):
        add(info, tag, text)
