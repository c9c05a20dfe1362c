"""Flow variants and facility kinds as data, never as branches (domain/flow-and-rules.md section 2.3)."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.record.consent import ConsentItem
from kiosk.record.identity import Method


@dataclass(frozen=True)
class Profile:
    """What one kind of site asks, and in which way.

    `methods`: the ways a patient may choose at the panel; a visual check is always granted by staff. `blanket`: one
    consent screen first (since 2024-10), items one by one only on wish. `items`: what consent is asked for, in order.
    """

    name: str
    methods: tuple[Method, ...]
    blanket: bool
    items: tuple[ConsentItem, ...]
    visual_check: bool = True


FLOW_2025_03 = Profile(
    name="flow_2025_03",
    methods=(Method.FACE, Method.PIN),
    blanket=True,
    items=(ConsentItem.MEDICATION, ConsentItem.DIAGNOSIS, ConsentItem.CHECKUP),
)
"""The default: blanket consent, visual check at the kiosk. Which items an installation asks for is RQ-12: surgery off,
medication on, diagnosis on by the manual's later default, checkup on."""

PROFILES = {profile.name: profile for profile in (FLOW_2025_03,)}
