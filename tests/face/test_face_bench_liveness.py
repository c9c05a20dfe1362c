"""`kiosk bench liveness`: what it reads, how it judges, what it tells."""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest

from kiosk.errors import ExitCode, UsageError
from kiosk.face.bench import liveness
from kiosk.face.bench import liveness_report as report
from kiosk.face.bench.clips import Asked, Clip, ClipError, Photograph, clips, stills
from kiosk.face.bench.handheld import FPS, Motion
from kiosk.face.bench.liveness_report import Attempt, Findings
from kiosk.face.bench.pictures import PictureError
from kiosk.face.faces import Face, Picture
from kiosk.face.liveness import UNASKED, Level, Liveness, Prompt
from kiosk.face.matcher import Matcher
from kiosk.simulation.people import Sitter, frames
from tests.face.lookers import BLANK, Behave, Lids, Look, Willing, face


def write_film(path: Path, pictures: list[Picture], rate: float = 30.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = pictures[0].shape[:2]
    film = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), rate, (width, height))
    for picture in pictures:
        film.write(picture)
    film.release()


@pytest.fixture(scope="module")
def sitting() -> list[Picture]:
    return list(islice(frames(Sitter.ASTRONAUT), 20))


# What it reads


def test_clips_lie_in_folders_named_by_kind(tmp_path: Path) -> None:
    for name in ("live/a.mp4", "Bona-Fide/b.avi", "phone replay/deep/c.mov", "live/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert {clip.name: clip.kind for clip in clips(tmp_path)} == {
        "live/a.mp4": "live",
        "Bona-Fide/b.avi": "live",
        "phone replay/deep/c.mov": "phone_replay",
    }


