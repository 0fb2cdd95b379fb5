"""The database can be made again from the folders alone."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Application

from jupyter_aml import cli
from jupyter_aml.client import find
from jupyter_aml.engine.engine import Engine
from jupyter_aml.engine.lock import RootTaken
from jupyter_aml.engine.reindex import reindex_root
from jupyter_aml.engine.settings import Settings
from jupyter_aml.testing.engines import end_engine
from jupyter_aml.wire.workspaces import decode_new_experiment, decode_new_workspace
from tests import asking
from tests.asking import submit
from tests.integration.test_engine import LONG, an_engine, asked, ended, folder_of

pytestmark = pytest.mark.anyio

SCRIPT = """
import os
from jupyter_aml.runfolder.records import RecordWriter
RecordWriter(os.environ["AML_RUN_DIR"] + "/metrics").number("loss", 0.5)
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_lost_database_comes_back_as_it_was(
    aml_root: Path, jupyter_env: Mapping[str, str]
) -> None:
    async with an_engine(aml_root) as engine:
        await engine.workspaces.add(decode_new_workspace({"name": "team", "resourceGroup": "g"}))
        await engine.experiments.add(
            decode_new_experiment({"workspace": "team", "name": "other", "tags": {"a": "b"}})
        )
        for body in (asked(SCRIPT, tags={"k": "v"}), asked("raise ValueError('x')")):
            await ended(engine, (await submit(engine, body))["runId"])
        before = await engine.runs.page(workspace="default", sort="-metric.loss")
        places = await engine.workspaces.list(), await engine.experiments.list("team")
    for path in aml_root.glob("aml.db*"):
        path.unlink()

    done = subprocess.run(
        [sys.executable, "-m", "jupyter_aml.cli", "reindex"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, f"2 runs in {aml_root}\n")
    async with an_engine(aml_root) as engine:
        after = await engine.runs.page(workspace="default", sort="-metric.loss")
        assert [{**run, "seq": 0} for run in after["runs"]] == [
            {**run, "seq": 0} for run in before["runs"]
        ]
        assert (await engine.workspaces.list(), await engine.experiments.list("team")) == places
        third = await submit(engine, asked("print(1)"))
        assert third["number"] == 3
        assert third["seq"] > max(run["seq"] for run in before["runs"])


async def test_a_folder_that_holds_no_run_is_named_and_the_others_are_kept(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        await ended(engine, (await submit(engine, asked("print(1)")))["runId"])
    torn = aml_root / "workspaces" / "default" / "runs" / "torn_1"
    torn.mkdir()
    (torn / "run.json").write_text('{"runId": "torn_1"')

    count, unreadable = reindex_root(Settings(root=aml_root))

    assert (count, unreadable) == (1, [torn])


@pytest.mark.parametrize(
    "broken",
    [
        {"error": []},
        {"error": {"message": 5}},
        {"exitCode": "one"},
        {"exitCode": 1e400},
        {"metrics": {"loss": [1]}},
        {"metrics": {"loss": 10**400}},
        {"number": 1e400},
        {"warnings": "one"},
        {"cancelRequested": {}},
    ],
)
async def test_a_record_with_a_field_of_a_wrong_kind_is_named_and_the_others_are_kept(
    aml_root: Path, broken: dict[str, Any]
) -> None:
    async with an_engine(aml_root) as engine:
        run = await ended(engine, (await submit(engine, asked("print(1)")))["runId"])
    whole = aml_root / "workspaces" / "default" / "runs" / run["runId"]
    torn = whole.with_name("torn_1")
    shutil.copytree(whole, torn)
    told = {**json.loads((whole / "run.json").read_text()), "runId": "torn_1", **broken}
    (torn / "run.json").write_text(json.dumps(told))

    assert reindex_root(Settings(root=aml_root)) == (1, [torn])


async def test_it_is_refused_while_an_engine_holds_the_root(aml_root: Path) -> None:
    async with an_engine(aml_root):
        with pytest.raises(RootTaken):
            reindex_root(Settings(root=aml_root))


async def test_who_holds_the_root_is_named(
    aml_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    find(aml_root).close()
    applications = Application.initialized()

    assert cli.main(["--root", str(aml_root), "reindex"]) == 1
    pid = json.loads((aml_root / "engine.json").read_text())["pid"]
    assert f"end it first: kill {pid}" in capsys.readouterr().err
    assert Application.initialized() is applications, "whoever calls it from Python has his own"
    end_engine(aml_root)


def test_a_root_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "jupyter_aml.cli", "--root", str(tmp_path / "no"), "reindex"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith(f"jupyter aml: there is no root {tmp_path / 'no'}")
    assert not (tmp_path / "no").exists()


async def test_children_come_back_with_an_index_that_was_lost_while_they_went_on(
    aml_root: Path,
) -> None:
    script = """
import os, time
from azureml.core import Run
run = Run.get_context()
run.child_run("known").log("n", 1)
while not os.path.exists("go"):
    time.sleep(0.01)
run.child_run("announced").log("n", 2)
open("made", "w").close()
while not os.path.exists("end"):
    time.sleep(0.01)
"""
    async with an_engine(aml_root) as engine:
        run = await submit(engine, asked(script))
        words = f"parent:{run['runId']}"
        await until_there(engine, words, count=1)
    folder = folder_of(aml_root, run)
    (folder.work / "go").touch()
    await arrived(folder.work / "made")
    for path in aml_root.glob("aml.db*"):
        path.unlink()

    assert reindex_root(Settings(root=aml_root)) == (2, [])

    async with an_engine(aml_root) as engine:
        await until_there(engine, words, count=2)
        (folder.work / "end").touch()
        assert (await ended(engine, run["runId"]))["status"] == "Completed"
        page = await engine.runs.page(workspace="default", filter=words, sort="number")
    told = [(child["displayName"], child["status"], child["metrics"]) for child in page["runs"]]
    assert told == [
        ("known", "Completed", {"n": 1.0}),
        ("announced", "Completed", {"n": 2.0}),
    ]


async def until_there(engine: Engine, words: str, *, count: int) -> None:
    """Wait for runs by listening to their workspace."""
    listener = engine.listen()
    try:
        await asking.follow(listener, {"topic": "runs", "workspace": "default"})
        async with asyncio.timeout(LONG):
            while (await engine.runs.page(workspace="default", filter=words))["total"] < count:
                await listener.next()
    finally:
        listener.close()


async def arrived(path: Path) -> None:
    async with asyncio.timeout(LONG):
        while not path.exists():
            await asyncio.sleep(0.01)
