"""The tool that renders the sounds: what it asks the voices to say, how loud that becomes, and what it says of itself."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from kiosk.ui.messages import LANGUAGES

TOOL = Path(__file__).parents[2] / "deploy" / "render_prompts.py"
RATE = 48_000


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("render_prompts", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["render_prompts"] = module
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(TOOL), *arguments], capture_output=True, text=True, check=False)


def test_every_language_has_a_voice_or_a_reason_why_not(tool: ModuleType) -> None:
    assert tool.VOICES.keys() | tool.SILENT.keys() == set(LANGUAGES)
    assert not tool.VOICES.keys() & tool.SILENT.keys()


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("ja", "マイナンバーカードを\n置いてください", "マイナンバーカードを置いてください"),
        ("ja", "はじめての方は受付へ", "はじめてのかたは受付へ"),
        ("ja", "カメラの方を向いて", "カメラのほうを向いて"),
        ("ja", "カードの表を撮影しています。\n保存しません", "カードのおもてを撮影しています。保存しません"),
        ("ja", "暗証番号（4桁）", "暗証番号、4桁"),
        ("ja-simple", "あと 1かいです", "あと いっかいです"),
        ("en", "Please place your\nMy Number Card", "Please place your My Number Card"),
        ("en", "PIN (4 digits)", "pin (4 digits)"),
        ("ko", "숫자 4개를 누르세요", "숫자 네 개를 누르세요"),
        ("ko", "이 기관이 24시간 볼 수 있습니다", "이 기관이 24시간 볼 수 있습니다"),
        ("ne", "PIN (4 अङ्क)", "पिन (चार अङ्क)"),
        ("pt", "por 24 h", "por 24 horas"),
    ],
)
def test_what_a_voice_would_read_wrongly_is_written_otherwise(
    tool: ModuleType, language: str, text: str, said: str
) -> None:
    assert tool.said(text, language) == said


@pytest.mark.parametrize("loudness", [0.02, 1.3])
def test_whatever_a_voice_gives_becomes_equally_loud_and_stays_below_full(tool: ModuleType, loudness: float) -> None:
    wave = tool.levelled(_spoken(loudness), RATE)
    assert np.abs(wave).max() <= 10 ** (tool.PEAK_DB / 20) + 1e-9
    assert 20 * np.log10(np.sqrt((wave**2).mean())) == pytest.approx(tool.LOUDNESS_DB, abs=1.5)


def test_the_silence_around_it_is_cut_and_the_pitch_is_kept(tool: ModuleType) -> None:
    wave = tool.levelled(_spoken(0.5), RATE)
    assert len(wave) / tool.RATE == pytest.approx(1.0 + tool.LEAD_S + tool.TAIL_S, abs=0.05)
    strongest = np.argmax(np.abs(np.fft.rfft(wave))) * tool.RATE / len(wave)
    assert strongest == pytest.approx(440, abs=3)


def test_it_explains_itself_in_any_environment() -> None:
    told = run("--help")
    assert told.returncode == 0
    assert "espeak-ng" in told.stdout


@pytest.mark.parametrize(("language", "why"), [("tl", "no voice for Tagalog"), ("xx", "none of ours")])
def test_a_language_it_cannot_say_is_a_usage_error_that_tells_why(language: str, why: str) -> None:
    told = run(language)
    assert told.returncode == 2
    assert why in told.stderr


@pytest.mark.skipif(importlib.util.find_spec("soundfile") is not None, reason="the tools are in this environment")
def test_a_missing_tool_is_one_sentence_that_says_how_to_get_it() -> None:
    told = run("ja")
    assert told.returncode == 3
    assert told.stderr.count("\n") == 1
    assert "deploy/requirements-voice.txt" in told.stderr


def test_its_requirements_are_locked_and_name_no_registry() -> None:
    text = (TOOL.parent / "requirements-voice.txt").read_text(encoding="utf-8")
    pinned = [line for line in text.splitlines() if "==" in line and not line.startswith(" ")]
    assert any(line.startswith("pyopenjtalk-plus==") for line in pinned)
    assert all(line.endswith("\\") for line in pinned)
    assert "index-url" not in text
    assert "find-links" not in text


def _spoken(loudness: float) -> Any:
    """A second of a tone that wavers as a voice does, in half a second of silence."""
    seconds = np.arange(RATE) / RATE
    tone = loudness * np.sin(2 * np.pi * 440 * seconds) * (0.7 + 0.3 * np.sin(2 * np.pi * 4 * seconds))
    silence = np.zeros(RATE // 2)
    return np.concatenate([silence, tone, silence])
