"""What scripts should not do and machines should not suffer: each costs what the reference says."""

from __future__ import annotations

import asyncio
import json
import math
import time
import tracemalloc
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.engine import ledger
from jupyter_aml.engine.engine import Engine
from jupyter_aml.engine.feed.pieces import MOST_FILES
from jupyter_aml.runfolder.layout import CONSOLE
from jupyter_aml.server.base import dump
from tests import asking
from tests.asking import submit
from tests.integration.test_engine import an_engine, asked, ended, folder_of, until

pytestmark = pytest.mark.anyio

BEGIN = "from jupyter_aml.sdk.core import Run\nrun = Run.get_context()\n"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def done(engine: Engine, script: str) -> dict[str, Any]:
    """The run of a script that must not fail by what it does."""
    run = await ended(engine, (await submit(engine, asked(script)))["runId"])
    console = folder_of(engine.settings.root, run).console
    assert run["status"] == "Completed", console.read_bytes()[-2000:]
    return dict(run)


async def test_numbers_that_are_none_or_too_large_are_kept_and_shown_as_they_can_be(
    aml_root: Path,
) -> None:
    script = (
        BEGIN
        + """
for value in (1.0, float("nan"), float("inf"), float("-inf"), 1e308, 2**1022, 3.0):
    run.log("loss", value)
run.log("huge", 10**400)
run.log("negative", -(10**400))
run.log("object", object)
run.log("list", [1, float("nan"), 10**400, {"a": object}])
run.log("bytes", b"\\xff\\x00")
run.log("half", "\\ud800 of a pair")
run.log_row("row", x=float("nan"), y=10**400)
run.log_table("table", {"x": [1.0, float("inf")], "y": ["a", None]})
run.log("diverged", float("nan"))
"""
    )
    async with an_engine(aml_root) as engine:
        run = await done(engine, script)
        told = await engine.runs.metrics(run["runId"])
        everything = await engine.runs.metrics(run["runId"], points=0)

    shown = json.loads(dump({"run": run, "told": told, "everything": everything}))
    loss = shown["told"]["series"]["loss"]
    assert (loss["count"], loss["last"]) == (7, 3.0)
    assert loss["y"] == [1.0, None, "Infinity", "-Infinity", 1e308, float(2**1022), 3.0]
    assert shown["everything"]["series"] == shown["told"]["series"]
    values = {name: value[0]["value"] for name, value in shown["told"]["values"].items()}
    assert values["huge"] == str(10**400)
    assert values["object"] == "<class 'object'>"
    assert values["half"].endswith(" of a pair")
    assert shown["told"]["series"]["diverged"]["last"] is None
    assert shown["run"]["metrics"]["loss"] == 3.0


async def test_a_name_of_10000_characters_is_a_name(aml_root: Path) -> None:
    name = "".join(chr(0x100 + number % 5_000) for number in range(10_000))
    script = (
        BEGIN
        + f"""
name = {name!r}
for step in range(3):
    run.log(name, step)
run.log(name + "text", "x" * 50_000)
run.set_tags({{name: name}})
run.tag("short", name)
"""
    )
    async with an_engine(aml_root) as engine:
        run = await done(engine, script)
        told = await engine.runs.metrics(run["runId"])
        everything = await engine.runs.metrics(run["runId"], points=0)
        page = await engine.runs.page(workspace="default")

    assert told["series"][name]["y"] == [0.0, 1.0, 2.0]
    [text], [whole] = (one["values"][f"{name}text"] for one in (told, everything))
    assert text["value"] == "x" * 10_000 + "… (50,000 characters)"
    assert whole["value"] == "x" * 50_000
    assert max(map(len, page["runs"][0]["metrics"])) == 501
    assert run["tags"]["short"] == name


