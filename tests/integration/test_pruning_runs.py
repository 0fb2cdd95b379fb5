"""Old runs are deleted by age, number and how they ended; with them their children and folders."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml import cli
from jupyter_aml.client import Client, find
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.engine.reindex import reindex_root
from jupyter_aml.engine.settings import Settings
from jupyter_aml.testing.engines import end_engine
from jupyter_aml.testing.wires import a_wire_run
from tests.conftest import a_root

Shell = Callable[..., tuple[int, str]]


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


@pytest.fixture
def shell(
    client: Client, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """Runs `jupyter aml` on this root at a terminal where somebody types an answer."""
    monkeypatch.setenv("AML_ROOT", str(root))
    for name in ("AML_SOCKET", "AML_URL"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str, typed: str | None = None) -> tuple[int, str]:
        terminal = io.StringIO(typed or "")
        monkeypatch.setattr(terminal, "isatty", lambda: typed is not None, raising=False)
        monkeypatch.setattr(sys, "stdin", terminal)
        code = cli.main([*words])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


def test_the_shell_asks_before_it_deletes_and_takes_only_a_yes_for_one(
    client: Client, shell: Shell
) -> None:
    everything = left(client)

    for typed in ("n\n", "\n", "", "yet\n", None):
        code, told = shell("prune", "--status", "failed", typed=typed)
        assert (code, left(client)) == (1, everything), typed
        assert "Delete 1 run with all files? [y/N]" in told
    assert shell("prune", "--status", "failed", typed="Y\n")[0] == 0
    assert left(client) == sorted({*everything} - {"exp_2"})
    assert shell("prune", "--exp", "other", "--keep", "0", typed="yes\n")[0] == 0
    assert left(client) == sorted({*everything} - {"exp_2", "other_1"})


def test_all_that_the_shell_is_told_must_hold(client: Client, shell: Shell) -> None:
    everything = left(client)
    all_of_them = ["exp_1", "exp_2", "exp_3", "exp_4", "exp_5", "other_1"]
    wishes = {
        "--older-than 10000w": [],
        "--older-than 1h": all_of_them,
        "--older-than 1d --exp other": ["other_1"],
        "--keep 5": [],
        "--keep 0": all_of_them,
        "--keep 4 --older-than 10000w": [],
        "--status failed --keep 3": ["exp_2"],
        "--status failed --keep 4": [],
        "--status canceled": [],
        "--keep 4": ["exp_1"],
    }

    for words, gone in wishes.items():
        would = json.loads(shell("prune", "--dry-run", "--json", *words.split())[1])
        assert (sorted(would["runIds"]), left(client)) == (gone, everything), words
    done = json.loads(shell("prune", "--yes", "--json", *words.split())[1])

    assert done["runIds"] == ["exp_1"]
    # A child goes with its parent.
    assert left(client) == sorted({*everything} - {"exp_1", "exp_1_1"})


def test_an_export_never_mixes_with_what_is_there(shell: Shell, tmp_path: Path) -> None:
    folder, file, link, empty = (tmp_path / name for name in ("folder", "file", "link", "empty"))
    for place in (folder, empty):
        place.mkdir()
    for path in (folder / "mine", file):
        path.write_text("precious")
    link.symlink_to(folder)
    before = contents(tmp_path)

    for place in (folder, file, link):
        code, told = shell("export", "--format", "csv", "exp#2", str(place))
        assert (code, contents(tmp_path)) == (1, before)
        assert f"{place} is there already: name a new folder" in told
    for place in (empty, tmp_path / "new"):
        assert shell("export", "--format", "csv", "exp#2", str(place))[0] == 0
        assert {path.name for path in place.iterdir()} == {"runs", "runs.csv", "metrics.csv"}

    assert [path.name for path in tmp_path.glob(".*")] == []


def contents(folder: Path) -> dict[str, str]:
    """The files below a folder with their texts."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }
