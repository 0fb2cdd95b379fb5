"""A machine on which little can be tried is not green."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

TESTS = """
import pytest


def test_left_out():
    pytest.skip("the moon is not full")


@pytest.mark.skipif(True, reason="root may write everywhere")
def test_named():
    pass
"""


@pytest.mark.parametrize(("ci", "told"), [("1", "1 failed, 1 skipped"), ("", "2 skipped")])
def test_under_ci_only_skips_that_are_named_are_none_of_a_failure(
    tmp_path: Path, ci: str, told: str
) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "tests.skips", str(tmp_path)]

    done = subprocess.run(
        command, cwd=REPOSITORY, env={**os.environ, "CI": ci}, capture_output=True, text=True
    )

    assert told in done.stdout, done.stdout
    assert ("does not name: the moon is not full" in done.stdout) == bool(ci)
