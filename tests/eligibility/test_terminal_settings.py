"""The `terminal:` section, and what a check of the installation says about the terminal."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from kiosk import settings as read_settings
from kiosk.eligibility.oqs.encoding import Encoding
from kiosk.eligibility.terminal.folder import Folder
from kiosk.eligibility.terminal.settings import TerminalSettings
from kiosk.eligibility.terminal.state import terminal_state
from kiosk.errors import SettingsError
from tests.eligibility.terminal_side import settings

SECTION = """
req: /mnt/oqs/req
res: oqs/res
institution_code: "1319999988"
"""


def read(tmp_path: Path, text: str) -> TerminalSettings:
    path = tmp_path / "terminal.yaml"
    path.write_text(text, encoding="utf-8")
    return read_settings.read(path, TerminalSettings)


def test_a_short_section_is_enough(tmp_path: Path) -> None:
    section = read(tmp_path, SECTION)
    assert (section.req, section.res, section.face) == (Path("/mnt/oqs/req"), tmp_path / "oqs" / "res", None)
    assert (section.poll_seconds, section.timeout_seconds, section.bulk_timeout_seconds) == (0.25, 20.0, 180.0)
    assert (section.encoding, section.form.encoding, section.test) == ("utf-8", Encoding.UTF_8, False)
    assert read(tmp_path, SECTION + "encoding: shift_jis").form.encoding is Encoding.SHIFT_JIS


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"res": Path("/OQS/REQ"), "req": Path("/oqs/req")}, "res: req, res and face must be different"),
    ({"institution_code": "131999998"}, "institution_code: a medical institution code has 10 digits"),
    ({"institution_code": "1319999987"}, "institution_code: the medical institution code is mistyped"),
    ({"institution_code": "１３１９９９９９８８"}, "institution_code: expected plain digits"),
    ({"institution_code": "1319999996", "test": False}, "institution_code: 1319999996 is the invented clinic"),
    ({"mark": "46"}, "mark: expected four digits"),
    ({"mark": "４６１０"}, "mark: expected four digits"),
    ({"poll_seconds": 0.001}, "poll_seconds: expected"),
    ({"poll_seconds": 60.0}, "poll_seconds: expected"),
    ({"timeout_seconds": 0.1}, "timeout_seconds: expected"),
    ({"timeout_seconds": 5.0, "poll_seconds": 4.0}, "timeout_seconds: expected"),
    ({"bulk_timeout_seconds": 5.0, "timeout_seconds": 10.0}, "bulk_timeout_seconds: expected"),
]


@pytest.mark.parametrize(("wrong", "sentence"), WRONG, ids=[sentence[:40] for _, sentence in WRONG])
def test_what_cannot_be_is_one_sentence_that_names_the_key(
    tmp_path: Path, wrong: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        settings(tmp_path, **wrong)


def test_a_wrong_encoding_is_told_with_file_and_key(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"terminal\.yaml: encoding is not usable; expected one of: utf-8, shift_jis"
    ):
        read(tmp_path, SECTION + "encoding: euc-jp")


@pytest.fixture
def there(tmp_path: Path) -> Path:
    for name in ("req", "res", "face"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_good_folders_are_good_news_and_nothing_stays_in_them(there: Path) -> None:
    state = terminal_state(settings(there))
    assert (state.ok, state.sentence) == (True, "the terminal's folders are there; it is a simulated one")
    assert not any((there / "req").iterdir())


@pytest.mark.parametrize("gone", ["req", "res", "face"])
def test_a_folder_that_is_gone_is_named(there: Path, gone: str) -> None:
    (there / gone).rmdir()
    state = terminal_state(settings(there))
    assert not state.ok
    assert state.sentence == f"{there / gone}: the terminal's folder is not there: is the share mounted?"


def test_requests_that_lie_there_say_that_the_software_does_not_run(there: Path) -> None:
    fresh, old = there / "req" / "OQSsiquc01req_1.xml", there / "req" / "OQSSIQUC01REQ_2.XML"
    fresh.touch()
    assert terminal_state(settings(there)).ok
    old.touch()
    os.utime(old, (1, 1))
    state = terminal_state(settings(there))
    assert not state.ok
    assert state.sentence.startswith("1 requests lie in")
    assert fresh.exists()
    assert old.exists()


def test_answers_that_nobody_fetched_are_told(there: Path) -> None:
    (there / "res" / "DEL20261004.txt").touch()
    state = terminal_state(settings(there))
    assert state.ok
    assert "1 DEL files in" in state.sentence


def test_a_share_that_hangs_is_told(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    from kiosk.eligibility.terminal import state as states

    over = threading.Event()
    monkeypatch.setattr(states, "_HANGS_SECONDS", 0.1)
    monkeypatch.setattr(Folder, "names", lambda _: over.wait(10) and ())
    try:
        told = terminal_state(settings(there))
        assert (told.ok, told.sentence) == (False, f"{there / 'req'}: the terminal's share hangs")
    finally:
        over.set()
