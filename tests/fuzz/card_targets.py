"""What of the card room is fuzzed: everything that reads bytes from a card, a studio or the other process.

A target takes any bytes and raises only for a finding: an error that is not a `CardError`, or a value that breaks what its
parser promises. `seeds` are good inputs to start from.
"""

from __future__ import annotations

import functools
import hashlib
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from kiosk.card import messages
from kiosk.card.allowlist import AllowList
from kiosk.card.apdu import Apdu
from kiosk.card.certificate import TrustStore
from kiosk.card.check_number import Sends, plausible
from kiosk.card.errors import BoothMessageError, CardError, CardFormatError, PhotoError
from kiosk.card.files import MAX_FILE, Reach, read_file
from kiosk.card.jpki import Token, token_of
from kiosk.card.messages import BoothMessage, Command
from kiosk.card.photo import Refusal, open_photo
from kiosk.card.recognise import Recognised, recognise
from kiosk.card.settings import CardSettings, TrustedRoot
from kiosk.card.studio_link import StudioLink
from kiosk.card.surface import face_record
from kiosk.card.tlv import read_tlvs
from tests.card import table_card
from tests.card.table_card import JP2, Authority


@dataclass(frozen=True)
class Target:
    """One parser under fire."""

    name: str
    run: Callable[[bytes], object]
    seeds: Callable[[], Iterable[bytes]]


# -- TLV and files ----------------------------------------------------------------------------------------------------


def run_tlv(content: bytes) -> None:
    at = 0
    try:
        for found in read_tlvs(content):
            assert at < found.end <= len(content)
            assert content[found.end - len(found.value) : found.end] == found.value
            at = found.end
    except CardFormatError:
        pass


def run_face_record(content: bytes) -> None:
    try:
        found = face_record(content)
    except (CardFormatError, PhotoError):
        return
    assert found.photo.startswith(JP2[:8])
    assert found.photo in content
    assert found.card_expiry is None or isinstance(found.card_expiry, date)


def run_token(content: bytes) -> None:
    assert (token_of(content) is Token.MY_NUMBER_CARD) is (content[:32].rstrip(b" \x00") == b"JPKIAPICCTOKEN2")


class Answers:
    """A card that answers with whatever the input says: status word, length (two bytes each), data, and so on."""

    def __init__(self, script: bytes) -> None:
        self._script = script
        self.sent = 0

    def transmit(self, _: Apdu) -> tuple[bytes, int]:
        self.sent += 1
        status_word = int.from_bytes(self._script[:2], "big") or 0x6B00
        length = int.from_bytes(self._script[2:4], "big") % 5000
        answer, self._script = self._script[4 : 4 + length], self._script[4 + length :]
        return answer, status_word


def run_file(script: bytes) -> None:
    if not script:
        return
    how, card = script[0], Answers(script[1:])
    tag = 0x30 if how & 1 else 0xFF20
    try:
        content = read_file(card, tag, Reach(None if how & 2 else 256), leading_filler=bool(how & 4))
    except CardError:
        pass
    else:
        assert len(content) <= MAX_FILE
        assert next(read_tlvs(content)).tag == tag
    assert card.sent <= 4 * MAX_FILE // 256 + len(script)


def run_card(script: bytes) -> None:
    """A whole dialogue with a card that says anything."""
    card, sends = Answers(script), Sends()
    guarded, reach = AllowList(card), Reach(None)
    try:
        found = recognise(guarded, _trust(), reach)
        assert isinstance(found, Recognised | str)
        opened = open_photo(guarded, "readable", bytearray(b"55021720352285"), sends, reach, None)
        assert isinstance(opened, Refusal) or opened.photo.startswith(JP2[:8])
    except CardError:
        pass
    assert sends.left >= 1


# -- certificates -----------------------------------------------------------------------------------------------------


@functools.cache
def _root() -> Authority:
    return table_card.authority()


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    return table_card.new_key()


@functools.cache
def _trust() -> TrustStore:
    with tempfile.NamedTemporaryFile() as file:
        file.write(_root().pem)
        file.flush()
        return TrustStore.load((TrustedRoot(Path(file.name), simulated=True),))


def run_certificate(der: bytes) -> None:
    """A certificate as it comes from a card."""
    try:
        found = _trust().accept(der)
    except CardError:
        return
    assert found.der == der
    assert found.simulated
    assert found.not_after.tzinfo is not None
    assert not found.signed(b"message", b"no signature")


def run_signed_certificate(body: bytes) -> None:
    """A certificate whose signature is right, whatever stands in it: what a careless authority might make."""
    algorithm = bytes.fromhex("300d06092a864886f70d01010b0500")
    signature = _root().key.sign(body, padding.PKCS1v15(), hashes.SHA256())
    run_certificate(table_card.tlv(0x30, body + algorithm + table_card.tlv(0x03, b"\x00" + signature)))


