"""What can go wrong between a confirmed check-in and reception."""

from __future__ import annotations

from kiosk.errors import ExitCode, KioskError


class DeliveryError(KioskError):
    """The one base of this room."""


class OutboxError(DeliveryError):
    """The outbox could not do what was asked. Whatever `put` returned a number for before is still promised."""

    def __init__(self, sentence: str, code: str = "outbox") -> None:
        super().__init__(sentence, code)


class OutboxFullError(OutboxError):
    """There is no room for another check-in; those already there can still be acknowledged."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "outbox_full")


class QueueNumbersUsedUpError(OutboxError):
    """The day's 999 queue numbers are given out."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "queue_numbers")


class SealingError(DeliveryError):
    """A public key of reception that cannot be used."""

    def __init__(self, sentence: str, code: str = "sealing") -> None:
        super().__init__(sentence, code)


class NoKeyError(SealingError):
    """Reception's public key has never been here: this kiosk cannot take check-ins yet."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "no_key")


class ReceptionError(DeliveryError):
    """Reception was not reached, or what answered did not answer as reception does.

    `code` is a short constant word (`timeout`, `connect`, `tls`, `status_503`, ...) and is fit for a log.
    `status` is the HTTP status where there was one.
    """

    def __init__(self, sentence: str, code: str, status: int | None = None) -> None:
        super().__init__(sentence, code)
        self.status = status


class EnrolmentError(DeliveryError):
    """The kiosk was not paired with reception; the sentence says why."""

    exit_code = ExitCode.MISSING

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "enrolment")
