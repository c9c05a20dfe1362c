"""Render what is spoken: every text that a patient may hear, from assets/text to assets/sounds. A build tool, never run on a kiosk.

Japanese and やさしい日本語 are said by pyopenjtalk-plus (voice "Mei"), the other languages by espeak-ng, where that can be
understood; assets/sounds/CREDITS.md names both. Only what changed is rendered again: a text, a reading below, a voice.

    python3 -m venv /tmp/voice
    /tmp/voice/bin/pip install --require-hashes --only-binary=:all: -r deploy/requirements-voice.txt
    apt-get install espeak-ng
    /tmp/voice/bin/python deploy/render_prompts.py            # all languages; or: render_prompts.py ja en
    /tmp/voice/bin/python deploy/render_prompts.py --readings ja    # how each text will be read, for proofreading

Which texts are spoken, and what a manifest holds, stands in kiosk/ui/prompts.py.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

MISSING = 3
MODULES = {"numpy": "numpy", "soundfile": "soundfile", "yaml": "pyyaml"}

RATE = 24_000
"""Opus knows 8, 12, 16, 24 and 48 kHz. Speech needs no more, and the voices hold little above 12 kHz."""
OPUS_LEVEL = 0.944
"""libsndfile's compression level that stands for 20 kbit/s, mono: 2.5 KB a second (vorbis at its smallest: 4.4 KB)."""
PEAK_DB = -3.0
LOUDNESS_DB = -17.0
"""RMS of what is not silence: so a short word is as loud as a long sentence."""
SILENCE_DB = -50.0
ATTEMPTS = 5
MADE = 2
"""To be counted up when what is done to every sound changes: then all are rendered again."""
LEAD_S, TAIL_S = 0.04, 0.12

Replacements = Sequence[tuple[str, str]]
"""Regular expressions and what is said in their place, in order."""

JAPANESE: Replacements = (
    (r"\n", ""),
    (r"[「」]", ""),
    (r"[（）・／]", "、"),
    (r"、$", ""),
    # What the dictionary reads otherwise: ヒョー, ホー, カフタケタ, イチカイ, オモシュ.
    (r"カードの表", "カードのおもて"),
    (r"(はじめての|ない|お持ちの|係の)方", r"\1かた"),
    (r"(カメラの|明るい)方", r"\1ほう"),
    (r"西暦下", "西暦のしも"),
    (r"1かい", "いっかい"),
    (r"おも手", "おもて"),
)
_MY_NUMBER = r"\bMy ?Number( Card)?\b"
_PIN = (r"\bPIN\b", "pin")
KOREAN_COUNTS = {"1": "한", "2": "두", "3": "세", "4": "네"}
NEPALI_NUMBERS = {
    "0": "शून्य",
    "02": "शून्य दुई",
    "1": "एक",
    "2": "दुई",
    "3": "तीन",
    "4": "चार",
    "5": "पाँच",
    "17": "सत्र",
    "24": "चौबीस",
}


@dataclass(frozen=True)
class Voice:
    """Who says a language: an engine, its voice, words a minute (espeak-ng) or a pace (Mei), and readings of its own."""

    engine: str
    name: str
    pace: float
    readings: Replacements = ()

    @property
    def credit(self) -> str:
        """As the manifest names it."""
        return f"{self.engine} {self.name}"


VOICES = {
    "ja": Voice("pyopenjtalk-plus", "mei", 1.0, JAPANESE),
    "ja-simple": Voice("pyopenjtalk-plus", "mei", 0.9, JAPANESE),
    "en": Voice("espeak-ng", "en-us", 150, (_PIN,)),
    "zh-Hans": Voice("espeak-ng", "cmn-latn-pinyin", 140),
    "zh-Hant": Voice("espeak-ng", "cmn-latn-pinyin", 140),
    "ko": Voice(
        "espeak-ng",
        "ko",
        140,
        tuple((rf"\b{digit} ?(개|번|장|자리)", rf"{word} \1") for digit, word in KOREAN_COUNTS.items()),
    ),
    "vi": Voice("espeak-ng", "vi", 140, ((_MY_NUMBER, "mai năm bơ"), _PIN)),
    "pt": Voice("espeak-ng", "pt-br", 145, ((_MY_NUMBER, "mai nâmber card"), _PIN, (r"\b24 ?h\b", "24 horas"))),
    "es": Voice("espeak-ng", "es-419", 145, ((_MY_NUMBER, "mai námber card"), _PIN, (r"\bJuki\b", "Yuki"))),
    "ne": Voice(
        "espeak-ng",
        "ne",
        135,
        (("PIN", "पिन"), *((rf"(?<!\d){digits}(?!\d)", word) for digits, word in NEPALI_NUMBERS.items())),
    ),
    "id": Voice("espeak-ng", "id", 145, ((_MY_NUMBER, "mai namber"), _PIN)),
}
SILENT = {
    "tl": "espeak-ng has no voice for Tagalog",
    "th": "espeak-ng does not find the words in Thai, which is written without spaces, and says the letters one by one",
    "my": "espeak-ng says the letters of Burmese one by one and some of them twice",
}


