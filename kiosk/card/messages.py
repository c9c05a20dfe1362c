"""What kiosk and booth say to each other: one JSON object a packet over a SOCK_SEQPACKET pair, bounded and checked.

No command or message can hold a digit that was typed (those have a pipe of their own), a check number B that a camera
read, or a photo (both go between booth and studio). Reprs show no bytes: certificate and signature are personal data.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import socket
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from kiosk import settings as kiosk_settings
from kiosk.card.errors import BoothMessageError
from kiosk.card.photo import Why
from kiosk.card.recognise import Problem
from kiosk.card.settings import CardSettings, TrustedRoot
from kiosk.card.surface import Photo
from kiosk.errors import SettingsError
from kiosk.record import dates

MAX_PACKET = 256 * 1024
_MAX_TEXT = 1024

# -- from the kiosk --------------------------------------------------------------------------------------------------


CheckNumber = Literal["known", "read", "typed"]
"""Where check number B is taken from: `Start` (simulation only), the studio's newest, or the fourteen digits typed."""


@dataclass(frozen=True, repr=False)
class Start:
    """The first command: settings, and check number B where it is known without a camera (simulation only).

    `traffic`: log every command that goes to the card; a booth that trusts any root that is not simulated refuses.
    """

    settings: CardSettings
    check_number_b: str | None
    traffic: bool = False

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
    """VERIFY with the digits from the pipe, if they are exactly four: `PinRight` | `PinWrong`."""

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
    """The chip's photo to the studio, opened with a check number B: `PhotoSent` | `PhotoRefused`."""

    token: int
    number: CheckNumber


@dataclass(frozen=True)
class ReadHolder:
    """Name and birth date, with the number that opened the photo in this dialogue: `HolderRead` | `HolderUnread`."""

    token: int


@dataclass(frozen=True)
class NewStudio:
    """Another studio from now on: the booth's end of the pair to it comes with the packet, as a descriptor (SCM_RIGHTS)."""


Command = Start | Watch | ReadCard | VerifyPin | Sign | SendPhoto | ReadHolder | NewStudio

# -- from the booth --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """Everything is imported, the roots are read, the reader is untouched."""


@dataclass(frozen=True)
class ReaderState:
    """Whether a reader can be used; `word` is "ok" or says why not: see `kiosk.card.pcsc.SENTENCES`."""

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
    photo: Photo
    simulated: bool

    def __repr__(self) -> str:
        return f"Read({self.token}, pin_tries={self.pin_tries}, photo={self.photo})"


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
    """Not verified; `tries_left` 0 means blocked. Fewer or more than four digits spend no try."""

    token: int
    tries_left: int


@dataclass(frozen=True, repr=False)
class Signed:
    """The card's signature, checked against the certificate of this dialogue."""

    token: int
    signature: bytes

    def __repr__(self) -> str:
        return f"Signed({self.token}, ...)"


@dataclass(frozen=True, repr=False)
class PhotoSent:
    """The photo is with the studio. `card_expiry`: the card's own last day, unsigned, for staff's eyes; None if it says none.

    `birth_date`: the face record's, to be compared with the answer's.
    """

    token: int
    card_expiry: date | None
    birth_date: date | None = None

    def __repr__(self) -> str:
        return f"PhotoSent({self.token}, ...)"


@dataclass(frozen=True, repr=False)
class HolderRead:
    """Who the card says its holder is: for a check-in that the eligibility system did not answer."""

    token: int
    name: str
    birth_date: date

    def __repr__(self) -> str:
        return f"HolderRead({self.token}, ...)"


@dataclass(frozen=True)
class HolderUnread:
    """It cannot be had."""

    token: int


@dataclass(frozen=True)
class PhotoRefused:
    """No photo, and `why`. `again`: another number may still be sent in this visit."""

    token: int
    why: Why
    again: bool


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
    | HolderRead
    | HolderUnread
)

# -- packets ---------------------------------------------------------------------------------------------------------

_KIND = "kind"


def send(channel: socket.socket, packet: Command | BoothMessage) -> None:
    """Send one packet. Raises `OSError` when nobody is at the other end."""
    channel.send(written(packet))


def written(packet: Command | BoothMessage) -> bytes:
    """A packet as it goes over the line."""
    body: dict[str, object] = {_KIND: type(packet).__name__}
    body.update({field.name: _plain(getattr(packet, field.name)) for field in fields(packet)})
    return json.dumps(body, separators=(",", ":")).encode("ascii")


def send_studio(channel: socket.socket, studio: socket.socket) -> None:
    """Send `NewStudio` and the booth's end of the pair to it. Raises `OSError` when nobody is at the other end."""
    socket.send_fds(channel, [written(NewStudio())], [studio.fileno()])


def receive_command(channel: socket.socket) -> tuple[Command, socket.socket | None] | None:
    """The next command, with what came with it (`NewStudio` only); None once the kiosk is gone. Raises `BoothMessageError`."""
    packet, came = _receive(channel)
    if packet is None:
        return None
    with contextlib.ExitStack() as unwanted:
        if came is not None:
            unwanted.enter_context(came)
        command = read_command(packet)
        if isinstance(command, NewStudio) != (came is not None):
            raise BoothMessageError("booth: a descriptor belongs to NewStudio, and only to that")
        unwanted.pop_all()
    return command, came


def receive_message(channel: socket.socket) -> BoothMessage | None:
    """The next message of the booth; None once it is gone. Raises `BoothMessageError`."""
    packet, came = _receive(channel)
    if came is not None:
        came.close()
        raise BoothMessageError("booth: it sent a descriptor")
    return None if packet is None else read_message(packet)


def read_command(packet: bytes) -> Command:
    """The command in a packet. Raises `BoothMessageError`."""
    command: Command = _read(packet, Command)
    return command


def read_message(packet: bytes) -> BoothMessage:
    """The message in a packet. Raises `BoothMessageError`."""
    message: BoothMessage = _read(packet, BoothMessage)
    return message


def _receive(channel: socket.socket) -> tuple[bytes | None, socket.socket | None]:
    try:
        packet, descriptors, flags, _ = socket.recv_fds(channel, MAX_PACKET, 1, socket.MSG_CMSG_CLOEXEC)
    except ConnectionResetError:
        return None, None
    came = [socket.socket(fileno=descriptor) for descriptor in descriptors]
    if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
        for one in came:
            one.close()
        raise BoothMessageError(f"booth: a packet is longer than {MAX_PACKET} bytes, or more than one descriptor came")
    return packet or None, came[0] if came else None


def _read(packet: bytes, expected: Any) -> Any:
    try:
        body = json.loads(packet)
    except (ValueError, RecursionError) as error:
        raise BoothMessageError("booth: a packet is not JSON") from error
    kinds = {cls.__name__: cls for cls in get_args(expected)}
    name = body.pop(_KIND, None) if isinstance(body, dict) else None
    cls = kinds.get(name) if isinstance(name, str) else None
    if cls is None:
        raise BoothMessageError("booth: a packet is of no kind that is expected here")
    hints = _hints(cls)
    if set(body) != set(hints):
        raise BoothMessageError(f"booth: {name} must have exactly the fields {', '.join(hints) or '(none)'}")
    return cls(**{key: _typed(body[key], hint, f"{name}.{key}") for key, hint in hints.items()})


@functools.cache
def _hints(cls: type[Any]) -> Mapping[str, Any]:
    """The types of a packet's fields; finding them takes longer than all the rest."""
    return typing.get_type_hints(cls)


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        return dates.instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
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
        if hint is date:
            return dates.day(value)
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
