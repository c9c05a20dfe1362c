"""What a face is in this room: where it is in a picture (`Face`), how it stands upright, and what describes it (`Template`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.face.verdict import Measure

Picture = NDArray[np.uint8]
"""(height, width, 3) uint8 BGR."""

UPRIGHT: Final = 112
"""Pixels a side of an upright face: what SFace was trained on."""

_PLACES = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])
"""Where the five points come to lie in it, x and y (OpenCV's FaceRecognizerSF::alignCrop)."""


@dataclass(frozen=True, eq=False)
class Face:
    """One face in one picture, in its pixels. `points` is (5, 2): right eye, left eye, nose, right and left mouth corner.

    Right is the person's own right, which is left in the picture.
    """

    x: float
    y: float
    width: float
    height: float
    points: NDArray[np.float32]


def upright(picture: Picture, face: Face) -> Picture:
    """The face turned, scaled and moved to its places, (112, 112, 3); what lies outside the picture is black.

    The similarity with the least squares, as OpenCV's alignCrop has it; every engine's quality checks stand on it.
    """
    # As complex numbers a similarity without reflection is z -> a z + b, and least squares are a division.
    given = face.points.astype(np.float64) @ np.array([1, 1j])
    wanted = _PLACES @ np.array([1, 1j])
    spread = given - given.mean()
    size = float(np.sum(np.abs(spread) ** 2))
    if not np.isfinite(size) or size == 0.0:
        raise ValueError("face: expected five points apart from each other")
    a = complex(np.sum(np.conj(spread) * (wanted - wanted.mean())) / size)
    b = complex(wanted.mean() - a * given.mean())
    place = np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])
    return cv2.warpAffine(picture, place, (UPRIGHT, UPRIGHT), flags=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


class Template:
    """128 numbers that describe a face (float32). They are personal data: nothing here ever shows or writes them.

    `measure` says how two are compared; those for the cosine are kept at length one.
    """

    __slots__ = ("_measure", "_numbers")

    def __init__(self, numbers: NDArray[np.floating], measure: Measure = Measure.COSINE) -> None:
        length = float(np.linalg.norm(numbers))
        if not np.isfinite(length) or length == 0.0:
            raise ValueError("template: expected finite numbers that are not all zero")
        flat = numbers.astype(np.float32).ravel()
        self._numbers = flat / np.float32(length) if measure is Measure.COSINE else flat
        self._measure = measure

    def likeness(self, other: Template) -> float:
        """How alike two faces are, more is nearer: the cosine (-1 to 1), or the distance as a negative number.

        Raises `ValueError` for templates of two engines.
        """
        return float(likenesses(stacked([self]), stacked([other]), _shared([self, other]))[0])

    def __repr__(self) -> str:
        return "Template(...)"

    def __reduce__(self) -> str:
        raise TypeError("a face's template is not written anywhere")


def mean(templates: Sequence[Template]) -> Template:
    """The template in the middle of several of one person; at least one, all of one engine."""
    return Template(np.mean(stacked(templates), axis=0, dtype=np.float32), _shared(templates))


def stacked(templates: Sequence[Template]) -> NDArray[np.float32]:
    """Many templates as (n, 128), for comparing many at once; at least one."""
    return np.stack([template._numbers for template in templates])  # noqa: SLF001


def likenesses(some: NDArray[np.float32], others: NDArray[np.float32], measure: Measure) -> NDArray[np.float32]:
    """(n,) likeness of n stacked templates to n others, pair by pair."""
    if measure is Measure.COSINE:
        return np.asarray(np.clip(np.einsum("ij,ij->i", some, others), -1.0, 1.0), np.float32)
    return np.asarray(-np.linalg.norm(some - others, axis=1), np.float32)


def across(some: NDArray[np.float32], others: NDArray[np.float32], measure: Measure) -> NDArray[np.float32]:
    """(n, m) likeness of each of n stacked templates to each of m others."""
    if measure is Measure.COSINE:
        return np.asarray(np.clip(some @ others.T, -1.0, 1.0), np.float32)
    # Through the squares, in double precision: the differences themselves would take 128 times the memory.
    one, other = some.astype(np.float64), others.astype(np.float64)
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None, :] - 2 * one @ other.T
    return np.asarray(-np.sqrt(np.maximum(squares, 0.0)), np.float32)


def unit(templates: NDArray[np.float32]) -> NDArray[np.float32]:
    """Stacked templates brought to length one, as those for the cosine are kept."""
    return np.asarray(templates / np.linalg.norm(templates, axis=1, keepdims=True), np.float32)


def _shared(templates: Sequence[Template]) -> Measure:
    measures = {template._measure for template in templates}  # noqa: SLF001
    if len(measures) != 1:
        raise ValueError("template: expected templates of one engine")
    return measures.pop()
