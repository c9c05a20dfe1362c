"""A card from a table, in memory: answers APDUs as domain/mynumber-card.md section 3 says and notes what reached it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.x509.oid import NameOID

from kiosk.card.apdu import Apdu
from kiosk.card.errors import CardGoneError
from kiosk.simulation.card import VirtualCard

JPKI = bytes.fromhex("D392F000260100000001")
SURFACE = bytes.fromhex("D3921000310001010402")
TEXT = bytes.fromhex("D3921000310001010408")
JUKI = bytes.fromhex("D3921000310001010401")
COMMON = bytes.fromhex("D3921000310001010100")

CHECK_NUMBER_B = "55021720352285"
JP2 = bytes.fromhex("0000000C6A502020") + bytes(range(256)) * 3
MARCH = datetime(2026, 3, 31, 14, 59, 59, tzinfo=UTC)


def tlv(tag: int, value: bytes) -> bytes:
    head = tag.to_bytes((tag.bit_length() + 7) // 8, "big")
    size = len(value)
    if size < 0x80:
        return head + bytes([size]) + value
    return head + (bytes([0x81, size]) if size < 0x100 else b"\x82" + size.to_bytes(2, "big")) + value


def face_record(photo: bytes | None = JP2) -> bytes:
    inner = tlv(0xDF21, bytes(18)) + tlv(0xDF22, b"19800217") + tlv(0xDF23, b"2")
    inner += b"" if photo is None else tlv(0xDF27, photo)
    return tlv(0xFF20, inner + tlv(0xDF29, b"20350217"))


@dataclass
class Secret:
    value: bytes
    left: int
    limit: int


@dataclass
class TableCard:
    """`files` and `secrets` by (application, file); `opened_by` names the secret a file needs; `open_house`: none needs one.

    `answers` may say something else than the table for a command (None: the table speaks). `gone_at`: the n-th command
    finds the card gone. `longest`: the most bytes one READ gives; `extended`: how it answers an extended one (None: as it
    should). `log` has every command that reached the card with what was selected when it came.
    """

    files: dict[tuple[bytes, int], bytes] = field(default_factory=dict)
    secrets: dict[tuple[bytes, int], Secret] = field(default_factory=dict)
    opened_by: dict[tuple[bytes, int], int] = field(default_factory=dict)
    key: rsa.RSAPrivateKey | None = None
    open_house: bool = False
    answers: Callable[[bytes], tuple[bytes, int] | None] = lambda _: None
    gone_at: int = 1_000_000
    longest: int = 0x10000
    extended: int | None = None
    log: list[tuple[bytes | None, int | None, bytes]] = field(default_factory=list)
    application: bytes | None = None
    file: int | None = None
    verified: set[tuple[bytes, int]] = field(default_factory=set)

    def transmit(self, apdu: Apdu) -> tuple[bytes, int]:
        command = bytes(apdu)
        self.log.append((self.application, self.file, command))
        if len(self.log) >= self.gone_at:
            raise CardGoneError("pulled")
        return self.answers(command) or self._table(command)

    def sent(self, instruction: int) -> list[bytes]:
        return [command for _, _, command in self.log if command[1] == instruction]

    def _table(self, command: bytes) -> tuple[bytes, int]:
        if len(command) < 4:
            return b"", 0x6700
        if command[:3] == b"\x00\xa4\x04":
            return b"", self._select_application(command[5:])
        if command[:3] == b"\x00\xa4\x02":
            return b"", self._select_file(command[5:7])
        if self.application is None or self.file is None:
            return b"", 0x6986
        here = self.application, self.file
        if command[:2] == b"\x00\xb0":
            return self._read(here, command)
        if command[:2] == b"\x00\x20":
            return b"", self._verify(here, command[5:])
        if command[:2] == b"\x80\x2a":
            return self._sign(command[5:-1])
        return b"", 0x6D00

    def _select_application(self, aid: bytes) -> int:
        if not self.open_house and aid not in {application for application, _ in self.files}:
            return 0x6A82
        self.application, self.file = aid, None
        self.verified.clear()
        return 0x9000

    def _select_file(self, file: bytes) -> int:
        number = int.from_bytes(file, "big")
        here = (self.application or b"", number)
        known = here in self.files or here in self.secrets or (number == 0x17 and self.key is not None)
        if not self.open_house and not known:
            return 0x6A82
        self.file = number
        return 0x9000

    def _read(self, here: tuple[bytes, int], command: bytes) -> tuple[bytes, int]:
        needed = self.opened_by.get(here)
        if needed is not None and not self.open_house and (here[0], needed) not in self.verified:
            return b"", 0x6982
        content = self.files.get(here)
        if content is None:
            return (b"open", 0x9000) if self.open_house else (b"", 0x6986)
        offset = int.from_bytes(command[2:4], "big")
        length = command[4] or 256
        if len(command) == 7:
            if self.extended is not None:
                return b"", self.extended
            length = int.from_bytes(command[5:], "big")
        length = min(length, self.longest)
        return (b"", 0x6B00) if offset >= len(content) else (content[offset : offset + length], 0x9000)

    def _verify(self, here: tuple[bytes, int], data: bytes) -> int:
        secret = self.secrets.get(here)
        if self.open_house:
            return 0x9000
        if secret is None:
            return 0x6A88
        if not data:
            return 0x63C0 | secret.left
        if secret.left == 0:
            return 0x6984
        if data != secret.value:
            secret.left -= 1
            self.verified.discard(here)
            return 0x63C0 | secret.left
        secret.left = secret.limit
        self.verified.add(here)
        return 0x9000

    def _sign(self, digest_info: bytes) -> tuple[bytes, int]:
        if self.key is None or self.file != 0x17:
            return b"", 0x6A88
        if (JPKI, 0x18) not in self.verified and not self.open_house:
            return b"", 0x6982
        # The table card does not know PKCS#1: it trusts that the 19 bytes before the digest say SHA-256.
        assert digest_info[:19] == bytes.fromhex("3031300d060960864801650304020105000420")
        return self.key.sign(digest_info[19:], padding.PKCS1v15(), Prehashed(hashes.SHA256())), 0x9000


class Scripted:
    """A card that gives its answers one after the other."""

    def __init__(self, *answers: tuple[bytes, int]) -> None:
        self.answers = list(answers)
        self.sent: list[bytes] = []

    def transmit(self, command: Apdu) -> tuple[bytes, int]:
        self.sent.append(bytes(command))
        return self.answers.pop(0)


@dataclass
class InMemory:
    """A virtual card without a reader, as a connection; `sent` has what reached it, `gone_at` the command that does not."""

    card: VirtualCard
    gone_at: int = 1_000_000
    sent: list[bytes] = field(default_factory=list)

    def transmit(self, apdu: Apdu) -> tuple[bytes, int]:
        self.sent.append(bytes(apdu))
        if len(self.sent) >= self.gone_at:
            raise CardGoneError("pulled")
        answer = self.card.transmit(bytes(apdu))
        return answer[:-2], int.from_bytes(answer[-2:], "big")


@dataclass(frozen=True)
class Authority:
    """A root of the tests. All of them carry the same name, as the national ones do."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


