"""The benchmark of a run's way works; what it measures is judged by people, not here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def test_the_way_of_a_run_can_be_measured() -> None:
    command = [sys.executable, str(BENCHMARKS / "bench_flow.py"), "--smoke"]

    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) == 2 + 9
