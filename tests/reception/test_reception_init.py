"""`kiosk reception init` and `restore` as commands, and what `kiosk reception` refuses to start with afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import ssl
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from kiosk.reception import init as init_room
from kiosk.reception import trust
from kiosk.reception.desk import Desk
from kiosk.reception.errors import StartError
from kiosk.reception.settings import ReceptionSettings
from tests.reception import secured
from tests.reception.processes import serving

PASSPHRASE = "a passphrase of the clinic"
LINK = re.compile(r"https://reception\.internal:(\d+)(/join/\S+)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where reception's settings are, and nothing else."""
    return set_up(tmp_path)


@pytest.fixture(scope="module")
def done_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = set_up(tmp_path_factory.mktemp("initialised"))
    assert init(made).returncode == 0
    return made


@pytest.fixture
def initialised(done_once: Path, tmp_path: Path) -> Path:
    """The same after `init`; to be broken as a test likes."""
    return Path(shutil.copytree(done_once, tmp_path / "copy"))


def set_up(tmp_path: Path) -> Path:
    (tmp_path / "reception.yaml").write_text(
        "site: test\nclinic: みほん内科クリニック\ndatabase: reception.db\nkey_file: reception.key\n"
        "kiosk_door: {host: 127.0.0.1, port: 0, names: [reception.internal]}\n"
        "staff_door: {host: 127.0.0.1, port: 0, names: [reception.internal]}\n"
        "trust_folder: trust\n",
        encoding="utf-8",
    )
    secret = tmp_path / "passphrase"
    secret.touch(0o600)
    secret.write_text(PASSPHRASE + "\n")
    return tmp_path


def kiosk(folder: Path, *words: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kiosk", "reception", *words]
    environment = os.environ | {"PYTHONWARNINGS": "error", "KIOSK_CONFIG": str(folder / "reception.yaml")}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=seconds, check=False, env=environment, stdin=subprocess.DEVNULL
    )


