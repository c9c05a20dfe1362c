"""The delivery station: the outbox, the courier that empties it, the desk that is called, the line that calls back."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Final

from kiosk import journal
from kiosk.delivery.courier import Courier
from kiosk.delivery.desk import Desk
from kiosk.delivery.errors import DeliveryError, NoKeyError, ReceptionError
from kiosk.delivery.exchange import door_client, trust
from kiosk.delivery.keys import KeyCache
from kiosk.delivery.line import Line
from kiosk.delivery.outbox import Outbox
from kiosk.delivery.reports import Reports
from kiosk.delivery.settings import DeliverySettings
from kiosk.delivery.staff_check import StaffCheck, TypedDigits, Verified
from kiosk.delivery.witness import Witness
from kiosk.record.door import Heartbeat, HelpCall, StaffReport
from kiosk.record.ids import KioskId, VisitId, new_visit_id
from kiosk.staff.commands import Command, CommandKind, CommandState
from kiosk.visit import events as ev
from kiosk.visit.effects import (
    AnswerCommand,
    CallDesk,
    Commit,
    Effect,
    ForgetStaffDigits,
    ReportVisual,
    VerifyStaff,
)
from kiosk.visit.vocabulary import StaffTrouble

log = logging.getLogger("kiosk.stations.delivery")

KEY_SECONDS: Final = 3.0
"""How long reception's key may take at the first start before the kiosk says that it cannot take patients."""


