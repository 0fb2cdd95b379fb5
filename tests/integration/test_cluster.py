"""A cluster of local nodes: nodes come when runs wait, go when they idle, and may be lost."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.compute.cluster import nodes
from jupyter_aml.domain.errors import AlreadyExists, IllegalMove, Invalid, NotFound
from jupyter_aml.domain.ids import DEFAULT_WORKSPACE, WorkspaceName
from jupyter_aml.engine.engine import Engine
from jupyter_aml.wire.compute import WireCompute, decode_compute_change, decode_new_compute
from jupyter_aml.wire.workspaces import NewWorkspace
from tests.asking import submit
from tests.integration.test_engine import an_engine, asked, ended, folder_of, until

pytestmark = pytest.mark.anyio

WAITS = """
import os, time
open(os.environ["AML_RUN_DIR"] + "/work/up", "w").close()
while not os.path.exists({gate!r}):
    time.sleep(0.01)
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def a_cluster(engine: Engine, name: str = "cpu-cluster", **more: Any) -> WireCompute:
    body = {"name": name, "kind": "cluster", "maxNodes": 2, "idleSeconds": 3600, **more}
    return await engine.compute.add(decode_new_compute(body))


async def seen(
    engine: Engine, name: str, is_so: Callable[[WireCompute], bool], *, limit: float = 60
) -> WireCompute:
    """Wait until a target is in some state."""
    async with asyncio.timeout(limit):
        while not is_so(told := await engine.compute.get("default", name)):
            await asyncio.sleep(0.02)
    return told


def states(target: WireCompute) -> list[str]:
    return sorted(node["state"] for node in target["nodes"])


async def change(engine: Engine, name: str, **what: Any) -> WireCompute:
    return await engine.compute.change(decode_compute_change(name, what))


async def test_a_node_comes_for_a_run_and_goes_when_it_idles(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        made = await a_cluster(engine, idleSeconds=0)
        assert (made["type"], made["slots"], made["nodes"]) == ("AmlCompute", 2, [])

        run: Any = await submit(engine, asked("print('here')", job={"target": "cpu-cluster"}))
        end = await ended(engine, run["runId"])
        await seen(engine, "cpu-cluster", lambda told: told["nodes"] == [])

    assert (end["status"], end["reason"]) == ("Completed", None)
    assert folder_of(aml_root, end).console.read_text() == "here\n"
    assert [*(aml_root / "nodes" / "default" / "cpu-cluster").glob("node-*")] == []


async def test_there_are_no_more_nodes_than_allowed_and_each_has_one_run(
    aml_root: Path, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    script = WAITS.format(gate=str(gate))
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, maxNodes=2)
        there = {"target": "cpu-cluster"}
        runs: list[Any] = [await submit(engine, asked(script, job=there)) for _ in range(2)]
        for run in runs:
            await until(engine, run["runId"], lambda told: told["status"] == "Running")
        runs.append(await submit(engine, asked(script, job=there)))
        waiting = await until(engine, runs[2]["runId"], lambda told: "busy" in str(told["reason"]))
        told = await seen(engine, "cpu-cluster", lambda told: states(told) == ["busy", "busy"])
        gate.touch()
        ends = [(await ended(engine, run["runId"]))["status"] for run in runs]

    assert waiting["reason"] == "next on 'cpu-cluster' (2 of 2 slots busy)"
    assert sorted(run for node in told["nodes"] for run in node["runs"]) == sorted(
        run["runId"] for run in runs[:2]
    )
    assert ends == ["Completed"] * 3


async def test_the_least_number_of_nodes_is_kept_and_a_lost_one_is_replaced(
    aml_root: Path,
) -> None:
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, minNodes=1)
        first = await seen(engine, "cpu-cluster", lambda told: states(told) == ["idle"])
        os.kill(pid_of(first), signal.SIGKILL)
        second = await seen(
            engine,
            "cpu-cluster",
            lambda told: (
                states(told) == ["idle"] and told["nodes"][0]["id"] != first["nodes"][0]["id"]
            ),
        )
        await change(engine, "cpu-cluster", minNodes=0, idleSeconds=0)
        await seen(engine, "cpu-cluster", lambda told: told["nodes"] == [])

    assert pid_of(second) != pid_of(first)


