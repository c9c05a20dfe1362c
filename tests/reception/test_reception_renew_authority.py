"""`kiosk reception renew-authority`: another intermediate under the same root, with no kiosk paired again."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509

from kiosk.delivery import renewal
from kiosk.delivery.certificate import Asking
from kiosk.delivery.courier import Courier
from kiosk.delivery.exchange import Addresses, door_client
from kiosk.delivery.keys import KeyCache
from kiosk.delivery.outbox import Outbox
from kiosk.delivery.settings import DeliverySettings
from kiosk.reception import authority, backup, certificates, devices, seal, troubles
from kiosk.reception import init as init_room
from kiosk.reception import renew_authority as renew_room
from kiosk.reception.desk import AuthorityState
from kiosk.reception.errors import RefusedError, StartError
from kiosk.reception.renew_authority import renew_authority
from kiosk.reception.settings import Door, ReceptionSettings
from kiosk.record import ids
from tests.reception import secured
from tests.reception.processes import serving

PASSPHRASE = "a passphrase of the clinic"
FILES = ("trust/root.pem", "trust/root.sealed", "trust/intermediate.pem", "trust/server.pem", "keys.backup")


@pytest.fixture(scope="module")
def done_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("initialised")
    initialise(secured.reception_settings(folder), folder)
    return folder


@pytest.fixture
def folder(done_once: Path, tmp_path: Path) -> Path:
    """A reception that was initialised."""
    return Path(shutil.copytree(done_once, tmp_path / "reception"))


def initialise(settings: ReceptionSettings, folder: Path) -> None:
    first = init_room.Administrator("sato", "佐藤")
    init_room.init(settings, first, folder / "keys.backup", lambda: PASSPHRASE, lambda _: None)


def renewed(folder: Path, settings: ReceptionSettings | None = None, phrase: str = PASSPHRASE) -> list[str]:
    told = secured.Told()
    settings = settings or secured.reception_settings(folder)
    renew_authority(settings, folder / "keys.backup", lambda: phrase, told)
    return told.all


def here(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


def audited(folder: Path) -> list[tuple[str, str | None, str | None]]:
    with contextlib.closing(sqlite3.connect(folder / "reception.db")) as connection:
        question = "SELECT actor, about, note FROM audit WHERE action = 'authority_renewed' ORDER BY seq"
        return connection.execute(question).fetchall()


def online_id(folder: Path) -> str:
    return authority.load(folder / "trust", datetime.now(UTC)).online_id


def test_the_new_intermediate_is_of_the_same_root_and_the_backup_holds_it(folder: Path) -> None:
    before, old = here(folder), authority.load(folder / "trust", datetime.now(UTC))
    said = "\n".join(renewed(folder))
    after, new = here(folder), authority.load(folder / "trust", datetime.now(UTC))
    assert {name for name in FILES if before[name] == after[name]} == {"trust/root.pem", "trust/root.sealed"}
    assert (new.id, new.online_id == old.online_id) == (old.id, False)
    kept = backup.opened(folder / "keys.backup", PASSPHRASE.encode())
    assert kept.authority.online == after["trust/intermediate.pem"]
    assert kept.seal_key == (folder / "reception.key").read_bytes()
    x509.load_der_x509_certificate(new.shown_certificate()).verify_directly_issued_by(
        x509.load_pem_x509_certificate(kept.authority.intermediate)
    )
    assert {path.name for path in folder.iterdir()} >= {"keys.backup", "trust"}
    assert not list(folder.rglob("*.renewed"))
    assert not list(folder.rglob("*.new"))
    for name in ("keys.backup", "trust/intermediate.pem", "trust/server.pem"):
        assert (folder / name).stat().st_mode & 0o077 == 0
    assert audited(folder) == [("reception", new.online_id, None)]
    assert "Replace every other copy of the backup" in said
    assert PASSPHRASE not in said


def test_it_can_be_done_after_the_old_intermediate_has_ended(tmp_path: Path) -> None:
    """Who was late stands before a reception that no longer starts: this is what brings it back."""
    settings, long_ago = secured.reception_settings(tmp_path), datetime.now(UTC) - timedelta(days=3700)
    keys = secured.make_authority(tmp_path / "trust", long_ago)
    key = seal.make(settings.key_file)
    content = backup.sealed(backup.Backup(keys, key.pem()), PASSPHRASE.encode())
    seal.write_durably(tmp_path / "keys.backup", content)
    (tmp_path / "reception.db").touch()
    adopt_outside(settings, keys)
    with pytest.raises(StartError, match="out of date"):
        authority.load(tmp_path / "trust", datetime.now(UTC))
    renewed(tmp_path)
    present = authority.load(tmp_path / "trust", datetime.now(UTC))
    assert present.not_after <= x509.load_pem_x509_certificate(keys.root).not_valid_after_utc


def adopt_outside(settings: ReceptionSettings, keys: authority.AuthorityKeys) -> None:
    """The database knows its authority, as after `init`."""
    import asyncio

    from kiosk.reception import trust
    from kiosk.reception.desk import Desk

    async def adopted() -> None:
        desk = Desk(settings)
        try:
            root = certificates.fingerprint(x509.load_pem_x509_certificate(keys.root))
            await desk.store.write(trust.adopt(root))
        finally:
            desk.close()

    asyncio.run(adopted())


def test_a_root_that_ends_itself_signs_no_other_intermediate() -> None:
    keys = authority.make(datetime.now(UTC) - timedelta(days=7305 - 89))
    with pytest.raises(ValueError, match="the root itself ends on"):
        authority.renewed(keys, datetime.now(UTC))


def test_no_certificate_outlives_its_issuer(tmp_path: Path) -> None:
    """So a kiosk asks for the next one while the door still knows the issuer, and gets it of the new one."""
    secured.make_authority(tmp_path / "trust", datetime.now(UTC) - timedelta(days=3653 - 20))
    present, now = authority.load(tmp_path / "trust", datetime.now(UTC)), datetime.now(UTC)
    issued = present.issue(authority.asked(Asking(ids.kiosk_id("a")).csr), now)
    own = x509.load_der_x509_certificate(present.server_certificate(("localhost",), now))
    assert issued.not_after == own.not_valid_after_utc == present.not_after
    with pytest.raises(RefusedError, match="認証局の期限が切れています"):
        present.issue(authority.asked(Asking(ids.kiosk_id("a")).csr), present.not_after)
    with pytest.raises(StartError, match="run: kiosk reception renew-authority --backup FILE"):
        present.server_certificate(("another.name",), present.not_after)


@pytest.mark.parametrize("broken_at", ["intermediate", "own certificate"])
def test_what_broke_off_is_gone_on_with(folder: Path, monkeypatch: pytest.MonkeyPatch, broken_at: str) -> None:
    """The power goes after the backup was written, or after the intermediate was: one of the two works, and none is lost."""
    before = here(folder)

    def gone(*_: Any) -> Any:
        raise PowerCutError

    with monkeypatch.context() as patched:
        if broken_at == "intermediate":
            patched.setattr("kiosk.reception.renew_authority.write_durably", only_to("keys.backup"))
        else:
            patched.setattr(authority.Authority, "server_certificate", gone)
        with pytest.raises((PowerCutError, OSError)):
            renewed(folder)
    assert here(folder)["keys.backup"] != before["keys.backup"]
    changed = here(folder)["trust/intermediate.pem"] != before["trust/intermediate.pem"]
    assert changed is (broken_at == "own certificate")
    with secured.running(secured.reception_settings(folder)) as reception:  # it works as it is
        secured.paired(reception, folder / "kiosk")
    kept = backup.opened(folder / "keys.backup", PASSPHRASE.encode())
    if broken_at == "intermediate":
        assert any("is put in place, and no other is made" in line for line in renewed(folder))
        assert audited(folder) == [("reception", online_id(folder), "from_backup")]
    assert here(folder)["trust/intermediate.pem"] == kept.authority.online


class PowerCutError(Exception):
    """The power goes."""


def only_to(name: str) -> Callable[..., None]:
    def written(path: Path, content: bytes, mode: int = 0o600) -> None:
        if not path.name.startswith(name):
            raise OSError("the disk is gone")
        seal.write_durably(path, content, mode)

    return written


def test_it_refuses_with_one_sentence_and_changes_nothing(folder: Path, tmp_path: Path) -> None:
    before = here(folder)
    with pytest.raises(StartError, match="passphrase does not open it"):
        renewed(folder, phrase="another passphrase")
    other = tmp_path / "other"
    other.mkdir()
    initialise(secured.reception_settings(other), other)
    shutil.copy(other / "keys.backup", folder / "keys.backup")
    with pytest.raises(StartError, match="is the backup of another reception; nothing was changed"):
        renewed(folder)
    (folder / "keys.backup").write_bytes(before["keys.backup"])
    (folder / "keys.backup.renewed.new").mkdir()  # root may write where a mode says no: so something is in the way
    with pytest.raises(StartError, match=r"keys\.backup\.renewed: the file cannot be written"):
        renewed(folder)
    (folder / "keys.backup.renewed.new").rmdir()
    with secured.running(secured.reception_settings(folder)), pytest.raises(StartError, match="reception is running"):
        renewed(folder)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as somebody:
        door = Door("127.0.0.1", somebody.getsockname()[1])
        with pytest.raises(StartError, match="is open: reception is running; stop it first"):
            renewed(folder, secured.reception_settings(folder, kiosk_door=door))
    assert here(folder) == before
    assert audited(folder) == []
    (folder / "trust/intermediate.pem").unlink()
    with pytest.raises(StartError, match=r"intermediate\.pem: is gone; put it back before"):
        renewed(folder)


def test_a_folder_that_is_not_ones_own_is_said_before_anything_is_asked(folder: Path) -> None:
    before, own = here(folder), os.geteuid()
    (folder / "trust").chmod(0o555)
    try:
        if own == 0:  # whom no mode stops
            os.seteuid(65534)
        with pytest.raises(StartError, match="trust: nothing can be written there"):
            renew_room._refuse_unwritable(folder / "trust")
    finally:
        os.seteuid(own)
        (folder / "trust").chmod(0o755)
    assert here(folder) == before


def test_a_file_that_cannot_be_written_leaves_the_old_one_at_work(folder: Path) -> None:
    """The backup is ahead then; the next run goes on with it."""
    (folder / "trust/intermediate.pem.new").mkdir()
    before = here(folder)
    with pytest.raises(StartError, match=r"intermediate\.pem: the file cannot be written"):
        renewed(folder)
    (folder / "trust/intermediate.pem.new").rmdir()
    assert here(folder)["trust/intermediate.pem"] == before["trust/intermediate.pem"]
    assert audited(folder) == []
    renewed(folder)
    assert [note for _, _, note in audited(folder)] == ["from_backup"]


def test_another_node_takes_the_one_that_the_backup_holds(tmp_path: Path, kept_in_nothing_yet: dict[str, Any]) -> None:
    """With one database under both; with SQLite it is the same machine from an older copy of its disk."""
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    first = secured.reception_settings(one, **kept_in_nothing_yet)
    initialise(first, one)
    shutil.copytree(one / "trust", other / "trust")
    second = replace(first, trust_folder=other / "trust")
    renewed(one, first)
    assert desk_says(second) == AuthorityState(authority.load(other / "trust", datetime.now(UTC)).not_after, True)
    shutil.copy(one / "keys.backup", other / "keys.backup")
    said = renewed(other, second)
    assert any("is put in place" in line for line in said)
    assert ("On every other node" in "\n".join(said)) is bool(kept_in_nothing_yet)
    assert (one / "trust/intermediate.pem").read_bytes() == (other / "trust/intermediate.pem").read_bytes()
    state = desk_says(second)
    assert state is not None
    assert state.outdated is False


def desk_says(settings: ReceptionSettings) -> AuthorityState | None:
    import asyncio

    from kiosk.reception import trust
    from kiosk.reception.desk import Desk

    async def checked() -> AuthorityState | None:
        desk = Desk(settings)
        try:
            await trust.check(desk)
            return desk.authority
        finally:
            desk.close()

    return asyncio.run(checked())


def test_an_outdated_backup_is_not_restored_unsaid(folder: Path) -> None:
    shutil.copy(folder / "keys.backup", folder / "outdated")
    renewed(folder)
    (folder / "trust/intermediate.pem").unlink()
    told = secured.Told()
    settings = secured.reception_settings(folder)
    init_room.restore(settings, folder / "outdated", lambda: PASSPHRASE, told)
    assert any("if it was renewed after this backup, the board says so" in line for line in told.all)
    state = desk_says(settings)
    assert state is not None
    assert [one.kind for one in troubles.of_authority(state, datetime.now(UTC))] == ["authority_outdated"]
    renewed(folder)  # with the newest backup
    assert desk_says(settings) == AuthorityState(authority.load(folder / "trust", datetime.now(UTC)).not_after, False)


def test_the_lane_warns_ninety_days_before_it_ends() -> None:
    ends = datetime(2026, 11, 24, tzinfo=UTC)
    state = AuthorityState(ends, outdated=False)
    assert troubles.of_authority(None, ends) == []
    assert troubles.of_authority(state, ends - timedelta(days=91)) == []
    (warned,) = troubles.of_authority(state, ends - timedelta(days=89, hours=1))
    assert (warned.kind, warned.since) == ("authority_ends", ends - timedelta(days=90))
    assert warned.sentence == "受付サーバーの認証局はあと89日で切れます"
    assert "kiosk reception renew-authority" in warned.what_to_do


@pytest.mark.anyio
async def test_the_board_shows_it(open_desk: Any) -> None:
    async with open_desk() as opened:
        opened.desk.authority = AuthorityState(opened.clock.now + timedelta(days=60), outdated=True)
        lane = (await opened.at_staff_door.get("/api/v1/troubles")).text
        assert "認証局はあと60日で切れます" in lane
        assert "認証局が古いものに戻っています" in lane
        opened.at_staff_door.cookies.set("reception_language", "en")
        lane = (await opened.at_staff_door.get("/api/v1/troubles")).text
        assert "Reception&#39;s certificate authority ends in 60 days" in lane


# -- the whole of it, as commands --------------------------------------------------------------------------------------


def deliver(kiosk: DeliverySettings, checkin: Any) -> None:
    """What a kiosk does with a check-in, until reception has it."""
    outbox, keys = Outbox(kiosk.folder / "outbox.db", "A"), KeyCache(kiosk.folder / "key.json")
    delivered: list[str] = []
    keys.take(secured.ask(kiosk).fields())
    stop = threading.Event()
    with door_client(kiosk) as client:
        outbox.put(replace(checkin, queue_number=None), keys.sealer())
        courier = Courier(outbox, client, kiosk.urls, ids.kiosk_id("a"), delivered.append)
        thread = threading.Thread(target=courier.run, args=(stop,))
        thread.start()
        try:
            secured.wait_until(lambda: delivered == [checkin.checkin_id])
        finally:
            stop.set()
            courier.wake()
            thread.join(10)
    outbox.close()


def issuer_of(kiosk: DeliverySettings) -> x509.Name:
    return secured.certificate_of(kiosk).issuer


def test_a_paired_kiosk_delivers_before_and_after_and_changes_over(
    folder: Path, checkin_now: Callable[..., Any]
) -> None:
    (folder / "reception.yaml").write_text(
        "site: test\nclinic: みほん内科クリニック\ndatabase: reception.db\nkey_file: reception.key\n"
        "kiosk_door: {host: 127.0.0.1, port: 0}\nstaff_door: {host: 127.0.0.1, port: 0}\ntrust_folder: trust\n",
        encoding="utf-8",
    )
    with secured.running(secured.reception_settings(folder)) as reception:
        kiosk = secured.paired(reception, folder / "kiosk")
        deliver(kiosk, checkin_now())
    old = issuer_of(kiosk)
    secret = folder / "passphrase"
    secret.touch(0o600)
    secret.write_text(PASSPHRASE)
    words = [
        "renew-authority",
        "--config",
        "reception.yaml",
        "--backup",
        "keys.backup",
        "--passphrase-file",
        "passphrase",
    ]
    command = [sys.executable, "-W", "error", "-m", "kiosk", "reception", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    with serving(folder) as ready:
        kiosk = replace(kiosk, urls=(ready["kiosk_door"],))
        deliver(kiosk, checkin_now())
        assert issuer_of(kiosk) == old
        with door_client(kiosk) as client:
            renewal.renew(kiosk, ids.kiosk_id("a"), client, Addresses(kiosk.urls))
        assert issuer_of(kiosk) != old
        deliver(kiosk, checkin_now())
        trusting = ssl.create_default_context(cafile=str(folder / "trust/root.pem"))
        with httpx.Client(verify=trusting, trust_env=False) as browser:
            assert browser.get(ready["staff_door"] + "/sign-in").status_code == 200
    with secured.running(secured.reception_settings(folder)) as reception:
        (device,) = reception.read(devices.allowed)
        assert device.seen_at is not None
        stored = reception.read(lambda found: found.execute("SELECT count(*) AS n FROM checkin").fetchone()["n"])
        assert stored == 3
