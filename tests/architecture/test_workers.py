"""Several workers share the tests, and none of them divides what belongs together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.workers import group

TESTS = """
import os
from pathlib import Path

import pytest


@pytest.mark.parametrize("number", range(8))
def test_one(number):
    with open(Path(__file__).with_suffix(".txt"), "a") as file:
        print(os.environ["PYTEST_XDIST_WORKER"], file=file)
"""


def test_a_worker_gets_all_tests_of_a_module(tmp_path: Path) -> None:
    names = [f"test_{name}" for name in ("one", "two", "three", "four")]
    for name in names:
        (tmp_path / f"{name}.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-n", "2", "-p", "tests.workers", str(tmp_path)]

    done = subprocess.run(
        command, cwd=REPOSITORY, env={**os.environ}, capture_output=True, text=True
    )

    assert "32 passed" in done.stdout, done.stdout
    workers = {name: (tmp_path / f"{name}.txt").read_text().split() for name in names}
    assert {len(set(each)) for each in workers.values()} == {1}
    assert {each[0] for each in workers.values()} == {"gw0", "gw1"}


def test_modules_that_share_an_engine_or_a_victim_are_one_group() -> None:
    assert group("tests/contracts/test_docker.py") == group("tests/integration/test_docker_runs.py")
    assert group("tests/contracts/test_slurm.py") == "slurm"
    assert group("tests/attacks/test_paths.py") == group("tests/attacks/test_injection.py")
    assert group("tests/unit/domain/test_ids.py") != group("tests/unit/domain/test_run.py")
