"""Each language asks its own typeface first; what set-up fetches is what the kiosk looks for."""

from __future__ import annotations

import importlib.util
import struct
import sys
from pathlib import Path
from types import ModuleType

import pytest

from kiosk import share
from kiosk.ui import fonts
from kiosk.ui.messages import LANGUAGES


@pytest.fixture(scope="module")
def fetch() -> ModuleType:
    """`deploy/fetch.py`, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("fetch", Path(__file__).parents[2] / "deploy" / "fetch.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fetch"] = module
    spec.loader.exec_module(module)
    del sys.modules["fetch"]
    return module


def in_folder(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


# -- which face is asked ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_set_up_alone_brings_every_language_its_typeface(language: str) -> None:
    assert fonts.find_faces().lacking(language) is None


@pytest.mark.parametrize(
    ("language", "first"),
    [
        ("ja", "BIZUDPGothic-Bold.ttf"),
        ("ja-simple", "BIZUDPGothic-Bold.ttf"),
        ("en", "RobotoCondensed-Bold.ttf"),
        ("zh-Hans", "NotoSansCJKsc-Bold.otf"),
        ("zh-Hant", "NotoSansCJKtc-Bold.otf"),
        ("ko", "NotoSansCJK-Bold.ttc"),
        ("th", "NotoSansThai-Bold.ttf"),
    ],
)
def test_a_language_asks_its_own_face_first_and_all_others_after_it(language: str, first: str) -> None:
    faces = fonts.find_faces()
    asked = faces.of(True, language)
    assert asked[0].name == first
    assert sorted(asked) == sorted(faces.bold)


def test_one_weight_alone_is_not_enough() -> None:
    here = fonts.find_faces()
    half = fonts.Faces(here.regular, here.of(True, "ja")[:1])
    assert half.lacking("ja") is None
    assert half.lacking("th") is fonts.TYPEFACES["thai"]


def test_a_packaged_typeface_is_taken_before_a_fetched_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    system, fetched = tmp_path / "system", tmp_path / "share"
    in_folder(system / "truetype/bizud-gothic", "BIZUDPGothic-Regular.ttf", "BIZUDPGothic-Bold.ttf")
    in_folder(fetched / "fonts", "BIZUDPGothic-Regular.ttf", "NotoSansThai-Regular.ttf")
    monkeypatch.setattr(share, "FOLDER", fetched)
    faces = fonts.find_faces(system)
    assert faces.regular == (
        system / "truetype/bizud-gothic/BIZUDPGothic-Regular.ttf",
        fetched / "fonts/NotoSansThai-Regular.ttf",
    )


# -- what set-up fetches ---------------------------------------------------------------------------------------------


def test_what_is_fetched_is_what_is_looked_for(fetch: ModuleType) -> None:
    wanted = {typeface.name(weight) for typeface in fonts.TYPEFACES.values() for weight in fonts.WEIGHTS}
    packages = [package for package in fetch.PACKAGES if package.target == "fonts"]
    own = {name for package in packages for _, _, name in package.faces}
    assert {name for package in packages for name in package.proof} | own == wanted
    assert {typeface.package for typeface in fonts.TYPEFACES.values()} == {package.name for package in packages}


def collection(*faces: dict[bytes, bytes]) -> bytes:
    """A font collection with these tables."""
    head = 12 + 4 * len(faces)
    starts, directories, bodies = [], b"", b""
    data = head + sum(12 + 16 * len(tables) for tables in faces)
    for tables in faces:
        starts.append(head + len(directories))
        directories += b"OTTO" + struct.pack(">H6x", len(tables))
        for name, body in tables.items():
            directories += struct.pack(">4sIII", name, 7, data + len(bodies), len(body))
            bodies += body + bytes(-len(body) % 4)
    return (
        struct.pack(">4sII", b"ttcf", 0x00010000, len(faces))
        + struct.pack(f">{len(faces)}I", *starts)
        + directories
        + bodies
    )


def test_a_face_of_a_collection_becomes_a_font_of_its_own(fetch: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "two.ttc"
    file.write_bytes(collection({b"cmap": b"first"}, {b"cmap": b"other", b"head": b"12345678"}))
    font = fetch.face(file, 1)
    assert font[:4] == b"OTTO"
    assert struct.unpack(">H", font[4:6]) == (2,)
    records = [struct.unpack(">4sIII", font[12 + 16 * at : 28 + 16 * at]) for at in range(2)]
    assert [(name, check, font[start : start + length]) for name, check, start, length in records] == [
        (b"cmap", 7, b"other"),
        (b"head", 7, b"12345678"),
    ]
    assert all(start % 4 == 0 for _, _, start, _ in records)


@pytest.mark.parametrize(
    "broken",
    [b"", b"OTTO" + bytes(40), collection({b"cmap": b"x"}), collection({b"cmap": b"x"}, {b"cmap": b"long"})[:-2]],
)
def test_a_broken_collection_is_told(broken: bytes, fetch: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "broken.ttc"
    file.write_bytes(broken)
    with pytest.raises(fetch.LackingError, match=r"broken\.ttc"):
        fetch.face(file, 1)


def test_the_fetched_chinese_face_is_the_collection_s(fetch: ModuleType) -> None:
    folder = share.FOLDER / "fonts"
    assert fetch.face(folder / "NotoSansCJK-Regular.ttc", 2) == (folder / "NotoSansCJKsc-Regular.otf").read_bytes()
