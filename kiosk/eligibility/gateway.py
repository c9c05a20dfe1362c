"""The port to whoever says whether an insurance is valid (design/architecture.md, "Ports").

One visit uses it three times: `open` gives what is to be signed, `verify` proves the card's holder and brings the
answer (then `register`, where the card was never registered and its holder wants it to be), `conclude` hands the consents
over and brings their times. Each call may block for the time budget of the settings; a station calls from a thread of
its own. Nothing is tried twice here: the heart decides about that.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from kiosk.record.checkin import Prescription
from kiosk.record.consent import ConsentItem, Consents
from kiosk.record.eligibility import EligibilityAnswer
from kiosk.record.identity import Challenge, IdentityProof
from kiosk.record.ids import VisitId


class EligibilityGateway(Protocol):
    """A way to the eligibility system. Every call raises `NoAnswerError` when there is no answer that can be trusted."""

    def open(self, visit_id: VisitId) -> Challenge:
        """A fresh challenge for this visit: 32 bytes, to be signed and returned within 60 s, once."""
        ...

    def verify(
        self, visit_id: VisitId, challenge: Challenge, proof: IdentityProof, *, limit_consent: bool = False
    ) -> EligibilityAnswer:
        """Prove the holder and ask for eligibility. The answer repeats session and certificate fingerprint, checked.

        `limit_consent`: the patient lets the 限度額 be asked for. With the card's own proof nobody needs to be asked; with a
        number look-up it is (domain/flow-and-rules.md section 2.4).

        Raises `ProofRefusedError` when the proof itself is not accepted.
        """
        ...

    def register(self, session: str) -> EligibilityAnswer:
        """Register the verified holder's card for insurance (初回登録), as the holder wished, and answer anew.

        Raises `ProofRefusedError` where it may not be registered.
        """
        ...

    def conclude(
        self,
        session: str,
        agreed: Collection[ConsentItem],
        refused: Collection[ConsentItem],
        prescription: Prescription,
    ) -> Consents:
        """Hand the patient's choices over: every item's consent, times as the eligibility system set them.

        Items in neither collection were not asked, or not answered, which is no consent.
        """
        ...
