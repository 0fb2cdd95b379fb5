"""Runs in containers, through the whole engine, with a real docker engine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.domain.ids import WorkspaceName
from tests.asking import build, prune, register, submit
from tests.docker_engine import BASE
from tests.index import Index, serving
from tests.integration.test_engine import an_engine, asked, ended, until

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, docker_engine: Any, base_image: str
) -> Iterator[Index]:
    with serving(tmp_path / "index") as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        monkeypatch.setenv("UV_HTTP_RETRIES", "0")
        index.add("hello")
        yield index


def boxed(*pip: str, image: str | None = BASE, **docker: Any) -> dict[str, Any]:
    conda = {"dependencies": [{"pip": list(pip)}]}
    return {
        "name": "boxed",
        "python": {"condaDependencies": conda},
        "docker": {"enabled": True, "baseImage": image, **docker},
    }


def sent(script: str, definition: dict[str, Any], **more: Any) -> dict[str, Any]:
    return asked(
        script, job={"interpreter": "python", **more.pop("job", {})}, environment=definition, **more
    )


def containers(docker_engine: Any, run_id: str) -> list[Any]:
    found: list[Any] = docker_engine.containers.list(
        all=True, filters={"label": f"aml.run={run_id}"}, ignore_removed=True
    )
    return found


async def test_a_run_in_an_image_logs_writes_and_knows_its_workspace(
    aml_root: Path, docker_engine: Any
) -> None:
    script = """
import hello, os, sys
from azureml.core import Run

run = Run.get_context()
run.log("loss", 0.5)
os.makedirs("outputs", exist_ok=True)
open("outputs/model.txt", "w").write("model")
print(hello.VERSION, sys.prefix, os.path.exists("/.dockerenv"), os.getuid())
"""
    async with an_engine(aml_root) as engine:
        run = await submit(engine, sent(script, boxed("hello")))

        end = await ended(engine, run["runId"])

        said = (await engine.runs.log(run["runId"], "user_logs/std_log.txt")).data.decode()
        assert (end["status"], said) == (
            "Completed", f"1.0 /opt/aml/env True {os.getuid()}\n",
        ), end["error"]  # fmt: skip
        assert end["metrics"] == {"loss": 0.5}
        model = await engine.runs.file(run["runId"], "outputs/model.txt")
        assert model.stat().st_uid == os.getuid()
        assert containers(docker_engine, run["runId"]) == []
        log = await engine.runs.log(run["runId"], "azureml-logs/20_image_build_log.txt")
        assert b"Successfully built" in log.data


async def test_a_script_that_fails_in_an_image_is_explained_as_any_other(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        run = await submit(engine, sent("raise ValueError('no such thing')", boxed()))

        end = await ended(engine, run["runId"])

        assert (end["status"], end["exitCode"]) == ("Failed", 1)
        assert end["error"] is not None
        assert end["error"]["message"] == "ValueError: no such thing"


async def test_a_run_in_an_image_is_measured_and_its_packages_are_known(aml_root: Path) -> None:
    script = """
import os, pathlib, platform, time
samples = pathlib.Path(os.environ["AML_RUN_DIR"], "system")
while not any(file.stat().st_size for file in samples.glob("*")):
    pass  # busily, so that there is something to measure
