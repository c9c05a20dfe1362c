"""reception.yaml: where the two doors are, where the records are kept, who works at the desk."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kiosk.eligibility.terminal.settings import TerminalSettings
from kiosk.reception.hand_off_settings import HandOffSettings
from kiosk.staff import commands

MOST_NAMES = 16

_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")


@dataclass(frozen=True)
class Door:
    """Where one door listens, and under which names others know it (they stand in its certificate).

    Only this machine may knock at a plain door; with a `trust_folder` (TLS) the host may be any address of it.
    """

    host: str
    port: int
    """0 asks for any free port; the `ready` line tells which."""
    names: tuple[str, ...] = ()
    """DNS names or addresses. On this machine itself `localhost` and the host need not be told."""

    def __post_init__(self) -> None:
        if not is_this_machine(self.host) and not _is_address(self.host):
            raise ValueError("host: must be this machine (127.0.0.1 or ::1), or with a trust_folder an address of it")
        if not 0 <= self.port <= 65535:
            raise ValueError("port: expected 0 to 65535")
        if len(self.names) > MOST_NAMES or not all(map(_is_name, self.names)):
            raise ValueError(f"names: expected at most {MOST_NAMES} names such as reception.internal, in lower case")

    @property
    def known_as(self) -> tuple[str, ...]:
        """What this door may be called: its names, and on this machine the usual ones."""
        return tuple(dict.fromkeys((*self.names, *(("localhost", self.host) if is_this_machine(self.host) else ()))))


@dataclass(frozen=True)
class StaffMember:
    """One person at the desk. `id` goes into records, `name` stays on the board; `role` is one of `kiosk.reception.accounts`."""

    id: str
    name: str
    role: Literal["reception", "qualified", "administrator", "auditor"] = "reception"

    def __post_init__(self) -> None:
        commands.staff_id(self.id)
        if not 0 < len(self.name.strip()) <= 40:
            raise ValueError("name: expected a name of at most 40 characters")


@dataclass(frozen=True)
class PostgresqlSettings:
    """A PostgreSQL database that several reception nodes share. Without `host` the server's own socket on this machine.

    `user` is this process's own name if left out; `password_file` is a libpq password file (mode 0600). Towards another
    machine the connection is TLS, with the server's certificate checked against `ca_file`.
    """

    database: str = "reception"
    host: str = ""
    port: int = 5432
    user: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.database) <= 63 or not self.database.isprintable():
            raise ValueError("database: expected the name of a database")
        if not 0 < self.port <= 65535:
            raise ValueError("port: expected 1 to 65535")
        if self._is_far and self.ca_file is None:
            raise ValueError("ca_file: a database on another machine needs the CA that its certificate comes from")

    @property
    def where(self) -> str:
        """The database in words, without user and password."""
        return f"postgresql://{self.host}{'' if self.port == 5432 else f':{self.port}'}/{self.database}"

    def parameters(self) -> dict[str, str]:
        """As libpq names them."""
        told = {"dbname": self.database, "port": str(self.port), "application_name": "kiosk reception"}
        passfile = "" if self.password_file is None else str(self.password_file)
        optional = {"host": self.host, "user": self.user, "passfile": passfile}
        told |= {name: value for name, value in optional.items() if value}
        if self._is_far:
            told |= {"sslmode": "verify-full", "sslrootcert": str(self.ca_file)}
        # A server that vanished without a word is noticed: the writer must not hang for ever.
        return told | {
            "keepalives_idle": "5",
            "keepalives_interval": "2",
            "keepalives_count": "3",
            "tcp_user_timeout": "10000",
        }

    @property
    def _is_far(self) -> bool:
        return bool(self.host) and not self.host.startswith("/") and not is_this_machine(self.host)


@dataclass(frozen=True)
class ReceptionSettings:
    """The whole of reception.yaml. `key_file` holds the private key that check-ins are sealed to.

    Records are kept in `database`, an SQLite file, or in `postgresql`, which several nodes share.

    `terminal`: the eligibility terminal's folders, where there is one: without it nobody is looked up by number.
    """

    site: Literal["live", "test"]
    clinic: str
    key_file: Path
    kiosk_door: Door
    staff_door: Door
    database: Path | None = None
    postgresql: PostgresqlSettings | None = None
    terminal: TerminalSettings | None = None
    hand_off: HandOffSettings | None = None
    """The folder that the claims computer takes results from; without it none are handed off."""
    trust_folder: Path | None = None
    """Where `kiosk reception init` put reception's own certificate authority: with it, both doors speak TLS."""
    password_hashing: Literal["ordinary", "small"] = "ordinary"  # noqa: S105 - the name of a profile
    """argon2id: 64 MiB and a fifth of a second, or 19 MiB for a Raspberry Pi (`kiosk.reception.passwords`)."""
    board_begins_masked: bool = False
    """For a board that patients can see: names are covered until somebody at that browser chooses otherwise."""
    keep_checkins_days: int = 30
    keep_audit_days: int = 1826
    """Days until check-ins and what belongs to them, and until entries of the audit log, are erased (five years)."""
    test_staff: tuple[StaffMember, ...] = ()
    """On a test site only: people made at the start, each with a one-time link in the `ready` line instead of a password."""

    def __post_init__(self) -> None:
        if not 0 < len(self.clinic.strip()) <= 60:
            raise ValueError("clinic: expected a name of at most 60 characters")
        if (self.database is None) is (self.postgresql is None):
            raise ValueError("database: expected either database, a file, or postgresql")
        if self.database == self.key_file:
            raise ValueError("key_file: must be another file than database")
        if self.test_staff and self.site != "test":
            raise ValueError("test_staff: people who sign in by a printed link belong to site: test only")
        if len({member.id for member in self.test_staff}) != len(self.test_staff):
            raise ValueError("test_staff: every id may stand there once only")
        for key, days in (("keep_checkins_days", self.keep_checkins_days), ("keep_audit_days", self.keep_audit_days)):
            if not 1 <= days <= 36_525:
                raise ValueError(f"{key}: expected 1 to 36525 days")
        for key, door in (("kiosk_door", self.kiosk_door), ("staff_door", self.staff_door)):
            if self.trust_folder is None and not is_this_machine(door.host):
                raise ValueError(
                    f"{key}.host: must be this machine (127.0.0.1 or ::1) without a trust_folder (kiosk reception init)"
                )
            if self.trust_folder is not None and not door.known_as:
                raise ValueError(f"{key}.names: expected the names under which other machines know this door")
        if self._same_place and self.kiosk_door.port != 0:
            raise ValueError("staff_door: must be another port than kiosk_door")
        if self.terminal is not None and self.terminal.test and self.site != "test":
            raise ValueError("terminal.test: a simulated terminal belongs to site: test only")
        if self.hand_off is not None:
            if self.hand_off.test and self.site != "test":
                raise ValueError("hand_off.test: a folder for simulated results belongs to site: test only")
            try:
                self.hand_off.check_apart_from(self.terminal)
            except ValueError as error:
                raise ValueError(f"hand_off.{error}") from error

    @property
    def _same_place(self) -> bool:
        return (self.kiosk_door.host, self.kiosk_door.port) == (self.staff_door.host, self.staff_door.port)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name of both doors: what the server's certificate is for."""
        return tuple(dict.fromkeys((*self.kiosk_door.known_as, *self.staff_door.known_as)))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_name(name: str) -> bool:
    return _is_address(name) or (len(name) <= 253 and _NAME.fullmatch(name) is not None)


def is_this_machine(host: str) -> bool:
    """Whether `host` is a loopback address or the name for it."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
