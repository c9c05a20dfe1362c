"""What the simulated centre answers instead of a result: a status, a code word and a sentence."""

from __future__ import annotations

from http import HTTPStatus

from kiosk.errors import KioskError


class ProblemError(KioskError):
    """Becomes an `application/problem+json` reply."""

    status = HTTPStatus.BAD_REQUEST


class RefusedError(ProblemError):
    """The proof is not accepted."""

    status = HTTPStatus.FORBIDDEN


class ConflictError(ProblemError):
    """Something else was recorded before."""

    status = HTTPStatus.CONFLICT


class DownError(ProblemError):
    """Nothing can be answered now."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


def closed_for_maintenance() -> DownError:
    """The word for it is part of the wire format."""
    return DownError("the centre is closed for its maintenance", "maintenance")


def malformed(what: str) -> ProblemError:
    """A request that is not as the wire format says."""
    return ProblemError(f"{what} is not as the wire format says", "malformed")