async def test_eight_processes_log_one_metric_and_no_point_is_lost(aml_root: Path) -> None:
    script = """
import multiprocessing
from jupyter_aml.sdk.core import Run

def work(rank):
    run = Run.get_context()
    for step in range(500):
        run.log("shared", rank * 1000 + step)
        run.log("stepped", rank, step=step)

if __name__ == "__main__":
    workers = [multiprocessing.Process(target=work, args=(rank,)) for rank in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
"""
    async with an_engine(aml_root) as engine:
        run = await done(engine, script)
        told = (await engine.runs.metrics(run["runId"], points=0))["series"]

    shared, stepped = told["shared"], told["stepped"]
    assert sorted(shared["y"]) == [rank * 1000 + step for rank in range(8) for step in range(500)]
    assert shared["t"] == sorted(shared["t"])
    assert stepped["x"] == [float(step) for step in range(500) for _ in range(8)]
    assert sorted(stepped["y"][:8]) == [float(rank) for rank in range(8)]
    for rank in range(8):
        own = [value for value in shared["y"] if value // 1000 == rank]
        assert own == sorted(own)


async def test_a_line_of_100_megabytes_is_served_in_pieces_of_bounded_memory(
    aml_root: Path,
) -> None:
    size = 100_000_000
    script = f"""
import os
for _ in range({size // 1_000_000}):
    os.write(1, b"x" * 1_000_000)
raise SystemExit("the end")
"""
    async with an_engine(aml_root) as engine:
        tracemalloc.start()
        try:
            listener = engine.listen()
            run = await submit(engine, asked(script))
            about = {"topic": "run", "runId": run["runId"], "logs": {CONSOLE: 0}}
            await asking.follow(listener, about)
            longest, heard, end = 0, 0, None
            async with asyncio.timeout(60):
                while end is None or heard < size:
                    event = await listener.next()
                    if event["type"] == "log":
                        longest, heard = max(longest, len(event["text"])), event["end"]
                    elif event["type"] == "run" and event["run"]["endedAt"] is not None:
                        end = event["run"]
            listener.close()
            begin = await engine.runs.log(run["runId"], CONSOLE, limit=100)
            tail = await engine.runs.log(run["runId"], CONSOLE, tail=9)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert longest <= 65_536
    assert (begin.data, begin.size) == (b"x" * 100, size + 8)
    assert tail.data == b"xthe end\n"
    assert peak < 20_000_000
    assert end["status"] == "Failed"
    assert end["error"] is not None and len(end["error"]["message"]) < 1_000


async def test_a_log_that_is_no_text_is_kept_byte_for_byte_and_heard_as_text(
    aml_root: Path,
) -> None:
    script = "import os; os.write(1, bytes(range(256)) * 400)"
    async with an_engine(aml_root) as engine:
        run = await done(engine, script)
        piece = await engine.runs.log(run["runId"], CONSOLE, limit=1 << 20)
        listener = engine.listen()
        about = {"topic": "run", "runId": run["runId"], "logs": {CONSOLE: 0}}
        await asking.follow(listener, about)
        heard, text = 0, ""
        async with asyncio.timeout(20):
            while heard < piece.size:
                event = await listener.next()
                if event["type"] == "log":
                    assert event["offset"] == heard
                    heard, text = event["end"], text + event["text"]
        listener.close()

    assert piece.data == bytes(range(256)) * 400
    assert text.count("ABC") == 400
    assert json.loads(dump(text)) == text


async def test_100000_files_are_listed_in_pages_and_deleted(aml_root: Path) -> None:
    script = """
import os
for folder in range(10):
    os.makedirs(f"outputs/{folder}")
    first = f"outputs/{folder}/00000"
    open(first, "w").close()
    for number in range(1, 10_000):
        os.link(first, f"outputs/{folder}/{number:05}")  # Kinder to the disk than new files.
"""
    async with an_engine(aml_root) as engine:
        run = await done(engine, script)
        begun = time.process_time()
        first = await engine.runs.files(run["runId"])
        took = time.process_time() - begun
        second = await engine.runs.files(run["runId"], after=first["next"])
        some = await engine.runs.files(run["runId"], prefix="outputs/3/", limit=10)
        await engine.runs.delete(run["runId"])

    assert (first["total"], len(first["files"])) == (100_001, MOST_FILES)
    assert first["next"] == "outputs/0/09999"
    assert second["files"][0]["name"] == "outputs/1/00000"
    assert (some["total"], len(some["files"]), some["next"]) == (10_000, 10, "outputs/3/00009")
    assert took < 5
    assert not folder_of(aml_root, run).path.exists()


async def test_a_clock_that_is_set_back_makes_no_run_end_before_it_began(
    aml_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """
import json, os, time
folder = os.environ["AML_RUN_DIR"] + "/metrics"
with open(folder + "/1-1.jsonl", "w") as file:
    for step, at in enumerate((1000.0, 1001.0, 400.0, 401.0)):
        print(json.dumps(["m", "loss", at, None, step]), file=file)
while not os.path.exists("go"):
    time.sleep(0.01)
"""
    real = ledger.now
    async with an_engine(aml_root) as engine:
        run = await submit(engine, asked(script))
        await until(engine, run["runId"], lambda run: run["metrics"].get("loss") == 3)
        back = timedelta(hours=3)
        monkeypatch.setattr(ledger, "now", lambda: real() - back)
        (folder_of(aml_root, run).work / "go").touch()
        end = await ended(engine, run["runId"])
        told = (await engine.runs.metrics(run["runId"]))["series"]["loss"]

    assert end["startedAt"] is not None and end["endedAt"] is not None
    assert datetime.fromisoformat(end["endedAt"]) >= datetime.fromisoformat(end["startedAt"])
    assert (end["status"], end["metrics"]) == ("Completed", {"loss": 3.0})
    assert (told["y"], told["x"]) == ([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 2.0, 3.0])


async def test_a_script_on_a_full_disk_goes_on_and_keeps_what_it_logs(aml_root: Path) -> None:
    script = (
        BEGIN
        + """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
run.log("loss", 0.0)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
for step in range(1, 50):
    run.log("loss", step)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
"""
    )
    async with an_engine(aml_root) as engine:
        run = await done(engine, script)
        told = (await engine.runs.metrics(run["runId"], points=0))["series"]["loss"]
        console = (await engine.runs.log(run["runId"], CONSOLE)).data.decode()

    assert told["y"] == [float(step) for step in range(50)]
    assert math.isclose(told["last"] or 0, 49)
    assert console.count("what is logged is kept in memory") == 1