def test_or_a_list_names_them(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    (tmp_path / "videos.csv").write_text("file,kind,blinks\na.mp4,live,3\nb.mp4,Print,0\n", encoding="utf-8")
    assert [(clip.path, clip.kind) for clip in clips(tmp_path)] == [
        (tmp_path / "a.mp4", "live"),
        (tmp_path / "b.mp4", "print"),
    ]


def test_clips_without_a_kind_are_people(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    assert [clip.kind for clip in clips(tmp_path)] == ["live"]
    (tmp_path / "videos.csv").write_text("file\na.mp4\n", encoding="utf-8")
    assert [clip.kind for clip in clips(tmp_path)] == ["live"]


@pytest.mark.parametrize("text", [b"", b"name,kind\na,live\n", b"\xff\xfe\x00"])
def test_a_list_that_is_none_is_one_sentence(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "videos.csv").write_bytes(text)
    with pytest.raises(UsageError, match=r"^--clips: .*videos\.csv"):
        clips(tmp_path)


def test_folders_that_are_missing_or_empty_are_one_sentence(tmp_path: Path) -> None:
    for look in (clips, stills):
        for folder in (tmp_path, tmp_path / "nowhere"):
            with pytest.raises(UsageError):
                look(folder)


def test_a_film_is_looked_at_fifteen_times_a_second_and_not_larger_than_the_kiosks_own(tmp_path: Path) -> None:
    large = [np.full((960, 1280, 3), shade, np.uint8) for shade in range(60)]
    write_film(tmp_path / "film.avi", large)
    seen = list(Clip(tmp_path / "film.avi", "film", "live").frames(10.0, lambda: None))
    assert len(seen) == pytest.approx(30, abs=1)
    assert {picture.shape for _, picture in seen} == {(480, 640, 3)}
    assert np.diff([mono for mono, _ in seen]) == pytest.approx(1 / FPS, abs=0.035)


def test_no_more_of_a_film_is_read_than_an_attempt_is_long(tmp_path: Path) -> None:
    write_film(tmp_path / "film.avi", [np.zeros((48, 64, 3), np.uint8)] * 90)
    seen = list(Clip(tmp_path / "film.avi", "film", "live").frames(1.0, lambda: None))
    assert seen[-1][0] == pytest.approx(1.0, abs=0.1)


def test_what_is_no_film_says_so(tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"no film")
    for name in ("bad.mp4", "nowhere.mp4"):
        with pytest.raises(ClipError):
            list(Clip(tmp_path / name, name, "live").frames(2.0, lambda: None))


# Photographs moved by a hand


def photographed(path: Path, matcher: Matcher, seed: int, count: int = 12) -> list[Picture]:
    source = Photograph(path, path.name, matcher, seed, Motion())
    return [picture for _, picture in islice(source.frames(5.0, lambda: None), count)]


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory, sitting: list[Picture]) -> Path:
    path = tmp_path_factory.mktemp("still") / "astronaut.png"
    cv2.imwrite(str(path), sitting[0][40:440, 160:480])
    return path


def test_a_moved_picture_has_the_face_in_it_and_moves(matcher: Matcher, still: Path) -> None:
    for seed in (0, 1):
        shown = photographed(still, matcher, seed)
        faces = [matcher.faces(picture) for picture in shown]
        assert all(len(found) == 1 for found in faces)
        assert 0.2 < faces[0][0].width / 640 < 0.45
        assert abs(faces[-1][0].x - faces[0][0].x) + abs(faces[-1][0].y - faces[0][0].y) > 3


def test_the_same_seed_gives_the_same_film_and_another_one_another(matcher: Matcher, still: Path) -> None:
    first, again, other = (photographed(still, matcher, seed, 3) for seed in (4, 4, 6))
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not np.array_equal(first[2], other[2])


def test_a_picture_without_a_face_says_so(matcher: Matcher, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((200, 160, 3), 128, np.uint8))
    with pytest.raises(PictureError, match="no face"):
        photographed(tmp_path / "wall.png", matcher, 0)


# How it judges


@dataclass
class Stage:
    """A made-up person who is at once the film, the engine that finds the face and the eye reader."""

    behave: Behave
    answers: bool = True
    name: str = "made up"
    kind: str = "live"
    look: Look = field(default_factory=Look)
    lids: Lids = field(default_factory=Lids)

    def frames(self, seconds: float, asked: Asked) -> Iterator[tuple[float, Picture]]:
        since, before = 0.0, asked()
        for number in range(round(seconds * FPS)):
            now, word = number / FPS, asked()
            if word != before:
                since, before = now, word
            self.look = self.behave(now, None if word is None or not self.answers else Prompt(word), now - since)
            self.lids.now = self.look.lids
            yield now, BLANK

    def faces(self, _picture: Picture) -> list[Face]:
        return [face(self.look.yaw)] if self.look.there else []

    def judged(self, level: Level) -> Attempt:
        unasked = UNASKED if self.answers else 10.0
        watch = Liveness(level, random.Random(3), self.lids, unasked=unasked)  # noqa: S311 - the same draws in every run
        return liveness.attempt(self, level, 10.0, cast("Matcher", self), watch)


@pytest.mark.parametrize("level", [Level.BLINK, Level.CHALLENGE])
def test_who_answers_is_accepted_and_the_seconds_are_told(level: Level) -> None:
    done = Stage(Willing()).judged(level)
    assert (done.outcome, done.level) == ("accepted", level.value)
    assert 0.5 < done.seconds < 6.0
    assert len(done.frame_ms) == round(done.seconds * FPS) + 1


def test_whoever_does_nothing_is_not_decided() -> None:
    assert Stage(Willing(), answers=False).judged(Level.CHALLENGE).outcome == "not_decided"


def test_in_a_film_a_blink_counts_at_any_time_because_nobody_can_be_asked() -> None:
    def late(now: float, *_: object) -> Look:
        return Look(lids=0.05 if 8.0 <= now < 8.2 else 0.28)

    assert Stage(late, answers=False).judged(Level.BLINK).outcome == "accepted"
    assert Stage(late, answers=True).judged(Level.BLINK).outcome == "not_decided"


def test_a_film_without_a_face_is_told_apart() -> None:
    assert Stage(lambda *_: Look(there=False), answers=False).judged(Level.BLINK).outcome == "no_face"


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    liveness.add_arguments(parser)
    return parser.parse_args(words)


def test_one_bad_film_costs_one_line_and_the_rest_is_measured(
    tmp_path: Path, sitting: list[Picture], capsys: pytest.CaptureFixture[str]
) -> None:
    write_film(tmp_path / "clips" / "live" / "good.avi", sitting, rate=15.0)
    write_film(tmp_path / "clips" / "replay" / "film.avi", sitting, rate=15.0)
    (tmp_path / "clips" / "live" / "bad.mp4").write_bytes(b"no film")
    told: list[object] = []
    words = ("--clips", str(tmp_path / "clips"), "--out", str(tmp_path / "out"), "--seconds", "3")
    assert liveness.run(options(*words), tell=told.append) == ExitCode.DONE
    assert capsys.readouterr().err.count("bad.mp4") == 1
    assert "BPCER" in str(told[0])
    assert "not readable: 1" in str(told[0])
    found = json.loads((tmp_path / "out" / "liveness.json").read_text(encoding="utf-8"))
    assert [(row["level"], row["kind"], row["attempts"]) for row in found["rows"]] == [
        ("blink", "live", 1),
        ("blink", "replay", 1),
        ("challenge", "replay", 1),
    ]
    plot = cv2.imread(str(tmp_path / "out" / "liveness.png"))
    assert plot is not None


@pytest.mark.parametrize(
    "words", [(), ("--clips", "/nowhere"), ("--clips", "x", "--seconds", "1"), ("--stills", "x", "--seeds", "0")]
)
def test_what_cannot_be_done_is_one_sentence(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        liveness.run(options(*words), tell=lambda _: None)


def test_who_answers_is_judged_at_both_levels_and_people_in_films_at_one(capsys: pytest.CaptureFixture[str]) -> None:
    people = [Stage(Willing(), kind=kind, answers=answers) for kind in ("live", "cut_out") for answers in (True, False)]
    found = liveness.Bench().findings(people, [Level.BLINK, Level.CHALLENGE])
    assert [(row.level, row.kind, row.rate.of) for row in found.rows] == [
        ("blink", "live", 2),
        ("blink", "cut_out", 2),
        ("challenge", "live", 1),
        ("challenge", "cut_out", 2),
    ]
    assert {one.outcome for one in found.attempts} == {"no_face"}
    assert capsys.readouterr().err.count("\n") <= 1


# What it tells


def of(kind: str, *outcomes: str, level: str = "blink") -> list[Attempt]:
    return [Attempt(f"{kind}{n}", kind, level, word, 2.0 + n, (1.0, 3.0)) for n, word in enumerate(outcomes)]


FOUND = Findings(
    (
        *of("print", "held_up", "not_decided", "accepted", "no_face"),
        *of("live", "accepted", "accepted", "held_up", "not_decided", "unreadable"),
        *of("replay", "accepted", "held_up", level="challenge"),
    )
)


def test_of_attacks_the_accepted_are_counted_and_of_people_all_others() -> None:
    rates = {(row.level, row.kind): (row.measure, row.rate.errors, row.rate.of) for row in FOUND.rows}
    assert rates == {
        ("blink", "live"): ("BPCER", 2, 4),
        ("blink", "print"): ("APCER", 1, 4),
        ("challenge", "replay"): ("APCER", 1, 2),
    }


def test_the_table_names_the_worst_kind_and_the_interval() -> None:
    text = report.table(FOUND)
    assert "blink: 1 of 4 attacks accepted (4.6% to 69.9%); the worst kind, print: 25.0%" in text
    assert "not readable: 1" in text
    assert "2.5 (90 %: 2.9)" in text


def test_nothing_found_is_a_table_all_the_same(tmp_path: Path) -> None:
    nothing = Findings(tuple(of("live", "unreadable")))
    assert "not readable: 1" in report.table(nothing)
    report.write(nothing, tmp_path)
    assert json.loads((tmp_path / "liveness.json").read_text(encoding="utf-8"))["rows"] == []


def test_results_that_cannot_be_written_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="--out"):
        report.prepare(tmp_path / "file" / "x")
    with pytest.raises(UsageError, match="cannot be written"):
        report.write(FOUND, tmp_path / "file" / "x")
