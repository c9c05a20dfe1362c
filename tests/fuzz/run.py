"""Fuzz the parsers that read what a card, a studio or another process says, and the decoder of the chip's photo.

    python tests/fuzz/run.py TARGET [--cases N | --seconds N] [--engine atheris|hypothesis] [--start N]
    python tests/fuzz/run.py all --seconds 60

With atheris (coverage-guided; `.venv/bin/pip install atheris`, a development tool that nothing else needs and no lock
names; Linux wheels for CPython) where it is installed, else with hypothesis. Prints cases, processor time and cases a
second. A finding ends with 1: under atheris its input and report stay in the folder that is named, under hypothesis the
smallest input that does it is printed.
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).parents[2]))

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.card_targets import Target, name_of
from tests.fuzz.shelter import Shelter
from tests.fuzz.targets import TARGETS

LONGEST = 20_000
"""Bytes of one input: more than a face record."""

_EXECUTED = re.compile(r"stat::number_of_executed_units:\s+(\d+)|Done (\d+) runs in")
_BATCH = 2000


@dataclass(frozen=True)
class Outcome:
    """What one run came to; `finding` names where the input lies that broke something."""

    cases: int
    cpu_seconds: float
    finding: str | None = None


def inputs(seeds: list[bytes]) -> st.SearchStrategy[bytes]:
    """Any bytes, and good inputs with something changed: cut, doubled, overwritten, with a length that lies."""

    def spoiled(chosen: bytes, where: int, put: bytes, cut: int) -> bytes:
        at = where % (len(chosen) + 1)
        return chosen[:at] + put + chosen[at + cut :]

    good = st.sampled_from(seeds)
    once = st.builds(spoiled, good, st.integers(0, LONGEST), st.binary(max_size=6), st.integers(0, 40))
    twice = st.builds(spoiled, once, st.integers(0, LONGEST), st.binary(max_size=6), st.integers(0, 6))
    joined = st.builds(
        lambda left, right, at: left[: at % (len(left) + 1)] + right, once, good, st.integers(0, LONGEST)
    )
    return st.one_of(once, twice, joined, good, st.binary(max_size=400))


def with_hypothesis(target: Target, *, cases: int | None, seconds: float | None, start: int = 0) -> Outcome:
    """Run batches of generated inputs; the same `start` gives the same inputs."""
    strategy = inputs(list(target.seeds()))
    began, ends = time.process_time() + _children(), None if seconds is None else time.monotonic() + seconds
    done = 0

    def once(content: bytes) -> None:
        nonlocal done
        done += 1
        target.run(content)

    while (cases is None or done < cases) and (ends is None or time.monotonic() < ends):
        batch = _BATCH if cases is None else min(_BATCH, cases - done)
        checked = settings(
            max_examples=batch,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )(given(strategy)(once))
        before = done
        seed(start + done)(checked)()
        if done == before:
            break
    if isinstance(target.run, Shelter):
        target.run.close()
    return Outcome(done, time.process_time() + _children() - began)


def with_atheris(target: Target, *, cases: int | None, seconds: float | None, start: int = 0) -> Outcome:
    """Run libFuzzer in a process of its own over the seeds; by chance unless `start` is given."""
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{target.name}-"))
    corpus = folder / "corpus"
    corpus.mkdir()
    for content in target.seeds():
        (corpus / name_of(content)).write_bytes(content)
    command = [sys.executable, "-m", "tests.fuzz.atheris_engine", target.name, str(corpus)]
    command += [f"-artifact_prefix={folder}/", f"-max_len={LONGEST}", "-rss_limit_mb=2048", "-timeout=20"]
    command += ["-print_final_stats=1", f"-seed={start or random.SystemRandom().randrange(1, 2**31)}"]
    command += [] if cases is None else [f"-runs={cases}"]
    command += [] if seconds is None else [f"-max_total_time={round(seconds)}"]
    before = _children()
    ran = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    told = [int(first or second) for first, second in _EXECUTED.findall(ran.stderr)]
    outcome = Outcome(max(told, default=0), _children() - before, str(folder) if ran.returncode else None)
    if outcome.finding is None:
        shutil.rmtree(folder)
    else:
        (folder / "report.txt").write_text(ran.stderr)
    return outcome


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(arguments: list[str]) -> int:
    """Run what the command line says; the exit code of the process."""
    have_atheris = importlib.util.find_spec("atheris") is not None
    parser = argparse.ArgumentParser(description="Fuzz what reads untrusted bytes.")
    parser.add_argument("target", choices=["all", *TARGETS])
    parser.add_argument("--cases", type=int, help="how many inputs (100000 unless --seconds)")
    parser.add_argument("--start", type=int, default=0, help="hypothesis: another number generates other inputs")
    parser.add_argument("--seconds", type=float, help="how long for each target")
    engines: dict[str, Callable[..., Outcome]] = {"atheris": with_atheris, "hypothesis": with_hypothesis}
    parser.add_argument("--engine", choices=list(engines), default="atheris" if have_atheris else "hypothesis")
    given_ = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    cases = given_.cases if given_.cases or given_.seconds else 100_000
    found = False
    for name in TARGETS if given_.target == "all" else [given_.target]:
        outcome = engines[given_.engine](TARGETS[name], cases=cases, seconds=given_.seconds, start=given_.start)
        rate = outcome.cases / outcome.cpu_seconds if outcome.cpu_seconds else 0
        result = "nothing but typed errors" if outcome.finding is None else f"FINDING, see {outcome.finding}"
        print(
            f"{name:20}{given_.engine:12}{outcome.cases:12,} cases{outcome.cpu_seconds:9.1f} CPU s"
            f"{rate:11,.0f} cases/s   {result}",
            flush=True,
        )
        found = found or outcome.finding is not None
    return int(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
