"""`kiosk reception renew-authority`: another intermediate under the same root, before the old one ends.

Kiosks and browsers trust the root, and show or are shown the intermediate with each certificate: so nobody has to be
paired again, and kiosks move to the new intermediate with their next certificate (domain/reception-and-reliability.md
section 3.1). The backup is renewed first, then the file that reception signs with, then its own certificate: whatever
breaks in between, either the old intermediate works or the new one does, and running the command again goes on from there.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from kiosk.reception import authority, backup, certificates, seal, trust
from kiosk.reception.authority import AuthorityKeys
from kiosk.reception.backup import Backup
from kiosk.reception.desk import Desk
from kiosk.reception.errors import StartError
from kiosk.reception.init import AskPassphrase, Tell, folder_of
from kiosk.reception.seal import RESTORE, write_durably
from kiosk.reception.settings import ReceptionSettings
from kiosk.reception.store import Transaction

FROM_BACKUP: Final = "from_backup"
"""What the audit notes where the intermediate was made before: by a run that broke off, or on another node."""


def renew_authority(settings: ReceptionSettings, backup_file: Path, ask: AskPassphrase, tell: Tell) -> None:
    """Make another intermediate, or put the one in place that the backup already has; the backup holds it afterwards.

    Raises `StartError` (reception runs, the backup is not opened or another one's, something cannot be written) or
    `SettingsError`; then the old intermediate works on.
    """
    folder = folder_of(settings)
    gone = [path for path in [*authority.missing(folder), settings.key_file] if not path.exists()]
    if gone:
        raise StartError(f"{gone[0]}: is gone; put it back before: {RESTORE}")
    _refuse_while_running(settings)
    _refuse_unwritable(folder)
    phrase = backup.passphrase(ask())
    tell("Opening the backup (about a second).")
    asyncio.run(_renew(settings, folder, backup_file.resolve(), phrase, tell))


async def _renew(settings: ReceptionSettings, folder: Path, backup_file: Path, phrase: bytes, tell: Tell) -> None:
    kept = backup.opened(backup_file, phrase)
    _same_reception(settings, folder, kept, backup_file)
    desk = Desk(settings)
    try:
        now, root = desk.clock(), certificates.fingerprint(x509.load_pem_x509_certificate(kept.authority.root))
        if await desk.store.read(trust.known) != root:
            raise StartError(f"{folder}: is not the certificate authority that the database belongs to")
        keys = kept.authority
        waits_there = _is_later(keys, folder / authority.INTERMEDIATE)
        if waits_there:
            tell("The backup holds a newer intermediate than this machine: it is put in place, and no other is made.")
        else:
            keys = _made(keys, backup_file, now)
            _renew_backup(Backup(keys, kept.seal_key), backup_file, phrase)
            tell(f"Wrote the backup anew, and opened it again to be sure: {backup_file}.")
        note = FROM_BACKUP if waits_there else None
        await desk.store.write(_in_place(folder / authority.INTERMEDIATE, keys, note))
        present = authority.load(folder, now)
        present.server_certificate(settings.names, now)
    finally:
        desk.close()
    tell(f"The new intermediate is in place and signs until {present.not_after:%Y-%m-%d}: {folder}.")
    tell(f"Reception's own certificate is of it already, for: {', '.join(settings.names)}.")
    _say_what_next(settings, tell)


def _in_place(path: Path, keys: AuthorityKeys, note: str | None) -> Callable[[Transaction], None]:
    """The file last: where it cannot be written, nothing is said to have been."""

    def change(transaction: Transaction) -> None:
        online = certificates.fingerprint(x509.load_pem_x509_certificate(keys.intermediate))
        trust.remember_online(online)(transaction)
        transaction.audit("reception", "authority_renewed", about=online, note=note)
        write_durably(path, keys.online)

    return change


def _refuse_while_running(settings: ReceptionSettings) -> None:
    """A reception that runs goes on with the key it has read. Its database need not be held: several nodes share one."""
    for door in (settings.kiosk_door, settings.staff_door):
        family = socket.AF_INET6 if ":" in door.host else socket.AF_INET
        with closing(socket.socket(family, socket.SOCK_STREAM)) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((door.host, door.port))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise StartError(
                        f"{door.host} port {door.port} is open: reception is running; stop it first"
                    ) from error


def _refuse_unwritable(folder: Path) -> None:
    """Said before the backup is written anew: it would be ahead of the folder until the next run."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StartError(f"{folder}: nothing can be written there ({error.strerror}); nothing was changed") from error


def _same_reception(settings: ReceptionSettings, folder: Path, kept: Backup, backup_file: Path) -> None:
    key = seal.from_pem(kept.seal_key, str(backup_file))
    same_root = (folder / authority.ROOT).read_bytes() == kept.authority.root
    if not same_root or seal.load_or_make(settings.key_file, settings.database).key_id != key.key_id:
        raise StartError(f"{backup_file}: is the backup of another reception; nothing was changed")


def _is_later(keys: AuthorityKeys, path: Path) -> bool:
    """Whether the backup's intermediate is another one than that of `path`, and not an older one."""
    try:
        here = x509.load_pem_x509_certificate(path.read_bytes())
        there = x509.load_pem_x509_certificate(keys.intermediate)
        there.verify_directly_issued_by(x509.load_pem_x509_certificate(keys.root))
    except (OSError, ValueError, TypeError, InvalidSignature) as error:
        raise StartError(
            f"{path}: this certificate, or that in the backup, cannot be read; nothing was changed"
        ) from error
    return here != there and there.not_valid_before_utc >= here.not_valid_before_utc


def _made(keys: AuthorityKeys, backup_file: Path, now: datetime) -> AuthorityKeys:
    try:
        return authority.renewed(keys, now)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise StartError(f"{backup_file}: no intermediate can be made from it: {error}") from error


def _renew_backup(renewed: Backup, backup_file: Path, phrase: bytes) -> None:
    """Written beside the old one and opened there, before it takes its place."""
    beside = backup_file.with_name(backup_file.name + ".renewed")
    try:
        content = backup.sealed(renewed, phrase)
        write_durably(beside, content)
        backup.opened(beside, phrase)
        write_durably(backup_file, content)
    finally:
        beside.unlink(missing_ok=True)


def _say_what_next(settings: ReceptionSettings, tell: Tell) -> None:
    tell("")
    tell("What to do now:")
    tell("  1. Replace every other copy of the backup by this one: an older copy brings the old intermediate back.")
    tell("  2. Start reception. Kiosks go on with what they have, and change over within 45 days, by themselves.")
    tell("     A kiosk that was switched off for longer than its certificate lasts is paired again: kiosk enrol.")
    if settings.postgresql is not None:
        tell("  3. On every other node: stop it, run this command with the same backup, start it.")
