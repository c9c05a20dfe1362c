"""Pairing by six digits, over real TLS: a kiosk, an administrator, and somebody in the middle."""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import ssl
import stat
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from kiosk.delivery.certificate import Asking
from kiosk.delivery.errors import EnrolmentError
from kiosk.errors import ExitCode
from kiosk.reception import authority, devices, pairings, tls
from kiosk.reception.errors import RefusedError
from kiosk.record import ids, pairing
from tests.reception import secured
from tests.reception.secured import SecuredReception


@pytest.fixture
def reception(tmp_path: Path) -> Iterator[SecuredReception]:
    secured.make_authority(tmp_path / "trust")
    with secured.running(secured.reception_settings(tmp_path)) as opened:
        yield opened


@pytest.fixture
def http(tmp_path: Path, reception: SecuredReception) -> Iterator[httpx.Client]:
    trusting = ssl.create_default_context(cafile=str(tmp_path / "trust/root.pem"))
    with httpx.Client(verify=trusting, trust_env=False, base_url=reception.staff_url) as opened:
        yield opened


def question(kiosk_id: str = "a") -> tuple[Asking, bytes, dict[str, str]]:
    asking, nonce = Asking(ids.kiosk_id(kiosk_id)), secrets.token_bytes(32)
    return asking, nonce, {"csr": asking.csr, "commitment": pairing.commitment(asking.spki, nonce)}


def test_both_ends_show_the_same_digits_and_the_kiosk_gets_its_certificate(
    tmp_path: Path, reception: SecuredReception
) -> None:
    one = secured.enrolling(reception, tmp_path / "a")
    six = one.told.digits()
    (waiting,) = reception.comparing()
    assert (waiting.digits, waiting.kiosk_id, waiting.certificate) == (six, "a", None)
    assert not one.settings.client_file.exists()
    reception.accept(six, by="admin")
    one.done.result(20)
    assert stat.S_IMODE(one.settings.client_file.stat().st_mode) == 0o600
    assert one.settings.paired_authority.read_bytes() == (tmp_path / "trust/root.pem").read_bytes()
    assert not list(one.settings.folder.glob("*.new"))
    (device,) = reception.read(devices.allowed)
    assert 89 <= device.days_left(reception.clock()) <= 90
    assert device.not_before < reception.clock() - timedelta(hours=23)
    assert ("admin", "kiosk_paired", "a", None) in reception.audit()
    assert not reception.comparing()
    assert any("kiosk.yaml" in line or "start the kiosk again" in line for line in one.told.all)
    assert not any("PRIVATE" in line for line in one.told.all)


def test_a_refused_kiosk_gets_nothing(tmp_path: Path, reception: SecuredReception) -> None:
    one = secured.enrolling(reception, tmp_path / "a")
    one.told.digits()
    (waiting,) = reception.comparing()
    reception.write(pairings.refused(waiting.id, "admin"))
    with pytest.raises(EnrolmentError, match="the administrator refused") as refused:
        one.done.result(20)
    assert refused.value.exit_code == ExitCode.MISSING
    assert not list((tmp_path / "a").glob("*"))
    assert reception.read(devices.allowed) == []
    assert reception.audit() == [("admin", "kiosk_pairing_refused", "a", None)]
    with pytest.raises(RefusedError, match="すでに終わって"):
        reception.accept_id(waiting.id)


def test_somebody_in_the_middle_changes_the_digits(tmp_path: Path, reception: SecuredReception) -> None:
    """The kiosk meets another certificate, reception another key: no digits are the same at both ends."""
    with in_the_middle(tmp_path, reception) as url:
        one = secured.enrolling(reception, tmp_path / "a", url=url)
        at_kiosk = one.told.digits()
        (waiting,) = reception.comparing()
        assert waiting.digits != at_kiosk
        reception.write(pairings.refused(waiting.id, "admin"))
        with pytest.raises(EnrolmentError):
            one.done.result(20)
    assert reception.read(devices.allowed) == []


def test_passing_everything_on_unchanged_still_changes_the_digits(tmp_path: Path, reception: SecuredReception) -> None:
    """Even who forwards the kiosk's own key shows a certificate of his own."""
    with in_the_middle(tmp_path, reception, own_key=False) as url:
        one = secured.enrolling(reception, tmp_path / "a", url=url)
        at_kiosk = one.told.digits()
        (waiting,) = reception.comparing()
        assert waiting.digits != at_kiosk
        reception.accept(str(waiting.digits))  # an administrator who did not look
        with pytest.raises(EnrolmentError, match="not of the authority"):
            one.done.result(20)
    assert not (tmp_path / "a/reception-client.pem").exists()


