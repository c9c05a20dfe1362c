"""Everything that can happen. An event with an `ask` answers an effect and is dropped unless that ask is outstanding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from kiosk.record.consent import Consents
from kiosk.record.eligibility import EligibilityAnswer
from kiosk.record.identity import Certificate, Challenge, PinProof
from kiosk.record.ids import QueueNumber, VisitId
from kiosk.visit.appliance import Ask, Service
from kiosk.visit.vocabulary import (
    Advice,
    CameraTrouble,
    CardProblem,
    ChipPhoto,
    FaceHint,
    FacePrompt,
    FrontAdvice,
    StaffTrouble,
)

# -- nobody asked ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tick:
    """Time passed. `mono`: seconds that never go back, for time-outs; `wall`: with a zone, for dates.

    `sure`: the wall clock is set by a time server, as far as the system knows.
    """

    mono: float
    wall: datetime
    sure: bool = True


@dataclass(frozen=True)
class Tapped:
    """A finger was lifted on the widget with this action name."""

    action: str


@dataclass(frozen=True)
class DigitTyped:
    """One digit went from the touch layer to the booth, or to the delivery station; which one is not known here."""


@dataclass(frozen=True)
class DigitErased:
    """Whoever holds the digits was told to forget the last one."""


@dataclass(frozen=True)
class CardPlaced:
    """A card lies on the reader. `visit_id` is fresh, for the visit that this may open."""

    visit_id: VisitId


@dataclass(frozen=True)
class CardRemoved:
    """The reader is empty."""


@dataclass(frozen=True)
class CardLost:
    """The dialogue with the card broke (moved, transport error, reader or booth gone): nothing read may be mixed."""


@dataclass(frozen=True)
class StudioLost:
    """The face studio died or hung: it costs one attempt, nothing else."""


@dataclass(frozen=True)
class ServiceChanged:
    """Self-diagnosis opened or closed the kiosk."""

    service: Service


@dataclass(frozen=True)
class VisualGranted:
    """Staff armed a visual check from the board, for `lasts` more seconds."""

    command_id: str
    visit_id: VisitId
    staff_id: str
    lasts: float


@dataclass(frozen=True)
class VisualConfirmed:
    """On the board, staff said: this is the card's holder."""

    command_id: str
    visit_id: VisitId
    staff_id: str


@dataclass(frozen=True)
class VisualRefused:
    """On the board, staff said: this is not the card's holder."""

    command_id: str
    visit_id: VisitId
    staff_id: str


@dataclass(frozen=True)
class Paused:
    """On the board, staff put the kiosk out of service: nobody begins here until `Resumed`."""

    command_id: str


@dataclass(frozen=True)
class Resumed:
    """On the board, staff put the kiosk back into service."""

    command_id: str


@dataclass(frozen=True)
class RestartAsked:
    """On the board, staff want the kiosk to start again."""

    command_id: str


@dataclass(frozen=True)
class RestartFailed:
    """It would not start again: it goes on as it is."""


@dataclass(frozen=True)
class Started:
    """The kiosk has started, because of this command."""

    command_id: str


@dataclass(frozen=True)
class ReceptionReached:
    """The line to reception stands, or has been lost."""

    reachable: bool


@dataclass(frozen=True)
class NumberAsked:
    """Who has no card takes a number. `visit_id` is fresh, for the arrival that this becomes."""

    visit_id: VisitId


@dataclass(frozen=True)
class Speaking:
    """The voice began to say something, or has said it."""

    now: bool


@dataclass(frozen=True)
class Delivered:
    """Reception acknowledged this check-in."""

    checkin_id: VisitId


# -- answers of the card booth ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CardRead:
    """A My Number Card, its authentication certificate and what it can do.

    `not_after` is the certificate's end; `pin_tries` None where there is no usable PIN (absent or blocked at first look).
    """

    ask: Ask
    certificate: Certificate
    not_after: datetime
    pin_tries: int | None
    photo: ChipPhoto
    simulated: bool


@dataclass(frozen=True)
class CardRefused:
    """Not a card this kiosk can use."""

    ask: Ask
    problem: CardProblem


@dataclass(frozen=True)
class PinRight:
    """VERIFY answered 9000."""

    ask: Ask


@dataclass(frozen=True)
class PinWrong:
    """VERIFY answered 63Cx: `tries_left` x; 0 means that this visit locked it."""

    ask: Ask
    tries_left: int


@dataclass(frozen=True)
class ChallengeSigned:
    """The card signed."""

    ask: Ask
    proof: PinProof


@dataclass(frozen=True, repr=False)
class PhotoSent:
    """The chip's photo went from booth to studio. The card's own last day and birth date, where they could be read."""

    ask: Ask
    printed_expiry: date | None = None
    birth_date: date | None = None

    def __repr__(self) -> str:
        return f"PhotoSent({self.ask}, ...)"


