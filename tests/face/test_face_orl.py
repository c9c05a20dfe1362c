"""The engine against real people, where the shared pictures are there. They are never copied, printed or shown."""

from __future__ import annotations

import csv
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.face.faces import Template, mean
from kiosk.face.recognition import photo_template
from kiosk.face.settings import FaceSettings
from kiosk.face.sface import SFaceMatcher
from kiosk.face.verdict import SFACE

FACES = Path(__file__).resolve().parents[3] / "shared" / "faces"
ACCEPT = FaceSettings(camera="/dev/video0").accept

pytestmark = pytest.mark.skipif(
    not (FACES / "pairs.csv").is_file(), reason="the ORL pictures (../shared/faces) are not on this machine"
)


@pytest.fixture(scope="module")
def templates(matcher: SFaceMatcher) -> dict[str, Template]:
    described = {}
    for path in sorted((FACES / "orl").glob("s*/*.png")):
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        assert picture is not None
        # 92 x 112: brought to the size a face has in a frame.
        larger = cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
        described[f"orl/{path.parent.name}/{path.name}"] = photo_template(matcher, larger)
    return described


def test_of_all_orl_pairs_no_impostor_is_accepted_and_the_genuine_are(templates: dict[str, Template]) -> None:
    genuine: list[float] = []
    impostor: list[float] = []
    with (FACES / "pairs.csv").open(encoding="utf-8", newline="") as pairs:
        for row in csv.DictReader(pairs):
            likeness = templates[row["file_a"]].likeness(templates[row["file_b"]])
            (genuine if row["same_person"] == "1" else impostor).append(likeness)
    accepted = np.mean(np.array(genuine) >= ACCEPT)
    let_in = int(np.sum(np.array(impostor) >= ACCEPT))
    print(
        f"ORL single pictures, all poses: {len(genuine)} genuine, {accepted:.1%} accepted at {ACCEPT};"
        f" {len(impostor)} impostor, {let_in} accepted, highest {max(impostor):.2f}"
    )
    assert len(genuine) >= 900
    assert len(impostor) >= 5000
    assert let_in == 0
    assert accepted > 0.93


def test_the_mean_of_three_pictures_parts_people_even_at_the_floor(templates: dict[str, Template]) -> None:
    people: dict[str, list[Template]] = {}
    for name, template in templates.items():
        people.setdefault(name.split("/")[1], []).append(template)
    genuine = [
        mean(pictures[start : start + 3]).likeness(pictures[0])
        for pictures in people.values()
        for start in range(1, len(pictures) - 2)
    ]
    impostor = [
        mean(live[start : start + 3]).likeness(photo)
        for one, other in combinations(people, 2)
        for live, photo in ((people[one], people[other][0]), (people[other], people[one][0]))
        for start in range(len(live) - 2)
    ]
    missed = np.mean(np.array(genuine) < ACCEPT)
    print(
        f"ORL means of three: {len(genuine)} genuine, {missed:.1%} refused at {ACCEPT};"
        f" {len(impostor)} impostor, highest {max(impostor):.2f}"
    )
    assert max(impostor) < SFACE.floor
    assert missed < 0.03
