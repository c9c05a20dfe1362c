"""The two TLS doors: whom each lets in, what it says to the others, and what the audit log keeps of them."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from kiosk.delivery.courier import Courier
from kiosk.delivery.errors import ReceptionError
from kiosk.delivery.exchange import door_client
from kiosk.delivery.keys import KeyCache
from kiosk.delivery.outbox import Outbox
from kiosk.delivery.settings import DeliverySettings
from kiosk.reception import authority, devices
from kiosk.reception.settings import ReceptionSettings
from kiosk.record import ids
from tests.reception import secured
from tests.reception.secured import SecuredReception


@pytest.fixture
def reception(tmp_path: Path) -> Iterator[SecuredReception]:
    secured.make_authority(tmp_path / "trust")
    with secured.running(secured.reception_settings(tmp_path)) as opened:
        yield opened


def code(answer: Any) -> tuple[int, object]:
    return answer.status, answer.fields().get("code")


def test_a_paired_kiosk_comes_in_and_its_first_coming_is_noted(tmp_path: Path, reception: SecuredReception) -> None:
    kiosk = secured.paired(reception, tmp_path / "a")
    answer = secured.ask(kiosk)
    assert answer.status == 200
    assert answer.fields()["key_id"] == reception.desk.key.key_id
    (device,) = reception.read(devices.allowed)
    assert device.seen_at is not None
    assert (device.kiosk_id, device.paired_by) == ("a", "admin")


def test_without_a_certificate_nobody_comes_in_and_it_is_written_down_once(
    tmp_path: Path, reception: SecuredReception
) -> None:
    stranger = DeliverySettings((reception.kiosk_url,), tmp_path / "stranger", ca_file=tmp_path / "trust/root.pem")
    for _ in range(3):
        with pytest.raises(ReceptionError) as refused:
            secured.ask(stranger)
        assert refused.value.code in ("not_let_in", "broken")
    secured.wait_until(lambda: reception.audit() == [("reception", "turned_away", None, "no_certificate")])


def test_a_certificate_of_another_authority_is_refused(tmp_path: Path, reception: SecuredReception) -> None:
    kiosk = secured.paired(reception, tmp_path / "a")
    other = secured.forged(tmp_path / "other", kiosk)
    with pytest.raises(ReceptionError) as refused:
        secured.ask(other)
    assert refused.value.code in ("not_let_in", "broken")
    secured.wait_until(lambda: ("reception", "turned_away", None, "other_authority") in reception.audit())


def test_reception_of_another_authority_is_not_believed(tmp_path: Path, reception: SecuredReception) -> None:
    kiosk = secured.paired(reception, tmp_path / "a")
    kiosk.paired_authority.write_bytes(authority.make(reception.clock()).root)
    with pytest.raises(ReceptionError) as refused:
        secured.ask(kiosk)
    assert refused.value.code == "tls"


def test_a_certificate_that_is_not_on_the_list_is_refused(tmp_path: Path, reception: SecuredReception) -> None:
    stolen = secured.signed_elsewhere(reception, tmp_path / "stolen", "a")
    for _ in range(2):
        assert code(secured.ask(stolen)) == (403, "unknown_key")
    assert reception.audit() == [("reception", "turned_away", None, "unknown_key")]


def test_a_kiosk_that_was_shut_out_stays_outside(tmp_path: Path, reception: SecuredReception) -> None:
    kiosk, other = secured.paired(reception, tmp_path / "a"), secured.paired(reception, tmp_path / "b", "b")
    assert secured.ask(kiosk).status == 200
    (device, _) = reception.read(devices.allowed)
    assert reception.write(devices.revoke(device.key_hash, "tanaka")) == "a"
    assert code(secured.ask(kiosk)) == (403, "revoked")
    assert secured.ask(other, "b").status == 200
    assert reception.audit()[2:] == [
        ("tanaka", "kiosk_revoked", "a", None),
        ("reception", "turned_away", "a", "revoked"),
    ]


def test_the_open_line_of_a_kiosk_ends_when_it_is_shut_out(
    tmp_path: Path, reception: SecuredReception, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kiosk.reception import kiosk_door

    monkeypatch.setattr(kiosk_door, "PING_EVERY", 0.05)
    kiosk = secured.paired(reception, tmp_path / "a")
    headers = {"x-kiosk-id": "a"}
    with (
        door_client(kiosk) as client,
        client.stream("GET", f"{reception.kiosk_url}/k/v1/line", headers=headers) as line,
    ):
        lines = line.iter_lines()
        assert next(lines).startswith("retry:")
        (device,) = reception.read(devices.allowed)
        reception.write(devices.revoke(device.key_hash, "tanaka"))
        assert all(text in ("", ": ping", ": line open") for text in lines)


def test_a_kiosk_may_not_speak_for_another(tmp_path: Path, reception: SecuredReception) -> None:
    kiosk = secured.paired(reception, tmp_path / "a")
    assert code(secured.ask(kiosk, "b")) == (403, "other_kiosk")
    with door_client(kiosk) as client:
        nameless = client.get(f"{reception.kiosk_url}/k/v1/key")
    assert (nameless.status_code, nameless.json()["code"]) == (403, "other_kiosk")
    assert reception.audit()[1:] == [("reception", "turned_away", "a", "other_kiosk")]


def test_a_certificate_that_is_out_of_date_is_refused(tmp_path: Path, reception: SecuredReception) -> None:
    kiosk = secured.paired(reception, tmp_path / "a")
    reception.clock.by = timedelta(days=91)
    assert code(secured.ask(kiosk)) == (403, "expired")
    assert reception.audit()[-1] == ("reception", "turned_away", "a", "expired")


def test_an_old_certificate_does_not_get_through_the_handshake(tmp_path: Path, reception: SecuredReception) -> None:
    old = secured.signed_elsewhere(reception, tmp_path / "old", "a", at=reception.clock() - timedelta(days=120))
    with pytest.raises(ReceptionError) as refused:
        secured.ask(old)
    assert refused.value.code in ("not_let_in", "broken")
    secured.wait_until(lambda: ("reception", "turned_away", None, "expired") in reception.audit())


def test_receptions_own_certificate_opens_no_door(tmp_path: Path, reception: SecuredReception) -> None:
    kiosk = secured.paired(reception, tmp_path / "a")
    kiosk.client_file.write_bytes((tmp_path / "trust/server.pem").read_bytes())
    with pytest.raises(ReceptionError) as refused:
        secured.ask(kiosk)
    assert refused.value.code in ("not_let_in", "broken")


def test_a_paired_kiosk_delivers_what_its_outbox_holds(
    tmp_path: Path, reception: SecuredReception, checkin_now: Callable[..., Any]
) -> None:
    import threading

    kiosk = secured.paired(reception, tmp_path / "a")
    outbox = Outbox(kiosk.folder / "outbox.db", "A")
    keys = KeyCache(kiosk.folder / "reception-key.json")
    keys.take(secured.ask(kiosk).fields())
    put = [replace(checkin_now(), queue_number=None) for _ in range(3)]
    delivered: list[str] = []
    stop = threading.Event()
    with door_client(kiosk) as client:
        for checkin in put:
            outbox.put(checkin, keys.sealer())
        courier = Courier(outbox, client, kiosk.urls, ids.kiosk_id("a"), delivered.append)
        thread = threading.Thread(target=courier.run, args=(stop,))
        thread.start()
        try:
            secured.wait_until(lambda: len(delivered) == 3)
        finally:
            stop.set()
            courier.wake()
            thread.join(10)
    outbox.close()
    assert delivered == [checkin.checkin_id for checkin in put]
    stored = reception.read(lambda connection: connection.execute("SELECT count(*) AS n FROM checkin").fetchone()["n"])
    assert stored == 3


def test_the_staff_door_asks_for_no_certificate_and_speaks_tls_only(
    tmp_path: Path, reception: SecuredReception
) -> None:
    trusting = ssl.create_default_context(cafile=str(tmp_path / "trust/root.pem"))
    with httpx.Client(verify=trusting, trust_env=False) as browser:
        assert browser.get(f"{reception.staff_url}/sign-in").status_code == 200
        assert browser.get(reception.staff_url.replace("localhost", "127.0.0.1") + "/sign-in").status_code == 200
        wrong = browser.get(f"{reception.staff_url}/sign-in", headers={"host": "elsewhere.example"})
        assert wrong.status_code == 421
    trusting.maximum_version = ssl.TLSVersion.TLSv1_2
    with httpx.Client(verify=trusting, trust_env=False) as browser:
        assert browser.get(f"{reception.staff_url}/sign-in").status_code == 200
    with httpx.Client(trust_env=False) as plain, pytest.raises(httpx.TransportError):
        plain.get(reception.staff_url.replace("https:", "http:") + "/sign-in")


def test_receptions_certificate_is_renewed_at_half_its_life_while_the_doors_are_open(tmp_path: Path) -> None:
    secured.make_authority(tmp_path / "trust", datetime.now(UTC) - timedelta(days=50))
    settings = secured.reception_settings(tmp_path)
    made = datetime.now(UTC) - timedelta(days=44.4)
    authority.load(tmp_path / "trust", made).server_certificate(settings.names, made)
    before = (tmp_path / "trust/server.pem").read_bytes()
    with secured.running(settings) as reception:
        kiosk = secured.paired(reception, tmp_path / "a")
        reception.on_loop(reception.doors.renew)
        assert (tmp_path / "trust/server.pem").read_bytes() == before
        with door_client(kiosk) as client, door_client(kiosk) as later:
            shown = secured.shown_to(client, reception)
            reception.clock.by = timedelta(days=0.5)
            reception.on_loop(reception.doors.renew)
            assert (tmp_path / "trust/server.pem").read_bytes() != before
            assert secured.shown_to(client, reception) == shown
            assert secured.shown_to(later, reception) != shown


def test_tls_is_what_opens_a_door_to_other_machines(tmp_path: Path) -> None:
    from kiosk.reception.settings import Door

    plain = secured.reception_settings(tmp_path)
    everywhere = Door("192.0.2.7", 0, ("reception.internal",))
    assert replace(plain, kiosk_door=everywhere).names == ("reception.internal", "localhost", "127.0.0.1")
    for changes, said in (
        ({"kiosk_door": everywhere, "trust_folder": None}, r"kiosk_door\.host: must be this machine"),
        ({"staff_door": Door("192.0.2.7", 0)}, r"staff_door\.names: expected"),
    ):
        with pytest.raises(ValueError, match=said):
            replace(plain, **changes)
    for name in ("Reception", "a_b", "-a", "a..b", "12.34", "", "x" * 64, "é"):
        with pytest.raises(ValueError, match="names: expected"):
            Door("127.0.0.1", 0, (name,))
    assert isinstance(plain, ReceptionSettings)
