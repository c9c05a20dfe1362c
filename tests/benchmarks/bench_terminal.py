"""The bridge to the eligibility terminal, against the simulated terminal in a process of its own: how long an answer takes by
how often the folders are looked at, what a look costs, and a bulk look-up of ten thousand rows with the memory it takes.

Run: python tests/benchmarks/bench_terminal.py [FOLDER]. FOLDER (a share, say) is where the folders are made. The terminal
answers at once (a real one takes 3 to 7 s): what is measured is the bridge's own. Asserts nothing about time.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from kiosk.eligibility.terminal.bridge import Terminal  # noqa: E402 (run as a script: the path comes first)
from kiosk.eligibility.terminal.look_up import NumberQuery  # noqa: E402
from kiosk.reception import listed, lists  # noqa: E402
from kiosk.reception.list_page import listing_of  # noqa: E402
from kiosk.reception.listed import Listing  # noqa: E402
from kiosk.reception.lookups import ListAnswer, LookUps  # noqa: E402
from kiosk.reception.seal import SealKey  # noqa: E402
from kiosk.record import dates  # noqa: E402
from tests.eligibility.terminal_side import Side, query, settings, side  # noqa: E402

LOOKS = {0.02: 300, 0.1: 100, 0.25: 60}
"""Seconds between two looks, and how many questions to ask so."""
BULK_ROWS = 10_000
OTHERS = 5_000
"""Files of other programs in `res`."""


def percentile(taken: list[float], percent: int) -> float:
    """In milliseconds."""
    return 1000 * statistics.quantiles(taken, n=100, method="inclusive")[percent - 1]


def asked(terminal: Terminal, count: int) -> list[float]:
    """Seconds from question to answer, one after the other."""
    taken = []
    for _ in range(count):
        started = time.perf_counter()
        terminal.answer(query())
        taken.append(time.perf_counter() - started)
    return taken


def latency(there: Side) -> None:
    """One question after the other, by the interval of looks; two looks see an answer, so one interval is the floor."""
    print(f"{'a look every':34}{'floor ms':>10}{'p50 ms':>10}{'p99 ms':>10}{'CPU ms':>10}")
    for seconds, count in LOOKS.items():
        with Terminal(there.settings(poll_seconds=seconds)) as terminal:
            asked(terminal, 3)
            before = time.process_time()
            taken = asked(terminal, count)
            spent = 1000 * (time.process_time() - before) / count
        row = f"{1000 * seconds:10.0f}{percentile(taken, 50):10.1f}{percentile(taken, 99):10.1f}{spent:10.2f}"
        print(f"{f'{1000 * seconds:.0f} ms':34}{row}")


def together(there: Side) -> None:
    """Twenty people ask at once."""
    with Terminal(there.settings(poll_seconds=0.1)) as terminal, ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: terminal.answer(query()), range(20)))
        started = time.perf_counter()
        list(pool.map(lambda _: terminal.answer(query()), range(200)))
        print(f"{'200 questions by 20 askers, 100 ms':34}{200 / (time.perf_counter() - started):10.0f} answers/s")


def crowded(there: Side) -> None:
    """A folder that nobody clears up."""
    for number in range(OTHERS):
        (there.folder / "res" / f"OQSsiquc01res_20261005{number:04d}.xml").touch()
    with Terminal(there.settings(poll_seconds=0.1)) as terminal:
        asked(terminal, 3)
        before = time.process_time()
        taken = asked(terminal, 50)
        spent = 1000 * (time.process_time() - before) / 50
    row = f"{100:10.0f}{percentile(taken, 50):10.1f}{percentile(taken, 99):10.1f}{spent:10.2f}"
    print(f"{f'100 ms, {OTHERS:,} files of others':34}{row}")


def idle(folder: Path) -> None:
    """What it costs while nobody asks, and while one waits for an answer that does not come."""
    for name in ("req", "res"):
        (folder / name).mkdir(parents=True)
    with Terminal(settings(folder, poll_seconds=0.25)) as terminal:
        for what, future in (("nobody asks", None), ("one waits, 250 ms", terminal.ask(query(), within=60))):
            before = time.process_time()
            time.sleep(2)
            print(f"{what:34}{1000 * (time.process_time() - before) / 2:10.2f} ms of CPU a second")
            if future is not None:
                future.cancel()


def list_of(count: int) -> Iterator[NumberQuery]:
    """People of a list."""
    return itertools.islice(itertools.cycle([query("67"), query("68"), query("69"), query("70")]), count)


def bulk_part(folder: Path, count: int, encoding: str) -> None:
    """Submit and fetch in this process: seconds of each, and peak MB."""
    with Terminal(settings(folder, bulk_timeout_seconds=300.0, encoding=encoding)) as terminal:
        started = time.perf_counter()
        receipt = terminal.submit_bulk(list_of(count))
        submitted = time.perf_counter()
        with terminal.fetch_bulk(receipt) as answer:
            there = time.perf_counter()
            told = sum(1 for _ in answer)
            read = time.perf_counter()
            if told != count or answer.tally().missing:
                raise SystemExit(f"{told} rows were believed of {count}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(submitted - started, there - submitted, read - there, peak)


def bulk(there: Side) -> None:
    """Ten thousand rows beside a hundred, each in a process of its own, so that a peak is that work's alone."""
    head = f"{'submit s':>10}{'fetch s':>10}{'read s':>10}{'rows/s':>10}{'peak MB':>10}{'at 100':>10}"
    print(f"\n{f'bulk of {BULK_ROWS:,} rows':34}{head}")
    for encoding in ("utf-8", "shift_jis"):
        for zipped in (False, True):
            there.tell(encoding=encoding, zipped=zipped)
            told = {}
            for count in (100, BULK_ROWS):
                command = [sys.executable, __file__, "--bulk", str(there.folder), str(count), encoding]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                told[count] = [float(word) for word in done.stdout.split()]
            submit, fetch, read, peak = told[BULK_ROWS]
            row = f"{submit:10.1f}{fetch:10.1f}{read:10.1f}{BULK_ROWS / read:10,.0f}{peak:10.0f}{told[100][3]:10.0f}"
            print(f"{encoding + (', zipped' if zipped else ''):34}{row}")
    print("(submit and fetch hold the simulated terminal's own work, which builds its trees whole)")


