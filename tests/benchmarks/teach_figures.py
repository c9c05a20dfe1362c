"""Teaches the second reader of printed digits and writes its weights: `kiosk/face/card_front_figures.npz`.

Run: python deploy/fetch.py --benchmarks, then OPENBLAS_NUM_THREADS=1 python tests/benchmarks/teach_figures.py [FILE]. About
ten minutes of one core.

It prints lines of dates and codes in the typefaces of `TAUGHT`, spoils them (small, blurred, moved, noisy, compressed,
dark, faint, on a pattern), and shows the network windows of them: ten digits, and everything that is none. The typefaces
of `UNSEEN` only tell how well that goes; `bench_card_front.py` prints its cards with those.

The same seed gives the same weights up to the rounding of this machine's arithmetic.
"""

from __future__ import annotations

import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk import share
from kiosk.face.card_front_figures import EM, WEIGHTS, WINDOW, FigureReader, levelled
from kiosk.simulation.card_press import Press
from kiosk.simulation.card_scene import compressed

TAUGHT = (
    *("ipag.ttf", "ipam.ttf", "ipaexg.ttf", "VL-PGothic-Regular.ttf", "VL-Gothic-Regular.ttf", "umeplus-gothic.ttf"),
    *("umeplus-p-gothic.ttf", "sawarabi-gothic-medium.ttf", "sawarabi-mincho-medium.ttf", "Mplus1-Regular.otf"),
    *("Mplus1-Light.otf", "Mplus1-Bold.otf", "Mplus1Code-Regular.otf", "LiberationSans-Regular.ttf"),
    *("LiberationSans-Bold.ttf", "LiberationSansNarrow-Regular.ttf", "LiberationSerif-Regular.ttf"),
    *("LiberationSerif-Bold.ttf", "LiberationMono-Regular.ttf", "OCRB.otf"),
)
UNSEEN = ("../BIZUDPGothic-Regular.ttf", "../BIZUDPGothic-Bold.ttf", "BIZUDMincho-Regular.ttf", "MTLmr3m.ttf")
KANJI = ("ipag.ttf", "ipam.ttf")
"""What typefaces without kanji borrow them from."""

LAYERS = (WINDOW[0] * WINDOW[1], 224, 80, 11)
SAMPLES = 500_000
ROUNDS = 12
SEED = 20261122

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
DIGITS = "0123456789０１２３４５６７８９"
NOTHING = 10
PRINTED = 52
"""Pixels an em is printed before it is spoilt."""

Grey = NDArray[np.float32]


