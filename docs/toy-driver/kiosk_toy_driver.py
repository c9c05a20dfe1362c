"""An eligibility driver that knows its patients from a YAML file: everything a real one needs, and nothing else.

The file (`driver: settings_file:`) says who is insured, by the SHA-256 of the card's certificate:

    patients:
      5f0c...: {name: 試験　花子, birth_date: 1980-02-17, insurer_number: "01139997"}

It checks the card's own signature, which is what the PIN way gives. A real driver speaks to the licensed system instead, and
also knows what to do with the face and visual proofs that the kiosk vouches for.
"""

# ruff: noqa: ARG002, INP001 - one file, whose methods have the port's parameters

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import UTC, date, datetime
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from kiosk.eligibility.errors import NoAnswerError, ProofRefusedError
from kiosk.eligibility.settings import DriverSettings
from kiosk.record.checkin import Prescription
from kiosk.record.consent import REFUSED, ConsentItem, Consents, given, no_consents
from kiosk.record.eligibility import EligibilityAnswer, EligibilityResult, Source, Validity
from kiosk.record.identity import Challenge, IdentityProof, PinProof
from kiosk.record.ids import VisitId, visit_id_bytes


def make(settings: DriverSettings, kiosk_id: str) -> ToyDriver:
    """What the entry point names: called once, when the kiosk starts."""
    if settings.settings_file is None:
        raise NoAnswerError("the toy driver needs settings_file: a YAML file with its patients", "settings")
    return ToyDriver(settings.settings_file, kiosk_id)


class ToyDriver:
    """`kiosk.eligibility.gateway.EligibilityGateway`: five calls, each from a thread of the kiosk's."""

    def __init__(self, patients: Path, kiosk_id: str) -> None:
        self._patients = patients
        self._kiosk_id = kiosk_id
        self._verified: set[str] = set()

    def open(self, visit_id: VisitId) -> Challenge:
        """32 bytes to be signed."""
        return Challenge(f"toy-{visit_id}", secrets.token_bytes(32))

    def verify(
        self, visit_id: VisitId, challenge: Challenge, proof: IdentityProof, *, limit_consent: bool = False
    ) -> EligibilityAnswer:
        """Check the proof, look the patient up."""
        if not isinstance(proof, PinProof):
            raise ProofRefusedError("the toy driver takes the card's own signature only", "method")
        _check(proof, challenge.nonce + visit_id_bytes(visit_id))
        self._verified.add(challenge.session)
        patient = self._patient(proof.certificate.fingerprint)
        return EligibilityAnswer(
            session=challenge.session,
            fingerprint=proof.certificate.fingerprint,
            source=Source.DRIVER,
            validity=Validity.NOT_FOUND if patient is None else Validity.VALID,
            answered_at=datetime.now(UTC),
            simulated=True,  # a real one says False
            results=() if patient is None else (patient,),
        )

    def register(self, session: str) -> EligibilityAnswer:
        """All of its patients are registered already."""
        raise NoAnswerError("the toy driver registers nobody", "status")

    def conclude(
        self,
        session: str,
        agreed: Collection[ConsentItem],
        refused: Collection[ConsentItem],
        prescription: Prescription,
    ) -> Consents:
        """Take the choices over, once somebody was verified, and give them their times."""
        if session not in self._verified:
            raise NoAnswerError("nobody was verified in this session", "status")
        consents = no_consents()
        consents.update(dict.fromkeys(agreed, given(datetime.now(UTC).replace(microsecond=0))))
        consents.update(dict.fromkeys(refused, REFUSED))
        return consents

    def _patient(self, fingerprint: str) -> EligibilityResult | None:
        try:
            listed = yaml.safe_load(self._patients.read_text(encoding="utf-8"))["patients"].get(fingerprint)
        except (OSError, yaml.YAMLError, LookupError, TypeError, AttributeError) as error:
            raise NoAnswerError("the toy driver's patients cannot be read", "status") from error
        if listed is None:
            return None
        born = listed.get("birth_date")
        return EligibilityResult(
            name=listed.get("name"),
            insurer_number=listed.get("insurer_number"),
            birth_date=born if isinstance(born, date) else None,
        )


def _check(proof: PinProof, signed: bytes) -> None:
    key = x509.load_der_x509_certificate(proof.certificate.der).public_key()
    try:
        if not isinstance(key, rsa.RSAPublicKey):
            raise ProofRefusedError("the certificate's key is not RSA", "certificate")
        key.verify(proof.signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as error:
        raise ProofRefusedError("the card's signature is wrong", "signature") from error