_NAME = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "T")])


def new_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def authority(
    *,
    under: Authority | None = None,
    years: tuple[int, int] = (2023, 2033),
    bits: int = 2048,
    ca: bool | None = True,
    signs_certificates: bool | None = None,
    path_length: int | None = None,
) -> Authority:
    """A root, or an intermediate `under` another one. `ca` and `signs_certificates` None: no such extension."""
    key = new_key(bits)
    builder = _builder(
        _NAME, key.public_key(), datetime(years[0], 7, 16, tzinfo=UTC), datetime(years[1], 7, 16, tzinfo=UTC)
    )
    if ca is not None:
        limit = path_length if ca else None
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=limit), True)
    if signs_certificates is not None:
        builder = builder.add_extension(usage(key_cert_sign=signs_certificates), True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    if under is not None:
        builder = builder.add_extension(_key_of(under), False)
    return Authority(key, builder.sign(key if under is None else under.key, hashes.SHA256()))


def certify(
    root: Authority,
    key: rsa.RSAPrivateKey,
    *,
    ca: bool = False,
    names_key: bool | Authority = True,
    key_usage: x509.KeyUsage | None = None,
    begins: datetime = MARCH - timedelta(days=300),
    ends: datetime = MARCH,
) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"), x509.NameAttribute(NameOID.COMMON_NAME, "0A")])
    builder = _builder(subject, key.public_key(), begins, ends)
    if names_key:
        builder = builder.add_extension(_key_of(root if names_key is True else names_key), False)
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
    if key_usage is not None:
        builder = builder.add_extension(key_usage, True)
    return builder.sign(root.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def usage(**said: bool) -> x509.KeyUsage:
    """A keyUsage with only what is `said`."""
    bits = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    more = ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{bit: said.get(bit, False) for bit in (*bits, *more)})


def _key_of(issuer: Authority) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())


def _builder(
    subject: x509.Name, public_key: rsa.RSAPublicKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(_NAME).public_key(public_key)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)


def attributes(name: bytes = "試験\u3000花子".encode(), birth_date: bytes = b"19800217") -> bytes:
    """EF 0002 of the text application: name, address, birth date, sex (section 5.1)."""
    objects = tlv(0xDF22, name) + tlv(0xDF23, b"an address") + tlv(0xDF24, birth_date) + tlv(0xDF25, b"2")
    return tlv(0xFF20, tlv(0xDF21, bytes(8)) + objects)


def my_number_card(certificate: bytes, key: rsa.RSAPrivateKey) -> TableCard:
    """An adult's card; the forbidden places are there too, to be left alone."""
    return TableCard(
        files={
            (JPKI, 0x0006): b"JPKIAPICCTOKEN2".ljust(32) + bytes(128),
            (JPKI, 0x000A): certificate,
            (SURFACE, 0x0002): face_record(),
            (SURFACE, 0x0005): tlv(0xFF40, b"forbidden"),
            (TEXT, 0x0001): tlv(0xFF10, b"123456789018") + b"\xff\xff",
            (TEXT, 0x0002): attributes(),
        },
        secrets={
            (JPKI, 0x0018): Secret(b"1234", 3, 3),
            (JPKI, 0x001B): Secret(b"ABC123", 5, 5),
            (SURFACE, 0x0012): Secret(CHECK_NUMBER_B.encode(), 10, 10),
            (SURFACE, 0x0013): Secret(b"123456789018", 10, 10),
            (TEXT, 0x0014): Secret(b"123456789018", 10, 10),
            (TEXT, 0x0015): Secret(CHECK_NUMBER_B.encode(), 10, 10),
        },
        opened_by={
            (SURFACE, 0x0002): 0x0012,
            (SURFACE, 0x0005): 0x0013,
            (TEXT, 0x0001): 0x0014,
            (TEXT, 0x0002): 0x0015,
        },
        key=key,
    )