class Printer:
    """Prints lines in any of some typefaces and spoils them."""

    def __init__(self, names: tuple[str, ...], seed: int, *, varied: bool) -> None:
        folder = share.fetched("fonts/benchmarks/ipag.ttf").parent
        self._presses = [[Press(folder / name, folder / kanji) for kanji in KANJI] for name in names]
        self._chance = np.random.default_rng(seed)
        self._varied = varied

    def text(self) -> str:
        """A line as it could stand on a card, or just digits."""
        chance = self._chance
        padded = chance.random() < 0.4

        def number(most: int) -> str:
            drawn = int(chance.integers(1, most + 1))
            return f"{drawn:2d}" if padded else f"{drawn}"

        kind = chance.integers(5)
        if kind > 2:
            return "".join(
                str(digit) for digit in chance.integers(0, 10, 4 if kind == 3 else int(chance.integers(4, 9)))
            )
        if kind == 2:
            line = f"{chance.integers(1930, 2040)}年{number(12)}月{number(31)}日{'生' if chance.random() < 0.5 else 'まで'}"
        else:
            era = ("昭和", "平成", "令和", "大正")[chance.integers(4)]
            year = "元" if chance.random() < 0.06 else number(64)
            line = f"{era}{year}年{number(12)}月{number(31)}日生"
        return line.translate(FULL_WIDTH).replace(" ", "\u3000") if chance.random() < 0.15 else line

    def line(self) -> tuple[Grey, str, NDArray[np.float64]]:
        """A spoilt line with an em of about `EM` pixels, its text, and the middle of every character, (n, 2)."""
        chance = self._chance
        text = self.text()
        press = self._presses[chance.integers(len(self._presses))][chance.integers(len(KANJI))]
        covered, middles = _set(press, text, int(chance.integers(0, 5)) if chance.random() < 0.3 else 0)
        if self._varied:
            covered = _thicker(covered, int(chance.integers(-2, 3)))
        height, width = covered.shape
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        stock = chance.uniform(170, 245) + chance.uniform(-15, 15) * np.sin(x / chance.uniform(60, 200))
        wave = y + chance.uniform(5, 40) * np.sin(x / chance.uniform(60, 300) + chance.uniform(0, 6))
        stock -= np.clip(1 - np.abs(np.mod(wave, 21) - 10) / chance.uniform(1.5, 3), 0, 1) * chance.uniform(0, 30)
        share_of = covered * chance.uniform(0.7, 1.0)
        grey = stock * (1 - share_of) + chance.uniform(20, 90) * share_of
        em = float(np.exp(chance.uniform(np.log(9.5), np.log(36.0))))
        small, place = self._seen_from_afar(grey.astype(np.float32), em)
        seen = self._spoilt(small, em)
        more = EM / em * chance.uniform(0.90, 1.10)
        line = cv2.resize(seen, None, fx=more, fy=more, interpolation=cv2.INTER_CUBIC).astype(np.float32)
        scale = np.array([line.shape[1] / seen.shape[1], line.shape[0] / seen.shape[0]])
        on_small = np.column_stack([middles, np.ones(len(middles))]) @ place.T
        return line, text, (on_small + 0.5) * scale - 0.5

    def _seen_from_afar(self, grey: Grey, em: float) -> tuple[Grey, NDArray[np.float64]]:
        chance = self._chance
        scale = em / PRINTED
        wide, slant = (chance.uniform(0.85, 1.15), chance.uniform(-0.1, 0.1)) if self._varied else (1.0, 0.0)
        place = np.array([[scale * wide, scale * slant, 0.0], [chance.uniform(-0.01, 0.01) * scale, scale, 0.0]])
        place[:, 2] = chance.uniform(0, 1, 2) + np.array([max(0.0, -slant) * scale * grey.shape[0], 0.0])
        size = (int(grey.shape[1] * scale * wide + abs(slant) * grey.shape[0]) + 2, int(grey.shape[0] * scale) + 2)
        soft = cv2.GaussianBlur(grey, (0, 0), max(0.3, 0.34 / scale))
        small = cv2.warpAffine(soft, place, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return small.astype(np.float32), place

    def _spoilt(self, small: Grey, em: float) -> NDArray[np.uint8]:
        chance = self._chance
        if chance.random() < 0.7:
            small = cv2.GaussianBlur(small, (0, 0), chance.uniform(0.2, max(0.35, em * 0.11))).astype(np.float32)
        if chance.random() < 0.2:
            length = int(chance.integers(2, max(3, int(em * 0.3)) + 1))
            streak = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
            angle = chance.uniform(0, np.pi)
            for step in np.linspace(-length / 2, length / 2, 4 * length):
                streak[round(length + step * np.sin(angle)), round(length + step * np.cos(angle))] += 1
            small = cv2.filter2D(small, -1, np.asarray(streak / streak.sum(), np.float32)).astype(np.float32)
        if chance.random() < 0.5:
            small = np.asarray(
                small * chance.uniform(0.2, 1.08) + (chance.uniform(0, 60) if chance.random() < 0.4 else 0)
            )
        grainy = small + chance.normal(0, chance.uniform(0.5, 9), small.shape)
        shot = np.clip(grainy, 0, 255).astype(np.uint8)
        if chance.random() < 0.8:
            return compressed(shot, int(chance.integers(30, 95)))
        return np.asarray(shot)

    def windows(self) -> tuple[list[Grey], list[int]]:
        """Windows of one line and what each shows: a digit, or `NOTHING`."""
        line, text, middles = self.line()
        chance = self._chance
        cut: list[Grey] = []
        shown: list[int] = []

        def take(x: float, y: float, what: int) -> None:
            cut.append(cv2.getRectSubPix(line, WINDOW, (float(x), float(y))).astype(np.float32))
            shown.append(what)

        digits = np.array([character in DIGITS for character in text])
        for middle, character in zip(middles[digits], np.array(list(text))[digits], strict=True):
            for _ in range(2):
                at = middle + chance.uniform((-2.6, -2.2), (2.6, 2.2))
                take(at[0], at[1], DIGITS.index(str(character)) % 10)
        wanted = max(4, int(digits.sum()))
        for x in chance.uniform(middles[0, 0] - 20, middles[-1, 0] + 20, 60):
            if wanted and (not digits.any() or np.abs(middles[digits, 0] - x).min() > 5.5):
                y = middles[int(np.abs(middles[:, 0] - x).argmin()), 1]
                take(float(x), float(y + chance.uniform(-2.2, 2.2)), NOTHING)
                wanted -= 1
        return cut, shown

    def many(self, count: int) -> tuple[Grey, NDArray[np.int64]]:
        """`count` windows, (n, 560), and what they show."""
        seen = np.empty((count, WINDOW[0] * WINDOW[1]), np.float32)
        shown: list[int] = []
        while len(shown) < count:
            cut, what = self.windows()
            more = levelled(np.array(cut).reshape(len(cut), -1))[: count - len(shown)]
            seen[len(shown) : len(shown) + len(more)] = more
            shown += what
        return seen, np.array(shown[:count])


def _set(press: Press, text: str, spacing: int) -> tuple[Grey, NDArray[np.float64]]:
    """The text's coverage with room round it, and the middle of every character's em box."""
    pieces = [press.covered(character, PRINTED) for character in text]
    room, high = 30, PRINTED + 40
    wide = sum(piece.shape[1] + spacing for piece in pieces) + 2 * room
    covered = np.zeros((high, wide), np.float32)
    middles = []
    x = room
    for piece in pieces:
        part = covered[20 : 20 + piece.shape[0], x : x + piece.shape[1]]
        np.maximum(part, piece[: part.shape[0], : part.shape[1]], out=part)
        middles.append((x + piece.shape[1] / 2, 20 + PRINTED / 2))
        x += piece.shape[1] + spacing
    return covered, np.array(middles)


def _thicker(covered: Grey, by: int) -> Grey:
    element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(by) + 1, abs(by) + 1))
    changed = cv2.dilate(covered, element) if by > 0 else cv2.erode(covered, element)
    return changed.astype(np.float32) if by else covered


