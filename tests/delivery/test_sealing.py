from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from cryptography.exceptions import InvalidTag

from kiosk.delivery.errors import SealingError
from kiosk.delivery.sealing import OVERHEAD, Sealer
from kiosk.record import ids

if TYPE_CHECKING:
    from tests.delivery.conftest import Reception


def test_only_the_private_key_opens_what_was_sealed(reception: Reception) -> None:
    visit = ids.new_visit_id()
    sealed = reception.sealer.seal(b"body", visit)
    assert len(sealed) == len(b"body") + OVERHEAD
    assert reception.open(sealed, visit) == b"body"


def test_a_body_is_bound_to_its_checkin(reception: Reception) -> None:
    sealed = reception.sealer.seal(b"body", ids.new_visit_id())
    with pytest.raises(InvalidTag):
        reception.open(sealed, ids.new_visit_id())


def test_sealing_twice_gives_two_messages(reception: Reception) -> None:
    visit = ids.new_visit_id()
    assert reception.sealer.seal(b"body", visit) != reception.sealer.seal(b"body", visit)


def test_the_key_id_is_the_start_of_the_raw_keys_hash(reception: Reception) -> None:
    raw = reception.private_key.public_key().public_bytes_raw()
    assert reception.sealer.key_id == hashlib.sha256(raw).hexdigest()[:16]


@pytest.mark.parametrize("key", [b"", b"short", b"x" * 33, bytes(32)])
def test_what_is_no_usable_key_is_refused(key: bytes) -> None:
    with pytest.raises(SealingError):
        Sealer(key)
