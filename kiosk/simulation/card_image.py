"""What is written on one virtual card: applications, files, passwords and keys as data, and the `card.json` that keeps it.

The interpreter (`kiosk.simulation.card`) knows commands only; which files a card has, what opens them and which password
is locked stands here, so another kind of card is another image and not another program.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from kiosk.errors import ExitCode, KioskError

MAX_ATR = 33
"""ISO 7816-3 section 8.2.1; pcsc-lite keeps no more."""

AID_JPKI = bytes.fromhex("D392F000260100000001")
AID_SURFACE = bytes.fromhex("D3921000310001010402")
AID_TEXT = bytes.fromhex("D3921000310001010408")
AID_JUKI = bytes.fromhex("D3921000310001010401")
AID_COMMON = bytes.fromhex("D3921000310001010100")
"""The applications of a My Number Card (domain/mynumber-card.md section 2)."""

ATR_CONTACT = bytes.fromhex("3BE000FF8131FE4514")
"""A contact ATR seen on real cards, and the one OpenSC knows (domain/mynumber-card.md section 1)."""

ATR_CONTACTLESS = bytes.fromhex("3B888001000005E0B381A1007F")
"""What readers make up for the same card over NFC (domain/mynumber-card.md section 1)."""

ATR_MUTE = b""
"""A card that never gives an ATR: the link answers for it with what no driver takes for one."""

FILE_NAME = "card.json"
MAX_BYTES = 1024 * 1024
_SCHEMA = 1


class CardImageError(KioskError):
    """A folder that does not hold an issued card."""

    exit_code = ExitCode.MISSING

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "card_image")


@dataclass(frozen=True, repr=False)
class RsaKey:
    """An RSA-2048 private key with the numbers the Chinese remainder theorem needs."""

    n: int
    e: int
    p: int
    q: int
    dp: int
    dq: int
    qinv: int

    def sign(self, payload: bytes) -> bytes:
        """PKCS#1 v1.5 padding of exactly `payload` (1 to 245 bytes) and the private operation: 256 bytes."""
        size = (self.n.bit_length() + 7) // 8
        padded = b"\x00\x01" + b"\xff" * (size - 3 - len(payload)) + b"\x00" + payload
        message = int.from_bytes(padded, "big")
        first = pow(message % self.p, self.dp, self.p)
        second = pow(message % self.q, self.dq, self.q)
        return (second + self.qinv * (first - second) % self.p * self.q).to_bytes(size, "big")


@dataclass(frozen=True, repr=False)
class ElementaryFile:
    """A readable file; `opened_by` names the password EFs any of which opens it, None if it is free."""

    content: bytes
    opened_by: tuple[int, ...] | None = None


@dataclass(frozen=True, repr=False)
class Password:
    """A password EF as issued: `left` tries of `limit`; a password that was never set has none left."""

    secret: bytes
    limit: int
    left: int


@dataclass(frozen=True, repr=False)
class SigningKey:
    """A private key and the password EF that opens it; None for the key with which an application shows it is there."""

    key: RsaKey
    opened_by: int | None


@dataclass(frozen=True, repr=False)
class Application:
    """One application (DF) with its EFs by number; the application's own key stands at 0."""

    aid: bytes
    files: Mapping[int, ElementaryFile] = field(default_factory=dict)
    passwords: Mapping[int, Password] = field(default_factory=dict)
    keys: Mapping[int, SigningKey] = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class CardImage:
    """One card as issued. Tries that are used up later live in the card process and are forgotten with it."""

    atr: bytes
    applications: tuple[Application, ...]


def write(image: CardImage, folder: Path) -> None:
    """Keep `image` as `card.json` in `folder`, readable by this user alone."""
    document = {
        "schema": _SCHEMA,
        "atr": image.atr.hex(),
        "applications": [_application_json(application) for application in image.applications],
    }
    write_private(folder / FILE_NAME, json.dumps(document).encode())


def read(folder: Path) -> CardImage:
    """The card issued into `folder`; raises `CardImageError`."""
    path = folder / FILE_NAME
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CardImageError(f"{folder}: no card has been issued here ({error.strerror}); use --issue") from error
    sentence = f"{path}: is not a card of this version; issue it again with --issue"
    try:
        document = json.loads(raw[:MAX_BYTES])
        schema, atr = document["schema"], bytes.fromhex(document["atr"])
        applications = tuple(_application(application) for application in document["applications"])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise CardImageError(sentence) from error
    if schema != _SCHEMA or len(raw) > MAX_BYTES:
        raise CardImageError(sentence)
    return CardImage(atr, applications)


def write_private(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that no moment exists in which another user could read it (mode 0600)."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _application_json(application: Application) -> dict[str, object]:
    return {
        "aid": application.aid.hex(),
        "files": {
            f"{ef:04X}": {"content": base64.b64encode(file.content).decode(), "opened_by": file.opened_by}
            for ef, file in application.files.items()
        },
        "passwords": {
            f"{ef:04X}": {"secret": password.secret.decode("ascii"), "limit": password.limit, "left": password.left}
            for ef, password in application.passwords.items()
        },
        "keys": {
            f"{ef:04X}": {"opened_by": signing.opened_by}
            | {name: f"{getattr(signing.key, name):x}" for name in _KEY_NUMBERS}
            for ef, signing in application.keys.items()
        },
    }


_KEY_NUMBERS = ("n", "e", "p", "q", "dp", "dq", "qinv")

_Entry = TypeVar("_Entry")


def _application(data: Any) -> Application:
    return Application(
        bytes.fromhex(data["aid"]),
        _entries(data["files"], _file),
        _entries(data["passwords"], lambda d: Password(d["secret"].encode("ascii"), int(d["limit"]), int(d["left"]))),
        _entries(
            data["keys"],
            lambda d: SigningKey(RsaKey(*(int(d[name], 16) for name in _KEY_NUMBERS)), _optional_int(d["opened_by"])),
        ),
    )


def _entries(data: Any, entry: Callable[[Any], _Entry]) -> dict[int, _Entry]:
    return {int(ef, 16): entry(value) for ef, value in data.items()}


def _file(data: Any) -> ElementaryFile:
    opened_by = data["opened_by"]
    content = base64.b64decode(data["content"], validate=True)
    return ElementaryFile(content, None if opened_by is None else tuple(int(ef) for ef in opened_by))


def _optional_int(value: Any) -> int | None:
    return None if value is None else int(value)