print(platform.python_version())
"""
    async with an_engine(aml_root) as engine:
        run = await submit(engine, sent(script, boxed("hello")))
        await ended(engine, run["runId"])

        said = (await engine.runs.log(run["runId"], "user_logs/std_log.txt")).data.decode()
        told = (await engine.runs.metrics(run["runId"], source="system"))["series"]
        facts = await engine.runs.facts(run["runId"])

    assert told["cpu"]["last"] > 5
    assert told["memory"]["last"] > 1_000_000
    assert facts["packages"] == [{"name": "hello", "version": "1.0"}]
    assert facts["python"] == said.strip()


async def test_a_run_in_an_image_is_cancelled(aml_root: Path, docker_engine: Any) -> None:
    async with an_engine(aml_root) as engine:
        run = await submit(engine, sent("import time\ntime.sleep(600)", boxed()))
        await until(engine, run["runId"], lambda run: run["status"] == "Running")

        await engine.runs.cancel(run["runId"])

        assert (await ended(engine, run["runId"]))["status"] == "Canceled"
        assert containers(docker_engine, run["runId"]) == []


async def test_a_run_in_an_image_is_found_again_by_the_next_engine(aml_root: Path) -> None:
    script = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.02)\nprint('went on')"
    async with an_engine(aml_root) as engine:
        run = await submit(engine, sent(script, boxed()))
        run = await until(engine, run["runId"], lambda run: run["status"] == "Running")
    work = aml_root / "workspaces" / "default" / "runs" / run["runId"] / "work"

    async with an_engine(aml_root) as engine:
        (work / "go").touch()
        end = await ended(engine, run["runId"])

        said = await engine.runs.log(run["runId"], "user_logs/std_log.txt")
        assert (end["status"], end["attempt"], said.data) == ("Completed", 1, b"went on\n")


async def test_an_image_that_was_removed_is_built_again_for_the_next_run(
    aml_root: Path, docker_engine: Any
) -> None:
    async with an_engine(aml_root) as engine:
        first = await submit(engine, sent("import hello", boxed("hello")))
        assert (await ended(engine, first["runId"]))["status"] == "Completed"
        for image in docker_engine.images.list(name="aml/boxed"):
            docker_engine.images.remove(image.id, force=True)

        run = await submit(engine, sent("import hello", boxed("hello")))

        end = await ended(engine, run["runId"])
        assert end["status"] == "Completed", end["error"]


async def test_an_image_that_was_removed_is_built_again_for_whoever_asks(
    aml_root: Path, docker_engine: Any
) -> None:
    async with an_engine(aml_root) as engine:
        await register(engine, {"definition": boxed("hello")})
        await build(engine, "boxed", {})
        first = await engine.environments.build_state("default", "boxed", wait=30)
        docker_engine.images.remove(first["image"], force=True)

        await build(engine, "boxed", {})
        again = await engine.environments.build_state("default", "boxed", wait=30)

        assert (first["state"], again["state"]) == ("ready", "ready")
        assert docker_engine.images.get(again["image"])


async def test_an_image_in_which_a_run_goes_on_is_not_pruned(
    aml_root: Path, docker_engine: Any
) -> None:
    async with an_engine(aml_root) as engine:
        definition = boxed("hello")
        run = await submit(engine, sent("import time\ntime.sleep(600)", definition))
        await until(engine, run["runId"], lambda run: run["status"] == "Running")

        kept = await prune(engine, {"olderThanDays": 0})
        await engine.runs.cancel(run["runId"])
        await ended(engine, run["runId"])
        removed = await prune(engine, {"olderThanDays": 0})

        assert (kept["keys"], len(removed["keys"])) == ([], 1)
        label = {"label": f"aml.key={removed['keys'][0]}"}
        assert docker_engine.images.list(filters=label) == []


async def test_an_image_that_nobody_has_fails_the_run_before_anything_is_built(
    aml_root: Path,
) -> None:
    async with an_engine(aml_root) as engine:
        run = await submit(engine, sent("", boxed("hello", image="no-such/image:1")))

        end = await ended(engine, run["runId"])

        assert end["error"] is not None
        assert "'no-such/image:1' is not on this machine" in end["error"]["message"]


async def test_a_docker_engine_that_is_gone_fails_the_run_with_what_to_do(
    aml_root: Path,
) -> None:
    async with an_engine(aml_root, docker_url="unix:///nowhere/docker.sock") as engine:
        run = await submit(engine, sent("", boxed()))

        end = await ended(engine, run["runId"])

        assert end["error"] is not None
        assert "the docker engine does not answer: start docker" in end["error"]["message"]


async def test_docker_that_is_not_enabled_is_not_asked(aml_root: Path) -> None:
    async with an_engine(aml_root, docker_url="unix:///nowhere/docker.sock") as engine:
        definition = boxed("hello", enabled=False)
        run = await submit(engine, sent("import hello, sys; print(sys.prefix)", definition))

        end = await ended(engine, run["runId"])

        assert end["status"] == "Completed", end["error"]
        said = (await engine.runs.log(run["runId"], "user_logs/std_log.txt")).data.decode()
        assert said.startswith(str(aml_root / "environments"))


async def test_memory_that_is_used_up_is_said(aml_root: Path) -> None:
    definition = boxed(arguments=["--memory", "64m"])
    async with an_engine(aml_root) as engine:
        run = await submit(engine, sent("x = bytearray(500_000_000)", definition))

        end = await ended(engine, run["runId"])

        assert end["status"] == "Failed"


async def test_an_option_of_docker_that_is_not_taken_is_named(aml_root: Path) -> None:
    definition = boxed(arguments=["--privileged=true"])
    async with an_engine(aml_root) as engine:
        run = await submit(engine, sent("", definition))

        end = await ended(engine, run["runId"])

        assert end["error"] is not None
        assert "'--privileged' is not taken" in end["error"]["message"]


async def test_a_script_in_an_image_reads_what_lies_outside_and_writes_to_a_datastore(
    aml_root: Path, tmp_path: Path
) -> None:
    far = tmp_path / "far"
    far.mkdir()
    (far / "a.csv").write_text("x\n1\n")
    (far / "b.txt").write_text("no")
    script = """
import os

for name in ("whole", "some"):
    place = os.environ["AZUREML_DATAREFERENCE_" + name]
    print(sorted(os.listdir(place)), open(place + "/a.csv").read().split())
    try:
        open(place + "/a.csv", "w")
        print("written")
    except OSError:
        print("read-only")
