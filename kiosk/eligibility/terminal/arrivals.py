"""Arrivals at an official reader: what its sessions leave in the folder `face`, which is only ever read.

The claims computer owns that folder and may move a file away a moment after it came (domain/oqs-interface.md section 8): a
file that was read whole and is gone at the second look counts. A file that another program put there by hand for home
visits or online care, and not for a card (照会区分 other than 1), is nobody's arrival.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from kiosk import journal
from kiosk.eligibility.errors import EligibilityError
from kiosk.eligibility.oqs import document, file_names, from_xml
from kiosk.eligibility.oqs.codes import PrescriptionIssue, ReferenceClassification
from kiosk.eligibility.oqs.file_names import FaceName
from kiosk.eligibility.oqs.matching import kana_key
from kiosk.eligibility.oqs.qualification import QualificationResponse
from kiosk.eligibility.oqs.reading import QualificationResult, result_of
from kiosk.eligibility.oqs.viewing import consents_of
from kiosk.eligibility.terminal.errors import MismatchError, ShareError
from kiosk.eligibility.terminal.folder import Folder
from kiosk.eligibility.terminal.question import Reply
from kiosk.eligibility.terminal.settings import TerminalSettings
from kiosk.eligibility.terminal.sight import Watch, sight
from kiosk.record import consent, dates
from kiosk.record.checkin import Eligibility, Prescription
from kiosk.record.consent import Consents, ConsentState
from kiosk.record.eligibility import EligibilityResult, Source

log = logging.getLogger("kiosk.eligibility.terminal")

_PRESCRIPTION = {
    PrescriptionIssue.ELECTRONIC: Prescription.ELECTRONIC,
    PrescriptionIssue.PAPER: Prescription.PAPER,
    None: Prescription.NOT_ASKED,
}


@dataclass(frozen=True, repr=False, kw_only=True)
class Arrival:
    """Somebody was at the official reader. `key` is the same for the same file, also after a restart.

    `digest` is the same for the same bytes, whatever their file is called. `stamped_at` is when the terminal wrote the file, `confirmed_for` the day the eligibility is of. Consents are those in
    force when it was read; it is no visit of ours, and belongs to none.
    """

    key: str
    digest: bytes
    stamped_at: datetime
    confirmed_for: date
    eligibility: Eligibility
    consents: Consents
    prescription: Prescription
    notice_code: str | None
    simulated: bool

    def __repr__(self) -> str:
        return f"Arrival({self.eligibility.validity})"


@dataclass(frozen=True, repr=False, kw_only=True)
class FailedArrival:
    """A file of the official reader that tells of no eligibility, and why: the patient stands there all the same."""

    key: str
    stamped_at: datetime
    error: EligibilityError

    def __repr__(self) -> str:
        return f"FailedArrival({self.error.code})"


@dataclass(eq=False)
class _Watched:
    stamped_at: datetime
    watch: Watch = field(default_factory=Watch)
    message: bytes = b""
    whole: bool = False


def _utc_now() -> datetime:
    return datetime.now(UTC)


class ArrivalsFolder:
    """The folder `face`. One thread looks, as often as it wants to know; every look takes what two looks agreed on.

    `known` are keys that were told before (by another process). Raises `ValueError` where the settings name no such folder.
    """

    def __init__(
        self,
        settings: TerminalSettings,
        known: Collection[str] = (),
        clock: Callable[[], datetime] = _utc_now,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        if settings.face is None:
            raise ValueError("face: expected the folder of the official reader's results")
        self._settings = settings
        self._folder = Folder(settings.face)
        self._clock = clock
        self._steady = steady
        self._told = set(known)
        self._watched: dict[str, _Watched] = {}
        self._digests: set[bytes] = set()
        self._day: date | None = None

    def new(self) -> tuple[Arrival | FailedArrival, ...]:
        """What came since the last look, in the order of their stamps, each once; only files stamped today (in Japan).

        Raises `ShareError`.
        """
        today = dates.japanese_day(self._clock())
        if today != self._day:
            if self._day is not None:
                self._told.clear()
            self._day = today
            self._watched.clear()
            self._digests.clear()
        there: dict[str, str] = {}
        for name in self._folder.names():
            told, key = file_names.parse(name), name.casefold()
            if isinstance(told, FaceName) and told.is_of(today) and key not in self._told:
                there.setdefault(key, name)
                self._watched.setdefault(key, _Watched(told.stamped_at))
        arrived = []
        for key, watched in tuple(self._watched.items()):
            try:
                message = self._believed(key, watched, there.get(key))
                if message is None:
                    continue
                arrival = self._read(key, watched.stamped_at, message)
            except ShareError:
                raise
            except EligibilityError as error:
                arrival = FailedArrival(key=key, stamped_at=watched.stamped_at, error=error)
            self._told.add(key)
            self._watched.pop(key, None)
            if arrival is not None:
                arrived.append(arrival)
                log.info("official_reader_arrival", extra=journal.numbers(failed=isinstance(arrival, FailedArrival)))
        return tuple(sorted(arrived, key=lambda one: (one.stamped_at, one.key)))

    def _believed(self, key: str, watched: _Watched, name: str | None) -> bytes | None:
        """The message of a file that is to be believed now."""
        message = None if name is None else self._folder.read(name, document.MAX_BYTES)
        if message is None:
            gone = name is None or name not in self._folder.names()
            if gone:
                self._watched.pop(key)
            return watched.message if gone and watched.whole else None
        seen = sight(message, "xml")
        watched.message, watched.whole = message, seen.whole
        return message if watched.watch.saw(seen, self._steady()) else None

    def _read(self, key: str, stamped_at: datetime, message: bytes) -> Arrival | FailedArrival | None:
        """The arrival; None for what is no arrival, or one told before under another name."""
        digest = sight(message, "xml").digest
        if digest in self._digests:
            return None
        self._digests.add(digest)
        response = from_xml.read(Reply(key, "xml", message).xml(), QualificationResponse)
        header = response.header
        if header is not None and header.medical_institution_code not in {None, self._settings.institution_code}:
            raise MismatchError("it was made for another medical institution")
        told = result_of(response)
        if told.reference_classification is not ReferenceClassification.CARD:
            return None
        _refuse_two_people(told)
        return Arrival(
            key=key,
            digest=digest,
            stamped_at=stamped_at,
            confirmed_for=told.confirmed_for,
            eligibility=Eligibility(Source.OFFICIAL_READER, told.validity, told.processed_at, told.results),
            consents=self._consents(response),
            prescription=_PRESCRIPTION[told.prescription],
            notice_code=told.notice_code,
            simulated=self._settings.test,
        )

    def _consents(self, response: QualificationResponse) -> Consents:
        """What any of the person's results says is given, is given."""
        at = self._clock()
        agreed = consent.no_consents()
        for result in () if response.body is None else response.body.results:
            for item, one in consents_of(result, at).items():
                if one.state is ConsentState.GIVEN:
                    agreed[item] = one
        return agreed


def _refuse_two_people(told: QualificationResult) -> None:
    """Insurance and medical assistance are two results of one person; two people are nobody's arrival."""

    def facts(result: EligibilityResult) -> tuple[date | None, str]:
        return result.birth_date, kana_key(result.name_kana)

    if len({facts(result) for result in told.results}) > 1:
        raise MismatchError("it holds results of more than one person")