async def test_another_idle_time_reaches_the_nodes_that_are_there(aml_root: Path) -> None:
    async def waits(node: str, seconds: str) -> None:
        """Wait until a node waits so long for an engine."""
        file = aml_root / "nodes" / "default" / "cpu-cluster" / node / "idle"
        async with asyncio.timeout(30):
            while not file.exists() or file.read_text() != seconds:
                await asyncio.sleep(0.02)

    async with an_engine(aml_root) as engine:
        await a_cluster(engine, minNodes=1, idleSeconds=100)
        told = await seen(engine, "cpu-cluster", lambda told: states(told) == ["idle"])
        node = told["nodes"][0]["id"]
        await change(engine, "cpu-cluster", idleSeconds=1000)
        await waits(node, "2000.0")
        await change(engine, "cpu-cluster", idleSeconds=1)
        await waits(node, "60.0")
        after = await engine.compute.get(DEFAULT_WORKSPACE, "cpu-cluster")

    assert [each["id"] for each in after["nodes"]] == [node]


def pid_of(target: WireCompute) -> int:
    return int(target["nodes"][0]["address"].removeprefix("process "))


async def test_a_run_that_loses_its_node_is_queued_again_and_runs_once_more(
    aml_root: Path, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, maxNodes=1)
        run: Any = await submit(
            engine, asked(WAITS.format(gate=str(gate)), job={"target": "cpu-cluster"})
        )
        await until(engine, run["runId"], lambda told: told["status"] == "Running")
        up = folder_of(aml_root, run).work / "up"
        await appears(up)
        node = await seen(engine, "cpu-cluster", lambda told: states(told) == ["busy"])
        os.kill(pid_of(node), signal.SIGKILL)
        gate.touch()
        end = await ended(engine, run["runId"])

    assert (end["status"], end["attempt"]) == ("Completed", 2)
    assert any("its node was lost" in warning for warning in end["warnings"])
    assert script_pids(folder_of(aml_root, run).path) == []


async def appears(path: Path, *, limit: float = 60) -> None:
    async with asyncio.timeout(limit):
        while not path.exists():
            await asyncio.sleep(0.01)


def script_pids(folder: Path) -> list[int]:
    """Processes that still work in a run's folder."""
    here = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                cwd = os.readlink(entry / "cwd")
            except OSError:
                continue
            if cwd.startswith(str(folder)):
                here.append(int(entry.name))
    return here