def test_a_nonce_that_was_not_committed_to_ends_the_pairing(http: httpx.Client, reception: SecuredReception) -> None:
    _, nonce, body = question()
    opened = http.post("/enrol", json=body).json()
    other = http.post(f"/enrol/{opened['id']}", json={"nonce": secrets.token_bytes(32).hex()})
    assert (other.status_code, other.json()["code"]) == (422, "other_nonce")
    again = http.post(f"/enrol/{opened['id']}", json={"nonce": nonce.hex()})
    assert (again.status_code, again.json()["code"]) == (409, "decided")
    assert http.get(f"/enrol/{opened['id']}").json() == {"state": "broken"}
    assert reception.comparing() == []
    assert reception.audit() == [("reception", "pairing_broken", "a", None)]


def test_nothing_is_to_be_compared_before_the_nonce_is_told(http: httpx.Client, reception: SecuredReception) -> None:
    opened = http.post("/enrol", json=question()[2])
    assert opened.status_code == 201
    assert reception.comparing() == []
    with pytest.raises(RefusedError):
        reception.accept_id(opened.json()["id"])


def test_a_pairing_lasts_ten_minutes(http: httpx.Client, reception: SecuredReception) -> None:
    _, nonce, body = question()
    opened = http.post("/enrol", json=body).json()
    assert http.post(f"/enrol/{opened['id']}", json={"nonce": nonce.hex()}).status_code == 200
    (waiting,) = reception.comparing()
    reception.clock.by = timedelta(minutes=10, seconds=1)
    assert reception.comparing() == []
    assert http.get(f"/enrol/{opened['id']}").status_code == 404
    with pytest.raises(RefusedError, match="時間切れ"):
        reception.accept_id(waiting.id)


def test_few_pairings_wait_together(http: httpx.Client, reception: SecuredReception) -> None:
    for _ in range(pairings.MOST_OPEN_EACH):
        assert http.post("/enrol", json=question()[2]).status_code == 201
    refused = http.post("/enrol", json=question()[2])
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
    reception.clock.by = timedelta(seconds=31)  # those that never told their nonce take no place any more
    _, nonce, body = question()
    late = http.post("/enrol", json=body).json()["id"]
    reception.clock.by = timedelta(seconds=62)
    assert http.post("/enrol", json=question()[2]).status_code == 201
    assert http.post(f"/enrol/{late}", json={"nonce": nonce.hex()}).status_code == 409
    reception.clock.by = timedelta(minutes=12)
    assert http.post("/enrol", json=question()[2]).status_code == 201
    kept = reception.read(lambda connection: connection.execute("SELECT count(*) AS n FROM pairing").fetchone()["n"])
    assert kept == 1


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"csr": "rubbish"}, 422, "csr"),
        ({"csr": 7}, 422, "csr"),
        ({"csr": "A" * 5000}, 422, "csr"),
        ({"commitment": "00"}, 422, "commitment"),
        ({"commitment": None}, 422, "commitment"),
        ({"more": "x" * 9000}, 413, "too_large"),
    ],
)
def test_a_request_that_is_none_is_refused(
    http: httpx.Client, change: dict[str, object], status: int, code: str
) -> None:
    answer = http.post("/enrol", json=question()[2] | change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_page_elsewhere_cannot_ask_without_permission(http: httpx.Client) -> None:
    sent = http.post("/enrol", content=json.dumps(question()[2]), headers={"content-type": "text/plain"})
    assert (sent.status_code, sent.json()["code"]) == (415, "media_type")
    assert http.get("/enrol/" + "0" * 32).status_code == 404
    assert http.post("/enrol/" + "0" * 32, json={"nonce": "0" * 64}).status_code == 404
    assert http.post("/enrol/" + "0" * 32, json={"nonce": "0"}).status_code == 422


def test_requests_for_other_keys_and_names_are_refused() -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    def csr(key: Any, *names: str) -> str:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names])
        made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
        return made.public_bytes(Encoding.PEM).decode()

    good = ec.generate_private_key(ec.SECP256R1())
    assert authority.asked(csr(good, "kiosk-a")).kiosk_id == "kiosk-a"
    tampered = bytearray(csr(good, "a").encode())
    for wrong in (
        csr(good, "Kiosk A"),
        csr(good),
        csr(good, "a", "b"),
        csr(ec.generate_private_key(ec.SECP384R1()), "a"),
        csr(rsa.generate_private_key(65537, 2048), "a"),
        bytes(tampered[:120] + tampered[121:]).decode(),
    ):
        with pytest.raises(RefusedError):
            authority.asked(wrong)


