"""Every answer of the simulated eligibility centre, by name: `kiosk simulate centre --answer NAME`, `kiosk demo --answer NAME`.

An answer changes what the directory says of every patient, and leaves them their names and birth dates: those are the
card's. Some answers depend on who holds the card; they name the kind of card that brings them.
Facts: domain/flow-and-rules.md sections 2.5 to 2.7 and 3.4 to 3.6, domain/oqs-interface.md sections 2 to 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from kiosk.errors import UsageError
from kiosk.simulation.patients import Patient


@dataclass(frozen=True, kw_only=True)
class NamedAnswer:
    """One answer. `changes` are fields of `Patient`; `kind` is the card (`kiosk.simulation.kinds`) that it belongs to."""

    name: str
    sentence: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "ordinary"
    closed: bool = False
    """The whole centre is closed for its maintenance: it opens no session."""

    def of(self, patient: Patient) -> Patient:
        """What the centre says of `patient`."""
        return replace(patient, **self.changes)


_ASSISTANCE: Final[Mapping[str, Any]] = {
    "card_class": "A1",
    "insurer_number": "12139994",
    "insurer_name": "架空市福祉事務所",
    "insured_symbol": None,
    "insured_number": "1000017",
    "insured_branch": None,
    "limit_category": None,
    "copay_ratio": 30,
    "elderly": False,
    "preschool": False,
}

_ALL = (
    NamedAnswer(name="valid", sentence="valid: a member of an employees' health insurance"),
    NamedAnswer(
        name="new_patient", sentence="valid, and new to this clinic: no 照会番号", changes={"reference_number": None}
    ),
    NamedAnswer(name="lost", sentence="lost, and nothing new is registered (無効, 2)", changes={"answer": "invalid"}),
    NamedAnswer(
        name="lost_newer_exists",
        sentence="lost, a newer one exists (無効・新しい資格あり, 3)",
        changes={"answer": "invalid_newer_exists", "reason_of_loss": "03"},
    ),
    NamedAnswer(name="none", sentence="no insurance is found (該当資格なし, 4)", changes={"answer": "not_found"}),
    NamedAnswer(
        name="twins",
        sentence="two people match (複数該当, 5)",
        changes={"answer": "multiple", "beside": "twin", "insured_branch": "01"},
    ),
    NamedAnswer(
        name="assistance_without_ticket",
        sentence="medical assistance whose ticket is not registered yet (有効・未登録, 6)",
        changes={**_ASSISTANCE, "answer": "valid_unregistered"},
    ),
    NamedAnswer(
        name="assistance",
        sentence="medical assistance with its ticket (医療券)",
        changes={**_ASSISTANCE, "ticket": True},
    ),
    NamedAnswer(
        name="insurance_and_assistance",
        sentence="insurance, and medical assistance beside it: two results",
        changes={"beside": "assistance"},
    ),
    NamedAnswer(name="preschool", sentence="a child before school: 20 % (未就学)", kind="child"),
    NamedAnswer(name="elderly", sentence="70 to 74 years: 20 % by a certificate (高齢受給者証)", kind="elderly"),
    NamedAnswer(name="late_elderly", sentence="75 and over: 10 % (後期高齢者医療)", kind="late_elderly"),
    NamedAnswer(name="high_income", sentence="the highest limit of all (限度額 ア)", changes={"limit_category": "A01"}),
    NamedAnswer(name="no_limit", sentence="no limit certificate (限度額)", changes={"limit_category": None}),
    NamedAnswer(
        name="specific_disease",
        sentence="holds a certificate for dialysis (特定疾病療養受療証)",
        changes={"specific_disease": "1"},
    ),
    NamedAnswer(
        name="gaiji",
        sentence="characters that the system does not have, in name and address (●)",
        changes={"name": "●本\u3000花子", "address": "東京都架空区●本町１－２－３"},
    ),
    NamedAnswer(name="expiring", sentence="a certificate that ends within three months", kind="expiring"),
    NamedAnswer(name="grace", sentence="one that ended, in its months of grace: eligibility only", kind="grace"),
    NamedAnswer(name="revoked", sentence="a revoked certificate: the proof is refused", changes={"revoked": True}),
    NamedAnswer(
        name="unregistered",
        sentence="a card that was never registered for insurance: registration at the kiosk (初回登録)",
        changes={"registered": False},
    ),
    NamedAnswer(
        name="person_error", sentence="this person cannot be looked up (status 2)", changes={"answer": "person_error"}
    ),
    NamedAnswer(name="system_error", sentence="the look-up failed (segment 9)", changes={"answer": "system_error"}),
    NamedAnswer(
        name="still_processing",
        sentence="the system is not done with it (segment 2)",
        changes={"answer": "still_processing"},
    ),
    NamedAnswer(name="usual", sentence="valid, after the usual time of 5 s", changes={"delay_seconds": 5.0}),
    NamedAnswer(name="slow", sentence="valid, after 30 s: too late", changes={"delay_seconds": 30.0}),
    NamedAnswer(name="down", sentence="the centre breaks down when it is asked", changes={"down": True}),
    NamedAnswer(name="maintenance", sentence="the centre is closed for its maintenance", closed=True),
)

ANSWERS: Final[Mapping[str, NamedAnswer]] = {answer.name: answer for answer in _ALL}
"""Every answer by name, in the order in which they are shown."""


def named(name: str) -> NamedAnswer:
    """The answer of this name; raises `UsageError` that names them all."""
    if name not in ANSWERS:
        raise UsageError(f"{name[:40]!r} is no answer; expected one of: {', '.join(ANSWERS)}")
    return ANSWERS[name]


def told() -> str:
    """All of them with what they mean, a line each, as `--help` shows them."""
    width = max(map(len, ANSWERS))
    return "answers:\n" + "\n".join(f"  {answer.name:<{width}}  {answer.sentence}" for answer in ANSWERS.values())
