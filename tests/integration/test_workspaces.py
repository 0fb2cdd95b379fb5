"""Workspaces, made and deleted, with what is in them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from jupyter_aml.compute import proc
from jupyter_aml.domain.errors import IllegalMove, NotFound
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.wire.compute import decode_new_compute
from jupyter_aml.wire.workspaces import decode_new_experiment, decode_new_workspace
from tests.asking import register, submit
from tests.integration.test_engine import an_engine, asked, ended

pytestmark = pytest.mark.anyio
TEAM = WorkspaceName("team")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_workspace_without_runs_goes_with_all_that_is_in_it(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        await engine.workspaces.add(decode_new_workspace({"name": "team", "tags": {"a": "b"}}))
        await engine.experiments.add(decode_new_experiment({"workspace": "team", "name": "e"}))
        definition = {"name": "mine", "python": {"condaDependencies": None}}
        await register(engine, {"workspace": "team", "definition": definition})

        await engine.workspaces.remove(TEAM)

        with pytest.raises(NotFound):
            await engine.workspaces.get(TEAM)
        with pytest.raises(NotFound):
            await submit(engine, asked("pass", workspace="team"))
        assert [path.name for path in (aml_root / "workspaces").iterdir()] == ["default"]
        made = await engine.workspaces.add(decode_new_workspace({"name": "team"}))
        assert made.tags == {}
        assert await engine.experiments.list(TEAM) == []
        names = [each["name"] for each in await engine.environments.list("team")]
        assert "mine" not in names


async def test_the_nodes_of_a_workspace_go_with_it(aml_root: Path) -> None:
    body = {"workspace": "team", "name": "c", "kind": "cluster", "minNodes": 1}
    async with an_engine(aml_root) as engine, asyncio.timeout(60):
        await engine.workspaces.add(decode_new_workspace({"name": "team"}))
        await engine.compute.add(decode_new_compute(body))
        while not any(node["address"] for node in (await engine.compute.get(TEAM, "c"))["nodes"]):
            await asyncio.sleep(0.02)
        record = next((aml_root / "nodes" / "team" / "c").glob("node-*/node.json"))
        node = json.loads(record.read_text())

        await engine.workspaces.remove(TEAM)

        assert not proc.is_alive(node["pid"], node["start"])
        assert [*(aml_root / "nodes").iterdir()] == []
        await engine.workspaces.add(decode_new_workspace({"name": "team"}))
        assert [each["name"] for each in await engine.compute.list(TEAM)] == ["local"]
        assert (await engine.compute.add(decode_new_compute(body)))["name"] == "c"


async def test_a_workspace_with_runs_and_the_default_one_stay(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        await engine.workspaces.add(decode_new_workspace({"name": "team"}))
        run = await submit(engine, asked("pass", workspace="team"))
        await ended(engine, run["runId"])

        with pytest.raises(IllegalMove, match="1 run: delete them first"):
            await engine.workspaces.remove(TEAM)
        with pytest.raises(IllegalMove, match="always there"):
            await engine.workspaces.remove(WorkspaceName("default"))

        assert (await engine.runs.get(run["runId"]))["status"] == "Completed"


async def test_folders_of_runs_that_the_index_does_not_know_are_kept(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        await engine.workspaces.add(decode_new_workspace({"name": "team"}))
        copied = aml_root / "workspaces" / "team" / "runs" / "copied_1"
        copied.mkdir(parents=True)

        with pytest.raises(IllegalMove, match="holds folders of runs"):
            await engine.workspaces.remove(TEAM)

        assert copied.is_dir()


async def test_the_next_engine_ends_a_removal_that_was_interrupted(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        await engine.workspaces.add(decode_new_workspace({"name": "team"}))
    places = aml_root / "workspaces"
    (places / "team").rename(places / ".gone-team-1")

    async with an_engine(aml_root) as engine:
        assert not (places / ".gone-team-1").exists()
        await engine.workspaces.remove(TEAM)

        assert [each.name for each in await engine.workspaces.list()] == ["default"]


def test_the_shell_deletes_runs_only_when_it_is_told(
    jupyter_env: Mapping[str, str], aml_root: Path, tmp_path: Path
) -> None:
    def call(*words: str, stdin: str = "print(1)") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "jupyter_aml.cli", *words], cwd=tmp_path, check=False,
            capture_output=True, text=True, timeout=60, input=stdin,
        )  # fmt: skip

    assert call("workspace", "create", "team").stdout == "team\n"
    again = call("workspace", "create", "team")
    assert call("submit", "--workspace", "team", "--wait", "e", "-").returncode == 0

    refused = call("workspace", "rm", "team", "-y")
    unasked = call("workspace", "rm", "team", "--runs")
    gone = call("workspace", "rm", "team", "--runs", "-y", "--json")
    missing = call("workspace", "rm", "team", "-y")

    assert "there is a workspace 'team' already" in again.stderr
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "has 1 run: --runs deletes them, too" in refused.stderr
    assert "add --yes" in unasked.stderr
    assert len(json.loads(gone.stdout)["runIds"]) == 1
    assert "there is no workspace 'team'" in missing.stderr
    assert "team" not in call("workspace", "ls").stdout


def test_the_shell_keeps_the_runs_of_the_default_workspace_that_it_cannot_delete(
    jupyter_env: Mapping[str, str], aml_root: Path, tmp_path: Path
) -> None:
    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "jupyter_aml.cli", *words], cwd=tmp_path, check=False,
            capture_output=True, text=True, timeout=60, input="print(1)",
        )  # fmt: skip

    assert call("submit", "--wait", "e", "-").returncode == 0

    for words in ((), ("-y",), ("--runs", "-y")):
        refused = call("workspace", "rm", "default", *words)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "workspace 'default' is always there: delete its runs instead" in refused.stderr

    assert len(json.loads(call("ls", "--json").stdout)) == 1