with open(os.environ["AZUREML_DATAREFERENCE_made"] + "/m.txt", "w") as file:
    file.write("made")
"""
    form = {"kind": "file", "steps": [{"do": "read", "form": "files"}]}
    inputs = [
        {"name": name, "mode": "mount",
         "dataset": {"definition": {**form, "sources": [{"path": f"{far}{glob}"}]}}}
        for name, glob in (("whole", ""), ("some", "/*.csv"))
    ]  # fmt: skip
    register = {"name": "boxed-made"}
    async with an_engine(aml_root) as engine:
        body = sent(script, boxed("hello"), inputs=inputs)
        body["outputs"] = [{"name": "made", "register": register}]
        run = await submit(engine, body)

        end = await ended(engine, run["runId"])

        said = (await engine.runs.log(run["runId"], "user_logs/std_log.txt")).data.decode()
        assert (end["status"], said.splitlines()) == (
            "Completed",
            ["['a.csv', 'b.txt'] ['x', '1']", "read-only", "['a.csv'] ['x', '1']", "read-only"],
        ), end["error"]
        store = aml_root / "workspaces/default/storage/workspaceblobstore/dataset" / run["runId"]
        assert (store / "made" / "m.txt").read_text() == "made"
        known = await engine.datasets.get(WorkspaceName("default"), "boxed-made")
        assert [*known.versions] == ["1"]


async def test_a_run_in_an_image_makes_children_and_theirs(aml_root: Path) -> None:
    script = """
import os
from azureml.core import Run

run = Run.get_context()
for number in range(3):
    with run.child_run(f"fold {number}") as fold:
        fold.log("rmse", number + 0.5)
        fold.upload_file("outputs/part.txt", "main.py")
        grand = fold.child_run("below")
        grand.log("depth", 2)
        grand.complete()
left = run.child_run("left open")
left.log("rmse", 9)
seen = os.listdir(os.path.dirname(os.environ["AML_RUN_DIR"]))
print(len(seen), "stranger" in seen)
"""
    async with an_engine(aml_root) as engine:
        (aml_root / "workspaces" / "default" / "runs" / "stranger").mkdir(parents=True)
        run = await submit(engine, sent(script, boxed()))
        end = await ended(engine, run["runId"])
        page = await engine.runs.page(workspace="default")
        said = (await engine.runs.log(run["runId"], "user_logs/std_log.txt")).data.decode()
        part = await engine.runs.file(f"{run['runId']}_1", "outputs/part.txt")

    runs = aml_root / "workspaces" / "default" / "runs"
    by_name = {each["displayName"]: each for each in page["runs"]}
    assert (end["status"], said) == ("Completed", "8 False\n"), end["error"]
    assert {each["status"] for each in page["runs"]} == {"Completed"}
    assert by_name["fold 2"]["metrics"] == {"rmse": 2.5}
    assert by_name["below"]["metrics"] == {"depth": 2}
    assert by_name["below"]["parentId"] in {each["runId"] for each in page["runs"]}
    assert part.read_text() == script
    # Their folders are where those of all runs are, and nothing is left in the parent's.
    assert all((runs / each["runId"]).is_dir() for each in page["runs"])
    assert not any((runs / each["runId"]).is_symlink() for each in page["runs"])
    assert not (runs / run["runId"] / "children").exists()


async def test_a_run_in_an_image_has_several_processes_and_limits(aml_root: Path) -> None:
    script = """
import os
print(os.environ["RANK"], "of", os.environ["WORLD_SIZE"], flush=True)
if os.environ["RANK"] == "1":
    bytearray(b"x" * 1024) * (300 << 10)
import time; time.sleep(600)
"""
    job = {
        "distribution": {"kind": "pytorch", "processes": 2}, "limits": {"memory": "96m"},
    }  # fmt: skip
    async with an_engine(aml_root) as engine:
        run = await submit(engine, sent(script, boxed(), job=job))
        end = await ended(engine, run["runId"])
        said = (await engine.runs.log(run["runId"], "user_logs/std_log_process_1.txt")).data

    assert said == b"1 of 2\n"
    assert end["error"] is not None
    assert end["error"]["code"] == "OutOfMemory"
    assert end["error"]["message"].startswith(
        "the script was ended for using more than 96 MB of memory; its peak was 9"
    )


@pytest.mark.parametrize("script", ["print(1)", "raise SystemExit(3)"])
async def test_a_container_is_gone_before_its_run_is_taken_for_done(
    aml_root: Path, docker_engine: Any, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    """An engine that is killed while it finalizes would leave it to nobody."""

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    async with an_engine(aml_root) as engine:
        with monkeypatch.context() as patched:
            patched.setattr("jupyter_aml.engine.runs.finalize.Finalizer.end", never)
            run: Any = await submit(engine, sent(script, boxed()))
            await until(engine, run["runId"], lambda told: told["status"] == "Finalizing")

            assert containers(docker_engine, run["runId"]) == []
