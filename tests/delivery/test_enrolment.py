"""The kiosk's side of pairing: what it refuses to believe, what it leaves on disk, and how its certificate is renewed."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.delivery import enrolment, renewal
from kiosk.delivery.certificate import Asking, certificate_time
from kiosk.delivery.errors import EnrolmentError, ReceptionError
from kiosk.delivery.exchange import Addresses, door_client, exchange
from kiosk.delivery.renewal import Renewal
from kiosk.delivery.settings import DeliverySettings
from kiosk.errors import SettingsError, UsageError
from kiosk.reception import devices
from kiosk.record import ids
from tests.reception import secured
from tests.reception.secured import SecuredReception

A = ids.kiosk_id("a")


@pytest.fixture
def reception(tmp_path: Path) -> Iterator[SecuredReception]:
    secured.make_authority(tmp_path / "trust")
    with secured.running(secured.reception_settings(tmp_path)) as opened:
        yield opened


@pytest.mark.parametrize(
    "url",
    [
        "",
        "reception",
        "http://127.0.0.1:1",
        "https://",
        "https://a:b@c",
        "https://r/path",
        "https://r?a=b",
        "https://[::1",
    ],
)
def test_only_an_https_address_can_be_paired_with(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError, match="--reception: expected"):
        enrolment.enrol(DeliverySettings(("https://r",), tmp_path), A, url, print)


def test_a_reception_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(EnrolmentError, match="cannot be reached"):
        enrolment.enrol(DeliverySettings(("https://r",), tmp_path), A, "https://127.0.0.1:1", lambda _: None)
    assert not list(tmp_path.iterdir())


def test_what_answers_but_is_no_reception_is_said(tmp_path: Path, reception: SecuredReception) -> None:
    for url in (reception.kiosk_url, reception.staff_url.replace("localhost", "127.0.0.1")):
        folder = tmp_path / "a"
        one = secured.Enrolling(DeliverySettings(("https://r",), folder)).begin("a", url)
        if url == reception.kiosk_url:  # it wants a certificate before it says anything
            with pytest.raises(EnrolmentError, match="not paired"):
                one.done.result(20)
            assert not folder.exists()
        else:
            reception.accept(one.told.digits())
            one.done.result(20)
            assert any(reception.kiosk_url in line for line in one.told.all)


def test_a_paired_kiosk_trusts_receptions_authority_only_and_shows_its_certificate(
    tmp_path: Path, reception: SecuredReception
) -> None:
    kiosk = secured.paired(reception, tmp_path / "a")
    assert kiosk.ca_file is None
    assert secured.ask(kiosk).status == 200
    assert stat.S_IMODE(kiosk.client_file.stat().st_mode) == 0o600
    kiosk.client_file.chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600"):
        door_client(kiosk)
    kiosk.client_file.chmod(0o600)
    kiosk.client_file.write_bytes(b"rubbish")
    with pytest.raises(ReceptionError, match=r"reception-client\.pem"):
        door_client(kiosk)
    with pytest.raises(SettingsError, match="run: kiosk enrol"):
        certificate_time(kiosk)


def test_the_certificate_is_renewed_at_half_its_life_and_the_old_key_ends_when_the_new_one_came(
    tmp_path: Path, reception: SecuredReception
) -> None:
    kiosk = secured.paired(reception, tmp_path / "a")
    assert not Renewal(kiosk, A).renew_if_due()
    before = kiosk.client_file.read_bytes()
    with door_client(kiosk) as client:
        assert exchange(client, "GET", f"{reception.kiosk_url}/k/v1/key", kiosk_id=A).status == 200
        assert Renewal(kiosk, A, clock=lambda: datetime.now(UTC) + timedelta(days=45)).renew_if_due()
        assert kiosk.client_file.read_bytes() != before
        assert len(reception.read(devices.allowed)) == 2
        # The connection that is open still has the old key, which goes on until the new one was seen.
        assert exchange(client, "GET", f"{reception.kiosk_url}/k/v1/key", kiosk_id=A).status == 200
        assert secured.ask(kiosk).status == 200
        refused = exchange(client, "GET", f"{reception.kiosk_url}/k/v1/key", kiosk_id=A)
        assert (refused.status, refused.fields()["code"]) == (403, "revoked")
        # That connection is over, and the next one shows what is on disk now.
        assert exchange(client, "GET", f"{reception.kiosk_url}/k/v1/key", kiosk_id=A).status == 200
    (device,) = reception.read(devices.allowed)
    assert (device.paired_by, device.replaces is None) == ("renewed", False)
    words = [action for _, action, _, _ in reception.audit()]
    assert words == ["kiosk_paired", "kiosk_certificate_renewed", "kiosk_replaced", "turned_away"]


def test_a_renewal_whose_answer_was_lost_is_asked_for_again(tmp_path: Path, reception: SecuredReception) -> None:
    kiosk = secured.paired(reception, tmp_path / "a")
    before = kiosk.client_file.read_bytes()
    addresses = Addresses(kiosk.urls)
    with door_client(kiosk) as client:
        renewal.renew(kiosk, A, client, addresses)
        kiosk.client_file.write_bytes(before)  # as if nothing had come
        with pytest.raises(ReceptionError) as soon:
            renewal.renew(kiosk, A, client, addresses)
        assert soon.value.status == 429
        reception.clock.by = timedelta(minutes=2)
        renewal.renew(kiosk, A, client, addresses)
    assert len(reception.read(devices.allowed)) == 2
    assert secured.ask(kiosk).status == 200
    assert len(reception.read(devices.allowed)) == 1


def test_a_kiosk_cannot_be_renewed_into_another(tmp_path: Path, reception: SecuredReception) -> None:
    import json

    kiosk = secured.paired(reception, tmp_path / "a")
    asking = Asking(ids.kiosk_id("b"))
    with door_client(kiosk) as client:
        for body, status in ((json.dumps({"csr": asking.csr}), 422), ("[]", 422), ("{", 400)):
            url = f"{reception.kiosk_url}/k/v1/certificate"
            assert exchange(client, "POST", url, kiosk_id=A, content=body.encode()).status == status
    assert len(reception.read(devices.allowed)) == 1


def test_a_kiosk_that_was_shut_out_cannot_renew_itself_back(tmp_path: Path, reception: SecuredReception) -> None:
    kiosk = secured.paired(reception, tmp_path / "a")
    with door_client(kiosk) as client:
        renewal.renew(kiosk, A, client, Addresses(kiosk.urls))
    (device, _) = reception.read(devices.allowed)
    reception.write(devices.revoke(device.key_hash, "tanaka"))
    assert secured.ask(kiosk).fields()["code"] == "revoked"
    with pytest.raises(ReceptionError) as refused:
        Renewal(kiosk, A, clock=lambda: datetime.now(UTC) + timedelta(days=60)).renew_if_due()
    assert refused.value.status == 403


def test_renewing_goes_on_while_reception_is_away_and_ends_when_told(
    tmp_path: Path, reception: SecuredReception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "RENEWAL_FIRST", 0.01)
    monkeypatch.setattr(renewal, "RENEWAL_EVERY", 0.01)
    kiosk = secured.paired(reception, tmp_path / "a")
    away = DeliverySettings(("https://127.0.0.1:1", *kiosk.urls), kiosk.folder)
    stop = threading.Event()
    soon = Renewal(away, A, clock=lambda: datetime.now(UTC) + timedelta(days=50))
    before = kiosk.client_file.read_bytes()
    thread = threading.Thread(target=soon.run, args=(stop,))
    thread.start()
    try:
        secured.wait_until(lambda: kiosk.client_file.read_bytes() != before)
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


def test_a_kiosk_that_is_not_paired_has_nothing_to_renew(tmp_path: Path) -> None:
    plain = DeliverySettings(("http://127.0.0.1:1",), tmp_path)
    Renewal(plain, A).run(threading.Event())
    assert certificate_time(plain) is None