def init(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return kiosk(folder, "init", "--passphrase-file", str(folder / "passphrase"), *words)


def restore(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    file = str(folder / "reception-keys.backup")
    return kiosk(folder, "restore", "--backup", file, "--passphrase-file", str(folder / "passphrase"), *words)


def kept(folder: Path) -> dict[str, bytes]:
    names = ("reception.key", "trust/root.pem", "trust/root.sealed", "trust/intermediate.pem")
    return {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}


def test_init_makes_everything_and_a_reception_starts_with_it(folder: Path) -> None:
    done = init(folder, "--administrator", "sato", "--name", "佐藤 あおい")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(kept(folder)) == 4
    assert stat.S_IMODE((folder / "reception-keys.backup").stat().st_mode) == 0o600
    for name in ("reception.key", "trust/root.sealed", "trust/intermediate.pem", "trust/server.pem"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert PASSPHRASE not in done.stdout
    assert "sato" in done.stdout
    link = LINK.search(done.stdout)
    assert link is not None
    trusting = ssl.create_default_context(cafile=str(folder / "trust/root.pem"))
    with serving(folder) as ready, httpx.Client(verify=trusting, trust_env=False) as browser:
        assert ready["staff_door"].startswith("https://reception.internal:")
        url = "https://localhost:" + ready["staff_door"].rsplit(":", 1)[1]
        page = browser.get(url + link[2])
        assert page.status_code == 200
        assert "佐藤 あおい" in page.text


def test_init_again_changes_no_key_and_gives_another_link(initialised: Path) -> None:
    before = kept(initialised)
    again = init(initialised)
    assert again.returncode == 0
    assert LINK.search(again.stdout) is not None
    assert kept(initialised) == before


def test_init_refuses_once_an_administrator_can_sign_in(initialised: Path) -> None:
    before = kept(initialised)
    make_able_to_sign_in(initialised)
    refused = init(initialised)
    assert refused.returncode == 3
    assert "was set up before" in refused.stderr
    assert kept(initialised) == before


def test_the_backup_alone_brings_every_key_back(initialised: Path) -> None:
    before = kept(initialised)
    for name in before:
        (initialised / name).unlink()
    for words in ((), ("init", "--passphrase-file", str(initialised / "passphrase"))):
        refused = kiosk(initialised, *words)
        assert refused.returncode == 3
        assert "kiosk reception restore --backup FILE" in refused.stderr
    back = restore(initialised)
    assert (back.returncode, back.stderr) == (0, "")
    after = kept(initialised)
    assert after.pop("trust/root.sealed") != before.pop("trust/root.sealed")  # sealed anew
    assert after == before
    with serving(initialised):
        pass
    again = restore(initialised)
    assert (again.returncode, "nothing was written" in again.stdout) == (0, True)


@pytest.mark.parametrize("name", ["reception.key", "trust/root.pem", "trust/root.sealed", "trust/intermediate.pem"])
def test_reception_does_not_start_over_a_lost_key(initialised: Path, name: str) -> None:
    (initialised / name).unlink()
    refused = kiosk(initialised)
    assert refused.returncode == 3
    assert "put it back: kiosk reception restore --backup FILE" in refused.stderr
    assert restore(initialised).returncode == 0
    with serving(initialised):
        pass


def test_the_settings_cannot_forget_the_authority(initialised: Path) -> None:
    text = (initialised / "reception.yaml").read_text()
    (initialised / "reception.yaml").write_text(text.replace("trust_folder: trust\n", ""))
    refused = kiosk(initialised)
    assert (refused.returncode, "trust_folder" in refused.stderr) == (3, True)
    (initialised / "reception.yaml").write_text(text)
    for path in (initialised / "trust").iterdir():
        path.unlink()
    other = init(initialised, "--backup", str(initialised / "other"))
    assert other.returncode == 3
    assert "belongs to an authority that is gone" in other.stderr
    assert not (initialised / "other").exists()


def test_restore_never_writes_over_what_is_there(initialised: Path) -> None:
    root = initialised / "trust/root.pem"
    (initialised / "trust/intermediate.pem").unlink()
    root.write_bytes(root.read_bytes() + b"\n")
    refused = restore(initialised)
    assert refused.returncode == 3
    assert "nothing was written" in refused.stderr
    assert not (initialised / "trust/intermediate.pem").exists()


def test_what_is_wrong_with_the_words_is_said(folder: Path) -> None:
    asked = kiosk(folder, "init")
    assert (asked.returncode, "--passphrase-file" in asked.stderr) == (2, True)
    assert not (folder / "trust").exists()
    assert not (folder / "reception.key").exists()
    (folder / "passphrase").write_text("short")
    short = init(folder)
    assert (short.returncode, "12 characters" in short.stderr) == (2, True)
    assert not (folder / "reception.key").exists()
    (folder / "passphrase").chmod(0o644)
    assert "chmod 600" in init(folder).stderr
    (folder / "passphrase").chmod(0o600)
    (folder / "passphrase").write_text(PASSPHRASE)
    assert init(folder, "--administrator", "Sato").returncode == 2
    (folder / "reception-keys.backup").write_text("something")
    plain = kiosk(folder, "--check")
    assert (plain.returncode, "LACKING  trust" in plain.stdout) == (3, True)
    assert kiosk(folder, "restore").returncode == 2


def test_a_passphrase_is_typed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    import getpass

    from kiosk import __main__ as commands
    from kiosk.errors import UsageError

    typed = iter((PASSPHRASE, PASSPHRASE, PASSPHRASE, "another", PASSPHRASE))
    monkeypatch.setattr(getpass, "getpass", lambda _: next(typed))
    monkeypatch.setattr(sys, "stdin", Terminal())
    assert commands._passphrase(None, twice=True) == PASSPHRASE
    with pytest.raises(UsageError, match="differ"):
        commands._passphrase(None, twice=True)
    assert commands._passphrase(None, twice=False) == PASSPHRASE


class Terminal:
    """Somebody sits there."""

    def isatty(self) -> bool:
        return True


def test_a_backup_that_is_there_is_not_written_over(folder: Path) -> None:
    (folder / "reception-keys.backup").write_text("something else")
    refused = init(folder)
    assert (refused.returncode, "is there already" in refused.stderr) == (3, True)
    assert (folder / "reception-keys.backup").read_text() == "something else"
    assert init(folder, "--backup", str(folder / "keys.backup")).returncode == 0
    checked = kiosk(folder, "--check")
    assert "ok       trust" in checked.stdout


def test_it_goes_on_where_it_broke_off(tmp_path: Path, kept_in_nothing_yet: dict[str, Any]) -> None:
    """The authority was written, and the power went before the database knew of it."""
    keys, told = secured.make_authority(tmp_path / "trust"), secured.Told()
    settings = settings_on(tmp_path, kept_in_nothing_yet)
    init_room.init(settings, init_room.Administrator("sato", "佐藤"), tmp_path / "b", nobody_asked, told)
    assert any("/join/" in line for line in told.all)
    assert (tmp_path / "trust/root.pem").read_bytes() == keys.root
    assert not (tmp_path / "b").exists()


def test_another_node_is_brought_up_from_the_backup(tmp_path: Path, kept_in_nothing_yet: dict[str, Any]) -> None:
    """The same with SQLite is the same machine after a disk was changed: the database came back, the keys did not."""
    one, other, file = tmp_path / "one", tmp_path / "other", tmp_path / "keys.backup"
    one.mkdir()
    first = settings_on(one, kept_in_nothing_yet)
    administrator = init_room.Administrator("sato", "佐藤")
    init_room.init(first, administrator, file, lambda: PASSPHRASE, lambda _: None)
    second = replace(first, key_file=other / "reception.key", trust_folder=other / "trust")
    with pytest.raises(StartError, match=r"kiosk reception restore --backup FILE|belongs to key"):
        init_room.init(second, administrator, tmp_path / "other.backup", lambda: PASSPHRASE, lambda _: None)
    assert not (other / "reception.key").exists()
    init_room.restore(second, file, lambda: PASSPHRASE, lambda _: None)

    async def checked() -> None:
        desk = Desk(second)
        try:
            await trust.check(desk)
        finally:
            desk.close()

    asyncio.run(checked())
    with pytest.raises(StartError, match="passphrase does not open it"):
        init_room.restore(second, file, lambda: "another passphrase", lambda _: None)


def settings_on(folder: Path, kept_in: dict[str, Any]) -> ReceptionSettings:
    return secured.reception_settings(folder, **kept_in)


def nobody_asked() -> str:
    raise AssertionError("there was a passphrase to be asked for")


def make_able_to_sign_in(folder: Path) -> None:
    """As if the administrator had used the link."""
    import sqlite3

    with contextlib.closing(sqlite3.connect(folder / "reception.db")) as connection, connection:
        connection.execute("UPDATE account SET password = 'x', totp = x'00' WHERE staff_id = 'admin'")


def test_who_can_no_longer_sign_in_gets_a_link_from_the_machine_itself(initialised: Path) -> None:
    make_able_to_sign_in(initialised)
    done = kiosk(initialised, "invite")
    assert (done.returncode, done.stderr) == (0, "")
    assert LINK.search(done.stdout) is not None
    nobody = kiosk(initialised, "invite", "--id", "nobody")
    assert (nobody.returncode, nobody.stdout) == (2, "")
    assert "--id nobody: nobody here has this id" in nobody.stderr