class Lacking(Exception):  # noqa: N818
    """A tool is not here; the message says how to get it."""


def main() -> int:
    """Render what changed; 0 when all is there, 3 when a tool is missing."""
    arguments = _arguments()
    languages = arguments.languages or list(VOICES)
    try:
        _check_tools(languages)
        for language in languages:
            if arguments.readings:
                _tell_readings(language)
            else:
                _render(language, ROOT / "assets" / "sounds" / language)
    except Lacking as error:
        print(f"render_prompts: {error}", file=sys.stderr)
        return MISSING
    if not arguments.languages:
        for language, why in SILENT.items():
            print(f"{language}: stays silent: {why}", file=sys.stderr)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Render what is spoken, from assets/text to assets/sounds; only what changed.",
        epilog="Needs deploy/requirements-voice.txt in an environment of its own, and the Debian package espeak-ng. "
        "Exit codes: 0 done, 2 usage, 3 something is missing.",
    )
    parser.add_argument("languages", nargs="*", metavar="LANGUAGE", help=f"of {', '.join(VOICES)} (default: all)")
    parser.add_argument("--readings", action="store_true", help="only print how each text will be read")
    arguments = parser.parse_args()
    for language in arguments.languages:
        if language in SILENT:
            parser.error(f"{language} has no voice: {SILENT[language]}")
        if language not in VOICES:
            parser.error(f"{language} is none of ours; expected some of {', '.join(VOICES)}")
    return arguments


def _check_tools(languages: Sequence[str]) -> None:
    modules = dict(MODULES)
    engines = {VOICES[language].engine for language in languages}
    if "pyopenjtalk-plus" in engines:
        modules["pyopenjtalk"] = "pyopenjtalk-plus"
    if any(VOICES[language].name.startswith("cmn") for language in languages):
        modules["pypinyin"] = "pypinyin"
    for module, package in modules.items():
        if importlib.util.find_spec(module) is None:
            raise Lacking(f"{package} is not in this environment: pip install -r deploy/requirements-voice.txt")
    if "espeak-ng" in engines and shutil.which("espeak-ng") is None:
        raise Lacking("espeak-ng is not on this machine: apt-get install espeak-ng")


# -- one language ----------------------------------------------------------------------------------------------------


def _render(language: str, folder: Path) -> None:
    from kiosk.ui import prompts  # noqa: PLC0415
    from kiosk.ui.messages import Catalogue  # noqa: PLC0415

    voice = VOICES[language]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / prompts.MANIFEST
    known = prompts.listed(path.read_bytes(), language) if path.exists() else {}
    shown = prompts.spoken_texts(Catalogue.load(language))
    texts = {key: said(text, language) for key, text in shown.items()}
    wanted = {
        key: {"text": prompts.mark(text), "said": prompts.mark(f"{MADE} {voice.credit} {voice.pace} {texts[key]}")}
        for key, text in shown.items()
    }
    due = [key for key in wanted if known.get(key) != wanted[key] or not (folder / f"{key}.ogg").exists()]
    rendered: dict[str, Path] = {}
    seconds = 0.0
    for number, key in enumerate(due, 1):
        _progress(f"{language}: {number} of {len(due)}: {key}")
        target, text = folder / f"{key}.ogg", texts[key]
        if text in rendered:
            # The same words are the same bytes: the repository keeps them once.
            shutil.copyfile(rendered[text], target)
        else:
            wave = levelled(*_speech(text, voice))
            seconds += len(wave) / RATE
            _write(target, wave)
            rendered[text] = target
        known[key] = wanted[key]
        # After each one: what an interrupted run has done need not be done again.
        _write_manifest(path, voice, {one: known[one] for one in wanted if one in known})
    gone = [sound for sound in folder.glob("*.ogg") if sound.stem not in wanted]
    for sound in gone:
        sound.unlink()
    _write_manifest(path, voice, {one: known[one] for one in wanted})
    size = sum(sound.stat().st_size for sound in folder.glob("*.ogg"))
    _progress("")
    print(
        f"{language}: {len(due)} rendered ({seconds:.0f} s of speech), {len(gone)} removed, {len(wanted)} in all, {size / 1e6:.2f} MB",
        file=sys.stderr,
    )


def said(text: str, language: str) -> str:
    """The words as the engine is given them."""
    voice = VOICES[language]
    if voice.name.startswith("cmn"):
        return _pinyin(text)
    for pattern, instead in (*voice.readings, (r"\s+", " ")):
        text = re.sub(pattern, instead, text)
    return text.strip()


def _tell_readings(language: str) -> None:
    from kiosk.ui import prompts  # noqa: PLC0415
    from kiosk.ui.messages import Catalogue  # noqa: PLC0415

    for key, text in prompts.spoken_texts(Catalogue.load(language)).items():
        words = said(text, language)
        print(f"{language} {key}: {text!r} -> {_reading(words, VOICES[language])}")


