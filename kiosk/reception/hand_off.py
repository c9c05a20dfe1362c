"""Handing results to the claims computer: one file an answer, in a folder of our own, watched until it was taken.

The one writer of these files is the node on duty. A file is written under a name that no claims computer looks for, put on
the disk, then renamed; the store notes each step before the next. Renaming takes the temporary file away, so the folder
tells after any crash whether it was done, even where the file was taken since: nothing is written twice, nothing is lost,
and what came first is written first (domain/reception-and-reliability.md 6.3).

Before anything is written, and before a missing file counts as taken, the folder must hold our mark: an empty mount point
of a share that is away looks like a folder whose files were all taken. Files of the interface that we do not know mean a
terminal's own folder, or another reception's: nothing is written there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar

from kiosk import journal
from kiosk.eligibility.oqs import consumers, file_names, hand_off, to_xml
from kiosk.eligibility.oqs.encoding import LOST, Encoding
from kiosk.eligibility.oqs.errors import OqsError
from kiosk.eligibility.oqs.file_names import FaceName
from kiosk.reception import hand_off_rows, troubles
from kiosk.reception.desk import Desk
from kiosk.reception.errors import StoreError
from kiosk.reception.feed import Listener
from kiosk.reception.hand_off_folder import FolderAwayError, HandOffFolder, OneHand, Steps
from kiosk.reception.hand_off_rows import HandOffState, Queued, Unreadable, Watched
from kiosk.reception.hand_off_settings import HandOffSettings
from kiosk.reception.store import DeskEvent, Transaction
from kiosk.record import RecordError

log = logging.getLogger("kiosk.reception.hand_off")

MARK: Final = "KIOSK-HAND-OFF.txt"
"""By its name we know the folder again. What is in it is for people."""

MARK_TEXT: Final = "このフォルダーは受付システムの結果渡し用です。このファイルは消さないでください。\r\n".encode(
    "cp932"
)

PATIENCE: Final = 15.0
"""Seconds that one step in the folder may take before the desk hears of it."""

AWAY_TIMES: Final = 10
"""How much longer it waits for the next look where the folder cannot be used."""

SWEEP_EVERY: Final = 60.0
"""Seconds. What came is told at once; this is for what was not heard."""

_TEMPORARY: Final = ("kiosk-", ".tmp")

_T = TypeVar("_T")


class _Words(NamedTuple):
    sentence: str
    what_to_do: str


KIND: Final = "hand_off"
"""The kind of all troubles of the hand-off; their keys are those of `TROUBLES`."""

TROUBLES: Final = {
    "away": _Words(
        "レセコンへの結果渡しフォルダーにつながりません",
        "レセコンの電源とネットワークを確かめてください。結果は順番にたまり、つながれば自動で渡します",
    ),
    "no_mark": _Words(
        f"結果渡しフォルダーに目印のファイル（{MARK}）がありません",
        f"共有フォルダーの接続を確かめてください。フォルダーを作り直したときは {MARK} という空のファイルを置いてください",
    ),
    "foreign": _Words(
        "結果渡しフォルダーに、ほかの機械の結果ファイルがあります",
        "資格確認端末のフォルダーには書き込めません。受付専用のフォルダーを設定してください",
    ),
    "not_taken": _Words(
        "レセコンが受付の結果を取り込んでいません",
        "レセコンの取り込みが動いているか確かめてください。それまでは画面の内容を手で入力してください",
    ),
    "refused": _Words(
        "レセコンに渡せない受付の結果があります",
        "記録の「渡せません」の受付は、画面の内容を手で入力し、完了にしてください",
    ),
}
"""What the board says, by key."""


@dataclass(frozen=True, repr=False)
class _Written:
    content: bytes
    gaiji: bool


class HandOff:
    """The task of one desk. `steps`: what is done in the folder."""

    def __init__(self, desk: Desk, settings: HandOffSettings | None, steps: Steps | None = None) -> None:
        self._desk = desk
        self._settings = settings
        self._steps: Steps | None = steps or (None if settings is None else HandOffFolder(settings.folder))
        self._open: frozenset[str] | None = None
        self._sweep_at = 0.0

    async def run(self) -> None:
        """Go on until cancelled; at once over where the settings have no hand-off."""
        desk, settings, steps = self._desk, self._settings, self._steps
        if settings is None or steps is None:
            if await desk.store.read(hand_off_rows.is_on):
                await desk.store.write(hand_off_rows.switched_off)
                await self._tell(frozenset())
            return
        await desk.store.write(hand_off_rows.begin)
        hand = _Hand(steps, self._hangs)
        try:
            while True:
                with desk.board.listen(_is_checkin) as listener:
                    self._sweep_at = 0.0  # of what came while nobody listened
                    wait = await self._look(settings, hand)
                    while await self._heard(listener, wait):
                        wait = await self._look(settings, hand)
                await asyncio.sleep(wait)
        finally:
            hand.end()

    async def _heard(self, listener: Listener[DeskEvent], wait: float) -> bool:
        """Wait for what comes, at most `wait` seconds; False where the listener was cut off.

        What comes in the moment in which that time is over stays with the listener, and is heard the next time.
        """
        with contextlib.suppress(TimeoutError):
            while await listener.next(wait) is not None:
                self._sweep_at = wait = 0.0  # one sweep is for all that wait
            return False
        return True

    async def _look(self, settings: HandOffSettings, hand: _Hand) -> float:
        """Everything that can be done now; gives the seconds until the next look."""
        found, wait = frozenset[str](), settings.look_seconds
        try:
            found = await self._round(settings, hand)
        except FolderAwayError as error:
            log.warning("hand_off_away", extra=journal.numbers(code=error.code))
            found, wait = frozenset({"away"}), AWAY_TIMES * settings.look_seconds
        except StoreError:
            log.exception("hand_off_not_noted")
            return AWAY_TIMES * settings.look_seconds
        try:
            if await self._desk.store.read(hand_off_rows.refused_and_open):
                found |= {"refused"}
            await self._tell(found)
        except StoreError:
            log.exception("hand_off_not_told")
        return wait

    async def _round(self, settings: HandOffSettings, hand: _Hand) -> frozenset[str]:
        """What is wrong with the folder, after all that is possible was done. Raises `FolderAwayError`, `StoreError`."""
        store = self._desk.store
        if time.monotonic() >= self._sweep_at:
            if await store.read(hand_off_rows.something_new):
                while await store.write(hand_off_rows.sweep):
                    continue
            self._sweep_at = time.monotonic() + SWEEP_EVERY
        rows = await store.read(hand_off_rows.watched)
        names = await self._names(settings, hand)
        if MARK not in names:
            return frozenset({"no_mark"})
        if await self._has_foreign(names, {row.file for row in rows}):
            return frozenset({"foreign"})
        left = [row for row in rows if await self._settled(row, names, hand) is not HandOffState.TAKEN]
        left_over = {name for name in names if name.startswith(_TEMPORARY[0]) and name.endswith(_TEMPORARY[1])}
        if left_over:
            for name in left_over - {_temporary(file) for file in await store.read(hand_off_rows.under_way)}:
                await hand.remove(name)
        while (queued := await store.read(hand_off_rows.next_queued)) is not None:
            await self._hand_over(queued, settings, hand)
        late = hand_off_rows.not_taken_since(left, self._desk.clock(), settings.taken_within_seconds)
        return frozenset({"not_taken"}) if late else frozenset()

    async def _names(self, settings: HandOffSettings, hand: _Hand) -> frozenset[str]:
        """What lies in the folder; our mark is put into one that never had it."""
        names, folder = await hand.names(), str(settings.folder)
        if MARK not in names and await self._desk.store.read(hand_off_rows.marked) != folder:
            if any(file_names.parse(name) is not None for name in names):
                return names | {MARK}  # not ours, and not to be marked: `_has_foreign` says so
            await hand.write(MARK, MARK_TEXT)
            await self._desk.store.write(hand_off_rows.mark(folder))
            names = await hand.names()
        return names

    async def _has_foreign(self, names: frozenset[str], ours: set[str]) -> bool:
        for name in names - ours:
            if file_names.parse(name) is not None and not await self._desk.store.read(hand_off_rows.knows(name)):
                return True
        return False

    async def _settled(self, row: Watched, names: frozenset[str], hand: _Hand) -> HandOffState:
        """What has become of a file that was ready or written."""
        store, there, temporary = self._desk.store, row.file in names, _temporary(row.file)
        if row.erased:  # what is kept no longer here does not go on lying there
            await hand.remove(temporary)
            await hand.remove(row.file)
            await store.write(hand_off_rows.erase(row.seq))
            return HandOffState.TAKEN
        if row.state is HandOffState.READY:
            if temporary not in names and not there:
                # Taken since; or, while a share hung, renamed by the node that had the duty before, under our look.
                there = row.file in await hand.names()
            elif not there:
                await hand.rename(temporary, row.file)
                there = True
            await store.write(hand_off_rows.move(row.seq, row.file, HandOffState.WRITTEN))
        if there:
            return HandOffState.WRITTEN
        await store.write(hand_off_rows.move(row.seq, row.file, HandOffState.TAKEN))
        log.info("hand_off_taken", extra=journal.numbers(seq=row.seq))
        return HandOffState.TAKEN

    async def _hand_over(self, queued: Queued | Unreadable, settings: HandOffSettings, hand: _Hand) -> None:
        store, seq = self._desk.store, queued.seq
        if isinstance(queued, Unreadable):  # one that cannot be read must not hold up all that came after it
            await store.write(hand_off_rows.settle(seq, HandOffState.REFUSED, "record"))
            log.error("hand_off_unreadable", extra=journal.numbers(seq=seq))
            return
        written = _file_of(queued, settings)
        if isinstance(written, _Settled):
            await store.write(hand_off_rows.settle(seq, written.state, written.reason))
            log.info("hand_off_settled", extra=journal.numbers(seq=seq, reason=written.reason))
            return
        session = f"{settings.institution_code}{seq:012d}{secrets.token_hex(4)}"
        file = str(FaceName(session, self._desk.clock()))
        if not await store.write(hand_off_rows.name(seq, file, gaiji=written.gaiji)):
            return
        if queued.file is not None:  # of an earlier life; whoever still writes it cannot make it ready any more
            await hand.remove(_temporary(queued.file))
        await hand.write(_temporary(file), written.content)
        if await store.write(hand_off_rows.move(seq, file, HandOffState.READY)):
            await hand.rename(_temporary(file), file)
            await store.write(hand_off_rows.move(seq, file, HandOffState.WRITTEN))
            log.info("hand_off_written", extra=journal.numbers(seq=seq, gaiji=written.gaiji))

    async def _hangs(self) -> None:
        """A step in the folder takes its time: the desk hears of it while it does."""
        log.warning("hand_off_hangs", extra=journal.numbers(seconds=PATIENCE))
        with contextlib.suppress(StoreError):
            await self._tell((self._open or frozenset()) | {"away"})

    async def _tell(self, found: frozenset[str]) -> None:
        """Put what is wrong into the trouble lane, and take away what is over."""
        before = self._open
        if before is None:
            standing = await self._desk.store.read(troubles.told)
            before = frozenset(trouble.key for trouble in standing if trouble.kind == KIND)
        if before != found:

            def change(transaction: Transaction) -> None:
                for key in sorted(found - before):
                    troubles.raise_trouble(KIND, key, *TROUBLES[key])(transaction)
                for key in sorted(before - found):
                    troubles.clear_trouble(KIND, key)(transaction)

            await self._desk.store.write(change)
        self._open = found


class _Hand:
    """The steps in the folder, one after the other; `hangs` is called where one takes long, and it is waited for."""

    def __init__(self, steps: Steps, hangs: Callable[[], Awaitable[None]]) -> None:
        self._steps = steps
        self._hangs = hangs
        self._hand = OneHand()

    async def names(self) -> frozenset[str]:
        return await self._do(self._steps.names)

    async def write(self, name: str, content: bytes) -> None:
        await self._do(lambda: self._steps.write(name, content))

    async def rename(self, name: str, new_name: str) -> None:
        await self._do(lambda: self._steps.rename(name, new_name))

    async def remove(self, name: str) -> None:
        await self._do(lambda: self._steps.remove(name))

    def end(self) -> None:
        self._hand.end()

    async def _do(self, step: Callable[[], _T]) -> _T:
        doing = self._hand.do(step)
        finished, _ = await asyncio.wait({doing}, timeout=PATIENCE)
        if not finished:
            await self._hangs()
        return await doing


@dataclass(frozen=True)
class _Settled:
    state: HandOffState
    reason: str


def _file_of(queued: Queued, settings: HandOffSettings) -> _Written | _Settled:
    """What is written for an answer, or why nothing is."""
    checkin = queued.checkin
    if queued.asked_again:
        return _Settled(HandOffState.NOTHING, "asked_again")
    simulated = checkin.simulated
    eligibility = checkin.eligibility
    if queued.later is not None:
        simulated, eligibility = simulated or queued.later.simulated, queued.later.eligibility
    try:
        response = hand_off.result_file(checkin, eligibility, settings.institution_code)
        if response is None:
            return _Settled(HandOffState.NOTHING, "no_answer")
        if simulated is not settings.test:
            return _Settled(HandOffState.REFUSED, "simulated" if simulated else "not_simulated")
        consumer = settings.written_for
        content = consumers.write_for(consumer, response)
        gaiji = False
        if consumer.encoding is Encoding.SHIFT_JIS:
            gaiji = _lost(content.decode(consumer.encoding.codec)) > _lost(to_xml.write(response).decode())
    except (OqsError, RecordError) as error:
        return _Settled(HandOffState.REFUSED, getattr(error, "code", "record"))
    return _Written(content, gaiji)


def _lost(text: str) -> int:
    return text.count(LOST)


def _temporary(file: str) -> str:
    """What a file is called until it is whole: a name that no claims computer looks for."""
    named = file_names.parse(file)
    session = named.session if isinstance(named, FaceName) else file
    return f"{_TEMPORARY[0]}{session}{_TEMPORARY[1]}"


def _is_checkin(event: DeskEvent) -> bool:
    return event.kind == "checkin"