def test_pairing_again_shuts_the_older_key_out(tmp_path: Path, reception: SecuredReception) -> None:
    before = secured.paired(reception, tmp_path / "before")
    assert secured.ask(before).status == 200
    after = secured.paired(reception, tmp_path / "after")
    assert secured.ask(before).fields()["code"] == "revoked"
    assert secured.ask(after).status == 200
    assert [device.revoked_at for device in reception.read(devices.allowed)] == [None]


def test_the_digits_depend_on_everything(tmp_path: Path) -> None:
    parts = [b"key", b"certificate", b"k" * 32, b"r" * 32]
    seen = {pairing.digits(*parts)}
    for at, other in enumerate((b"kez", b"certificatf", b"l" * 32, b"s" * 32)):
        seen.add(pairing.digits(*(other if place == at else part for place, part in enumerate(parts))))
    seen.add(pairing.digits(b"keyc", b"ertificate", *parts[2:]))
    assert len(seen) == 6
    assert all(len(six) == 6 and six.isdigit() for six in seen)
    assert pairing.shown("012345") == "012 345"


def test_an_authority_is_needed_to_pair(tmp_path: Path) -> None:
    """A plain reception says so."""
    import asyncio

    from kiosk.reception import staff_door
    from kiosk.reception.desk import Desk

    async def asked() -> httpx.Response:
        desk = Desk(secured.reception_settings(tmp_path, trust_folder=None))
        try:
            transport = httpx.ASGITransport(await staff_door.app(desk))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.post("/enrol", json=question()[2])
        finally:
            desk.close()

    answer = asyncio.run(asked())
    assert (answer.status_code, answer.json()["code"]) == (503, "no_authority")


@contextlib.contextmanager
def in_the_middle(tmp_path: Path, reception: SecuredReception, *, own_key: bool = True) -> Iterator[str]:
    """Somebody between a kiosk and reception, with a certificate of his own; gives the address that the kiosk meets.

    With `own_key` he is paired in the kiosk's place with a key and nonces of his own; without it he passes all on.
    """
    secured.make_authority(tmp_path / "middle")
    own = authority.load(tmp_path / "middle", reception.clock())
    own.server_certificate(("localhost", "127.0.0.1"), reception.clock())
    context = tls.staff_context(own)
    trusting = ssl.create_default_context(cafile=str(tmp_path / "trust/root.pem"))
    asking, nonce, body = question()
    met: dict[str, str] = {}

    def answer(method: str, path: str, sent: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        with httpx.Client(verify=trusting, trust_env=False, base_url=reception.staff_url) as onward:
            if not own_key or method == "GET":
                passed = onward.get(path) if method == "GET" else onward.post(path, json=sent)
                return passed.status_code, passed.json()
            if path == "/enrol":
                met["id"] = onward.post("/enrol", json=body).json()["id"]
                return 201, {"id": met["id"], "nonce": secrets.token_bytes(32).hex()}
            onward.post(f"/enrol/{met['id']}", json={"nonce": nonce.hex()})
            return 200, {"state": "comparing"}

    assert asking.spki
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        thread = threading.Thread(target=_relay, args=(listening, context, answer, stop))
        thread.start()
        try:
            yield f"https://localhost:{listening.getsockname()[1]}"
        finally:
            stop.set()
            thread.join(20)


def _relay(
    listening: socket.socket,
    context: ssl.SSLContext,
    answer: Callable[[str, str, dict[str, Any]], tuple[int, dict[str, Any]]],
    stop: threading.Event,
) -> None:
    while not stop.is_set():
        try:
            plain, _ = listening.accept()
        except TimeoutError:
            continue
        plain.settimeout(5)
        with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as secure:
            head = b""
            while b"\r\n\r\n" not in head:
                head += secure.recv(4096)
            top, _, body = head.partition(b"\r\n\r\n")
            lines = top.decode().split("\r\n")
            method, path, _ = lines[0].split(" ")
            length = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length")), 0)
            while len(body) < length:
                body += secure.recv(4096)
            status, fields = answer(method, path, json.loads(body) if body else {})
            told = json.dumps(fields).encode()
            secure.sendall(
                f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(told)}\r\n"
                "Connection: close\r\n\r\n".encode()
                + told
            )