def desk_part(folder: Path, count: int) -> None:
    """A list at the desk in this process, from the CSV file to what is kept: seconds of each step, and peak MB."""
    now = datetime.now(UTC)
    today = dates.japanese_day(now)
    body = desk_file(count)

    async def asked() -> tuple[ListAnswer, list[NumberQuery], Listing, list[float]]:
        lookups = LookUps(settings(folder, bulk_timeout_seconds=300.0), lambda: datetime.now(UTC))
        marks = [time.perf_counter()]
        rows = lists.read(body, today)
        queries = [row.query for row in rows if row.query is not None]
        marks.append(time.perf_counter())
        answer = await lookups.ask_list(queries)
        marks.append(time.perf_counter())
        listing = listing_of(rows, answer, today)
        lookups.close()
        return answer, queries, listing, marks

    answer, queries, listing, marks = asyncio.run(asked())
    listed.keep(listing, body, queries, answer, SealKey(X25519PrivateKey.generate()))
    marks.append(time.perf_counter())
    if listing.whole != count or listing.valid != count // 4:
        raise SystemExit(f"{listing.whole} rows were looked at of {count}, {listing.valid} are valid")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(*(later - earlier for earlier, later in itertools.pairwise(marks)), peak)


def desk_file(count: int) -> bytes:
    """A list as a clinic's own system writes it; three of four are not valid, which is far more than in any real one."""
    numbers = itertools.islice(itertools.cycle(("67", "68", "69", "70")), count)
    rows = (f"試験　花子,01139997,12340005,{number},,1980/02/17" for number in numbers)
    return "\n".join(("患者氏名,保険者番号,記号,番号,枝番,生年月日", *rows)).encode("cp932")


def desk(there: Side) -> None:
    """The same at reception's desk."""
    there.tell(encoding="utf-8", zipped=False)
    head = f"{'read s':>10}{'ask s':>10}{'keep s':>10}{'peak MB':>10}{'at 100':>10}"
    print(f"\n{f'a list of {BULK_ROWS:,} rows at the desk':34}{head}")
    told = {}
    for count in (100, BULK_ROWS):
        command = [sys.executable, __file__, "--desk", str(there.folder), str(count)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        told[count] = [float(word) for word in done.stdout.split()]
    read, ask, keep, peak = told[BULK_ROWS]
    print(f"{'CSV file to sealed rows':34}{read:10.1f}{ask:10.1f}{keep:10.1f}{peak:10.0f}{told[100][3]:10.0f}")


def main() -> None:
    """Everything, or one part in a process of its own."""
    if sys.argv[1:2] == ["--bulk"]:
        bulk_part(Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
        return
    if sys.argv[1:2] == ["--desk"]:
        desk_part(Path(sys.argv[2]), int(sys.argv[3]))
        return
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    where = sys.argv[1] if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(dir=where) as made, side(Path(made) / "oqs") as there:
        latency(there)
        crowded(there)
        there.clear()
        together(there)
        idle(Path(made) / "idle")
        there.clear()
        bulk(there)
        desk(there)


if __name__ == "__main__":
    main()
