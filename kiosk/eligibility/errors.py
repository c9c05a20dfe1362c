"""What can go wrong between the kiosk and the eligibility system. A sentence here never holds a patient's data."""

from __future__ import annotations

from kiosk.errors import ExitCode, KioskError


class EligibilityError(KioskError):
    """The base of this room's errors."""


class NoAnswerError(EligibilityError):
    """No answer can be had now, or what came is not one that can be trusted: never a result.

    `code` says which hop failed, for the journal: `line`, `time_out`, `not_the_centre` (TLS says so), `status`,
    `content_type`, `too_large`, `malformed`, `mismatch` (it answers something else), `result` (the system says that it
    failed), `maintenance` (it says so), `resting` (it was not asked: `kiosk.eligibility.breaker`).
    """


class ProofRefusedError(EligibilityError):
    """The centre looked at the proof and does not accept it; `code` is the centre's own code word."""

    @property
    def about_session(self) -> bool:
        """Whether it is the session that came to nothing (too old, used, gone): that says nothing of card or holder."""
        return self.code in {"session_expired", "session_used", "unknown_session"}


class KioskKeyError(EligibilityError):
    """The kiosk's own signing key cannot be used or made."""

    exit_code = ExitCode.MISSING

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "kiosk_key")
