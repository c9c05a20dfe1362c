"""What the kiosk process and the face studio say to each other: one JSON object a packet, at most `PACKET` bytes.

Over an AF_UNIX SOCK_SEQPACKET pair. The kiosk's first packet is `Begin`. `token` is the kiosk's own number for one
`Look`, `Compare` or `ReadFront`; every answer repeats it. No score, no template, no picture and no digit ever stands in a
message: what is read from a card's front goes to the card booth.

    {"say": "look", "token": 7}   ->   {"say": "seen", "token": 7, "advice": "come_closer", "prompt": null, "progress": 0.0}
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

from kiosk.face.advice import Advice, Covering, Prompt
from kiosk.face.camera_faults import Fault
from kiosk.face.errors import StudioError
from kiosk.face.settings import FaceSettings
from kiosk.face.verdict import Ending

PACKET: Final = 4096


class Why(StrEnum):
    """Why the face way, or the comparison, is not possible."""

    NO_CAMERA = "no_camera"
    NO_MODELS = "no_models"
    NO_PHOTO = "no_photo"
    BAD_PHOTO = "bad_photo"


# -- kiosk to studio -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Begin:
    """The settings: the studio loads its models and answers `Ready`. The camera stays closed."""

    settings: FaceSettings


@dataclass(frozen=True)
class Look:
    """Open the camera and compare with the photo: `Seen`*, then `Matched` | `NotMatched` | `Unavailable`."""

    token: int


@dataclass(frozen=True)
class Compare:
    """Open the camera and show live picture and photo until `Stop`: `Shown` | `Unavailable`."""

    token: int


@dataclass(frozen=True)
class ReadFront:
    """Film the card's front and read check number B: `Seen`*, then `FrontRead` | `FrontUnreadable` | `Unavailable`."""

    token: int


@dataclass(frozen=True)
class Stop:
    """Close the camera and zero the preview."""


StudioCommand = Begin | Look | Compare | ReadFront | Stop

# -- studio to kiosk -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """Imports done, models loaded, camera closed."""


@dataclass(frozen=True)
class Seen:
    """At most ten a second: one `Advice` or none, one `Prompt` or none, and how far the attempt is, 0 to 1."""

    token: int
    advice: str | None
    progress: float
    prompt: str | None = None


@dataclass(frozen=True)
class Alive:
    """What was asked for goes on, and nothing new is to be seen: something is said every second, else the studio hangs."""


@dataclass(frozen=True)
class Matched:
    """The person before the camera is the person on the photo. The camera closes."""

    token: int


@dataclass(frozen=True)
class NotMatched:
    """The attempt is over; `ending` is an `Ending`, `covering` a `Covering` that may be taken off before the next one."""

    token: int
    ending: str
    covering: str | None = None


@dataclass(frozen=True)
class Unavailable:
    """It cannot be done; `word` is a value of `Why`, and where it is NO_CAMERA `fault` is one of `Fault`, if it is known."""

    token: int
    word: str
    fault: str | None = None


@dataclass(frozen=True)
class Shown:
    """The first live picture is in the preview block, and the photo too if `with_photo`."""

    token: int
    with_photo: bool


@dataclass(frozen=True)
class FrontRead:
    """Check number B was read and is with the card booth already. The camera closes."""

    token: int


@dataclass(frozen=True)
class FrontUnreadable:
    """Time is over and no three frames agreed. The camera closes."""

    token: int


StudioMessage = Ready | Alive | Seen | Matched | NotMatched | Unavailable | Shown | FrontRead | FrontUnreadable

_COMMANDS: Final[Mapping[str, type[StudioCommand]]] = {
    "begin": Begin,
    "look": Look,
    "compare": Compare,
    "read_front": ReadFront,
    "stop": Stop,
}
_MESSAGES: Final[Mapping[str, type[StudioMessage]]] = {
    "ready": Ready,
    "alive": Alive,
    "seen": Seen,
    "matched": Matched,
    "not_matched": NotMatched,
    "unavailable": Unavailable,
    "shown": Shown,
    "front_read": FrontRead,
    "front_unreadable": FrontUnreadable,
}
_NAMES: Final = {cls: name for table in (_COMMANDS, _MESSAGES) for name, cls in table.items()}


def packet(said: StudioCommand | StudioMessage) -> bytes:
    """`said` as one packet."""
    return json.dumps({"say": _NAMES[type(said)], **asdict(said)}).encode()


def command(data: bytes) -> StudioCommand:
    """The command in a packet; raises `StudioError`."""
    name, fields = _parsed(data)
    match name:
        case "begin":
            return _begin(fields)
        case "look":
            return Look(_token(fields))
        case "compare":
            return Compare(_token(fields))
        case "read_front":
            return ReadFront(_token(fields))
        case "stop":
            return Stop()
        case _:
            raise StudioError("the face studio was told something it does not know")


def message(data: bytes) -> StudioMessage:
    """The message in a packet; raises `StudioError`. The studio has opened untrusted pictures: nothing is taken on trust."""
    name, fields = _parsed(data)
    try:
        match name:
            case "ready":
                return Ready()
            case "alive":
                return Alive()
            case "seen":
                advice, prompt = _word(Advice, fields.get("advice")), _word(Prompt, fields.get("prompt"))
                return Seen(_token(fields), advice, _share(fields), prompt)
            case "matched":
                return Matched(_token(fields))
            case "not_matched":
                covering = _word(Covering, fields.get("covering"))
                return NotMatched(_token(fields), Ending(str(fields.get("ending"))).value, covering)
            case "unavailable":
                fault = _word(Fault, fields.get("fault"))
                return Unavailable(_token(fields), Why(str(fields.get("word"))).value, fault)
            case "shown":
                return Shown(_token(fields), fields.get("with_photo") is True)
            case "front_read":
                return FrontRead(_token(fields))
            case "front_unreadable":
                return FrontUnreadable(_token(fields))
            case _:
                raise StudioError("the face studio said something that is not known")
    except ValueError as error:
        raise StudioError("the face studio used a word that is not known") from error


def _parsed(data: bytes) -> tuple[str, Mapping[str, object]]:
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise StudioError("a packet between kiosk and face studio is not JSON") from error
    if not isinstance(fields, dict):
        raise StudioError("a packet between kiosk and face studio is not a JSON object")
    return str(fields.get("say")), fields


def _word(words: type[StrEnum], said: object) -> str | None:
    return None if said is None else words(str(said)).value


def _token(fields: Mapping[str, object]) -> int:
    token = fields.get("token")
    if not isinstance(token, int) or isinstance(token, bool):
        raise StudioError("a packet between kiosk and face studio has no token")
    return token


def _share(fields: Mapping[str, object]) -> float:
    share = fields.get("progress")
    if not isinstance(share, int | float) or isinstance(share, bool) or not math.isfinite(share):
        raise StudioError("a packet from the face studio has no progress")
    return min(1.0, max(0.0, float(share)))


def _begin(fields: Mapping[str, object]) -> Begin:
    section = fields.get("settings")
    try:
        return Begin(FaceSettings(**section))  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise StudioError("the face studio was started with settings it does not understand") from error
