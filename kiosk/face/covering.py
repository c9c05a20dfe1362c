"""Does something cover the face? Asked after a failed match only, for the one word that helps; it never refuses anybody.

Measures: domain/face-stack.md section 6. There, on real masks (300 against 233 bare faces), redness of the mouth band with
colour and luma differences parted them with an area of 0.955 and found 90 % at 5 % false. That note keeps no weights;
those here were fitted to masks of seven colours drawn on 43 people's colour pictures, where luma served best as a bar:
a mouth has a dark line, cloth hardly. As it stands it names 93 % of the white, grey, black and blue ones, 84 % of the pink,
76 % of the beige, none of 96 bare faces, and 1 % to 22 % of drawn sunglasses by the wrong name. Real cloth will be harder.
In a grey picture nothing is said of masks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.face.advice import Covering
from kiosk.face.faces import Picture

DARK_EYES: Final = 0.40
"""Luma of the eye strip / luma of the cheeks: 0.66 to 0.85 bare, 0.18 to 0.30 behind sunglasses (section 6)."""

_CLEAR_EYES = 0.50  # the same ratio, below which tinted glasses are likelier than a mask
_MOUTH_LINE = 0.70  # darkest tenth of the mouth band / skin under the nose, in luma: below it there is a mouth
_REDNESS = -0.26  # of the logistic: lips are redder than the skin above them, cloth is not
_COLOUR = 0.34  # between mouth and the skin round the eyes
_BIAS = -2.7


def covering(face: Picture) -> Covering | None:
    """What seems to cover an upright face (`kiosk.face.faces.upright`, (112, 112, 3)), or None."""
    planes = cv2.cvtColor(face, cv2.COLOR_BGR2YCrCb).astype(np.float32)
    luma = planes[..., 0]
    eyes, cheeks = float(luma[46:56, 28:84].mean()), float(luma[60:74, 26:86].mean())
    ratio = eyes / max(cheeks, 1.0)
    if ratio < DARK_EYES:
        return Covering.SUNGLASSES
    # Tinted glasses darken the very skin a mask is told by.
    return Covering.MASK if ratio > _CLEAR_EYES and not _has_mouth(luma) and mask_evidence(planes) > 0 else None


def mask_evidence(planes: NDArray[np.float32]) -> float:
    """More than 0 where a mask is likelier than not. `planes` is the upright face as Y, Cr, Cb, 0 to 255 each."""
    redness = float(np.percentile(planes[86:99, 42:71, 1], 90) - np.median(planes[77:84, 47:66, 1]))
    skin = np.concatenate(
        [part.reshape(-1, 3) for part in (planes[56:62, 28:40], planes[56:62, 72:84], planes[46:57, 51:61])]
    )
    bare = np.median(skin, axis=0)
    colour = float(np.median(np.hypot(planes[84:100, 40:72, 1] - bare[1], planes[84:100, 40:72, 2] - bare[2])))
    return _REDNESS * redness + _COLOUR * colour + _BIAS


def _has_mouth(luma: NDArray[np.float32]) -> bool:
    line, skin = np.percentile(luma[88:97, 44:69], 10), np.median(luma[77:84, 47:66])
    return bool(line < _MOUTH_LINE * max(float(skin), 1.0))


def commonest(coverings: Sequence[Covering | None]) -> Covering | None:
    """What most frames of one sitting say; None where most say nothing."""
    word, votes = Counter(coverings).most_common(1)[0] if coverings else (None, 0)
    return word if 2 * votes > len(coverings) else None