async def test_a_dedicated_run_takes_the_node_of_one_of_low_priority(
    aml_root: Path, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    async with an_engine(aml_root, max_nodes=1) as engine:
        await a_cluster(engine, "cheap", maxNodes=1, vmPriority="lowpriority", idleSeconds=0)
        await a_cluster(engine, "dear", maxNodes=1, idleSeconds=0)
        low: Any = await submit(
            engine, asked(WAITS.format(gate=str(gate)), job={"target": "cheap"})
        )
        await appears(folder_of(aml_root, low).work / "up")
        high: Any = await submit(engine, asked("print('first')", job={"target": "dear"}))
        first = await ended(engine, high["runId"])
        gate.touch()
        second = await ended(engine, low["runId"])

    assert (first["status"], second["status"], second["attempt"]) == ("Completed", "Completed", 2)
    assert any("taken back" in warning for warning in second["warnings"])


async def test_a_run_is_cancelled_before_it_has_a_node_and_after(
    aml_root: Path, tmp_path: Path
) -> None:
    script = WAITS.format(gate=str(tmp_path / "never"))
    async with an_engine(aml_root, max_nodes=1) as engine:
        await a_cluster(engine, "one", maxNodes=1)
        await a_cluster(engine, "other", maxNodes=1)
        first: Any = await submit(engine, asked(script, job={"target": "one"}))
        await appears(folder_of(aml_root, first).work / "up")
        second: Any = await submit(engine, asked(script, job={"target": "other"}))
        waiting = await until(
            engine, second["runId"], lambda told: "the one node is taken" in str(told["reason"])
        )
        await engine.runs.cancel(second["runId"])
        late = await ended(engine, second["runId"])
        await engine.runs.cancel(first["runId"])
        early = await ended(engine, first["runId"])

    assert "AmlConfig.max_nodes" in str(waiting["reason"])
    assert (late["status"], early["status"]) == ("Canceled", "Canceled")
    assert script_pids(folder_of(aml_root, early).path) == []


async def test_the_next_engine_finds_nodes_and_runs_as_they_are(
    aml_root: Path, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, maxNodes=1)
        run: Any = await submit(
            engine, asked(WAITS.format(gate=str(gate)), job={"target": "cpu-cluster"})
        )
        await appears(folder_of(aml_root, run).work / "up")
        before = await seen(engine, "cpu-cluster", lambda told: states(told) == ["busy"])
    async with an_engine(aml_root) as engine:
        after = await seen(engine, "cpu-cluster", lambda told: states(told) == ["busy"])
        gate.touch()
        end = await ended(engine, run["runId"])

    assert pid_of(after) == pid_of(before)
    assert (end["status"], end["attempt"]) == ("Completed", 1)


async def test_an_instance_that_is_stopped_lets_runs_wait_until_it_is_started(
    aml_root: Path,
) -> None:
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, "desk", kind="instance", maxNodes=1)
        node = await seen(engine, "desk", lambda told: states(told) == ["idle"])
        await change(engine, "desk", isStopped=True)
        stopped = await seen(engine, "desk", lambda told: told["nodes"] == [])
        run: Any = await submit(engine, asked("print(1)", job={"target": "desk"}))
        waiting = await until(engine, run["runId"], lambda told: "stopped" in str(told["reason"]))
        await change(engine, "desk", isStopped=False)
        end = await ended(engine, run["runId"])

    assert (node["type"], stopped["state"]) == ("ComputeInstance", "Stopped")
    assert waiting["reason"] == "'desk' is stopped: start it"
    assert end["status"] == "Completed"


