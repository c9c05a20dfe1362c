"""What there is: the appliance and the visit in it. Frozen; a change is a new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from kiosk.record.dates import Notice
from kiosk.record.identity import Certificate, Method
from kiosk.record.ids import KioskId, QueueNumber, VisitId
from kiosk.visit.looks import AS_USUAL, JAPANESE_ONLY, Choosing, Look, Offer
from kiosk.visit.profiles import Profile
from kiosk.visit.stage import Stage
from kiosk.visit.vocabulary import CheckNumberSource, ChipPhoto


@dataclass(frozen=True)
class Ask:
    """One question to a station: the visit it belongs to and a running number. Every answer repeats it."""

    visit_id: VisitId
    number: int


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


class Wait(StrEnum):
    """How long the patient has waited for others: it is told in words, so that nobody thinks the kiosk has stopped."""

    SHORT = "short"
    USUAL = "usual"
    """An answer takes 3 to 7 s (domain/flow-and-rules.md section 2.1)."""
    LONG = "long"


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
    wait: Wait = Wait.SHORT
    warned: bool = False
    """Nobody touched anything for a while, and the patient is asked whether anybody is there."""
    help_called: bool = False
    outstanding: frozenset[int] = frozenset()


class FarewellKind(StrEnum):
    """What the panel says for a few seconds after the wipe: never more than a queue number."""

    CHECKED_IN = "checked_in"
    """Valid, and reception has it."""
    SENDING = "sending"
    """Checked in, reception has not acknowledged yet: becomes `checked_in` or, after 3 s, `see_reception`."""
    SEE_RECEPTION = "see_reception"
    RECORDED = "recorded"
    """Nobody answered: the arrival is recorded, and the desk finds out the rest."""
    NO_CARD = "no_card"
    """A number was taken; the desk looks at the documents."""
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
    reference: str = ""
    """After a failure: what the desk finds it by in the journal."""


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
    paused: bool = False
    """Staff put it out of service from the board."""
    restart: str | None = None
    """The command by which staff want it to start again; nobody begins any more."""
    started_by: str | None = None
    """The command by which it started this time: the line may bring it once more."""
    reception_reached: bool = True
    """The line to reception stands, as far as it is known."""
    look: Look = AS_USUAL
    usual: Look = AS_USUAL
    """How it looks for whoever comes next."""
    offer: Offer = JAPANESE_ONLY
    """What may be chosen of looks here."""
    choosing: Choosing | None = None
    """The page of looks that stands before the screen."""
    no_card: bool = False
    """The page for who has no card stands before the idle screen."""
    rest_until: float = 0.0
    """Until when what was chosen without a visit is kept (monotonic seconds)."""
    speaking: bool = False
    """The voice is saying something: nobody's time runs meanwhile."""
    visit: Visit | None = None
    farewell: Farewell | None = None
    help_called: bool = False
    """The desk was called from the idle screen; shown until `help_until`."""
    help_until: float = 0.0
    asked: int = 0

    @property
    def takes_patients(self) -> bool:
        """Whether a visit may begin."""
        return self.service.state is ServiceState.OPEN and not self.paused and self.restart is None

    @property
    def service_word(self) -> str:
        """What a heartbeat says: `open`, `closed`, `paused` or `restarting`."""
        if self.restart is not None:
            return "restarting"
        return "paused" if self.paused and self.service.state is ServiceState.OPEN else self.service.state.value
