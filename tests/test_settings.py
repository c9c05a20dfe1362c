"""Settings: every wrong file is one sentence with file, key and what was expected."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk import configuration, settings
from kiosk.errors import ExitCode, SettingsError

GOOD = """
site: test
kiosk_id: kiosk-a
clinic: みほん内科
card: {trust: [{file: root.pem, simulated: true}]}
face: {camera: "socket:camera"}
eligibility: {gateway: centre, key_file: kiosk.key, centre: {url: "https://localhost:8443"}}
delivery: {urls: ["http://127.0.0.1:8441"], folder: state}
simulation: {check_number_b: "55021720352285"}
"""


@dataclass(frozen=True)
class Inner:
    path: Path
    share: float = 0.5


@dataclass(frozen=True)
class Sample:
    name: str
    kind: Literal["a", "b"]
    inner: Inner
    many: tuple[int, ...] = ()
    maybe: int | None = None

    def __post_init__(self) -> None:
        if self.name == "bad":
            raise ValueError("name: expected anything but bad")


def read(tmp_path: Path, text: str) -> Sample:
    path = tmp_path / "sample.yaml"
    path.write_text(text, encoding="utf-8")
    return settings.read(path, Sample)


def test_values_are_typed_and_paths_start_at_the_file(tmp_path: Path) -> None:
    sample = read(tmp_path, "{name: x, kind: b, inner: {path: a/b, share: 1}, many: [1, 2], maybe: 3}")
    assert sample == Sample("x", "b", Inner(tmp_path / "a/b", 1.0), (1, 2), 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{name: x, kind: b}", "inner is missing; expected a section"),
        ("{name: x, kind: c, inner: {path: a}}", "kind is not usable; expected one of: a, b"),
        (
            "{name: x, kind: b, inner: {path: a, shere: 1}}",
            "inner.shere is not a setting here; expected one of: path, share",
        ),
        ("{name: 1, kind: b, inner: {path: a}}", "name is not usable; expected text"),
        ("{name: x, kind: b, inner: {path: a}, many: [1, yes]}", "many[1] is not usable; expected a whole number"),
        ("{name: x, kind: b, inner: [1]}", "inner must be a section"),
        ("{name: bad, kind: b, inner: {path: a}}", "name: expected anything but bad"),
        ("[1, 2]", "the file must be a section"),
        ("{name: x", "line 1 is not YAML"),
        ("name: !!python/object:os.system x", "is not YAML"),
    ],
)
def test_a_wrong_file_is_one_sentence_with_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, text)
    assert said in caught.value.sentence
    assert "sample.yaml" in caught.value.sentence
    assert "\n" not in caught.value.sentence
    assert caught.value.exit_code is ExitCode.USAGE


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("settings") / "any.yaml"
    path.write_bytes(raw)
    with pytest.raises(SettingsError):
        settings.read(path, Sample)


def test_a_file_that_is_not_there_or_too_large_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        settings.read(tmp_path / "none.yaml", Sample)
    (tmp_path / "big.yaml").write_bytes(b"#" * (settings.MAX_BYTES + 1))
    with pytest.raises(SettingsError, match="larger than"):
        settings.read(tmp_path / "big.yaml", Sample)


def test_a_secret_others_can_read_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_bytes(b"secret")
    secret.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        settings.read_secret(secret)
    secret.chmod(0o600)
    assert settings.read_secret(secret) == b"secret"


def kiosk_yaml(tmp_path: Path, text: str) -> configuration.KioskSettings:
    path = tmp_path / "kiosk.yaml"
    path.write_text(text, encoding="utf-8")
    return configuration.read(path)


def test_the_kiosks_settings_hold_every_rooms_section(tmp_path: Path) -> None:
    told = kiosk_yaml(tmp_path, GOOD)
    assert told.simulation is not None
    assert told.delivery.folder == tmp_path / "state"
    assert "55021720352285" not in repr(told)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("site: test", "site: live", "site: test only"),
        ('simulation: {check_number_b: "55021720352285"}', 'simulation: {check_number_b: "123456789012"}', "14 digits"),
        ("kiosk_id: kiosk-a", "kiosk_id: Kiosk A", "kiosk_id: expected"),
        ("clinic: みほん内科", "clinic: みほん内科\nprofile: flow_1999", "profile: expected one of"),
        (
            "clinic: みほん内科",
            "clinic: みほん内科\nfacility: pharmacy\nprescription: asked",
            "prescription: a pharmacy dispenses",
        ),
        ("https://localhost:8443", "http://localhost:8443", "https"),
        ("http://127.0.0.1:8441", "http://192.0.2.1:8441", "plain http"),
    ],
)
def test_a_dangerous_setting_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        kiosk_yaml(tmp_path, GOOD.replace(old, new))


def test_a_simulated_camera_is_for_test_sites_only(tmp_path: Path) -> None:
    live = GOOD.replace("site: test", "site: live").replace('simulation: {check_number_b: "55021720352285"}', "")
    with pytest.raises(SettingsError, match="camera"):
        kiosk_yaml(tmp_path, live)


@pytest.mark.parametrize("name", ["kiosk.example.yaml", "reception.example.yaml"])
def test_the_example_settings_can_be_used(name: str) -> None:
    from kiosk.reception.settings import ReceptionSettings

    path = Path(__file__).parent.parent / "deploy" / name
    if name.startswith("kiosk"):
        assert configuration.read(path).site == "live"
    else:
        assert settings.read(path, ReceptionSettings).site == "live"
