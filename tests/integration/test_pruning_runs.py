"""Old runs are deleted by age, number and how they ended; with them their children and folders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.client import Client, find
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.engine.reindex import reindex_root
from jupyter_aml.engine.settings import Settings
from jupyter_aml.testing.engines import end_engine
from jupyter_aml.testing.wires import a_wire_run
from tests.conftest import a_root


@pytest.fixture
def root() -> Iterator[Path]:
    with a_root() as root:
        yield root
        end_engine(root)


def put(root: Path, name: str, day: int, **different: Any) -> None:
    """A run folder as an earlier engine left it."""
    at = f"2026-01-{day:02}T12:00:00.000000Z"
    times = {"createdAt": at, "changedAt": at, "startedAt": at, "endedAt": at}
    folder = root / "workspaces/default/runs" / name
    (folder / "logs").mkdir(parents=True)
    (folder / "logs" / "std_log.txt").write_bytes(b"x" * 1000)
    told = a_wire_run(**{"runId": name, "number": day, **times, **different})
    (folder / "run.json").write_text(json.dumps(told))


@pytest.fixture
def client(root: Path) -> Client:
    for day in range(1, 6):
        put(root, f"exp_{day}", day, status="Failed" if day == 2 else "Completed")
    put(root, "other_1", 1, experiment="other")
    put(root, "exp_1_1", 1, parentId="exp_1")
    reindex_root(Settings(root=root))
    return find(root)


def left(client: Client) -> list[str]:
    return sorted(run["runId"] for run in client.runs.page(workspace="default")["runs"])


def test_all_that_is_said_must_hold_and_nothing_else_goes(client: Client, root: Path) -> None:
    everything = left(client)
    before = client.runs.prune({"keep": 2, "dryRun": True})
    assert before["runIds"] == ["exp_3", "exp_2", "exp_1"]
    assert before["size"] > 4000
    assert left(client) == everything

    assert client.runs.prune({"keep": 2, "status": ["Failed"]})["runIds"] == ["exp_2"]
    assert client.runs.prune({"olderThan": 10_000_000})["runIds"] == []
    assert client.runs.prune({"olderThan": 1, "experiment": "other"})["runIds"] == ["other_1"]
    assert client.runs.prune({"keep": 3})["runIds"] == ["exp_1"]

    assert left(client) == ["exp_3", "exp_4", "exp_5"]
    assert sorted(path.name for path in (root / "workspaces/default/runs").iterdir()) == [
        "exp_3", "exp_4", "exp_5",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"dryRun": True},
        {"olderThan": -1},
        {"olderThan": "30d"},
        {"keep": 1.5},
        {"status": ["Running"]},
        {"status": "Failed"},
        {"kep": 3},
    ],
)
def test_what_is_not_clear_deletes_nothing(client: Client, body: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        client.runs.prune(body)

    assert len(left(client)) == 7
