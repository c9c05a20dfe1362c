"""The `eligibility:` section."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk import settings
from kiosk.eligibility.settings import CentreSettings, EligibilitySettings
from kiosk.errors import SettingsError

SECTION = """
gateway: centre
key_file: keys/eligibility.key
centre:
  url: https://centre.example:8443
  ca_file: ca.pem
"""


def read(tmp_path: Path, text: str) -> EligibilitySettings:
    path = tmp_path / "eligibility.yaml"
    path.write_text(text, encoding="utf-8")
    return settings.read(path, EligibilitySettings)


def test_a_short_section_is_enough(tmp_path: Path) -> None:
    section = read(tmp_path, SECTION)

    assert section.key_file == tmp_path / "keys" / "eligibility.key"
    assert section.centre == CentreSettings(url="https://centre.example:8443", ca_file=tmp_path / "ca.pem")
    assert (section.centre.timeout_seconds, section.centre.connect_timeout_seconds) == (20.0, 3.0)


@pytest.mark.parametrize(
    "url",
    [
        "http://centre.example",
        "http://127.0.0.1:8443",
        "centre.example",
        "https://",
        "https://centre.example/path",
        "https://centre.example?x=1",
        "https://user:secret@centre.example",
        "https://centre.example:99999",
        "https://[::1",
    ],
)
def test_only_a_bare_https_address_is_taken(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match=r"centre\.url: expected https://HOST"):
        read(tmp_path, SECTION.replace("https://centre.example:8443", f'"{url}"'))


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("timeout_seconds: 0", "timeout_seconds"),
        ("timeout_seconds: .nan", "timeout_seconds"),
        ("timeout_seconds: 1000", "timeout_seconds"),
        ("connect_timeout_seconds: 30", "connect_timeout_seconds"),
    ],
)
def test_a_budget_must_be_sensible(tmp_path: Path, line: str, key: str) -> None:
    with pytest.raises(SettingsError, match=rf"centre\.{key}: expected"):
        read(tmp_path, SECTION + f"  {line}\n")


def test_another_gateway_is_not_known(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="one of: centre"):
        read(tmp_path, SECTION.replace("gateway: centre", "gateway: carrier-pigeon"))
