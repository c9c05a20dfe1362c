"""Visit after visit in one process: what it holds does not grow (`tests/benchmarks/soak.py` runs a thousand)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.benchmarks.soak import Held

SOAK = Path(__file__).parents[1] / "benchmarks" / "soak.py"
VISITS, EVERY = 60, 20
RSS_MB = 12.0
"""Between two looks at the same ten kinds of visits, in the same languages."""


def test_visit_after_visit_the_process_holds_what_it_held() -> None:
    words = [
        sys.executable,
        str(SOAK),
        "--visits",
        str(VISITS),
        "--every",
        str(EVERY),
        "--json",
        "--languages",
        "en,th",
    ]
    done = subprocess.run(words, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    told = [Held.read(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [one.visits for one in told] == list(range(EVERY, VISITS + 1, EVERY)), done.stdout
    # The first twenty open what is opened once: typefaces, pictures, connections, each kind of visit twice.
    _, second, third = told
    assert third.threads == second.threads
    assert third.files == second.files
    assert third.surfaces <= second.surfaces + 4, (second, third)
    assert third.surface_mb <= second.surface_mb + 2, (second, third)
    assert third.rss <= second.rss + RSS_MB, (second, third)