def _reading(words: str, voice: Voice) -> str:
    if voice.engine == "pyopenjtalk-plus":
        import pyopenjtalk  # noqa: PLC0415

        return str(pyopenjtalk.g2p(words, kana=True))
    told = subprocess.run(
        ["espeak-ng", "-v", voice.name, "-q", "--ipa", "--", words], capture_output=True, text=True, check=True
    )
    return f"{words} [{' '.join(told.stdout.split())}]"


# -- voices ----------------------------------------------------------------------------------------------------------

PINYIN = {
    "重设": "chóng shè",
    "重設": "chóng shè",
    "照片": "zhào piàn",
    "电子": "diàn zǐ",
    "電子": "diàn zǐ",
    "登记为": "dēng jì wéi",
    "登記為": "dēng jì wéi",
    "受给者": "shòu jǐ zhě",
    "受給者": "shòu jǐ zhě",
    "一次": "yí cì",
    "一位": "yí wèi",
    "一张": "yì zhāng",
    "一張": "yì zhāng",
    "市区町村": "shì qū dīng cūn",
    "市區町村": "shì qū dīng cūn",
}
"""What pypinyin's dictionary reads otherwise."""


@lru_cache(maxsize=1)
def _pypinyin() -> Any:
    import pypinyin  # noqa: PLC0415

    pypinyin.load_phrases_dict({words: [[one] for one in read.split()] for words, read in PINYIN.items()})
    return pypinyin


def _pinyin(text: str) -> str:
    pypinyin = _pypinyin()
    # Cut at the words above first: the dictionary's own words around them would take a character away.
    syllables = [
        syllable
        for piece in re.split(f"({'|'.join(PINYIN)})", re.sub(r"[\n“”「」]", "", text))
        for syllable in pypinyin.lazy_pinyin(
            piece, style=pypinyin.Style.TONE3, neutral_tone_with_five=True, tone_sandhi=True
        )
    ]
    return re.sub(r"\s+", " ", " ".join(syllables)).strip()


def _speech(words: str, voice: Voice) -> tuple[Any, int]:
    """The words as samples from -1 to 1, and how many of them make a second."""
    import numpy as np  # noqa: PLC0415

    if voice.engine == "pyopenjtalk-plus":
        import pyopenjtalk  # noqa: PLC0415

        wave, rate = pyopenjtalk.tts(words, speed=voice.pace)
        return np.asarray(wave, np.float64) / 32768, int(rate)
    import soundfile  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "said.wav"
        command = ["espeak-ng", "-v", voice.name, "-s", str(round(voice.pace)), "-w", str(raw), "--", words]
        subprocess.run(command, check=True, capture_output=True)
        wave, rate = soundfile.read(raw, dtype="float64")
    return wave, int(rate)


def levelled(wave: Any, rate: int) -> Any:
    """`wave` at RATE, without the silence around it, as loud as every other, no peak above PEAK_DB."""
    import numpy as np  # noqa: PLC0415

    wave = _resampled(wave, rate)
    heard = np.flatnonzero(np.abs(wave) > np.abs(wave).max() * 10 ** (SILENCE_DB / 20))
    start, end = max(0, heard[0] - round(LEAD_S * RATE)), min(len(wave), heard[-1] + 1 + round(TAIL_S * RATE))
    wave = wave[start:end]
    frames = wave[: len(wave) // 480 * 480].reshape(-1, 480)  # 20 ms
    power = (frames**2).mean(axis=1)
    rms = float(np.sqrt(power[power > power.max() * 1e-3].mean()))
    gain = min(10 ** (LOUDNESS_DB / 20) / rms, 10 ** (PEAK_DB / 20) / float(np.abs(wave).max()))
    return wave * gain


def _resampled(wave: Any, rate: int) -> Any:
    import numpy as np  # noqa: PLC0415

    length = round(len(wave) * RATE / rate)
    spectrum = np.fft.rfft(wave)[: length // 2 + 1]
    padded = np.zeros(length // 2 + 1, np.complex128)
    padded[: len(spectrum)] = spectrum
    return np.fft.irfft(padded, length) * (length / len(wave))


# -- files -----------------------------------------------------------------------------------------------------------


def _write(target: Path, wave: Any) -> None:
    import numpy as np  # noqa: PLC0415
    import soundfile  # noqa: PLC0415

    unfinished = target.with_suffix(".part")
    for _ in range(ATTEMPTS):
        soundfile.write(
            unfinished, wave.astype("float32"), RATE, format="OGG", subtype="OPUS", compression_level=OPUS_LEVEL
        )
        over = float(np.abs(soundfile.read(unfinished)[0]).max()) / 10 ** (PEAK_DB / 20)
        if over <= 1:
            break
        # What is coded at so few bits may come out higher than it went in.
        wave = wave / over * 0.98
    unfinished.replace(target)


def _write_manifest(path: Path, voice: Voice, sounds: dict[str, dict[str, str]]) -> None:
    lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(entry)}" for key, entry in sounds.items())
    unfinished = path.with_suffix(".part")
    unfinished.write_text(f'{{"voice": {json.dumps(voice.credit)}, "sounds": {{\n{lines}\n}}}}\n', encoding="utf-8")
    unfinished.replace(path)


def _progress(words: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{words}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
