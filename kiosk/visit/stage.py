"""The stages of a visit: each holds just what that stage knows. How each reacts is in `kiosk.visit.stages`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.record.checkin import CheckIn, Prescription
from kiosk.record.consent import ConsentItem
from kiosk.record.dates import Notice
from kiosk.record.eligibility import EligibilityAnswer
from kiosk.record.identity import Challenge, Claim, Method
from kiosk.visit.vocabulary import (
    Advice,
    CardProblem,
    CheckNumberSource,
    FaceHint,
    FacePrompt,
    FrontAdvice,
    StaffTrouble,
)


class Nudge(StrEnum):
    """Why the patient is asked to choose again."""

    FACE_FAILED = "face_failed"
    FACE_UNAVAILABLE = "face_unavailable"
    FRONT_UNREADABLE = "front_unreadable"
    PIN_LOCKED = "pin_locked"
    PIN_UNAVAILABLE = "pin_unavailable"
    VISUAL_REFUSED = "visual_refused"


@dataclass(frozen=True)
class Reading:
    """P01: a card lies on the reader and is being recognised."""


@dataclass(frozen=True)
class Refused:
    """E01, E02, E06: this card cannot go on; waiting until it is taken."""

    problem: CardProblem


@dataclass(frozen=True)
class ChoosingMethod:
    """P02: face or PIN."""

    nudge: Nudge | None = None


@dataclass(frozen=True)
class ReadingFront:
    """P03f: the camera reads check number B from the card's front, which stays in the tray or is shown by the patient."""

    source: CheckNumberSource
    filming: bool = False
    advice: FrontAdvice | None = None
    progress: float = 0.0


@dataclass(frozen=True)
class PlacingAgain:
    """P03p: the card was taken to be shown; the same one belongs back on the reader before `until`.

    `nudge` None: its front was read; else why the patient chooses again once it is back.
    """

    until: float
    nudge: Nudge | None
    reading: bool = False


@dataclass(frozen=True)
class TypingCheckNumber:
    """P03n: check number B in three fields. Only the count of digits is known here.

    `wrong`: the last number was not that of this card, or cannot be one.
    """

    digits: int = 0
    wrong: bool = False
    checking: bool = False


@dataclass(frozen=True)
class LookingAtFace:
    """P03: the photo is read (`filming` False), then the face is looked at. `progress` 0 to 1; `hint`: of the last attempt."""

    attempt: int
    filming: bool = False
    advice: Advice | None = None
    progress: float = 0.0
    prompt: FacePrompt | None = None
    hint: FaceHint | None = None


@dataclass(frozen=True)
class TypingPin:
    """P04: four digits. Only their count is known here; `wrong` says that the last four were wrong."""

    tries_left: int
    digits: int = 0
    wrong: bool = False
    checking: bool = False


@dataclass(frozen=True)
class OfferingLastTry:
    """One try is left: it is spent only if the patient asks for it now."""

    wrong: bool


@dataclass(frozen=True)
class StaffEntrance:
    """P05s: a staff member types the own code and PIN. Only the count of digits is known here.

    `trouble`: what came of the last try, or why both are asked for again.
    """

    digits: int = 0
    checking: bool = False
    trouble: StaffTrouble | None = None

    @property
    def takes_digits(self) -> bool:
        """Whether there is anything to type."""
        return not self.checking and self.trouble is not StaffTrouble.NO_PHOTO


@dataclass(frozen=True)
class Grant:
    """Staff permission for one visual check: one person, this visit, until `until` (seconds of the monotonic clock).

    `grant_id` is the board's command, or the check that reception opened for a code and PIN typed here. `verified_at`:
    when these were right; None: it was granted on the board and is decided there.
    """

    grant_id: str
    staff_id: str
    until: float
    verified_at: float | None = None

    @property
    def at_kiosk(self) -> bool:
        """Whether it is decided at the kiosk."""
        return self.verified_at is not None


@dataclass(frozen=True)
class Comparing:
    """P05: a staff member compares; `shown` once the pictures are on the screen, `with_photo` if the chip's is.

    `reading_front`: the camera over the tray films the card's front first, to open the photo. At the kiosk: `stale`, code
    and PIN are too long ago and nothing can be decided before they are typed again; `refusing`, the reason is chosen.
    """

    grant: Grant
    shown: bool = False
    with_photo: bool = False
    reading_front: bool = False
    stale: bool = False
    refusing: bool = False


