"""The list of kiosks that may come in, and pairings that wait, on both databases."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.delivery.certificate import Asking
from kiosk.eligibility.reception import ReceptionGateway
from kiosk.eligibility.settings import KioskDoorSettings
from kiosk.reception import authority, devices, pairings, trust
from kiosk.reception.authority import Asked, Authority, Issued
from kiosk.reception.errors import RefusedError, StartError
from kiosk.record import ids, pairing
from tests.reception import secured
from tests.reception.desks import NOW

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]

pytestmark = pytest.mark.anyio


@pytest.fixture
def own(tmp_path: Path) -> Authority:
    secured.make_authority(tmp_path / "trust", NOW)
    return authority.load(tmp_path / "trust", NOW)


def issued(own: Authority, opened: Any, kiosk_id: str = "a") -> Issued:
    return own.issue(authority.asked(Asking(ids.kiosk_id(kiosk_id)).csr), opened.clock())


async def test_a_device_is_let_in_renewed_and_shut_out(open_desk: OpenDesk, own: Authority) -> None:
    async with open_desk() as opened:
        store, a = opened.desk.store, ids.kiosk_id("a")
        first, second, third = (issued(own, opened) for _ in range(3))
        await store.write(devices.pair(first, a, "sato"))
        device = await store.read(devices.by_key(first.key_hash))
        assert (device.seen_at, device.revoked_at, device.days_left(opened.clock())) == (None, None, 90)
        with pytest.raises(RefusedError) as known:
            await store.write(devices.pair(first, a, "sato"))
        assert known.value.status == 409
        await store.write(devices.seen(device))
        opened.clock.later(days=45)
        await store.write(devices.renew(second, device))
        with pytest.raises(RefusedError) as soon:
            await store.write(devices.renew(third, device))
        assert soon.value.status == 429
        opened.clock.later(minutes=2)
        await store.write(devices.renew(third, device))
        assert await store.read(devices.by_key(second.key_hash)) is None
        assert [one.key_hash for one in await store.read(devices.allowed)] == [third.key_hash, first.key_hash]
        await store.write(devices.seen(await store.read(devices.by_key(third.key_hash))))
        assert [one.key_hash for one in await store.read(devices.allowed)] == [third.key_hash]
        assert await store.read(devices.shut_out) == []
        assert await store.write(devices.revoke(third.key_hash, "mori")) == "a"
        for key_hash, status in ((third.key_hash, 409), (first.key_hash, 409), ("0" * 64, 404)):
            with pytest.raises(RefusedError) as over:
                await store.write(devices.revoke(key_hash, "mori"))
            assert over.value.status == status
        assert [one.revoked_by for one in await store.read(devices.shut_out)] == ["mori"]
        assert opened.audit() == [
            ("sato", "kiosk_paired"),
            *[("a", "kiosk_certificate_renewed")] * 2,
            ("a", "kiosk_replaced"),
            ("mori", "kiosk_revoked"),
        ]


async def test_a_pairing_goes_its_way(open_desk: OpenDesk, own: Authority) -> None:
    async with open_desk() as opened:
        store, now = opened.desk.store, opened.clock
        asking, nonce, theirs = Asking(ids.kiosk_id("a")), secrets.token_bytes(32), secrets.token_bytes(32)
        who: Asked = authority.asked(asking.csr)
        committed = pairing.commitment(who.spki, nonce)

        def opening(name: str, address: str = "192.0.2.1") -> Any:
            return pairings.opened(name, who, asking.csr, committed, theirs, b"certificate", address)

        await store.write(opening("one"))
        assert await store.read(pairings.comparing(now())) == []
        assert await store.write(pairings.revealed("one", nonce))
        assert await store.write(pairings.revealed("one", nonce))
        (waiting,) = await store.read(pairings.comparing(now()))
        assert waiting.digits == pairing.digits(who.spki, b"certificate", nonce, theirs)
        assert await store.write(pairings.accepted("one", own, "sato")) == "a"
        found = await store.read(pairings.pairing_of("one", now()))
        assert (found.state, found.certificate.count("BEGIN CERTIFICATE")) == ("accepted", 2)
        for change in (pairings.accepted("one", own, "sato"), pairings.refused("one", "sato")):
            with pytest.raises(RefusedError) as over:
                await store.write(change)
            assert over.value.status == 409
        assert not await store.write(_after(opening("two"), pairings.revealed("two", theirs)))
        for number in range(pairings.MOST_OPEN_EACH):
            await store.write(opening(f"more {number}"))
        with pytest.raises(RefusedError) as many:
            await store.write(opening("too many"))
        assert many.value.status == 429
        for number in range(pairings.MOST_OPEN - pairings.MOST_OPEN_EACH):
            await store.write(opening(f"others {number}", f"192.0.2.{10 + number}"))
        with pytest.raises(RefusedError):
            await store.write(opening("too many", "192.0.2.99"))
        now.later(minutes=11)
        assert await store.read(pairings.pairing_of("one", now())) is None
        await store.write(opening("later"))


def _after(first: Any, then: Any) -> Callable[[Any], Any]:
    def change(transaction: Any) -> Any:
        first(transaction)
        return then(transaction)

    return change


async def test_a_database_belongs_to_one_authority(open_desk: OpenDesk, own: Authority, tmp_path: Path) -> None:
    async with open_desk(trust_folder=tmp_path / "trust") as opened:
        await trust.check(opened.desk)
        assert await opened.desk.store.read(trust.known) == own.id
        await trust.check(opened.desk)
        assert opened.audit() == [("reception", "reception_initialised")]
    secured.make_authority(tmp_path / "trust", opened.clock())
    async with open_desk(trust_folder=tmp_path / "trust") as opened:
        with pytest.raises(StartError, match="is not the certificate authority"):
            await trust.check(opened.desk)
    async with open_desk() as opened:
        with pytest.raises(StartError, match="trust_folder"):
            await trust.check(opened.desk)


async def test_a_request_that_came_without_tls_does_not_get_in(open_desk: OpenDesk, own: Authority) -> None:
    async with open_desk(trust_folder=own.folder) as opened:
        answer = await opened.at_kiosk_door.get("/k/v1/key", headers={"x-kiosk-id": "a"})
        assert (answer.status_code, answer.json()["code"]) == (403, "no_certificate")
        assert opened.audit() == [("reception", "turned_away")]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_paired_kiosk_asks_for_eligibility_with_its_certificate(tmp_path: Path, anyio_backend: str) -> None:
    secured.make_authority(tmp_path / "trust")

    def asked() -> tuple[int, int]:
        with secured.running(secured.reception_settings(tmp_path)) as reception:
            kiosk = secured.paired(reception, tmp_path / "a")
            section = KioskDoorSettings(
                url=reception.kiosk_url, ca_file=kiosk.paired_authority, client_file=kiosk.client_file
            )
            gateway = ReceptionGateway(section, ids.kiosk_id("a"))
            terminal = gateway._exchange.send("GET", "/k/v1/terminal").status
            other = ReceptionGateway(section, ids.kiosk_id("b"))
            refused = other._exchange.send("GET", "/k/v1/terminal").status
            for one in (gateway, other):
                one._exchange.close()
            return terminal, refused

    assert await asyncio.to_thread(asked) == (200, 403)


def test_days_left_are_whole_days() -> None:
    device = devices.Device("k", ids.kiosk_id("a"), NOW, NOW + timedelta(days=1, hours=5), NOW, "x", *[None] * 4)
    assert [device.days_left(NOW + timedelta(days=day)) for day in (0, 1, 2)] == [1, 0, -1]
