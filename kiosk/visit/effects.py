"""Everything the visit wants from outside. A stage writes a request without an ask; `flow.step` stamps it.

Each request names the answers it gets in its docstring. Effects without an `ask` get none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kiosk.record.checkin import CheckIn, Prescription
from kiosk.record.consent import ConsentItem
from kiosk.record.door import HelpReason, StaffOutcome
from kiosk.record.identity import Challenge, Claim
from kiosk.record.ids import VisitId
from kiosk.visit.appliance import Ask
from kiosk.visit.vocabulary import CheckNumberSource

UNSTAMPED: Final = Ask(VisitId(""), 0)
"""What a request carries until `flow.step` gives it the visit and a number."""

# -- card booth ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReadCard:
    """Recognise the card and read its certificate: `CardRead` | `CardRefused` (or `CardLost`)."""

    ask: Ask = UNSTAMPED


@dataclass(frozen=True)
class VerifyPin:
    """VERIFY with the digits the booth holds; it forgets them at once: `PinRight` | `PinWrong`."""

    ask: Ask = UNSTAMPED


@dataclass(frozen=True)
class ForgetDigits:
    """The booth overwrites whatever digits it holds."""


@dataclass(frozen=True)
class SignChallenge:
    """The card signs nonce ‖ visit id: `ChallengeSigned`."""

    challenge: Challenge
    ask: Ask = UNSTAMPED


@dataclass(frozen=True)
class SendPhoto:
    """Booth to studio, with check number B from `source` (the booth has it): `PhotoSent` | `PhotoRefused`."""

    source: CheckNumberSource
    ask: Ask = UNSTAMPED


# -- face studio -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReadHolder:
    """What the card says of its holder, where nobody else answered: `HolderRead` | `HolderUnread` | `CardLost`."""

    ask: Ask = UNSTAMPED


@dataclass(frozen=True)
class LookAtFace:
    """Open the camera and compare with the photo: `FaceSeen`*, then `FaceMatched` | `FaceNotMatched` | `FaceUnavailable`."""

    ask: Ask = UNSTAMPED


@dataclass(frozen=True)
class ReadFront:
    """Read check number B from the card's front and hand it to the booth.

    `FrontSeen`*, then `FrontRead` | `FrontUnreadable` | `FaceUnavailable`.
    """

    ask: Ask = UNSTAMPED


@dataclass(frozen=True)
class StopLooking:
    """Close the camera; the preview block is zeroed."""


@dataclass(frozen=True)
class ShowComparison:
    """Open the camera and put photo (if any) and live picture into the preview: `ComparisonShown` | `FaceUnavailable`."""

    ask: Ask = UNSTAMPED


# -- eligibility -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OpenSession:
    """A challenge for this visit: `SessionOpened` | `NotAnswered`."""

    ask: Ask = UNSTAMPED


@dataclass(frozen=True)
class VerifyIdentity:
    """Prove and ask for eligibility: `Answered` | `NotAnswered` | `ProofRefused`."""

    challenge: Challenge
    claim: Claim
    limit_consent: bool = False
    ask: Ask = UNSTAMPED


@dataclass(frozen=True)
class Register:
    """Register the card as an insurance card, as its holder just asked: `Answered` | `ProofRefused` | `NotAnswered`."""

    session: str
    ask: Ask = UNSTAMPED


@dataclass(frozen=True)
class Conclude:
    """Hand the consents over: `Concluded` | `NotConcluded`. Items in neither tuple were not asked or not answered."""

    session: str
    agreed: tuple[ConsentItem, ...]
    refused: tuple[ConsentItem, ...]
    prescription: Prescription
    ask: Ask = UNSTAMPED


# -- delivery --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Commit:
    """Count, seal and store the check-in: `Committed` | `NotCommitted`; later `Delivered`, to whoever is then there."""

    checkin: CheckIn
    ask: Ask = UNSTAMPED


@dataclass(frozen=True)
class VerifyStaff:
    """Ask reception for the code and PIN that the station holds; it forgets them: `StaffVerified` | `StaffNotVerified`."""

    ask: Ask = UNSTAMPED


@dataclass(frozen=True)
class ForgetStaffDigits:
    """The delivery station overwrites whatever it holds of a code and PIN."""


@dataclass(frozen=True)
class ReportVisual:
    """How a visual check at the kiosk ended, for reception's audit log; `grant_id` as `StaffVerified` told it."""

    grant_id: str
    visit_id: VisitId
    outcome: StaffOutcome


@dataclass(frozen=True)
class CallDesk:
    """A nameless line to reception."""

    visit_id: VisitId | None
    reason: HelpReason
    stage: str


@dataclass(frozen=True)
class AnswerCommand:
    """The state reached because of a command from the board (`kiosk.staff.commands.CommandState` values)."""

    command_id: str
    state: str


# -- everybody -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wipe:
    """The visit is over: booth and studio end, the preview is zeroed, nothing of it is kept."""

    visit_id: VisitId


@dataclass(frozen=True)
class StartAgain:
    """Nobody is there: end, and start anew because of this command."""

    command_id: str


Request = (
    ReadCard
    | VerifyPin
    | SignChallenge
    | SendPhoto
    | ReadHolder
    | LookAtFace
    | ReadFront
    | ShowComparison
    | OpenSession
    | VerifyIdentity
    | Register
    | Conclude
    | Commit
    | VerifyStaff
)

Effect = (
    Request
    | ForgetDigits
    | ForgetStaffDigits
    | StopLooking
    | CallDesk
    | ReportVisual
    | AnswerCommand
    | Wipe
    | StartAgain
)
