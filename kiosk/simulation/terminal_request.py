"""A request as the real terminal might take it: strict, since nobody outside knows how strict it is.

The order of elements and their tags are the document's (domain/oqs-interface.md section 5), insurer numbers have eight
characters, lines end with CRLF, the bytes are in the declared encoding. Written without a look at the kiosk's writer.

One thing is stricter than the real one can be: only what is marked as a test's is taken, for a clinic that by mistake asks a
simulation about its patients must not believe what it hears (section 6).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from kiosk.simulation.terminal_people import Numbers

_NAME = re.compile(
    r"(?P<business>OQS(?:siquc|muquc|siimm)|YZKsiquc|TKKsiquc)(?P<phase>0[12])req_(?P<tail>[0-9A-Za-z_-]{1,64})\.xml",
    re.IGNORECASE,
)
_DECLARATION = re.compile(rb'<\?xml version="1\.0" encoding="(UTF-8|Shift_JIS)" standalone="no"\?>\r\n')
_SEARCH = (
    "InsurerNumber InsuredCardSymbol InsuredIdentificationNumber InsuredBranchNumber Birthdate"
    " LimitApplicationCertificateRelatedConsFlg ArbitraryIdentifier"
)
_REGISTER = "ReferenceNumber InsurerNumber InsuredCardSymbol InsuredIdentificationNumber InsuredBranchNumber"
_MEDICAL = (
    "MedicalInstitutionCode InsurerNumber InsuranceCardSymbol InsuredPersonIdentificationNumber BranchNumber"
    " ArbitraryFileIdentifier"
)
_HEADERS = {
    "OQSsiquc01": "QualificationConfirmationDate MedicalInstitutionCode ArbitraryFileIdentifier",
    "OQSmuquc01": "QualificationConfirmationDate MedicalInstitutionCode ArbitraryFileIdentifier",
    "OQSmuquc02": "MedicalInstitutionCode ArbitraryFileIdentifier",
    "OQSsiimm01": "MedicalInstitutionCode ArbitraryFileIdentifier",
    "YZKsiquc01": _MEDICAL,
    "TKKsiquc01": _MEDICAL,
}
_BODIES = {
    "OQSsiquc01": "QualificationConfirmSearchInfo",
    "OQSmuquc01": "QualificationConfirmSearchInfo",
    "OQSmuquc02": "ReceptionNumber",
    "OQSsiimm01": "ReferenceNumberRegistrationInfo",
    "YZKsiquc01": "StartDate EndDate FileCategory PrDiInfClassification MedicalTreatmentFlag",
    "TKKsiquc01": "FileCategory PrDiInfClassification MedicalTreatmentFlag",
}
_INSIDE = {"QualificationConfirmSearchInfo": _SEARCH, "ReferenceNumberRegistrationInfo": _REGISTER}
_OFTEN = {"OQSmuquc01"}
_NO_IDENTIFIER = {"OQSmuquc02"}
"""It fetches what was asked for under an identifier."""
MARK = "SIM"
"""How the identifier of whatever is not real begins."""


class RefusedRequestError(ValueError):
    """The real terminal might refuse this; the text says what is wrong, and holds nothing of the request."""


@dataclass(frozen=True)
class RequestName:
    """What a request's name says; `answer` is the base of its answer's name."""

    kind: str
    answer: str


@dataclass(frozen=True)
class Request:
    """A request: `kind` is prefix and phase (OQSsiquc01); header and body as they came."""

    kind: str
    header: ET.Element
    body: ET.Element


def name_of(name: str) -> RequestName | None:
    """What `name` asks for; None where it is no request."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    business = next(known for known in _HEADERS if known[:8].casefold() == found["business"].casefold())[:8]
    return RequestName(business + found["phase"], f"{business}{found['phase']}res_{found['tail']}")


def read(kind: str, message: bytes) -> Request:
    """The request in `message`; raises `RefusedRequestError`."""
    declared = _DECLARATION.match(message)
    if declared is None:
        raise RefusedRequestError("the declaration is not the interface's")
    try:
        text = message[declared.end() :].decode("utf-8" if declared[1] == b"UTF-8" else "cp932")
        root = ET.fromstring(text)  # noqa: S314 (what reaches a simulation is made by the test beside it)
    except (UnicodeDecodeError, ET.ParseError) as error:
        raise RefusedRequestError("it is not XML in the declared encoding") from error
    if re.search(r"[^\r]\n", text):
        raise RefusedRequestError("lines do not end with CRLF")
    header, body = root.find("MessageHeader"), root.find("MessageBody")
    if root.tag != "XmlMsg" or [child.tag for child in root] != ["MessageHeader", "MessageBody"]:
        raise RefusedRequestError("the root does not hold a header and a body")
    if header is None or body is None:
        raise AssertionError("looked for a moment ago")
    _in_order(header, _HEADERS[kind])
    _in_order(body, _BODIES[kind], often=kind in _OFTEN)
    for block in body:
        if block.tag in _INSIDE:
            _in_order(block, _INSIDE[block.tag])
    identifier = header.findtext("ArbitraryFileIdentifier")
    if not (identifier or MARK).startswith(MARK) or (identifier is None and kind not in _NO_IDENTIFIER):
        raise RefusedRequestError("it is no test's: its file identifier does not begin with SIM")
    for number in root.iter("InsurerNumber"):
        if not re.fullmatch(r"[0-9]{8}|  [0-9]{6}", number.text or ""):
            raise RefusedRequestError("an insurer number has not eight characters")
    return Request(kind, header, body)


def numbers(block: ET.Element) -> Numbers:
    """The numbers of a search, a registration or a medical request's header."""

    def said(*tags: str) -> str:
        return next((text for tag in tags if (text := (block.findtext(tag) or "").strip())), "")

    return Numbers(
        said("InsurerNumber"),
        said("InsuredCardSymbol", "InsuranceCardSymbol"),
        said("InsuredIdentificationNumber", "InsuredPersonIdentificationNumber"),
        said("InsuredBranchNumber", "BranchNumber"),
        said("Birthdate"),
    )


def _in_order(element: ET.Element, tags: str, *, often: bool = False) -> None:
    """All of the element's children are among `tags`, in that order, each once, unless `often`, and none is empty."""
    rest = iter(tags.split())
    there = [child.tag for child in element]
    if often:
        there = sorted(set(there))
    if not all(tag in rest for tag in there):
        raise RefusedRequestError(f"the elements of {element.tag} are not those of the interface, in its order")
    if any(not len(child) and not (child.text or "").strip() for child in element) or element.attrib:
        raise RefusedRequestError(f"{element.tag} has empty elements or attributes")
