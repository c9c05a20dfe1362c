"""The simulated terminal's side of the folders: it takes requests, and writes answers when and how its manner says.

One step is done at a time, and told when the next is due: whoever runs it decides how to wait.
"""

from __future__ import annotations

import heapq
import itertools
import os
import secrets
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

from kiosk.simulation import oqs_writer, terminal_answers, terminal_request
from kiosk.simulation.patients import Patient
from kiosk.simulation.terminal_answers import System
from kiosk.simulation.terminal_manners import Manner
from kiosk.simulation.terminal_request import RefusedRequestError, RequestName

LOOK_SECONDS = 0.02
"""How often `req` is looked at: the real interval is not known ("within seconds"), a test shall not wait for it."""
_BOMB = (
    '<!DOCTYPE XmlMsg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><XmlMsg><MessageHeader>&c;</MessageHeader></XmlMsg>'
)
_PORTAL = "<!DOCTYPE html><html><body>Please sign in to use this network. <form></form></body></html>"


@dataclass
class Behaviour:
    """What may be changed while it runs. `pause_seconds` is between the pieces of an answer that comes in pieces."""

    manner: Manner = Manner.ORDINARY
    delay_seconds: float = 0.0
    pause_seconds: float = 0.5
    encoding: Literal["utf-8", "shift_jis"] = "utf-8"
    zipped: bool = False


@dataclass(order=True)
class _Step:
    due: float
    number: int
    do: Callable[[], None] = field(compare=False)