def _certificates() -> list[bytes]:
    usage = table_card.usage(digital_signature=True)
    return [
        table_card.certify(_root(), _key()),
        table_card.certify(_root(), _key(), names_key=False, key_usage=usage),
        table_card.certify(_root(), _key(), ca=True),
    ]


def _bodies() -> list[bytes]:
    return [x509.load_der_x509_certificate(der).tbs_certificate_bytes for der in _certificates()]


# -- between processes ------------------------------------------------------------------------------------------------

SETTINGS = CardSettings(
    (TrustedRoot(Path("/root.pem"), simulated=True),), "Reader", Path("/pcscd.comm"), (Path("/ca"),)
)
COMMANDS: tuple[Command, ...] = (
    messages.Start(SETTINGS, "55021720352285"),
    messages.ReadCard(1),
    messages.VerifyPin(2),
    messages.Sign(3, bytes(48)),
    messages.SendPhoto(4, "typed"),
    messages.ReadHolder(5),
)
MESSAGES: tuple[BoothMessage, ...] = (
    messages.ReaderState(usable=False, word="in_use"),
    messages.Placed(1.5),
    messages.Read(1, b"\x30\x00", datetime(2030, 2, 17, 14, 59, 59, tzinfo=UTC), 3, "readable", simulated=True),
    messages.Refused(1, "phone"),
    messages.PinWrong(1, 2),
    messages.Signed(1, bytes(8)),
    messages.PhotoSent(1, date(2035, 2, 17)),
    messages.PhotoRefused(1, "wrong", again=True),
    messages.HolderRead(1, "試験", date(1980, 2, 17)),
)


def run_command_packet(packet: bytes) -> None:
    try:
        found = messages.read_command(packet)
    except BoothMessageError:
        return
    assert messages.read_command(messages.written(found)) == found


def run_message_packet(packet: bytes) -> None:
    try:
        found = messages.read_message(packet)
    except BoothMessageError:
        return
    # A time that is no number (NaN) is not even itself: what is written is compared.
    again = messages.written(messages.read_message(messages.written(found)))
    assert again == messages.written(found)


class Stream:
    """The studio's end, as a socket that gives what the input holds, in pieces of the input's choosing."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def setblocking(self, blocking: bool) -> None:
        assert not blocking

    def close(self) -> None:
        self._content = b""

    def recv_into(self, place: memoryview) -> int:
        if not self._content:
            raise BlockingIOError
        piece = self._content[: min(len(place), 1 + self._content[0] % 32)]
        place[: len(piece)] = piece
        self._content = self._content[len(piece) :]
        return len(piece)


def run_studio(content: bytes) -> None:
    link = StudioLink(Stream(content))  # type: ignore[arg-type]
    for _ in range(3):
        number = link.check_number()
        assert number is None or len(number) == 14
        assert number is None or plausible(number, None) in {True, False}


# -- all of them ------------------------------------------------------------------------------------------------------


def _script(*answers: tuple[int, bytes]) -> bytes:
    return b"".join(word.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data for word, data in answers)


def _dialogue() -> bytes:
    der = _certificates()[0]
    parts = [(0x9000, der[at : at + 256]) for at in range(0, len(der), 256)]
    token, done = (0x9000, b"JPKIAPICCTOKEN2".ljust(32)), (0x9000, b"")
    record = table_card.face_record(JP2[:200])
    looked = [done, done, done, (0x63CA, b"")]
    opened = [done, done, (0x63CA, b""), done, done, (0x9000, record)]
    return _script(done, done, token, done, *parts, done, (0x63C3, b""), *looked, *opened)


_ALL = (
    Target("tlv", run_tlv, lambda: [table_card.face_record(), table_card.tlv(0x7F21, bytes(300)) + b"\xff\xff"]),
    Target("face_record", run_face_record, lambda: [table_card.face_record(), table_card.face_record(None)]),
    Target("token", run_token, lambda: [b"JPKIAPICCTOKEN2".ljust(32), b"JPKIAPGPSETOKEN".ljust(32) + bytes(128)]),
    Target(
        "file",
        run_file,
        lambda: [
            b"\x05" + _script((0x9000, table_card.tlv(0x30, bytes(500))[:256]), (0x9000, bytes(248))),
            b"\x06" + _script((0x9000, b"\xff\xff\xff\x20\x82\x03\xe8" + bytes(249)), (0x9000, bytes(751))),
        ],
    ),
    Target("card", run_card, lambda: [_dialogue()]),
    Target("certificate", run_certificate, _certificates),
    Target("signed_certificate", run_signed_certificate, _bodies),
    Target("command_packet", run_command_packet, lambda: map(messages.written, COMMANDS)),
    Target("message_packet", run_message_packet, lambda: map(messages.written, MESSAGES)),
    Target("studio", run_studio, lambda: [b"CNB155021720352285" * 3, b"CNB1550217"]),
)

TARGETS = {target.name: target for target in _ALL}


def name_of(content: bytes) -> str:
    """A file's name for an input."""
    return hashlib.sha256(content).hexdigest()[:16]
