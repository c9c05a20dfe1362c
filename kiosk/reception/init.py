"""`kiosk reception init` and `kiosk reception restore`: every key of a reception made once, and brought back when lost.

Before anything else is written the backup is: whatever breaks in between, it brings everything back. Run again, `init`
touches no key; while no administrator can sign in yet, it gives that person another link.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kiosk.errors import SettingsError, UsageError
from kiosk.reception import accounts, authority, backup, seal, trust
from kiosk.reception.accounts import Enrolment
from kiosk.reception.backup import Backup
from kiosk.reception.desk import Desk
from kiosk.reception.errors import RefusedError, StartError
from kiosk.reception.seal import RESTORE, write_durably
from kiosk.reception.settings import ReceptionSettings
from kiosk.record import RecordError
from kiosk.staff import commands

Tell = Callable[[str], object]
AskPassphrase = Callable[[], str]


@dataclass(frozen=True)
class Administrator:
    """Who may sign in first: the id stands in records, the name on pages."""

    id: str
    name: str

    def __post_init__(self) -> None:
        try:
            commands.staff_id(self.id)
        except RecordError as error:
            raise UsageError(f"--administrator: {error}") from error
        if not 0 < len(self.name.strip()) <= accounts.LONGEST_NAME:
            raise UsageError(f"--name: expected a name of at most {accounts.LONGEST_NAME} characters")


def init(
    settings: ReceptionSettings, administrator: Administrator, backup_file: Path, ask: AskPassphrase, tell: Tell
) -> None:
    """Make authority, keys and database, write `backup_file`, and give the first administrator a link.

    Raises `StartError` (it was done before, a key is gone, something cannot be written) or `SettingsError`.
    """
    folder = folder_of(settings)
    gone = authority.missing(folder)
    if gone and len(gone) < len(authority.KEPT):
        raise StartError(f"{gone[0]}: this file of the certificate authority is gone; put it back: {RESTORE}")
    phrase = None
    if gone:
        if backup_file.exists():
            raise StartError(
                f"{backup_file}: is there already; if keys are gone, put them back: {RESTORE}; "
                "else move it away, or name another file with --backup"
            )
        phrase = backup.passphrase(ask())
    made_key = not settings.key_file.exists()
    if made_key:
        _make_seal_key(settings, tell)
    asyncio.run(_init(settings, administrator, backup_file, phrase, tell, made_key=made_key))


async def _init(
    settings: ReceptionSettings,
    administrator: Administrator,
    backup_file: Path,
    phrase: bytes | None,
    tell: Tell,
    *,
    made_key: bool,
) -> None:
    """`phrase`: where there is no authority yet."""
    folder = folder_of(settings)
    try:
        desk = Desk(settings)
    except StartError:
        if made_key:
            settings.key_file.unlink()  # the database does not know it: it is somebody else's, or cannot be opened
        raise
    try:
        tell(f"The database is there: {settings.database or 'PostgreSQL'}.")
        if phrase is not None:
            if await desk.store.read(trust.known) is not None:
                raise StartError(f"{folder}: the database belongs to an authority that is gone; put it back: {RESTORE}")
            _make_authority(desk, folder, backup_file, phrase, tell)
        await trust.check(desk)
        authority.load(folder, desk.clock()).server_certificate(settings.names, desk.clock())
        tell(f"Reception's own certificate is for: {', '.join(settings.names)}.")
        enrolment = await _first(desk, administrator)
        if enrolment is None and phrase is None:
            raise StartError(
                "this reception was set up before, and an administrator can sign in: nothing was changed. "
                f"Keys that are gone come back with: {RESTORE}"
            )
    finally:
        desk.close()
    _say_what_next(settings, enrolment, folder, tell)


def _make_seal_key(settings: ReceptionSettings, tell: Tell) -> None:
    """The key that check-ins are sealed to. A database without its key means that the key was lost."""
    if settings.database is None:
        key = seal.make(settings.key_file)
    else:
        key = seal.load_or_make(settings.key_file, settings.database)
    tell(f"Made the key that check-ins are sealed to: {settings.key_file} ({key.key_id}).")


def _make_authority(desk: Desk, folder: Path, backup_file: Path, phrase: bytes, tell: Tell) -> None:
    tell("Making the certificate authority, and sealing its root and the backup with the passphrase (a second or two).")
    keys = authority.make(desk.clock())
    write_durably(backup_file, backup.sealed(Backup(keys, desk.key.pem()), phrase))
    backup.opened(backup_file, phrase)  # a backup that was never opened is none
    tell(f"Wrote the backup, and opened it again to be sure: {backup_file}.")
    _write(folder, keys, phrase, authority.KEPT)
    tell(f"Wrote the certificate authority: {folder}.")


def _write(folder: Path, keys: authority.AuthorityKeys, phrase: bytes, names: tuple[str, ...]) -> None:
    if authority.ROOT in names:
        write_durably(folder / authority.ROOT, keys.root, 0o644)
    if authority.ROOT_SEALED in names:
        write_durably(folder / authority.ROOT_SEALED, backup.sealed_root(keys.root_key, phrase))
    if authority.INTERMEDIATE in names:
        write_durably(folder / authority.INTERMEDIATE, keys.online)


def invite(settings: ReceptionSettings, staff_id: str, tell: Tell) -> None:
    """Another link for somebody who cannot sign in any more, from the machine itself: for when no administrator can.

    Raises `StartError` (reception runs, or was never set up) or `UsageError` (nobody has this id, or is disabled).
    """
    asyncio.run(_invite(settings, staff_id, tell))


async def _invite(settings: ReceptionSettings, staff_id: str, tell: Tell) -> None:
    desk = Desk(settings)
    try:
        enrolment = await desk.store.write(accounts.invite_again(staff_id, "reception"))
    except RefusedError as error:
        raise UsageError(f"--id {staff_id}: nobody here has this id, or the account is stopped") from error
    finally:
        desk.close()
    tell("Start reception; then, within 15 minutes, what this person signs in with is set anew at:")
    tell(f"  {_staff_url(settings)}{enrolment.path}")


async def _first(desk: Desk, administrator: Administrator) -> Enrolment | None:
    """The first administrator's link; None where one can sign in already. Raises `UsageError`."""
    try:
        return await desk.store.write(accounts.create_first(administrator.id, administrator.name))
    except RefusedError as error:
        if error.code == "has_administrator":
            return None
        raise UsageError(f"--administrator {administrator.id}: this id or name cannot be used here") from error


