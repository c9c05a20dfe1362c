from __future__ import annotations

from pathlib import Path

import pytest

from kiosk import settings
from kiosk.delivery.errors import ReceptionError
from kiosk.delivery.exchange import door_client
from kiosk.delivery.settings import DeliverySettings
from kiosk.errors import SettingsError


@pytest.mark.parametrize(
    "urls",
    [
        ("https://reception.internal:8443",),
        ("https://192.0.2.7", "https://192.0.2.8/door/"),
        ("http://127.0.0.1:8010",),
        ("http://localhost:8010",),
        ("http://[::1]:8010",),
        ("http://127.8.8.8",),
    ],
)
def test_addresses_that_are_allowed(urls: tuple[str, ...]) -> None:
    assert DeliverySettings(urls, Path("state")).urls == urls


@pytest.mark.parametrize(
    "url",
    [
        "",
        "reception",
        "ftp://reception",
        "https://",
        "https://user:word@reception",
        "https://reception/?a=b",
        "https://reception/#a",
        "https://reception:0x50",
        "https://reception:99999",
        "https://rece ption",
        "https://reception\r\nX: y",
        "http://reception.internal",
        "http://192.0.2.7",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "https://[::1",
    ],
)
def test_addresses_that_are_not(url: str) -> None:
    with pytest.raises(ValueError, match=r"^urls: "):
        DeliverySettings((url,), Path("state"))


def test_no_address_and_too_many_are_refused() -> None:
    with pytest.raises(ValueError, match="1 to 4"):
        DeliverySettings((), Path("state"))
    with pytest.raises(ValueError, match="1 to 4"):
        DeliverySettings(("https://r",) * 5, Path("state"))


@pytest.mark.parametrize("letter", ["", "a", "AB", "1", "Ａ", "A\n"])
def test_a_kiosk_letter_is_one_letter(letter: str) -> None:
    with pytest.raises(ValueError, match="kiosk_letter"):
        DeliverySettings(("https://r",), Path("state"), letter)


def test_the_section_is_read_from_yaml_and_a_wrong_one_is_one_sentence(tmp_path: Path) -> None:
    good = {"urls": ["https://r"], "folder": "state", "kiosk_letter": "B"}
    read = settings.from_mapping(good, DeliverySettings, where="kiosk.yaml", base=tmp_path)
    assert read == DeliverySettings(("https://r",), tmp_path / "state", "B")
    with pytest.raises(SettingsError, match=r"kiosk.yaml: urls: plain http"):
        settings.from_mapping({**good, "urls": ["http://r"]}, DeliverySettings, where="kiosk.yaml", base=tmp_path)


def test_a_ca_file_that_is_none_is_a_typed_error(tmp_path: Path) -> None:
    for name, text in (("absent.pem", None), ("rubbish.pem", "rubbish")):
        if text is not None:
            (tmp_path / name).write_text(text)
        with pytest.raises(ReceptionError, match=name):
            door_client(DeliverySettings(("https://r",), tmp_path, "A", tmp_path / name))


def test_the_client_believes_no_proxy_of_the_environment_and_follows_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with door_client(DeliverySettings(("https://r",), tmp_path)) as client:
        assert not client.trust_env
        assert not client.follow_redirects
        assert client.timeout.connect == 5.0
