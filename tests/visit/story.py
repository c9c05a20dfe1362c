"""A visit told as a list of steps: what happens, and what the heart answers. Shared by the flow and property tests."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from kiosk.record.consent import REFUSED as CONSENT_REFUSED
from kiosk.record.consent import ConsentItem, Consents, given, no_consents
from kiosk.record.eligibility import EligibilityAnswer, EligibilityResult, Source, Validity
from kiosk.record.identity import Certificate, Challenge, PinProof
from kiosk.record.ids import KioskId, QueueNumber, VisitId, new_visit_id
from kiosk.visit.appliance import Appliance, Ask, Visit
from kiosk.visit.effects import (
    Commit,
    Conclude,
    Effect,
    OpenSession,
    ReadCard,
    Request,
    SignChallenge,
    VerifyIdentity,
    VerifyPin,
)
from kiosk.visit.events import (
    Answered,
    CardPlaced,
    CardRead,
    ChallengeSigned,
    Committed,
    Concluded,
    DigitTyped,
    Event,
    PinRight,
    SessionOpened,
    Tapped,
    Tick,
)
from kiosk.visit.flow import step
from kiosk.visit.profiles import FLOW_2025_03, Profile
from kiosk.visit.vocabulary import CheckNumberSource, ChipPhoto

MORNING = datetime(2026, 10, 5, 0, 0, tzinfo=UTC)
CERTIFICATE = Certificate(b"certificate of an invented person")
OTHER_CERTIFICATE = Certificate(b"certificate of somebody else")
CHALLENGE = Challenge("session-1", bytes(32))
QUEUE_NUMBER = QueueNumber("A012")
PERSON = EligibilityResult(name="試験　花子", name_kana="ｼｹﾝ ﾊﾅｺ", insurer_number="01139997")


def appliance(source: CheckNumberSource = CheckNumberSource.KNOWN, profile: Profile = FLOW_2025_03) -> Appliance:
    return Appliance(
        kiosk_id=KioskId("kiosk-a"),
        clinic="みほん内科",
        profile=profile,
        simulated_site=True,
        mono=1000.0,
        wall=MORNING,
        number_source=source,
    )


def answer(
    validity: Validity = Validity.VALID,
    *,
    session: str = CHALLENGE.session,
    certificate: Certificate = CERTIFICATE,
    person: EligibilityResult = PERSON,
) -> EligibilityAnswer:
    return EligibilityAnswer(
        session=session,
        fingerprint=certificate.fingerprint,
        source=Source.CENTRE,
        validity=validity,
        answered_at=MORNING,
        simulated=True,
        results=(person,),
    )


def unregistered() -> EligibilityAnswer:
    """A card whose holder never registered it as an insurance card."""
    return replace(answer(Validity.UNCONFIRMED), results=(), registration_needed=True)


def recorded(agreed: tuple[ConsentItem, ...], refused: tuple[ConsentItem, ...] = ()) -> Consents:
    consents = no_consents()
    consents.update(dict.fromkeys(agreed, given(MORNING)))
    consents.update(dict.fromkeys(refused, CONSENT_REFUSED))
    return consents


@dataclass
class Story:
    """Feeds the heart and remembers every effect it wanted."""

    now: Appliance = field(default_factory=appliance)
    effects: list[Effect] = field(default_factory=list)
    last: tuple[Effect, ...] = ()

    def happens(self, *events: Event) -> Story:
        for event in events:
            self.now, self.last = step(self.now, event)
            self.effects.extend(self.last)
        return self

    def passes(self, seconds: float) -> Story:
        """Time, in ticks of a quarter of a second as the loop gives them."""
        for _ in range(int(seconds * 4)):
            mono, wall = self.now.mono + 0.25, self.now.wall + timedelta(seconds=0.25)
            self.happens(Tick(mono, wall))
        return self

    @property
    def visit(self) -> Visit:
        assert self.now.visit is not None
        return self.now.visit

    @property
    def stage(self) -> Any:
        return self.visit.stage  # a story's reader narrows it by what it asserts

    def asked(self, kind: type[Request]) -> Ask:
        """The ask of the last effect of this kind."""
        return next(e.ask for e in reversed(self.effects) if isinstance(e, kind))

    def wanted(self, kind: type[Effect]) -> list[Effect]:
        return [e for e in self.effects if isinstance(e, kind)]


def card_read(story: Story, **changes: object) -> CardRead:
    read = CardRead(
        ask=story.asked(ReadCard),
        certificate=CERTIFICATE,
        not_after=MORNING + timedelta(days=800),
        pin_tries=3,
        photo=ChipPhoto.READABLE,
        simulated=True,
    )
    return replace(read, **changes)  # type: ignore[arg-type]


def placed(visit_id: VisitId | None = None, source: CheckNumberSource = CheckNumberSource.KNOWN) -> Story:
    return Story(appliance(source)).happens(CardPlaced(visit_id or new_visit_id()))


def choosing(source: CheckNumberSource = CheckNumberSource.KNOWN, **changes: object) -> Story:
    story = placed(source=source)
    return story.happens(card_read(story, **changes))


def typing_pin(**changes: object) -> Story:
    return choosing(CheckNumberSource.KNOWN, **changes).happens(Tapped("choose_pin"))


def pin_typed(**changes: object) -> Story:
    return typing_pin(**changes).happens(*[DigitTyped()] * 4)


def verifying_pin(**changes: object) -> Story:
    story = pin_typed(**changes)
    return story.happens(PinRight(story.asked(VerifyPin)))


def signed(**changes: object) -> Story:
    story = verifying_pin(**changes)
    story.happens(SessionOpened(story.asked(OpenSession), CHALLENGE))
    return story.happens(ChallengeSigned(story.asked(SignChallenge), PinProof(CERTIFICATE, bytes(256))))


def consenting(validity: Validity = Validity.VALID, **changes: object) -> Story:
    story = signed(**changes)
    return story.happens(Answered(story.asked(VerifyIdentity), answer(validity)))


def committing(**changes: object) -> Story:
    story = consenting(Validity.VALID, **changes).happens(Tapped("agree_all"))
    return story.happens(Concluded(story.asked(Conclude), recorded(FLOW_2025_03.items)))


def checked_in(**changes: object) -> Story:
    story = committing(**changes)
    return story.happens(Committed(story.asked(Commit), QUEUE_NUMBER))
