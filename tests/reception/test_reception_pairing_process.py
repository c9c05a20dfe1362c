"""The whole of it as a clinic does it: init, reception, an administrator in a browser, `kiosk enrol`, a kiosk that comes in."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk import configuration
from kiosk.delivery.settings import DeliverySettings
from kiosk.health import selfcheck
from tests.reception import secured

KIOSK = """
site: test
kiosk_id: kiosk-a
clinic: みほん内科
card: {{trust: [{{file: root.pem, simulated: true}}]}}
face: {{camera: "socket:camera"}}
eligibility: {{gateway: centre, key_file: kiosk.key, centre: {{url: "https://localhost:8443"}}}}
delivery: {{urls: ["https://localhost:{port}"], folder: state}}
simulation: {{check_number_b: "55021720352285"}}
"""


def free_port() -> int:
    with closing(socket.socket()) as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


@contextmanager
def program(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    with (folder / f"{words[0]}.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "kiosk", *words],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=os.environ | {"PYTHONWARNINGS": "error"},
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        with process:
            process.wait(10)


@pytest.fixture(scope="module")
def done_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("initialised")
    write_settings(made)
    (made / "passphrase").touch(0o600)
    (made / "passphrase").write_text("a passphrase of the clinic")
    words = ["init", "--config", str(made / "reception.yaml"), "--passphrase-file", str(made / "passphrase")]
    done = subprocess.run(
        [sys.executable, "-m", "kiosk", "reception", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return made


@pytest.fixture
def folder(done_once: Path, tmp_path: Path) -> Path:
    """A reception after `init`, and a kiosk of it that is not paired yet."""
    copy = Path(shutil.copytree(done_once, tmp_path / "copy"))
    write_settings(copy)
    return copy


def write_settings(folder: Path) -> None:
    kiosk_port, staff_port = free_port(), free_port()
    (folder / "reception.yaml").write_text(
        "site: test\nclinic: みほん内科クリニック\ndatabase: reception.db\nkey_file: reception.key\n"
        f"kiosk_door: {{host: 127.0.0.1, port: {kiosk_port}}}\nstaff_door: {{host: 127.0.0.1, port: {staff_port}}}\n"
        "trust_folder: trust\ntest_staff: [{id: boss, name: 管理 さくら, role: administrator}]\n",
        encoding="utf-8",
    )
    (folder / "kiosk.yaml").write_text(KIOSK.format(port=kiosk_port), encoding="utf-8")


@pytest.fixture
def ready(folder: Path) -> Iterator[dict[str, Any]]:
    with program(folder, "reception", "--config", str(folder / "reception.yaml")) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, (folder / "reception.log").read_text()
        yield json.loads(line)


def digits_of(kiosk: subprocess.Popen[str]) -> str:
    assert kiosk.stdout is not None
    for line in kiosk.stdout:
        found = line.strip()
        if len(found) == 7 and found.replace(" ", "").isdigit():
            return found
    raise AssertionError("the kiosk showed no digits")


@pytest.fixture
def page(chromium: Browser, ready: dict[str, Any]) -> Iterator[Page]:
    context = chromium.new_context(ignore_https_errors=True, viewport={"width": 1366, "height": 768})
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda fault: faults.append(str(fault)))
    opened.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
    opened.goto(ready["sign_in"]["boss"])
    opened.goto(ready["staff_door"] + "/kiosks")
    yield opened
    context.close()
    assert faults == []


def test_a_kiosk_is_paired_from_the_page_and_shut_out_again(folder: Path, ready: dict[str, Any], page: Page) -> None:
    expect(page.get_by_text("待っている受付機はありません")).to_be_visible()
    words = ("enrol", "--config", str(folder / "kiosk.yaml"), "--reception", ready["staff_door"])
    with program(folder, *words) as kiosk:
        six = digits_of(kiosk)
        expect(page.locator(".digits")).to_have_text(six, timeout=10_000)
        page.get_by_role("button", name="数字が同じなので登録する").click()
        expect(page.locator("table.devices")).to_contain_text("kiosk-a")
        assert kiosk.stdout is not None
        rest = kiosk.stdout.read()
        assert kiosk.wait(20) == 0
    assert "This kiosk is paired" in rest
    assert "89 days left" in selfcheck._reception(configuration.read(folder / "kiosk.yaml"))
    settings = DeliverySettings((ready["kiosk_door"],), folder / "state")
    assert secured.ask(settings, "kiosk-a").status == 200
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="登録を取り消す").click()
    expect(page.get_by_text("登録した受付機はまだありません。")).to_be_visible()
    assert secured.ask(settings, "kiosk-a").fields()["code"] == "revoked"


def test_refused_on_the_page_the_kiosk_says_so(folder: Path, ready: dict[str, Any], page: Page) -> None:
    words = ("enrol", "--config", str(folder / "kiosk.yaml"), "--reception", ready["staff_door"])
    with program(folder, *words) as kiosk:
        digits_of(kiosk)
        page.get_by_role("button", name="数字が違う").click()
        assert kiosk.wait(20) == 3
    assert "the administrator refused" in (folder / "enrol.log").read_text()
    assert not (folder / "state").exists()


def test_only_an_administrator_sees_the_page(folder: Path, ready: dict[str, Any]) -> None:
    trusting = ssl.create_default_context(cafile=str(folder / "trust/root.pem"))
    with httpx.Client(verify=trusting, trust_env=False, base_url=ready["staff_door"]) as nobody:
        for path in ("/kiosks", "/api/v1/pairings"):
            assert nobody.get(path, headers={"accept": "application/json"}).status_code in (302, 303, 307, 401)
        for path in ("/api/v1/pairings/x/accept", "/api/v1/devices/x/revoke"):
            assert nobody.post(path, headers={"origin": ready["staff_door"]}).status_code in (401, 403)
