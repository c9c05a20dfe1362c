"""Flow variants and facility kinds as data, never as branches (domain/flow-and-rules.md section 2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from kiosk.record.consent import ConsentItem
from kiosk.record.eligibility import EligibilityAnswer, Validity
from kiosk.record.identity import Method


class Facility(StrEnum):
    """What stands behind the door: it decides the words at the end, and whether a prescription's form is asked."""

    CLINIC = "clinic"
    HOSPITAL = "hospital"
    DENTAL = "dental"
    PHARMACY = "pharmacy"


class Limit(StrEnum):
    """Whose yes the 限度額 (the ceiling of what a patient pays) needs: domain/flow-and-rules.md sections 2.2 and 2.4."""

    UNASKED = "unasked"
    """It comes with the card (since 2024-10)."""
    AFTER_ANSWER = "after_answer"
    """P12 stands behind the consents (until 2024-10)."""
    ON_PAPER = "on_paper"
    """As `after_answer`, at a site that has consents signed on paper: this kiosk passes none on."""
    BEFORE_LOOK_UP = "before_look_up"
    """A number look-up asks for it, so P12 stands before it."""


@dataclass(frozen=True)
class Profile:
    """What one site asks, and in which way.

    `methods`: the ways a patient may choose at the panel; a visual check is always granted by staff. `blanket`: one
    consent screen first (since 2024-10), items one by one only on wish. `items`: what consent is asked for, in order.
    `specific_disease`: asked besides, of those who hold that certificate. `prescription`: its form is asked here. `limit`:
    whether the 限度額 is asked for, and when.
    """

    name: str
    methods: tuple[Method, ...]
    blanket: bool
    items: tuple[ConsentItem, ...]
    visual_check: bool = True
    specific_disease: bool = True
    prescription: bool = False
    limit: Limit = Limit.UNASKED
    facility: Facility = Facility.CLINIC

    def asked_of(self, answer: EligibilityAnswer) -> tuple[ConsentItem, ...]:
        """The consents to ask for after `answer`, in order; none unless the insurance is valid."""
        if answer.validity not in _ASKS_CONSENT:
            return ()
        held = self.specific_disease and any(result.specific_disease for result in answer.results)
        return (*self.items, ConsentItem.SPECIFIC_DISEASE) if held else self.items


_ASKS_CONSENT: Final = (Validity.VALID, Validity.VALID_UNREGISTERED)

_BOTH: Final = (Method.FACE, Method.PIN)

FLOW_2021: Final = Profile(
    "flow_2021",
    _BOTH,
    blanket=False,
    items=(ConsentItem.MEDICATION, ConsentItem.CHECKUP),
    limit=Limit.AFTER_ANSWER,
)

FLOW_2023: Final = Profile(
    "flow_2023",
    _BOTH,
    blanket=False,
    items=(ConsentItem.MEDICATION, ConsentItem.DIAGNOSIS, ConsentItem.SURGERY, ConsentItem.CHECKUP),
    limit=Limit.AFTER_ANSWER,
)

FLOW_2024_10: Final = Profile(
    "flow_2024_10",
    _BOTH,
    blanket=True,
    items=(ConsentItem.MEDICATION, ConsentItem.DIAGNOSIS, ConsentItem.SURGERY, ConsentItem.CHECKUP),
)

FLOW_2025_03: Final = Profile(
    "flow_2025_03",
    _BOTH,
    blanket=True,
    items=(ConsentItem.MEDICATION, ConsentItem.DIAGNOSIS, ConsentItem.CHECKUP),
)
"""The default: blanket consent, visual check at the kiosk. Which items an installation asks for is RQ-12: surgery off,
medication on, diagnosis on by the manual's later default, checkup on."""

ELIGIBILITY_ONLY: Final = Profile("eligibility_only", _BOTH, blanket=True, items=(), specific_disease=False)
"""資格確認限定型: whether the insurance is valid, and nothing else: no medical information, so no consents."""

PROFILES: Final[Mapping[str, Profile]] = {
    profile.name: profile for profile in (FLOW_2021, FLOW_2023, FLOW_2024_10, FLOW_2025_03, ELIGIBILITY_ONLY)
}


def profile_of(name: str, facility: Facility, *, on_screen: bool, prescription: bool) -> Profile:
    """The flow `name` at this facility. Not `on_screen`: consents are given on paper, and this kiosk asks for none.

    Raises `ValueError` with the setting and what was expected.
    """
    if name not in PROFILES:
        raise ValueError(f"profile: expected one of: {', '.join(PROFILES)}")
    flow = PROFILES[name]
    if prescription and facility is Facility.PHARMACY:
        raise ValueError("prescription: a pharmacy dispenses, it does not choose the form; expected not_asked")
    if prescription and flow is ELIGIBILITY_ONLY:
        raise ValueError("prescription: a site with eligibility only issues no electronic one; expected not_asked")
    if not on_screen:
        limit = Limit.ON_PAPER if flow.limit is Limit.AFTER_ANSWER else flow.limit
        flow = replace(flow, items=(), specific_disease=False, limit=limit)
    return replace(flow, facility=facility, prescription=prescription)


def looked_up(profile: Profile) -> Profile:
    """`profile` where eligibility is looked up by number: no medical information, so no consents; the 限度額 is asked.

    Raises `ValueError` where the prescription's form should be asked: nobody could be told of it.
    """
    if profile.prescription:
        raise ValueError("prescription: cannot be handed over by number look-up; expected not_asked")
    return replace(profile, items=(), specific_disease=False, limit=Limit.BEFORE_LOOK_UP)
