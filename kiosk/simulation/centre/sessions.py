"""The simulated centre's sessions: each good for one proof of one visit, within 60 s; consents good for 24 h."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kiosk.record.dates import Notice
from kiosk.simulation.centre.problems import ConflictError, DownError, ProblemError, RefusedError

CHALLENGE_LASTS = timedelta(seconds=60)
CONSENT_LASTS = timedelta(hours=24)
"""domain/flow-and-rules.md section 2.4."""

MOST_SESSIONS = 10_000

ITEMS = ("medication", "diagnosis", "surgery", "checkup", "specific_disease")
PRESCRIPTIONS = ("electronic", "paper", "not_asked")

Clock = Callable[[], datetime]
"""Gives the present instant, with its zone."""


@dataclass(frozen=True, repr=False)
class Choices:
    """What the patient chose, and when the centre recorded it."""

    agreed: frozenset[str]
    refused: frozenset[str]
    prescription: str
    at: datetime


@dataclass(repr=False)
class Session:
    """One session; `used` from the first proof on, right or wrong; `verified` once the proof was right.

    `fingerprint` and `notice` are of the certificate that was proven.
    """

    name: str
    nonce: bytes
    kiosk_id: str
    visit_id: str
    opened_at: datetime
    used: bool = False
    verified: bool = False
    fingerprint: str = ""
    notice: Notice = Notice.NONE
    choices: Choices | None = None


class Sessions:
    """All sessions of the last 24 hours, and the consents that were given in them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._last: dict[str, Choices] = {}

    def open(self, kiosk_id: str, visit_id: str) -> Session:
        """A new session with a fresh challenge."""
        now = self._clock()
        self._sessions = {name: kept for name, kept in self._sessions.items() if now - kept.opened_at < CONSENT_LASTS}
        if len(self._sessions) >= MOST_SESSIONS:
            raise DownError("too many sessions are open", "too_many_sessions")
        session = Session(secrets.token_urlsafe(24), secrets.token_bytes(32), kiosk_id, visit_id, now)
        self._sessions[session.name] = session
        return session

    def take(self, name: str, visit_id: str) -> Session:
        """The session for its one proof; from now on it is used, whatever comes of it. Raises `RefusedError`."""
        session = self._sessions.get(name)
        if session is None:
            raise RefusedError("there is no such session", "unknown_session")
        if session.used:
            raise RefusedError("this session was used before", "session_used")
        session.used = True
        if self._clock() - session.opened_at > CHALLENGE_LASTS:
            raise RefusedError("this session's challenge is too old", "session_expired")
        if session.visit_id != visit_id:
            raise RefusedError("this session belongs to another visit", "wrong_visit")
        return session

    def proven(self, name: str) -> Session:
        """The session, if a proof was accepted in it. Raises `ProblemError`."""
        session = self._sessions.get(name)
        if session is None or not session.verified:
            raise ProblemError("no proof was accepted in this session", "not_verified")
        return session

    def conclude(self, name: str, agreed: frozenset[str], refused: frozenset[str], prescription: str) -> Choices:
        """Record the choices of a verified session, once; the same again gives what was recorded the first time."""
        session = self.proven(name)
        if agreed & refused or not (agreed | refused) <= set(ITEMS) or prescription not in PRESCRIPTIONS:
            raise ProblemError("these are not choices that a patient is given", "malformed")
        before = session.choices
        if before is not None:
            if (before.agreed, before.refused, before.prescription) != (agreed, refused, prescription):
                raise ConflictError("other choices were recorded before", "concluded")
            return before
        now = self._clock()
        session.choices = Choices(
            agreed, refused, prescription, now.replace(microsecond=now.microsecond // 1000 * 1000)
        )
        if agreed | refused:
            self._last[session.fingerprint] = session.choices
        return session.choices

    def bound(self, fingerprint: str) -> Choices | None:
        """What the holder of this certificate chose last, while it holds: 24 hours. Each visit asks anew (section 0.3)."""
        now = self._clock()
        self._last = {card: said for card, said in self._last.items() if now < said.at + CONSENT_LASTS}
        return self._last.get(fingerprint)