class Step(StrEnum):
    """What verifying waits for."""

    SESSION = "session"
    SIGNATURE = "signature"
    ANSWER = "answer"


@dataclass(frozen=True)
class Verifying:
    """P06: identity is confirmed here; the centre is asked. `challenge` is there from the signature step on."""

    method: Method
    step: Step
    staff_id: str | None = None
    challenge: Challenge | None = None
    claim: Claim | None = None


@dataclass(frozen=True)
class AskingLimit:
    """P12: may the 限度額 be asked for? Where eligibility is looked up by number, before it is (section 2.4)."""

    method: Method
    claim: Claim | None = None


@dataclass(frozen=True)
class OfferingRegistration:
    """P07: this card was never registered as an insurance card; asked once. `registering` since `asked_at` (monotonic)."""

    challenge: Challenge
    registering: bool = False
    asked_at: float = 0.0


@dataclass(frozen=True)
class Consenting:
    """P08 to P11: `item` None is the blanket screen; else that item, with what was said so far in `said`.

    `items`: what is asked for after this answer, in order.
    """

    answer: EligibilityAnswer
    items: tuple[ConsentItem, ...]
    item: ConsentItem | None
    said: tuple[tuple[ConsentItem, bool], ...] = ()


@dataclass(frozen=True)
class Concluding:
    """The consents go to the centre, which gives them their times."""

    answer: EligibilityAnswer
    agreed: tuple[ConsentItem, ...]
    refused: tuple[ConsentItem, ...]
    complete: bool
    prescription: Prescription = Prescription.NOT_ASKED


@dataclass(frozen=True)
class ProvidingLimit:
    """P12: may the 限度額 that came with the answer be passed on? `then` is what is handed over once it is said."""

    then: Concluding


@dataclass(frozen=True)
class ChoosingPrescription:
    """P13: the prescription's form; `then` is what is handed over once it is said."""

    then: Concluding


@dataclass(frozen=True)
class NotingArrival:
    """No answer could be had: the card is asked who its holder is, where check number B was right in this visit."""


@dataclass(frozen=True)
class Committing:
    """The record goes to the outbox; the patient reads "done" only after it is on disk."""

    checkin: CheckIn


@dataclass(frozen=True)
class CheckedIn:
    """P14, P16 and P17: checked in; `delivered` once reception acknowledged, `late` after 3 s without it.

    `understood`: a certificate that wants renewing has been told of.
    """

    checkin: CheckIn
    delivered: bool = False
    late: bool = False
    called: bool = False
    understood: bool = False

    @property
    def tells_expiry(self) -> bool:
        """Whether that the certificate ends, or has ended, is still to be read (P14)."""
        card = self.checkin.card
        return card is not None and card.notice in (Notice.EXPIRING, Notice.GRACE) and not self.understood


class EndReason(StrEnum):
    """Why a visit ended without a check-in: one kind sentence each."""

    STOPPED = "stopped"
    TIMED_OUT = "timed_out"
    CARD_GONE = "card_gone"
    TROUBLE = "trouble"


@dataclass(frozen=True)
class TakingCard:
    """The visit is over without a check-in; the card still lies there."""

    reason: EndReason
    called: bool = False


Interrupted = (
    AskingLimit | Verifying | OfferingRegistration | Consenting | ProvidingLimit | ChoosingPrescription | Concluding
)
"""What goes on after a pulled card came back."""


@dataclass(frozen=True)
class PuttingBack:
    """The card was pulled after identity was confirmed: ten seconds to put the same one back. `inner` goes on."""

    inner: Interrupted
    until: float
    reading: bool = False


Stage = (
    Reading
    | Refused
    | ChoosingMethod
    | ReadingFront
    | PlacingAgain
    | TypingCheckNumber
    | LookingAtFace
    | TypingPin
    | OfferingLastTry
    | StaffEntrance
    | Comparing
    | AskingLimit
    | Verifying
    | OfferingRegistration
    | Consenting
    | ProvidingLimit
    | ChoosingPrescription
    | Concluding
    | NotingArrival
    | Committing
    | CheckedIn
    | TakingCard
    | PuttingBack
)
