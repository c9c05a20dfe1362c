"""`kiosk bench face` as it is typed: any pictures, one line for a bad one, and numbers that are what they say."""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from kiosk.errors import ExitCode, MissingError, UsageError
from kiosk.face import dlib_engine
from kiosk.face.bench import face, pictures
from kiosk.face.bench.pictures import PictureError
from kiosk.face.faces import Picture
from kiosk.simulation.people import Sitter, frames

FACES = Path(__file__).resolve().parents[3] / "shared" / "faces"
HEAD = "set,same_person,file_a,file_b\n"

Bench = Callable[..., list[str]]


def written(path: Path, picture: Picture) -> None:
    done, raw = cv2.imencode(path.suffix, picture)
    assert done
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(raw.tobytes())


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two persons, six pictures each, of all kinds and sizes; beside them what is no picture of anybody."""
    folder = tmp_path_factory.mktemp("faces")
    for sitter in Sitter:
        film = frames(sitter, seed=4)
        colour, grey, deep, veiled, cropped = (next(film) for _ in range(5))
        person = folder / sitter.value
        written(person / "1.jpg", colour)
        written(person / "2.png", cv2.cvtColor(grey, cv2.COLOR_BGR2GRAY).astype(np.uint8))
        sixteen = (deep.astype(np.uint16) * 257)[::2, ::2]
        written(person / "3.png", sixteen)  # type: ignore[arg-type] # what a scanner writes
        alpha = cv2.cvtColor(cv2.resize(veiled, (1920, 1440)), cv2.COLOR_BGR2BGRA).astype(np.uint8)
        written(person / "4.png", alpha)
        written(person / "5.jp2", cropped[70:390, 200:440])
        written(person / "6.bmp", cv2.resize(cropped, (320, 240)).astype(np.uint8))
    (folder / "empty.jpg").touch()
    (folder / "text.png").write_text("this is no picture")
    (folder / "folder.png").mkdir()
    written(folder / "wall.png", np.full((300, 200, 3), 120, np.uint8))
    return folder


@pytest.fixture
def bench(root: Path) -> Bench:
    def run(*words: str | Path, where: Path = root) -> list[str]:
        parser = argparse.ArgumentParser()
        face.add_arguments(parser)
        told: list[str] = []
        assert face.run(parser.parse_args(["--root", str(where), *map(str, words)]), told.append) == ExitCode.DONE
        return told

    return run


def results(told: list[str]) -> dict[str, Any]:
    (line,) = told
    found: dict[str, Any] = json.loads(line)
    return found


def test_pictures_of_every_kind_are_compared_and_bad_ones_cost_a_line_each(
    bench: Bench, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ann, grace = (sitter.value for sitter in Sitter)
    rows = [f"x,1,{person}/1.jpg,{person}/{name}" for person in (ann, grace) for name in ("2.png", "3.png", "4.png")]
    rows += [f"x,1,{ann}/5.jp2,{ann}/6.bmp", f"x,0,{ann}/1.jpg,{grace}/5.jp2", f"x,0,{ann}/2.png,{grace}/6.bmp"]
    bad = ["empty.jpg", "text.png", "folder.png", "missing.jpg", "wall.png"]
    rows += [f"x,0,{ann}/1.jpg,{name}" for name in bad]
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("\ufeff" + HEAD + "\r\n".join(rows) + "\r\nx,what,a,b\r\n", encoding="utf-8")
    found = results(bench("--pairs", pairs, "--json"))
    said = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1].strip() for line in said] == ["pairs.csv, line 16", *bad]
    assert found["pictures"]["enrolled"] == 12
    assert found["pictures"]["failures_to_enrol"] == 1
    assert found["pictures"]["unreadable"] == 4
    assert (found["pairs_left_out"], found["unusable_rows"]) == (5, 1)
    shipped = found["all"]["shipped"]
    assert (shipped["fnmr"]["errors"], shipped["fnmr"]["of"]) == (0, 7)
    assert (shipped["fmr"]["errors"], shipped["fmr"]["of"]) == (0, 2)
    assert found["all"]["FMR <= 0.001"] == "needs 1,000 non-mated comparisons or more"
    assert found["milliseconds"]["detect"]["n"] == 13


def test_folders_are_measured_by_the_shipped_rule_and_plotted(bench: Bench, root: Path, tmp_path: Path) -> None:
    out = tmp_path / "results" / "today"
    (page,) = bench("--rule", "shipped", "--all-impostors", "--out", out)
    found = json.loads((out / "face.json").read_text(encoding="utf-8"))
    assert found["frames"] == 3
    # Every photo against a group of three of the other five; and against both groups of the other person.
    assert (found["all"]["mated"], found["all"]["non_mated"]) == (12, 24)
    assert found["persons_allowing_the_shipped_rule"] == 2
    assert found["all"]["shipped"]["fnmr"]["errors"] == found["all"]["shipped"]["fmr"]["errors"] == 0
    plot = pictures.read(out / "face-det.png")
    assert min(plot.shape[:2]) > 400
    assert len(np.unique(plot.reshape(-1, 3), axis=0)) > 20
    assert sorted(path.name for path in out.iterdir()) == ["face-det.png", "face.json"]
    reported = page + (out / "face.json").read_text(encoding="utf-8")
    assert not any(sitter.value in reported for sitter in Sitter)
    assert "12 mated, 24 non-mated of 1 pairs of persons" in page
    assert "To claim FMR under 0.0001 with 95 % confidence: 29,958 without an error; here are 24." in page
    assert "persons      2, of whom 2 have 3 such pictures and one more" in page


def test_the_second_engine_is_measured_by_its_own_distance(bench: Bench) -> None:
    try:
        dlib_engine.package()
    except MissingError as error:
        pytest.skip(str(error))
    found = results(bench("--engine", "face_recognition", "--json"))
    assert found["measure"] == "distance"
    assert found["all"]["shipped"]["threshold"] == 0.33
    assert found["all"]["shipped"]["fmr"]["errors"] == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--pairs", "no-such.csv"], "no-such.csv: cannot be read"),
        (["--out", "/dev/null/results"], "cannot be made"),
    ],
)
def test_what_cannot_be_carried_out_is_one_sentence(bench: Bench, words: list[str], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        bench(*words)


def test_a_wrong_root_is_one_sentence(bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="is not a folder"):
        bench(where=tmp_path / "nothing")
    pairs = tmp_path / "pairs.csv"
    pairs.write_text(HEAD + "x,1,a,b\nx,0,a,c\n")
    with pytest.raises(UsageError, match="none of the 3 pictures has a face"):
        bench("--pairs", pairs, where=tmp_path)
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_without_matplotlib_a_plot_is_refused_before_the_work(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(MissingError, match="needs matplotlib"):
        bench("--out", tmp_path)


def test_progress_is_shown_on_a_terminal_and_nowhere_else() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, shows in ((Terminal(), True), (io.StringIO(), False)):
        progress = face.Progress(stream)
        progress(0, 1200)
        progress(1200, 1200)
        assert ("0 of 1,200 pictures" in stream.getvalue()) is shows
        assert stream.getvalue().endswith("\r\x1b[K") is shows


def test_a_flood_of_bad_files_is_cut_short_and_counted() -> None:
    stream = io.StringIO()
    notices = face.Notices(stream)
    for number in range(1500):
        notices(f"{number}.png: there is no such file")
    notices.close()
    assert len(stream.getvalue().splitlines()) == 1001
    assert stream.getvalue().endswith("kiosk: and 500 more\n")


def test_pictures_are_opened_as_colour_whatever_they_are(root: Path) -> None:
    for path in (root / Sitter.ASTRONAUT.value).iterdir():
        picture = pictures.read(path)
        assert picture.dtype == np.uint8
        assert picture.ndim == 3
        assert picture.shape[2] == 3
        assert max(picture.shape) <= pictures.MAX_SIDE


def test_a_file_that_is_too_large_is_not_opened(tmp_path: Path) -> None:
    with (tmp_path / "large.png").open("wb") as file:
        file.truncate(pictures.MAX_BYTES + 1)
    with pytest.raises(PictureError, match="larger than 64 MiB"):
        pictures.read(tmp_path / "large.png")


@pytest.mark.skipif(
    not (FACES / "pairs.csv").is_file(), reason="the ORL pictures (../shared/faces) are not on this machine"
)
def test_real_people_by_the_shipped_rule_meet_the_promise(bench: Bench, tmp_path: Path) -> None:
    eight = tuple(f"orl/s{number}/" for number in range(1, 9))
    header, *rows = (FACES / "pairs.csv").read_text(encoding="utf-8").splitlines()
    among = [row for row in rows if row.split(",")[2].startswith(eight) and row.split(",")[3].startswith(eight)]
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("\n".join([header, *among]), encoding="utf-8")
    found = results(bench("--pairs", pairs, "--rule", "shipped", "--all-impostors", "--json", where=FACES))
    shipped = found["all"]["shipped"]
    print(f"8 people of ORL, shipped rule: FMR {shipped['fmr']}, FNMR {shipped['fnmr']}")
    assert found["persons_allowing_the_shipped_rule"] == 8
    assert shipped["fmr"]["errors"] == 0
    assert shipped["fnmr"]["value"] < 0.03