class DeliveryStation:
    """`post` hands an event to the loop; `fault` says whether check-ins can be sealed and stored."""

    def __init__(
        self,
        settings: DeliverySettings,
        kiosk_id: KioskId,
        post: Callable[[ev.Event], None],
        fault: Callable[[str, bool], None],
    ) -> None:
        self._kiosk_id = kiosk_id
        self._post = post
        self._fault = fault
        self._shown: tuple[str, str, VisitId | None] = ("open", "idle", None)
        settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._outbox = Outbox(settings.folder / "outbox.db", settings.kiosk_letter)
        self._keys = KeyCache(settings.folder / "reception-key.json")
        trusting = trust(settings)
        self._clients = [door_client(settings, trusting) for _ in range(4)]
        courier, desk, line, staff = self._clients
        self._courier = Courier(self._outbox, courier, settings.urls, kiosk_id, self._delivered)
        witness = Witness(settings.folder / "audit-witness.json")
        reports = Reports(settings.folder / "visual-checks.json")
        self._desk = Desk(desk, settings.urls, kiosk_id, self._keys, self._heartbeat, witness=witness, reports=reports)
        self._line = Line(line, settings.urls, kiosk_id, self._command, self._reachable)
        self._staff_check = StaffCheck(staff, settings.urls, kiosk_id)
        self._staff_digits = TypedDigits()
        self._settings = settings
        self._stop = threading.Event()
        self._work = ThreadPoolExecutor(2, thread_name_prefix="delivery")
        self._threads = [
            threading.Thread(target=run, args=(self._stop,), name=name, daemon=True)
            for name, run in (
                ("courier", self._courier.run),
                ("desk", self._desk.run),
                ("line", self._line.run),
                ("renewal", self._renew_certificate),
            )
        ]

    def start(self) -> None:
        """Deliver what is left from before, listen, and beat."""
        for thread in self._threads:
            thread.start()
        # A kiosk that starts for the first time has no key for a moment: that is no reason to say "out of service".
        late = threading.Timer(KEY_SECONDS, lambda: self._fault("key", not self._has_key()))
        late.daemon = True
        late.start()

    def show(self, service: str, stage: str, visit_id: VisitId | None) -> None:
        """What the board is to know of this kiosk now: sent at once when it changed."""
        if (service, stage, visit_id) != self._shown:
            self._shown = (service, stage, visit_id)
            self._desk.beat_now()

    def carry_out(self, effect: Effect) -> bool:
        """Start what the effect wants; whether it was one of this station's."""
        match effect:
            case Commit():
                self._work.submit(self._commit, effect)
            case CallDesk(visit_id=visit_id, reason=reason, stage=stage):
                call = HelpCall(new_visit_id(), self._kiosk_id, visit_id, reason, stage, datetime.now(UTC))
                self._desk.call(call)
            case VerifyStaff():
                self._work.submit(self._verify_staff, effect, self._staff_digits.taken())
            case ForgetStaffDigits():
                self._staff_digits.forget()
            case ReportVisual(grant_id=grant_id, visit_id=visit_id, outcome=outcome):
                report = StaffReport(grant_id, self._kiosk_id, visit_id, outcome, datetime.now(UTC))
                self._work.submit(self._desk.report, report)
            case AnswerCommand(command_id=command_id, state=state):
                self._work.submit(self._answer, command_id, CommandState(state))
            case _:
                return False
        return True

    def digit(self, digit: str) -> None:
        """One digit of a staff member's code or PIN, from the touch layer: held until it is asked for, or forgotten."""
        self._staff_digits.type(digit)

    def erase(self) -> None:
        """Forget the last of them."""
        self._staff_digits.erase()

    def forget_digits(self) -> None:
        """Forget all of them: part of the wipe."""
        self._staff_digits.forget()

    def close(self) -> None:
        """Stop the threads; what is not delivered stays in the outbox."""
        self._stop.set()
        self._courier.wake()
        self._desk.beat_now()
        self._line.hang_up()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=2)
        self._work.shutdown(wait=True, cancel_futures=False)
        for client in self._clients:
            client.close()
        self._outbox.close()

    def _renew_certificate(self, stop: threading.Event) -> None:
        """On a thread of its own. A kiosk that is not paired has nothing to renew."""
        if self._settings.client_file.exists():
            from kiosk.delivery.renewal import Renewal  # noqa: PLC0415 - 3 MB that only a paired kiosk needs

            Renewal(self._settings, self._kiosk_id).run(stop)

    def _commit(self, effect: Commit) -> None:
        visit = effect.ask.visit_id
        began = time.monotonic()
        try:
            number = self._outbox.put(effect.checkin, self._keys.sealer())
        except DeliveryError as error:
            log.error("not_committed", extra=journal.numbers(visit=visit, why=error.code))  # noqa: TRY400
            self._post(ev.NotCommitted(effect.ask))
            return
        except Exception:
            log.exception("commit_failed")
            self._post(ev.NotCommitted(effect.ask))
            return
        ms = round((time.monotonic() - began) * 1000, 2)
        log.info("committed", extra=journal.numbers(visit=visit, ms=ms))
        self._post(ev.Committed(effect.ask, number))
        self._courier.wake()

    def _verify_staff(self, effect: VerifyStaff, digits: bytearray | None) -> None:
        trouble = StaffTrouble.UNREACHABLE
        try:
            found = self._staff_check.verify(effect.ask.visit_id, digits) if digits is not None else "wrong"
            if isinstance(found, Verified):
                log.info("staff_verified", extra=journal.numbers(visit=effect.ask.visit_id))
                self._desk.check_begins(found.check_id, effect.ask.visit_id, datetime.now(UTC))
                self._post(ev.StaffVerified(effect.ask, found.check_id, found.staff_id, found.lasts))
                return
            trouble = StaffTrouble(found)
        except Exception as error:  # noqa: BLE001 - whatever broke, the staff member must not wait
            # No traceback: it would show the lines the digits went through.
            log.error("staff_check_failed", extra=journal.numbers(why=type(error).__name__))  # noqa: TRY400
        self._post(ev.StaffNotVerified(effect.ask, trouble))

    def _delivered(self, checkin_id: VisitId) -> None:
        log.info("delivered", extra=journal.numbers(visit=checkin_id))
        self._post(ev.Delivered(checkin_id))

    def _answer(self, command_id: str, state: CommandState) -> None:
        try:
            self._line.answer(command_id, state)
        except ReceptionError as error:
            log.warning("command_not_answered", extra=journal.numbers(why=error.code))

    def _command(self, command: Command) -> None:
        log.info("command", extra=journal.numbers(visit=command.visit_id, kind=command.kind.value))
        if command.visit_id is None:
            about_kiosk: dict[CommandKind, Callable[[str], ev.Event]] = {
                CommandKind.PAUSE: ev.Paused,
                CommandKind.RESUME: ev.Resumed,
                CommandKind.RESTART: ev.RestartAsked,
            }
            self._post(about_kiosk[command.kind](command.id))
            return
        lasts = (command.expires_at - datetime.now(UTC)).total_seconds()
        makes: dict[CommandKind, Callable[[str, VisitId, str], ev.Event]] = {
            CommandKind.GRANT_VISUAL: partial(ev.VisualGranted, lasts=lasts),
            CommandKind.CONFIRM_VISUAL: ev.VisualConfirmed,
            CommandKind.REFUSE_VISUAL: ev.VisualRefused,
        }
        self._post(makes[command.kind](command.id, command.visit_id, command.issued_by))

    def _reachable(self, reachable: bool) -> None:
        log.info("reception_reachable" if reachable else "reception_unreachable")
        self._post(ev.ReceptionReached(reachable))
        if reachable:
            self._courier.wake()
            self._desk.beat_now()

    def _heartbeat(self) -> Heartbeat:
        service, stage, visit_id = self._shown
        if self._has_key():
            self._fault("key", False)
        try:
            waiting = self._outbox.waiting()
            pending, parked, age = waiting.pending, waiting.parked, waiting.oldest_age
            self._fault("outbox", False)
        except DeliveryError as error:
            log.error("outbox_unreadable", extra=journal.numbers(why=error.code))  # noqa: TRY400
            pending, parked, age = 0, 0, 0.0
            self._fault("outbox", True)
        return Heartbeat(self._kiosk_id, datetime.now(UTC), service, stage, visit_id, pending, parked, age)

    def _has_key(self) -> bool:
        try:
            self._keys.sealer()
        except NoKeyError:
            return False
        return True
