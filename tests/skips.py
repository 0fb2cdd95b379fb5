"""Under CI a test that is skipped has failed, unless `.ci/skips` names the reason."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

NAMED = Path(__file__).parents[1] / ".ci" / "skips"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip whose reason is not named into a failure that says so."""
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        assert isinstance(report.longrepr, tuple)
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason not in NAMED.read_text().splitlines():
            report.outcome = "failed"
            report.longrepr = (
                f"skipped under CI for a reason that .ci/skips does not name: {reason}"
            )
    return report