def taught(seen: Grey, shown: NDArray[np.int64]) -> list[Grey]:
    """Weights and biases of the layers, by Adam on the cross-entropy, the step shrinking to nothing."""
    chance = np.random.default_rng(SEED)
    weights: list[Grey] = []
    for inputs, outputs in pairwise(LAYERS):
        weights.append(chance.normal(0, np.sqrt(2 / inputs), (inputs, outputs)).astype(np.float32))
        weights.append(np.zeros(outputs, np.float32))
    first, second = ([np.zeros_like(weight) for weight in weights] for _ in range(2))
    batch, step = 256, 0
    steps = ROUNDS * (len(seen) // batch)
    for number in range(ROUNDS):
        begun = time.monotonic()
        order = chance.permutation(len(seen))
        for at in range(0, len(order) - batch + 1, batch):
            part = order[at : at + batch]
            slopes = _slopes(weights, seen[part], shown[part])
            step += 1
            rate = 1e-3 * 0.5 * (1 + np.cos(np.pi * step / steps))
            for weight, slope, one, two in zip(weights, slopes, first, second, strict=True):
                np.add(one, 0.1 * (slope - one), out=one)
                np.add(two, 0.001 * (slope**2 - two), out=two)
                way = (one / (1 - 0.9**step)) / (np.sqrt(two / (1 - 0.999**step)) + 1e-8)
                np.subtract(weight, rate * way, out=weight)
        print(f"round {number + 1} of {ROUNDS}: {time.monotonic() - begun:.0f} s", flush=True)
    return weights


def _slopes(weights: list[Grey], seen: Grey, shown: NDArray[np.int64]) -> list[Grey]:
    layers = [seen]
    for layer in range(0, len(weights), 2):
        out = layers[-1] @ weights[layer] + weights[layer + 1]
        layers.append(np.maximum(out, 0) if layer + 2 < len(weights) else out)
    out = np.exp(layers[-1] - layers[-1].max(axis=1, keepdims=True))
    back = out / out.sum(axis=1, keepdims=True)
    back[np.arange(len(shown)), shown] -= 1
    back /= len(shown)
    slopes: list[Grey] = []
    for layer in range(len(weights) - 2, -1, -2):
        slopes[:0] = [layers[layer // 2].T @ back, back.sum(axis=0)]
        if layer:
            back = (back @ weights[layer].T) * (layers[layer // 2] > 0)
    return slopes


def main() -> int:
    """Teach, tell how well, write."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else WEIGHTS
    begun = time.monotonic()
    seen, shown = Printer(TAUGHT, SEED, varied=True).many(SAMPLES)
    print(f"{len(seen)} windows of {len(TAUGHT)} typefaces printed in {time.monotonic() - begun:.0f} s", flush=True)
    weights = [weight.astype(np.float16) for weight in taught(seen, shown)]
    reader = FigureReader([weight.astype(np.float32) for weight in weights])
    for name in UNSEEN:
        tried, right = Printer((name,), SEED + 1, varied=False).many(6000)
        likely = reader.likely(tried)
        digits = right != NOTHING
        found = likely.argmax(axis=1)
        certain = likely.max(axis=1) > 0.9
        print(
            f"{name:28s} unseen: digits right {np.mean(found[digits] == right[digits]):.3f}, taken for another digit with "
            f"more than 0.9: {np.mean(((found != right) & (found != NOTHING) & certain)[digits]):.4f}, "
            f"nothing taken for a digit with more than 0.9: {np.mean(((found != NOTHING) & certain)[~digits]):.4f}"
        )
    layers: dict[str, Any] = {f"layer{number}": weight for number, weight in enumerate(weights)}
    np.savez_compressed(target, **layers)
    print(f"{target.name}: {target.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