@dataclass(frozen=True, repr=False)
class HolderRead:
    """Who the card says its holder is, for a check-in that nobody answered."""

    ask: Ask
    name: str
    birth_date: date

    def __repr__(self) -> str:
        return f"HolderRead({self.ask}, ...)"


@dataclass(frozen=True)
class HolderUnread:
    """The card did not say."""

    ask: Ask


@dataclass(frozen=True)
class PhotoRefused:
    """The photo could not be opened: no check number B, a wrong one, or no photo on the card.

    `again`: another number may still be sent in this visit. `absent`: the card has no photo at all.
    """

    ask: Ask
    again: bool = False
    absent: bool = False


# -- answers of the face studio --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FaceSeen:
    """Progress, any number of times: one advice and one prompt at most, and how far the attempt is (0 to 1)."""

    ask: Ask
    advice: Advice | None
    progress: float
    prompt: FacePrompt | None = None


@dataclass(frozen=True)
class FaceMatched:
    """The person before the camera is the person on the photo. `simulated`: the camera is not a real one."""

    ask: Ask
    simulated: bool


@dataclass(frozen=True)
class FaceNotMatched:
    """The attempt is over without a match: not the person, no usable frame in time, or nobody alive was seen."""

    ask: Ask
    hint: FaceHint | None = None


@dataclass(frozen=True)
class FaceUnavailable:
    """No camera, no models: the face way cannot be offered. `trouble`: what is wrong with the camera, if it is that."""

    ask: Ask
    trouble: CameraTrouble | None = None


@dataclass(frozen=True)
class FrontSeen:
    """Progress of reading the card's front, any number of times; `progress` is 0 to 1."""

    ask: Ask
    advice: FrontAdvice | None
    progress: float


@dataclass(frozen=True)
class FrontRead:
    """Check number B went from studio to booth."""

    ask: Ask


@dataclass(frozen=True)
class FrontUnreadable:
    """The card's front could not be read in time."""

    ask: Ask


@dataclass(frozen=True)
class ComparisonShown:
    """The pictures for the visual check are on the screen."""

    ask: Ask
    with_photo: bool
    simulated: bool


# -- answers of the eligibility station ------------------------------------------------------------------------------


@dataclass(frozen=True)
class SessionOpened:
    """The centre gave a challenge."""

    ask: Ask
    challenge: Challenge


@dataclass(frozen=True)
class Answered:
    """The centre verified the proof and answered."""

    ask: Ask
    answer: EligibilityAnswer


@dataclass(frozen=True)
class NotAnswered:
    """No answer can be had now (line, time-out, a wrong answer): never a result."""

    ask: Ask


@dataclass(frozen=True)
class ProofRefused:
    """The centre looked at the proof and does not accept it (certificate revoked, signature wrong)."""

    ask: Ask


@dataclass(frozen=True)
class Concluded:
    """The centre recorded the consents and gave them their times; every item is there."""

    ask: Ask
    consents: Consents


@dataclass(frozen=True)
class NotConcluded:
    """The consents did not reach the centre: none of them counts."""

    ask: Ask


# -- answers of the delivery station ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Committed:
    """The check-in is on disk, under this queue number."""

    ask: Ask
    queue_number: QueueNumber


@dataclass(frozen=True)
class NotCommitted:
    """The outbox could not take it: the patient must be told to see reception now."""

    ask: Ask


@dataclass(frozen=True)
class StaffVerified:
    """Reception knows this staff member by the code and PIN, for `lasts` more seconds, as the check `grant_id`."""

    ask: Ask
    grant_id: str
    staff_id: str
    lasts: float


@dataclass(frozen=True)
class StaffNotVerified:
    """They are wrong, or reception could not be asked."""

    ask: Ask
    trouble: StaffTrouble


Progress = FaceSeen | FrontSeen
"""Answers that may come many times: they do not settle the ask."""

Answer = (
    CardRead
    | CardRefused
    | PinRight
    | PinWrong
    | ChallengeSigned
    | PhotoSent
    | PhotoRefused
    | HolderRead
    | HolderUnread
    | FaceSeen
    | FaceMatched
    | FaceNotMatched
    | FaceUnavailable
    | FrontSeen
    | FrontRead
    | FrontUnreadable
    | ComparisonShown
    | SessionOpened
    | Answered
    | NotAnswered
    | ProofRefused
    | Concluded
    | NotConcluded
    | Committed
    | NotCommitted
    | StaffVerified
    | StaffNotVerified
)

Event = (
    Tick
    | Tapped
    | NumberAsked
    | Speaking
    | DigitTyped
    | DigitErased
    | CardPlaced
    | CardRemoved
    | CardLost
    | StudioLost
    | ServiceChanged
    | VisualGranted
    | VisualConfirmed
    | VisualRefused
    | Paused
    | Resumed
    | RestartAsked
    | RestartFailed
    | Started
    | ReceptionReached
    | Delivered
    | Answer
)
