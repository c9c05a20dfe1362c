"""What kiosk and booth say to each other: one JSON object a packet over a SOCK_SEQPACKET pair, bounded and checked.

No command or message can hold a PIN digit (those have a pipe of their own) or a photo (it goes booth to studio). Reprs
show no bytes: certificate and signature are personal data.
"""

from __future__ import annotations

import base64
import json
import socket
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from kiosk import settings as kiosk_settings
from kiosk.card.errors import BoothMessageError
from kiosk.card.recognise import Problem
from kiosk.card.settings import CardSettings, TrustedRoot
from kiosk.errors import SettingsError
from kiosk.record import dates

MAX_PACKET = 256 * 1024
_MAX_TEXT = 1024

# -- from the kiosk --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class Start:
    """The first command: settings, and check number B where it is known without a camera (simulation only)."""

    settings: CardSettings
    check_number_b: str | None

    def __repr__(self) -> str:
        return "Start(...)"


@dataclass(frozen=True)
class Watch:
    """Start watching the reader; until then it is not touched."""


@dataclass(frozen=True)
class ReadCard:
    """Open a dialogue with what lies there: `Read` | `Refused`."""

    token: int


@dataclass(frozen=True)
class VerifyPin:
    """VERIFY with the four digits from the pipe: `PinRight` | `PinWrong`."""

    token: int


@dataclass(frozen=True, repr=False)
class Sign:
    """The card signs SHA-256 of `message`: `Signed`."""

    token: int
    message: bytes

    def __repr__(self) -> str:
        return f"Sign({self.token}, ...)"


@dataclass(frozen=True)
class SendPhoto:
    """The chip's photo to the studio: `PhotoSent` | `PhotoRefused`."""

    token: int


Command = Start | Watch | ReadCard | VerifyPin | Sign | SendPhoto

# -- from the booth --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """Everything is imported, the roots are read, the reader is untouched."""


@dataclass(frozen=True)
class ReaderState:
    """Whether a reader can be used; `word` is "ok", "no_pcscd", "no_access", "no_reader" or "other_reader"."""

    usable: bool
    word: str


@dataclass(frozen=True)
class Placed:
    """The watcher saw a card at `mono` (seconds of CLOCK_MONOTONIC)."""

    mono: float


@dataclass(frozen=True)
class Removed:
    """The reader is empty (or gone); the dialogue, if there was one, is over."""


@dataclass(frozen=True)
class Lost:
    """The dialogue broke, or a command came while no card lay there: whoever waits for an answer gets none."""


@dataclass(frozen=True, repr=False)
class Read:
    """A My Number Card. `certificate` is DER, `not_after` its end; `pin_tries` None where no PIN can be typed."""

    token: int
    certificate: bytes
    not_after: datetime
    pin_tries: int | None
    can_show_photo: bool
    simulated: bool

    def __repr__(self) -> str:
        return f"Read({self.token}, pin_tries={self.pin_tries}, photo={self.can_show_photo})"


@dataclass(frozen=True)
class Refused:
    """No card that can go on."""

    token: int
    problem: Problem


@dataclass(frozen=True)
class PinRight:
    """VERIFY answered 9000."""

    token: int


@dataclass(frozen=True)
class PinWrong:
    """Not verified; `tries_left` 0 means blocked. Fewer than four digits spend no try."""

    token: int
    tries_left: int


@dataclass(frozen=True, repr=False)
class Signed:
    """The card's signature, checked against the certificate of this dialogue."""

    token: int
    signature: bytes

    def __repr__(self) -> str:
        return f"Signed({self.token}, ...)"


@dataclass(frozen=True)
class PhotoSent:
    """The photo is with the studio."""

    token: int


@dataclass(frozen=True)
class PhotoRefused:
    """No photo: no check number B, a wrong one, too few tries, none on the card, or nobody to take it."""

    token: int


BoothMessage = (
    Ready
    | ReaderState
    | Placed
    | Removed
    | Lost
    | Read
    | Refused
    | PinRight
    | PinWrong
    | Signed
    | PhotoSent
    | PhotoRefused
)

# -- packets ---------------------------------------------------------------------------------------------------------

_KIND = "kind"


def send(channel: socket.socket, packet: Command | BoothMessage) -> None:
    """Send one packet. Raises `OSError` when nobody is at the other end."""
    body: dict[str, object] = {_KIND: type(packet).__name__}
    body.update({field.name: _plain(getattr(packet, field.name)) for field in fields(packet)})
    channel.send(json.dumps(body, separators=(",", ":")).encode("ascii"))


def receive_command(channel: socket.socket) -> Command | None:
    """The next command; None once the kiosk is gone. Raises `BoothMessageError`."""
    command: Command | None = _receive(channel, Command)
    return command


def receive_message(channel: socket.socket) -> BoothMessage | None:
    """The next message of the booth; None once it is gone. Raises `BoothMessageError`."""
    message: BoothMessage | None = _receive(channel, BoothMessage)
    return message


def _receive(channel: socket.socket, expected: Any) -> Any:
    try:
        packet, _, flags, _ = channel.recvmsg(MAX_PACKET)
    except ConnectionResetError:
        return None
    if not packet:
        return None
    if flags & socket.MSG_TRUNC:
        raise BoothMessageError(f"booth: a packet is longer than {MAX_PACKET} bytes")
    try:
        body = json.loads(packet)
    except (ValueError, RecursionError) as error:
        raise BoothMessageError("booth: a packet is not JSON") from error
    kinds = {cls.__name__: cls for cls in get_args(expected)}
    name = body.pop(_KIND, None) if isinstance(body, dict) else None
    cls = kinds.get(name) if isinstance(name, str) else None
    if cls is None:
        raise BoothMessageError("booth: a packet is of no kind that is expected here")
    hints = typing.get_type_hints(cls)
    if set(body) != set(hints):
        raise BoothMessageError(f"booth: {name} must have exactly the fields {', '.join(hints) or '(none)'}")
    return cls(**{key: _typed(body[key], hint, f"{name}.{key}") for key, hint in hints.items()})


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        return dates.instant_text(value)
    if isinstance(value, Path):
        return str(value.absolute())
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, CardSettings | TrustedRoot):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value


def _typed(value: object, hint: Any, where: str) -> object:
    if get_origin(hint) in {typing.Union, types.UnionType}:
        return None if value is None else _typed(value, get_args(hint)[0], where)
    try:
        if hint is bytes and isinstance(value, str):
            return base64.b64decode(value, validate=True)
        if hint is datetime:
            return dates.instant(value)
        if hint is CardSettings and isinstance(value, Mapping):
            return kiosk_settings.from_mapping(value, CardSettings, where="booth", base=Path("/"))
    except (ValueError, SettingsError) as error:
        raise BoothMessageError(f"booth: {where} is not readable") from error
    if get_origin(hint) is Literal and isinstance(value, str) and value in get_args(hint):
        return value
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if hint is int and isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if hint is bool and isinstance(value, bool):
        return value
    if hint is str and isinstance(value, str) and len(value) <= _MAX_TEXT:
        return value
    raise BoothMessageError(f"booth: {where} is not what it must be")