class Folders:
    """The folders `req`, `res` and perhaps `face` of a terminal, and what it does in them."""

    def __init__(self, req: Path, res: Path, face: Path | None, system: System, behaviour: Behaviour) -> None:
        self._req = req
        self._res = res
        self._face = face
        self._system = system
        self.behaviour = behaviour
        self.taken = 0
        self.refused: list[str] = []
        """Why requests were refused, in order; whoever reads it may empty it."""
        self._steps: list[_Step] = []
        self._numbers = itertools.count()

    def step(self) -> float:
        """Take new requests, do what is due; gives the seconds until there may be something to do again."""
        if self.behaviour.manner is not Manner.IDLE:
            for name in sorted(os.listdir(self._req)):  # noqa: PTH208 (names, not paths)
                asked = terminal_request.name_of(name)
                if asked is not None:
                    self._take(asked, name)
        now = self._do_what_is_due()
        return min(LOOK_SECONDS, max(0.0, self._steps[0].due - now)) if self._steps else LOOK_SECONDS

    def arrive(self, patient: Patient, *, encoding: str = "UTF-8") -> str:
        """Somebody was at the official reader: a result in `face`, put there as the manner says. Gives its name.

        Raises `ValueError` without such a folder.
        """
        if self._face is None:
            raise ValueError("this terminal has no folder for a reader's results")
        at = datetime.now(UTC)
        local = at.astimezone(terminal_answers.JST)
        name = f"OQSsiquc01res_face_{oqs_writer.CLINIC}{secrets.token_hex(10)}_{local:%Y%m%d%H%M%S}.xml"
        text = oqs_writer.result_message(patient, at)
        codec = "cp932" if encoding == "Shift_JIS" else "utf-8"
        self._put(self._face / name, text.replace("UTF-8", encoding, 1).encode(codec), self.behaviour.manner)
        self._do_what_is_due()
        return name

    def _do_what_is_due(self) -> float:
        now = time.monotonic()
        while self._steps and self._steps[0].due <= now:
            heapq.heappop(self._steps).do()
        return now

    def _take(self, asked: RequestName, name: str) -> None:
        path = self._req / name
        try:
            message = path.read_bytes()
            path.unlink()
        except FileNotFoundError:
            return  # whoever asked took it back
        self.taken += 1
        at = datetime.now(UTC)
        manner = self.behaviour.manner
        try:
            request = terminal_request.read(asked.kind, message)
            told = terminal_answers.answered(request, self._system, manner, at)
        except RefusedRequestError as error:
            self.refused.append(str(error))
            told = terminal_answers.refused(asked.kind, at)
        if isinstance(told, bytes):
            self._put(self._res / f"{asked.answer}.pdf", told, manner)
        elif self.behaviour.zipped and asked.kind == "OQSmuquc02" and told.find("MessageBody") is not None:
            packed = BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(f"{asked.answer}.xml", self._written(told, manner))
            self._put(self._res / f"{asked.answer}.zip", packed.getvalue(), manner)
        else:
            self._put(self._res / f"{asked.answer}.xml", self._written(told, manner), manner)

    def _written(self, root: ET.Element, manner: Manner) -> bytes:
        shift_jis = self.behaviour.encoding == "shift_jis"
        for code in root.iter("CharacterCodeIdentifier"):
            code.text = "1" if shift_jis else "0"
        ET.indent(root, "    ")
        declared = "Shift_JIS" if shift_jis else "UTF-8"
        text = f'<?xml version="1.0" encoding="{declared}" standalone="no"?>\n{ET.tostring(root, encoding="unicode")}\n'
        codec = "cp932" if shift_jis != (manner is Manner.WRONG_ENCODING) else "utf-8"
        return text.replace("\n", "\r\n").encode(codec, "replace")

    # -- how it is put there -----------------------------------------------------------------------------------------

    def _put(self, path: Path, message: bytes, manner: Manner) -> None:
        delay, pause = self.behaviour.delay_seconds, self.behaviour.pause_seconds
        half = len(message) // 2
        write: dict[Manner, Callable[[], object]] = {
            Manner.TORN: lambda: path.write_bytes(message[:half]),
            Manner.EMPTY: lambda: path.write_bytes(b""),
            Manner.PORTAL: lambda: path.write_text(_PORTAL, encoding="utf-8"),
            Manner.ENTITIES: lambda: path.write_text(_BOMB, encoding="utf-8"),
            Manner.ENCRYPTED: lambda: path.write_bytes(secrets.token_bytes(2048).replace(b"<", b">")),
            Manner.HUGE: lambda: path.write_bytes(message + b" " * (17 * 1024 * 1024)),
            Manner.LINK: lambda: self._link(path, message),
            Manner.FOLDER: path.mkdir,
            Manner.PIPE: lambda: os.mkfifo(path),
            Manner.TWICE: lambda: [one.write_bytes(message) for one in (path, path.with_name(path.name.upper()))],
            Manner.UPPER_CASE: lambda: path.with_name(path.name.upper()).write_bytes(message),
            Manner.DISCARDED: lambda: path.with_name(f"DEL_{path.stem}.txt").write_text("", encoding="utf-8"),
            Manner.LITTER: lambda: self._litter(path, message),
        }
        match manner:
            case Manner.NEVER | Manner.IDLE:
                return
            case Manner.HALF_WRITTEN:
                self._later(delay, lambda: path.write_bytes(message[:half]))
                self._later(delay + pause, lambda: _append(path, message[half:]))
            case Manner.STUTTERING:
                size = len(message) // 20 + 1
                for number, start in enumerate(range(0, len(message), size)):
                    piece = message[start : start + size]
                    self._later(delay + number * pause / 20, lambda piece=piece: _append(path, piece))  # type: ignore[misc]
            case _:
                self._later(delay, write.get(manner, lambda: path.write_bytes(message)))

    def _later(self, seconds: float, do: Callable[[], object]) -> None:
        def step() -> None:
            do()

        heapq.heappush(self._steps, _Step(time.monotonic() + seconds, next(self._numbers), step))

    def _link(self, path: Path, message: bytes) -> None:
        elsewhere = path.parent.parent / f"elsewhere-{path.stem}"
        elsewhere.write_bytes(message)
        path.symlink_to(elsewhere)

    def _litter(self, path: Path, message: bytes) -> None:
        """What others leave in such a folder, alike as far as it can be."""
        for other in (
            "OQSsiquc01res_202610050001.xml",
            f"OQSsiquc01res_{path.stem[14:-1]}.xml",
            f"OQSsiquc01res_face_{oqs_writer.CLINIC}0a1b2c3d4e5f60718293_20261005090005.xml",
            "DEL20261004.txt",
            "Thumbs.db",
            f"{path.stem}.tmp",
        ):
            (path.parent / other).write_bytes(b"other")
        path.write_bytes(message)


def _append(path: Path, piece: bytes) -> None:
    with path.open("ab") as file:
        file.write(piece)
