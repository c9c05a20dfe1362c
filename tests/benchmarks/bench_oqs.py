"""The eligibility terminal's XML: documents a second, read and written in both encodings, beside lxml's parse alone; and a
bulk look-up of ten thousand rows with the memory it takes.

Run: python tests/benchmarks/bench_oqs.py [FOLDER]. FOLDER keeps the bulk files (a temporary one otherwise). Compares in one
run and asserts nothing about time.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from lxml import etree

from kiosk.eligibility.oqs import from_xml, rows, to_xml
from kiosk.eligibility.oqs.bulk import BulkConfirmUnit
from kiosk.eligibility.oqs.codes import LimitConsent
from kiosk.eligibility.oqs.headers import LookupHeader
from kiosk.eligibility.oqs.qualification import QualificationResponse, Search
from kiosk.eligibility.oqs.reading import read_result
from kiosk.eligibility.oqs.to_xml import Form

DATA = Path(__file__).parent.parent / "data" / "oqs"
SECONDS = 1.0
ROUNDS = 3
BULK_ROWS = 10_000
FORMS = {"UTF-8": to_xml.UTF_8, "Shift_JIS": to_xml.SHIFT_JIS}


def rate(work: Callable[[], object]) -> float:
    """How often a second `work` can be done: the best of some rounds, for others use the machine too."""
    best = 0.0
    for _ in range(ROUNDS):
        done, started = 0, time.perf_counter()
        while (spent := time.perf_counter() - started) < SECONDS / ROUNDS:
            work()
            done += 1
        best = max(best, done / spent)
    return best


def documents() -> None:
    """One face file: 4 KB, all four consents, a limit certificate."""
    (path,) = (DATA / "face").glob("*_20261005090005.xml")
    model = from_xml.read(path.read_bytes(), QualificationResponse)
    print(f"{'documents/s':34}{'UTF-8':>12}{'Shift_JIS':>12}")
    files = {name: to_xml.write(model, form) for name, form in FORMS.items()}
    works: dict[str, Callable[[str], Callable[[], object]]] = {
        "lxml parse alone": lambda name: lambda: etree.fromstring(files[name]),
        "read to the typed model": lambda name: lambda: from_xml.read(files[name], QualificationResponse),
        "read to the house's result": lambda name: lambda: read_result(files[name]),
        "write from the typed model": lambda name: lambda: to_xml.write(model, FORMS[name]),
    }
    for what, work in works.items():
        print(f"{what:34}" + "".join(f"{rate(work(name)):12,.0f}" for name in files))


def searches(count: int) -> Iterator[Search]:
    """As many searches, one after the other."""
    for number in range(count):
        yield Search(
            insurer_number="01139997",
            insured_card_symbol="９９９９",
            insured_identification_number=str(number),
            insured_branch_number="00",
            birthdate=date(1980, 4, 1),
            limit_consent=LimitConsent.GIVEN,
            arbitrary_identifier=f"{number}_1",
        )


def units(count: int) -> Iterator[BulkConfirmUnit]:
    """The sample's four rows over and over."""
    with (DATA / "res" / "OQSmuquc02res_202610050001.xml").open("rb") as source:
        four = list(rows.read_units(source))
    for number in range(count):
        yield four[number % 4]


def write_request(path: Path, form: Form, count: int) -> None:
    """OQSmuquc01req of `count` rows."""
    header = LookupHeader(qualification_confirmation_date=date(2026, 10, 5), medical_institution_code="1319999996")
    with path.open("wb") as target:
        rows.write_searches(target, header, searches(count), form)


def write_response(path: Path, form: Form, count: int) -> None:
    """OQSmuquc02res of `count` rows, as a terminal would write it."""
    with (DATA / "res" / "OQSmuquc02res_202610050001.xml").open("rb") as source:
        header = rows.read_units(source).header
    with path.open("wb") as target:
        rows.write_rows(target, header, "BulkConfirmUnit", units(count), form)


def read_response(path: Path, count: int) -> None:
    """Every row of it."""
    with path.open("rb") as source:
        told = sum(1 for _ in rows.read_units(source))
    if told != count:
        raise SystemExit(f"{told} rows were read of {count}")


def bulk(folder: Path) -> None:
    """Ten thousand rows beside a hundred, each in a process of its own, so that a peak is that work's alone."""
    print(f"\n{f'bulk of {BULK_ROWS:,} rows':34}{'rows/s':>12}{'MB of file':>12}{'peak MB':>10}{'at 100 rows':>14}")
    for name in FORMS:
        for what in ("write-request", "write-response", "read-response"):
            peaks = {}
            for count in (100, BULK_ROWS):
                path = folder / f"{'request' if what == 'write-request' else 'response'}-{name}-{count}.xml"
                told = subprocess.run(
                    [sys.executable, __file__, "--part", what, name, str(count), str(path)],
                    check=True,
                    capture_output=True,
                    text=True,
                    env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
                ).stdout.split()
                seconds, peaks[count] = float(told[0]), int(told[1])
            size = path.stat().st_size / 1e6
            print(f"{f'{what}, {name}':34}{BULK_ROWS / seconds:12,.0f}{size:12.1f}{peaks[BULK_ROWS]:10}{peaks[100]:14}")
    path = folder / f"response-UTF-8-{BULK_ROWS}.xml"
    started = time.perf_counter()
    etree.parse(path)
    print(f"{'lxml parse of the whole, UTF-8':34}{BULK_ROWS / (time.perf_counter() - started):12,.0f}")


def part(what: str, name: str, count: int, path: Path) -> None:
    """One measurement in this process: seconds and peak MB on one line."""
    import resource

    started = time.perf_counter()
    if what == "write-request":
        write_request(path, FORMS[name], count)
    elif what == "write-response":
        write_response(path, FORMS[name], count)
    else:
        read_response(path, count)
    print(time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def main() -> None:
    """Everything, or one part in a process of its own."""
    if sys.argv[1:2] == ["--part"]:
        what, name, count, path = sys.argv[2:]
        part(what, name, int(count), Path(path))
        return
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, lxml {etree.__version__}\n"
    )
    documents()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        bulk(folder)


if __name__ == "__main__":
    main()
