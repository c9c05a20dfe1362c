"""What there is: the appliance, the visit in it, and the stage the visit is in. Frozen; a change is a new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from kiosk.record.checkin import CheckIn, Prescription
from kiosk.record.consent import ConsentItem
from kiosk.record.dates import Notice
from kiosk.record.eligibility import EligibilityAnswer
from kiosk.record.identity import Certificate, Challenge, Claim, Method
from kiosk.record.ids import KioskId, QueueNumber, VisitId
from kiosk.visit.profiles import Profile


@dataclass(frozen=True)
class Ask:
    """One question to a station: the visit it belongs to and a running number. Every answer repeats it."""

    visit_id: VisitId
    number: int


class CardProblem(StrEnum):
    """Why a card cannot go on: one plain sentence each on the screen."""

    UNREADABLE = "unreadable"
    """No chip answers: in a case, moved, mute; or two cards that answer into one another."""
    SEVERAL_CARDS = "several_cards"
    OTHER_CARD = "other_card"
    RESIDENT_CARD = "resident_card"
    """The old 住基カード: it holds nothing that is still valid."""
    PHONE = "phone"
    """A smartphone with the certificate in it: this kiosk reads the card (domain/mynumber-card.md section 8)."""
    NO_CERTIFICATE = "no_certificate"
    EXPIRED = "expired"
    NOT_ACCEPTED = "not_accepted"
    """The centre looked and does not accept it (revoked, reported lost): see reception, no reason on the screen."""


class Advice(StrEnum):
    """One thing the person before the camera can do better."""

    LOOK_HERE = "look_here"
    COME_CLOSER = "come_closer"
    STEP_BACK = "step_back"
    FACE_FRONT = "face_front"
    HOLD_STILL = "hold_still"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    BACK_LIT = "back_lit"
    ONE_PERSON = "one_person"


class FacePrompt(StrEnum):
    """What the person before the camera is asked to do, so that a picture does not pass. Left and right are their own."""

    BLINK = "blink"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    FACE_FRONT = "face_front"


class FaceHint(StrEnum):
    """What would help the next attempt, told with it."""

    TAKE_OFF_MASK = "take_off_mask"
    TAKE_OFF_SUNGLASSES = "take_off_sunglasses"
    FOLLOW = "follow"
    """What was asked was not seen in time."""


class CameraTrouble(StrEnum):
    """What is wrong with the camera, for staff: one sentence each on the board (`HelpReason`, "camera_...")."""

    NOT_THERE = "not_there"
    BUSY = "busy"
    NO_PERMISSION = "no_permission"
    NOT_A_CAMERA = "not_a_camera"
    SILENT = "silent"
    FROZEN = "frozen"
    BLACK = "black"
    UNPLUGGED = "unplugged"


class FrontAdvice(StrEnum):
    """One thing that helps the camera to read the card's front."""

    NOT_SEEN = "card_not_seen"
    OTHER_SIDE = "card_other_side"
    CLOSER = "card_closer"
    HOLD_STILL = "card_hold_still"
    GLARE = "card_glare"


class CheckNumberSource(StrEnum):
    """Where this kiosk gets check number B from (照合番号B, printed on the card's front; it opens the chip's photo)."""

    KNOWN = "known"
    """From the settings of a simulation."""
    TRAY = "tray"
    """A second camera looks at the card as it lies there."""
    SHOW = "show"
    """The patient shows the front to the one camera, then places the card again."""
    TYPED = "typed"
    """Typed in three fields."""
    NONE = "none"


class ChipPhoto(StrEnum):
    """The chip's photo, as far as it can be told before it is opened."""

    READABLE = "readable"
    SHUT = "shut"
    """It is there, but check number B may not be sent (too few tries left), or was sent in vain."""
    ABSENT = "absent"
    """A small child's card: nothing to compare a face with, neither in the chip nor in print."""


class Nudge(StrEnum):
    """Why the patient is asked to choose again."""

    FACE_FAILED = "face_failed"
    FACE_UNAVAILABLE = "face_unavailable"
    FRONT_UNREADABLE = "front_unreadable"
    PIN_LOCKED = "pin_locked"
    PIN_UNAVAILABLE = "pin_unavailable"
    VISUAL_REFUSED = "visual_refused"