async def test_a_cluster_is_deleted_with_its_nodes_once_no_run_is_on_it(
    aml_root: Path, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    async with an_engine(aml_root) as engine:
        await a_cluster(engine)
        run: Any = await submit(
            engine, asked(WAITS.format(gate=str(gate)), job={"target": "cpu-cluster"})
        )
        await appears(folder_of(aml_root, run).work / "up")
        with pytest.raises(IllegalMove, match=f"{run['runId']} is on it"):
            await engine.compute.remove("default", "cpu-cluster")
        gate.touch()
        await ended(engine, run["runId"])
        node = pid_of(await engine.compute.get("default", "cpu-cluster"))
        await engine.compute.remove("default", "cpu-cluster")
        with pytest.raises(NotFound, match="no compute target 'cpu-cluster'"):
            await submit(engine, asked("", job={"target": "cpu-cluster"}))

    assert not Path(f"/proc/{node}").exists()
    assert not (aml_root / "nodes" / "default" / "cpu-cluster").exists()
    assert not (aml_root / "workspaces" / "default" / "compute" / "cpu-cluster").exists()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"minNodes": 3}, "min_nodes is 3 and max_nodes 2"),
        ({"maxNodes": 10_000}, "at most 1000 nodes"),
        ({"minNodes": 999, "maxNodes": 999}, r"this machine may have \d+ nodes"),
        ({"vmSize": "STANDARD_D2_V22"}, "did you mean Standard_D2_v2"),
        ({"vmPriority": "cheap"}, "neither 'dedicated' nor 'lowpriority'"),
        ({"kind": "clutser"}, "no kind of compute target 'clutser'; did you mean 'cluster'"),
        ({"settings": {"runs_per_nod": 2}}, "did you mean 'runs_per_node'"),
        ({"settings": {"runs_per_node": 0}}, "from 1 to 100"),
        ({"settings": {"runs_per_node": "2"}}, "expected a number"),
        ({"name": "local"}, "'local' is this machine"),
        ({"name": "a/b"}, "cannot be the name of a compute target"),
        ({"idleSeconds": -1}, "less than 0"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_made(
    aml_root: Path, wrong: dict[str, Any], told: str
) -> None:
    async with an_engine(aml_root) as engine:
        with pytest.raises(Invalid, match=told):
            await a_cluster(engine, **wrong)
        names = [target["name"] for target in await engine.compute.list()]

    assert names == ["local"]


async def test_what_is_created_twice_is_one_and_another_one_of_its_name_is_refused(
    aml_root: Path,
) -> None:
    async with an_engine(aml_root) as engine:
        first, again = await a_cluster(engine), await a_cluster(engine)
        with pytest.raises(AlreadyExists, match="another compute target 'cpu-cluster'"):
            await a_cluster(engine, maxNodes=1)

    assert first["createdAt"] == again["createdAt"]


async def test_a_workspace_that_is_not_there_is_named_whatever_is_asked(aml_root: Path) -> None:
    nowhere = WorkspaceName("defualt")
    body = {"name": "c", "kind": "cluster", "workspace": nowhere}
    async with an_engine(aml_root) as engine:
        for ask in (
            lambda: engine.compute.probe(decode_new_compute(body)),
            lambda: engine.compute.add(decode_new_compute(body)),
            lambda: engine.compute.list(nowhere),
            lambda: engine.compute.get(nowhere, "c"),
            lambda: engine.compute.change(decode_compute_change("c", {"workspace": nowhere})),
            lambda: engine.compute.remove(nowhere, "c"),
        ):
            with pytest.raises(NotFound) as refused:
                await ask()
            assert str(refused.value) == (
                "there is no workspace 'defualt'; did you mean 'default'?"
            )


async def test_nodes_go_with_their_workspace(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        await engine.workspaces.add(NewWorkspace(name=WorkspaceName("brief"), tags={}))
        await a_cluster(engine, minNodes=1, workspace="brief")
        while not (target := await engine.compute.get("brief", "cpu-cluster"))["nodes"]:
            await asyncio.sleep(0.02)
        while target["nodes"][0]["state"] != "idle":
            target = await engine.compute.get("brief", "cpu-cluster")
            await asyncio.sleep(0.02)
        await engine.workspaces.remove(WorkspaceName("brief"))

    assert not Path(f"/proc/{pid_of(target)}").exists()
    assert not (aml_root / "nodes" / "brief").exists()


async def test_an_engine_on_a_copied_root_leaves_the_nodes_of_the_original_alone(
    aml_root: Path, tmp_path: Path
) -> None:
    gate, copy = tmp_path / "gate", tmp_path / "copy"
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, maxNodes=1)
        run: Any = await submit(
            engine, asked(WAITS.format(gate=str(gate)), job={"target": "cpu-cluster"})
        )
        await appears(folder_of(aml_root, run).work / "up")
        node = pid_of(await seen(engine, "cpu-cluster", lambda told: states(told) == ["busy"]))
        shutil.copytree(aml_root, copy, ignore=shutil.ignore_patterns("*.sock"))
        async with an_engine(copy) as other:
            copied = await other.compute.get("default", "cpu-cluster")
        assert Path(f"/proc/{node}").exists()
        gate.touch()
        end = await ended(engine, run["runId"])

    assert copied["nodes"] == []
    assert (end["status"], end["attempt"]) == ("Completed", 1)


async def test_a_deletion_that_was_cut_off_leaves_no_node(aml_root: Path) -> None:
    left = await nodes.start(aml_root / "nodes" / "default" / "gone", idle=3600)
    async with an_engine(aml_root):
        assert not Path(f"/proc/{left.pid}").exists()
    assert not (aml_root / "nodes" / "default" / "gone").exists()


async def test_a_change_that_is_refused_keeps_no_secret(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        body = {"name": "db", "kind": "databricks", "settings": {"access_token": "old"}}
        await engine.compute.add(decode_new_compute(body))

        with pytest.raises(Invalid, match="workspace_nme"):
            await change(engine, "db", settings={"access_token": "new", "workspace_nme": "w"})

        vault = engine.secrets.vault(DEFAULT_WORKSPACE)
        assert vault.get("compute/db/access_token") == "old"


async def test_a_node_that_idles_elsewhere_gives_way_to_a_run_that_waits(aml_root: Path) -> None:
    async with an_engine(aml_root, max_nodes=1) as engine:
        await a_cluster(engine, "first", maxNodes=1)
        await a_cluster(engine, "second", maxNodes=1)
        for name in ("first", "second", "first"):
            run: Any = await submit(engine, asked("print(1)", job={"target": name}))
            assert (await ended(engine, run["runId"]))["status"] == "Completed"


async def test_a_run_whose_node_is_told_to_end_begins_again_elsewhere(
    aml_root: Path, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, maxNodes=1)
        run: Any = await submit(
            engine, asked(WAITS.format(gate=str(gate)), job={"target": "cpu-cluster"})
        )
        await appears(folder_of(aml_root, run).work / "up")
        node = await seen(engine, "cpu-cluster", lambda told: states(told) == ["busy"])
        os.kill(pid_of(node), signal.SIGTERM)
        again = await until(engine, run["runId"], lambda told: told["attempt"] == 2)
        gate.touch()
        end = await ended(engine, run["runId"])

    assert "its node was told to end" in again["warnings"][0]
    assert end["status"] == "Completed"


async def test_a_cluster_is_deleted_while_its_last_run_is_being_cancelled(
    aml_root: Path, tmp_path: Path
) -> None:
    script = WAITS.format(gate=str(tmp_path / "never"))
    async with an_engine(aml_root) as engine:
        await a_cluster(engine)
        run: Any = await submit(engine, asked(script, job={"target": "cpu-cluster"}))
        await appears(folder_of(aml_root, run).work / "up")
        await engine.runs.cancel(run["runId"])
        await engine.compute.remove("default", "cpu-cluster")
        end = await ended(engine, run["runId"])

    assert end["status"] == "Canceled"


async def test_nothing_is_at_work_any_more_once_an_engine_is_closed(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, minNodes=1)
        await seen(engine, "cpu-cluster", lambda told: states(told) == ["idle"])
    others = asyncio.all_tasks() - {asyncio.current_task()}

    assert [task.get_name() for task in others if "nodes of" in task.get_name()] == []


async def test_a_part_of_a_node_is_refused_and_not_rounded(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, maxNodes=1)

        with pytest.raises(Invalid, match=r"max_nodes: expected a whole number, got 2\.7"):
            await change(engine, "cpu-cluster", maxNodes=2.7)

        assert (await change(engine, "cpu-cluster", maxNodes=2.0))["maxNodes"] == 2


async def test_more_than_a_node_has_is_refused_by_the_name_of_the_node(aml_root: Path) -> None:
    job = {"target": "small", "limits": {"memory": "4g"}}
    async with an_engine(aml_root) as engine:
        await a_cluster(engine, "small", vmSize="Standard_A1_v2")
        with pytest.raises(Invalid, match=r"a node of 'small' has 2 GB \(its vm_size\)"):
            await submit(engine, asked("", job=job))


async def test_a_run_whose_job_never_begins_is_given_up_and_says_so(
    aml_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **more: Any) -> list[str]:
        return ["/bin/false"]

    monkeypatch.setattr("jupyter_aml.compute.cluster.parts.shim_command", broken)
    async with an_engine(aml_root) as engine:
        await a_cluster(engine)
        run: Any = await submit(engine, asked("print(1)", job={"target": "cpu-cluster"}))
        end = await ended(engine, run["runId"])

    assert (end["status"], end["attempt"]) == ("Failed", 20)
    assert end["error"] is not None
    assert "did not begin in 20 attempts" in end["error"]["message"]