def _say_what_next(settings: ReceptionSettings, enrolment: Enrolment | None, folder: Path, tell: Tell) -> None:
    tell("")
    tell("What to do now:")
    tell(
        "  1. Move the backup off this machine, and keep the passphrase elsewhere. Without both, a lost key is lost for ever."
    )
    tell(f"  2. Let the PCs at the desk trust {folder / authority.ROOT}.")
    tell("  3. Start reception: kiosk reception --config FILE")
    if enrolment is None:
        tell("  4. Sign in: an administrator is there already.")
        return
    tell(f"  4. Within 15 minutes, as {enrolment.staff_id}: {_staff_url(settings)}{enrolment.path}")
    tell("     Too late? Stop reception and run this command again: it changes no key.")


def restore(settings: ReceptionSettings, backup_file: Path, ask: AskPassphrase, tell: Tell) -> None:
    """Put back what is missing, from the backup alone; what is there stays as it is.

    Raises `StartError` (not opened, or something that is there is another one's: then nothing is written) or
    `SettingsError`.
    """
    folder = folder_of(settings)
    phrase = backup.passphrase(ask())
    tell("Opening the backup (about a second).")
    kept = backup.opened(backup_file, phrase)
    key = seal.from_pem(kept.seal_key, str(backup_file))
    _compare(settings, folder, kept, key.key_id)
    gone = authority.missing(folder)
    _write(folder, kept.authority, phrase, tuple(path.name for path in gone))
    if not settings.key_file.exists():
        write_durably(settings.key_file, kept.seal_key)
        gone.append(settings.key_file)
    for path in gone:
        tell(f"Put back: {path}.")
    present = authority.load(folder, datetime.now(UTC))
    tell(
        f"The authority signs until {present.not_after:%Y-%m-%d}; if it was renewed after this backup, the board says so."
    )
    tell("Everything is there." if gone else "Nothing was missing: nothing was written.")


def _compare(settings: ReceptionSettings, folder: Path, kept: Backup, key_id: str) -> None:
    """Raise `StartError` where something that is there is not what the backup holds."""
    wanted = {authority.ROOT: kept.authority.root, authority.INTERMEDIATE: kept.authority.online}
    for name, content in wanted.items():
        path = folder / name
        if path.exists() and path.read_bytes() != content:
            raise StartError(f"{path}: is there, and is not the one in the backup; nothing was written")
    if settings.key_file.exists() and seal.load_or_make(settings.key_file, settings.database).key_id != key_id:
        raise StartError(f"{settings.key_file}: is there, and is not the key in the backup; nothing was written")


def _staff_url(settings: ReceptionSettings) -> str:
    name, scheme = settings.staff_door.known_as[0], "http" if settings.trust_folder is None else "https"
    return f"{scheme}://{f'[{name}]' if ':' in name else name}:{settings.staff_door.port}"


def folder_of(settings: ReceptionSettings) -> Path:
    """Where the authority lies. Raises `SettingsError` where the settings have no place for one."""
    if settings.trust_folder is None:
        raise SettingsError("trust_folder: is missing in the settings; expected the folder for reception's authority")
    return settings.trust_folder