@dataclass(frozen=True, repr=False)
class Card:
    """What the card said when it was read. `pin_tries` None: this card has no usable PIN."""

    certificate: Certificate
    notice: Notice
    pin_tries: int | None
    photo: ChipPhoto
    simulated: bool
    printed_expiry: date | None = None
    """The card's own last day (DF29, unsigned), known once the photo is: for staff's eyes, judged by nobody."""
    birth_date: date | None = None
    """The face record's (DF22), known once the photo is: an answer for somebody of another age is none."""

    def __repr__(self) -> str:
        return f"Card({self.notice}, pin_tries={self.pin_tries}, photo={self.photo})"


# -- stages: each holds just what that stage knows -------------------------------------------------------------------


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
class Grant:
    """Staff permission for one visual check: one person, this visit, until `until` (seconds of the monotonic clock)."""

    command_id: str
    staff_id: str
    until: float


@dataclass(frozen=True)
class Comparing:
    """P05: a staff member compares; `shown` once the pictures are on the screen, `with_photo` if the chip's is.

    `reading_front`: the camera over the tray films the card's front first, to open the photo.
    """

    grant: Grant
    shown: bool = False
    with_photo: bool = False
    reading_front: bool = False


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
    """P16 and P17: checked in; `delivered` once reception acknowledged, `late` after 3 s without it."""

    checkin: CheckIn
    delivered: bool = False
    late: bool = False
    called: bool = False


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


Interrupted = AskingLimit | Verifying | OfferingRegistration | Consenting | ChoosingPrescription | Concluding
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
    | Comparing
    | AskingLimit
    | Verifying
    | OfferingRegistration
    | Consenting
    | ChoosingPrescription
    | Concluding
    | NotingArrival
    | Committing
    | CheckedIn
    | TakingCard
    | PuttingBack
)


@dataclass(frozen=True)
class Visit:
    """One patient, from the event that opens it to the wipe. `today` (Japan) is fixed when it opens.

    `identity` is set at the moment the holder is confirmed. `called` remembers that this visit has rung the desk.
    `since` and `touched` are monotonic seconds: when the stage began, when the patient last did something.
    """

    visit_id: VisitId
    opened_at: datetime
    today: date
    stage: Stage
    since: float
    touched: float
    card: Card | None = None
    identity: Method | None = None
    staff_id: str | None = None
    face_failures: int = 0
    simulated: bool = False
    photo_sent: bool = False
    front_failures: int = 0
    """How often the card's front was looked at, or typed, in vain."""
    card_present: bool = True
    limit_consent: bool | None = None
    """What was said to the question of P12; None while it was not asked."""
    help_called: bool = False
    outstanding: frozenset[int] = frozenset()


class FarewellKind(StrEnum):
    """What the panel says for a few seconds after the wipe: never more than a queue number."""

    CHECKED_IN = "checked_in"
    """Valid, and reception has it."""
    SENDING = "sending"
    """Checked in, reception has not acknowledged yet: becomes `checked_in` or, after 3 s, `see_reception`."""
    SEE_RECEPTION = "see_reception"
    CARD_GONE = "card_gone"
    STOPPED = "stopped"
    TROUBLE = "trouble"


@dataclass(frozen=True)
class Farewell:
    """A last sentence after the visit, until `until` (monotonic seconds) or the next card."""

    kind: FarewellKind
    queue_number: QueueNumber | None
    until: float
    checkin_id: VisitId | None = None
    """What `sending` waits to hear of."""
    late_from: float = 0.0
    """When `sending` stops waiting (monotonic seconds)."""


class ServiceState(StrEnum):
    """Whether patients can be taken."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True)
class Service:
    """Open, or closed with a reason word for staff (`reader`, `outbox`, `key`)."""

    state: ServiceState = ServiceState.OPEN
    reason: str = ""


@dataclass(frozen=True)
class Look:
    """How it looks and sounds for this visit; back to the defaults after it."""

    language: str = "ja"


@dataclass(frozen=True)
class Appliance:
    """The kiosk's whole state. `simulated_site` is `site: test`; `asked` is the last ask number given out.

    `mono` (seconds) and `wall` are the clocks as the last `Tick` told them.
    """

    kiosk_id: KioskId
    clinic: str
    profile: Profile
    simulated_site: bool
    mono: float
    wall: datetime
    number_source: CheckNumberSource = CheckNumberSource.NONE
    clock_sure: bool = True
    """The wall clock is known to be right; else dates refuse nobody."""
    service: Service = Service()
    look: Look = Look()
    visit: Visit | None = None
    farewell: Farewell | None = None
    help_called: bool = False
    """The desk was called from the idle screen; shown until `help_until`."""
    help_until: float = 0.0
    asked: int = 0
