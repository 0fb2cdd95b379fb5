"""An engine whose index is on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.domain.errors import Invalid, Unreachable
from jupyter_aml.engine.engine import Engine
from jupyter_aml.engine.reindex import reindex_root
from jupyter_aml.engine.settings import Settings
from jupyter_aml.store.database import DatabaseTaken
from jupyter_aml.testing.engines import end_engine
from tests.asking import submit
from tests.integration.test_engine import an_engine, asked, ended, until
from tests.postgres import Postgres

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_runs_are_executed_found_by_metrics_and_kept(
    aml_root: Path, postgres: Postgres
) -> None:
    script = """
from azureml.core import Run
Run.get_context().log("loss", {})
"""
    database = postgres.make_database()
    async with an_engine(aml_root, database=database) as engine:
        for loss in (0.5, 0.25):
            run: Any = await submit(engine, asked(script.format(loss)))
            assert (await ended(engine, run["runId"]))["status"] == "Completed"
        page = await engine.runs.page(workspace="default", filter="loss<0.4", sort="metric.loss")
    async with an_engine(aml_root, database=database) as engine:
        again = await engine.runs.page(workspace="default")

    assert [found["metrics"]["loss"] for found in page["runs"]] == [0.25]
    assert (page["total"], again["total"]) == (1, 2)
    assert not (aml_root / "aml.db").exists()


async def test_an_engine_on_another_root_does_not_take_the_database(
    aml_root: Path, tmp_path: Path, postgres: Postgres
) -> None:
    database = postgres.make_database()
    async with an_engine(aml_root, database=database):
        with pytest.raises(DatabaseTaken, match="another engine uses the database"):
            async with an_engine(tmp_path / "other", database=database):
                raise AssertionError


async def test_a_database_is_the_index_of_one_root_until_it_is_written_again(
    aml_root: Path, tmp_path: Path, postgres: Postgres
) -> None:
    database = postgres.make_database()
    async with an_engine(aml_root, database=database) as engine:
        run: Any = await submit(engine, asked("print(1)"))
        await ended(engine, run["runId"])
    other = tmp_path / "other"
    with pytest.raises(Invalid, match="the index of another root"):
        async with an_engine(other, database=database):
            raise AssertionError
    async with an_engine(aml_root, database=database) as engine:
        assert (await engine.runs.get(run["runId"]))["status"] == "Completed"

    reindex_root(Settings(root=other, database=database))
    async with an_engine(other, database=database) as engine:
        assert (await engine.runs.page(workspace="default"))["total"] == 0


async def test_a_run_goes_on_while_the_database_is_away(
    aml_root: Path, tmp_path: Path, postgres: Postgres
) -> None:
    gate = tmp_path / "gate"
    script = f"""
import os, time
while not os.path.exists({str(gate)!r}):
    time.sleep(0.01)
print("through")
"""
    async with an_engine(aml_root, database=postgres.make_database()) as engine:
        run: Any = await submit(engine, asked(script))
        await until(engine, run["runId"], lambda told: told["status"] == "Running")
        postgres.stop(signal.SIGINT)
        gate.touch()
        console = aml_root / "workspaces/default/runs" / run["runId"] / "logs/std_log.txt"
        while "through" not in console.read_text():
            await asyncio.sleep(0.01)
        with pytest.raises(Unreachable, match="does not answer"):
            await engine.runs.get(run["runId"])
        postgres.start()
        while (end := await told(engine, run["runId"]))["endedAt"] is None:
            await asyncio.sleep(0.05)

    assert end["status"] == "Completed"


async def told(engine: Engine, run_id: str) -> Any:
    """A run as it is told once the database answers again."""
    while True:
        try:
            return await engine.runs.get(run_id)
        except Unreachable:
            await asyncio.sleep(0.05)


HELD = """
import asyncio, sys
from pathlib import Path
from jupyter_aml.engine.engine import Engine
from jupyter_aml.engine.settings import Settings
from jupyter_aml.testing.engines import end_engine
from tests.asking import submit
from tests.integration.test_engine import asked

async def main():
    root, database = sys.argv[1:]
    engine = await Engine.open(Settings(root=Path(root), database=database), kind="headless")
    run = await submit(engine, asked("import time; time.sleep(3600)"))
    print(run["runId"], flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


async def test_the_next_engine_takes_over_from_one_that_was_killed(
    aml_root: Path, postgres: Postgres
) -> None:
    database = postgres.make_database()
    killed = subprocess.Popen(
        [sys.executable, "-c", HELD, str(aml_root), database],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert killed.stdout is not None
    run_id = killed.stdout.readline().strip()
    killed.kill()
    killed.wait()
    killed.stdout.close()
    async with an_engine(aml_root, database=database) as engine:
        await engine.runs.cancel(run_id)
        end = await ended(engine, run_id)

    assert end["status"] == "Canceled"


def test_the_index_is_written_again_from_the_folders(
    aml_root: Path, postgres: Postgres, tmp_path: Path
) -> None:
    database, other = postgres.make_database(), postgres.make_database()

    def aml(*words: str, to: str) -> str:
        command = [sys.executable, "-m", "jupyter_aml.cli", "--root", str(aml_root), *words]
        settings = tmp_path / "jupyter_aml_config.json"
        settings.write_text(json.dumps({"AmlConfig": {"database": to}}))
        env = {**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path)}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    (tmp_path / "train.py").write_text("print('trained')")
    aml("submit", "--wait", str(tmp_path / "train.py"), to=database)
    end_engine(aml_root)
    aml("reindex", to=other)
    listed = aml("ls", "--json", to=other)
    end_engine(aml_root)

    assert [run["status"] for run in json.loads(listed)] == ["Completed"]
