"""A script says which runs it waits for, in few records."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.reading import read_all
from jupyter_aml.sdk._run import waits
from jupyter_aml.sdk.core import run as runs
from jupyter_aml.sdk.core.run import Run
from jupyter_aml.wire.coding import encode_run
from tests.unit.domain.test_run import a_run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    folder = RunFolder(tmp_path / "diabetes_1")
    folder.metrics.mkdir(parents=True)
    folder.record.write_text(json.dumps(encode_run(a_run())))
    monkeypatch.setenv("AML_RUN_DIR", str(folder.path))
    monkeypatch.setenv("AML_RUN_ID", "diabetes_1")
    monkeypatch.setattr(runs, "_current", None)
    monkeypatch.setattr(waits, "_looked", {})
    monkeypatch.setattr(waits, "time", lambda: 1000.0)
    return folder


def seen(run_id: str, *, ended: bool = False) -> Any:
    return {"runId": run_id, "endedAt": "2026-01-01T00:00:00Z" if ended else None}


def test_a_loop_that_looks_again_and_again_writes_few_records(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for second in range(60):
        monkeypatch.setattr(waits, "time", lambda now=1000.0 + second: now)
        waits.looked_at(Run.get_context(), [seen("child")])
    waits.looked_at(Run.get_context(), [seen("child", ended=True)])
    waits.looked_at(Run.get_context(), [seen("child", ended=True)])

    *looks, last = read_all(folder.metrics).others
    assert len(looks) <= 6
    assert looks[0] == ["wait", "child", ["child"], 1000.0 + waits.LOOK, 1000.0]
    # Between two records the older one still holds.
    assert all(one[3] > other[4] for one, other in pairwise(looks))
    assert last == ["resume", "child", 1059.0]


def test_a_run_that_had_ended_is_not_waited_for(folder: RunFolder) -> None:
    waits.looked_at(Run.get_context(), [seen("child", ended=True)])

    assert read_all(folder.metrics).others == []


def test_a_script_that_asks_for_itself_waits_for_nobody(folder: RunFolder) -> None:
    waits.looked_at(Run.get_context(), [seen("diabetes_1")])

    assert read_all(folder.metrics).others == []


def test_outside_of_runs_nothing_is_recorded(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AML_RUN_DIR")

    waits.looked_at(Run.get_context(), [seen("child")])

    assert read_all(folder.metrics).others == []
