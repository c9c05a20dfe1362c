"""reception.yaml: where the two doors are, where the records are kept, who works at the desk."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kiosk.eligibility.terminal.settings import TerminalSettings
from kiosk.staff import commands


@dataclass(frozen=True)
class Door:
    """Where one door listens. Until kiosks are paired and staff sign in, only this machine may knock."""

    host: str
    port: int
    """0 asks for any free port; the `ready` line tells which."""

    def __post_init__(self) -> None:
        if not is_this_machine(self.host):
            raise ValueError("host: must be this machine (127.0.0.1 or ::1) until kiosks are paired and staff sign in")
        if not 0 <= self.port <= 65535:
            raise ValueError("port: expected 0 to 65535")


@dataclass(frozen=True)
class StaffMember:
    """One person who may be chosen at the board. `id` goes into records, `name` stays on the board."""

    id: str
    name: str

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
    staff: tuple[StaffMember, ...]
    database: Path | None = None
    postgresql: PostgresqlSettings | None = None
    terminal: TerminalSettings | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.clinic.strip()) <= 60:
            raise ValueError("clinic: expected a name of at most 60 characters")
        if (self.database is None) is (self.postgresql is None):
            raise ValueError("database: expected either database, a file, or postgresql")
        if self.database == self.key_file:
            raise ValueError("key_file: must be another file than database")
        if not self.staff:
            raise ValueError("staff: expected at least one person with id and name")
        if len({member.id for member in self.staff}) != len(self.staff):
            raise ValueError("staff: every id may stand there once only")
        if self.kiosk_door == self.staff_door and self.kiosk_door.port != 0:
            raise ValueError("staff_door: must be another port than kiosk_door")
        if self.terminal is not None and self.terminal.test and self.site != "test":
            raise ValueError("terminal.test: a simulated terminal belongs to site: test only")


def is_this_machine(host: str) -> bool:
    """Whether `host` is a loopback address or the name for it."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
