"""Environments of a root: registered, built once for all, streamed into runs, told to listeners."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.domain.errors import IllegalMove, Invalid, NotFound, Refused
from jupyter_aml.engine.engine import Engine
from jupyter_aml.wire.environments import WireEnvironment
from tests import asking
from tests.asking import build, check, prune, register, submit
from tests.index import Index, serving
from tests.integration.test_engine import an_engine, asked, ended, folder_of, until

pytestmark = pytest.mark.anyio
DEADLINE = 60.0


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    with serving(tmp_path / "index") as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        monkeypatch.setenv("UV_HTTP_RETRIES", "0")
        index.add("hello")
        yield index


def pip(*lines: str, name: str = "demo", **more: Any) -> dict[str, Any]:
    """The definition of an environment with these packages."""
    conda = {"dependencies": [{"pip": list(lines)}]}
    return {"name": name, "python": {"condaDependencies": conda}, **more}


def conda_of(*channels: str, package: str = "hello") -> dict[str, Any]:
    """The definition of an environment with this conda package."""
    conda = {"channels": list(channels), "dependencies": [package]}
    return {"name": "x", "python": {"condaDependencies": conda}}


def sent(script: str, definition: dict[str, Any]) -> dict[str, Any]:
    return asked(script, job={"interpreter": "python"}, environment=definition)


async def ready(engine: Engine, name: str, **body: Any) -> None:
    state = await build(engine, name, body)
    async with asyncio.timeout(DEADLINE):
        while state["state"] == "building":
            state = await engine.environments.build_state("default", name, wait=10)
    assert state["state"] == "ready", state["reason"]


async def console(engine: Engine, run_id: str) -> str:
    return (await engine.runs.log(run_id, "user_logs/std_log.txt")).data.decode()


async def test_an_equal_definition_is_the_same_version_and_a_changed_one_the_next(
    aml_root: Path,
) -> None:
    async with an_engine(aml_root) as engine:
        first = await register(engine, {"definition": pip("hello")})
        again = await register(engine, {"definition": {**pip("hello"), "version": "1"}})
        changed = await register(engine, {"definition": pip("hello==1.0")})

        assert [one["version"] for one in (first, again, changed)] == ["1", "1", "2"]
        assert changed["versions"] == ["2", "1"]
        old = await engine.environments.get("default", "demo", "1")
        assert old["definition"] == first["definition"]


async def test_a_registered_environment_is_there_after_the_database_is_gone(
    aml_root: Path,
) -> None:
    async with an_engine(aml_root) as engine:
        made = await register(engine, {"definition": pip("hello")})
    (aml_root / "aml.db").unlink()

    async with an_engine(aml_root) as engine:
        assert (await engine.environments.get("default", "demo"))["definition"] == made[
            "definition"
        ]


async def test_a_run_is_built_its_environment_while_it_says_so_and_keeps_the_log(
    aml_root: Path,
) -> None:
    async with an_engine(aml_root) as engine:
        run = await submit(engine, sent("import hello; print(hello.VERSION)", pip("hello")))

        end = await ended(engine, run["runId"])

        assert (end["status"], await console(engine, run["runId"])) == ("Completed", "1.0\n")
        assert end["job"] is not None
        assert end["job"]["environment"] == "demo:1"
        log = await engine.runs.log(run["runId"], "azureml-logs/20_image_build_log.txt")
        assert "hello==1.0" in log.data.decode()
        kept = json.loads(folder_of(aml_root, end).environment.read_text())
        assert kept["definition"]["name"] == "demo"
        assert kept["materialised"]["lock"].startswith("hello==1.0")


async def test_ten_runs_that_ask_at_once_share_one_build(aml_root: Path) -> None:
    async with an_engine(aml_root, max_runs=10) as engine:
        runs = [await submit(engine, sent("import hello", pip("hello"))) for _ in range(10)]

        ends = [await ended(engine, run["runId"]) for run in runs]

        assert {end["status"] for end in ends} == {"Completed"}
        assert len(list((aml_root / "environments").glob("pip-*"))) == 1


async def test_a_run_in_an_environment_that_is_there_builds_nothing(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        for _ in range(2):
            run = await submit(engine, sent("import hello", pip("hello")))
            end = await ended(engine, run["runId"])

        assert end["status"] == "Completed"
        assert not folder_of(aml_root, end).build_log.exists()


async def test_a_build_that_fails_ends_the_run_with_the_cause_and_keeps_the_log(
    aml_root: Path,
) -> None:
    async with an_engine(aml_root) as engine:
        run = await submit(engine, sent("", pip("hello", "no-such-thing-at-all")))

        end = await ended(engine, run["runId"])

        assert end["error"] is not None
        assert "there is no package 'no-such-thing-at-all'" in end["error"]["message"]
        assert "no-such-thing-at-all" in folder_of(aml_root, end).build_log.read_text()
        shown = await engine.environments.get("default", "demo")
        assert (shown["state"], shown["reason"]) == ("failed", end["error"]["message"])


async def test_a_failed_build_may_be_tried_again(aml_root: Path, index: Index) -> None:
    async with an_engine(aml_root) as engine:
        await register(engine, {"definition": pip("later")})
        state = await build(engine, "demo", {})
        while state["state"] == "building":
            state = await engine.environments.build_state("default", "demo", wait=10)
        assert state["state"] == "failed"

        index.add("later")
        await ready(engine, "demo", again=True)

        assert (await engine.environments.lock("default", "demo"))["packages"] == [
            {"name": "later", "version": "1.0"}
        ]


async def test_a_warning_of_the_build_is_one_of_the_run(aml_root: Path) -> None:
    definition = pip(
        "hello",
        "azureml-accel-models",
        docker={"enabled": True, "baseImage": "mcr.microsoft.com/azureml/x"},
    )
    async with an_engine(aml_root) as engine:
        run = await submit(engine, sent("import hello", definition))

        end = await ended(engine, run["runId"])

        assert end["status"] == "Completed"
        assert end["warnings"] == [
            "mcr.microsoft.com/azureml/x is retired, so the environment is built directly on the "
            "target",
            "azureml-accel-models is retired with Azure ML and nothing takes its place",
        ]


async def test_strict_fails_a_run_with_a_retired_image(aml_root: Path) -> None:
    async with an_engine(aml_root, strict=True) as engine:
        run = await submit(engine, sent("", pip("hello", docker={"enabled": True})))

        end = await ended(engine, run["runId"])

        assert end["error"] is not None
        assert "AmlConfig.strict" in end["error"]["message"]


async def test_a_cancelled_run_leaves_the_build_to_the_others(aml_root: Path, index: Index) -> None:
    index.add("large", padding=30_000_000)
    async with an_engine(aml_root, max_runs=2) as engine:
        one = await submit(engine, sent("import large", pip("large")))
        other = await submit(engine, sent("import large", pip("large")))
        for run in (one, other):
            await until(engine, run["runId"], lambda run: "resolving" in (run["reason"] or ""))

        await engine.runs.cancel(one["runId"])

        assert (await ended(engine, one["runId"]))["status"] == "Canceled"
        assert (await ended(engine, other["runId"]))["status"] == "Completed"


async def test_a_listener_hears_how_a_build_goes_on(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        await register(engine, {"definition": pip("hello")})
        listener = engine.listen()
        await asking.follow(listener, {"topic": "environments", "workspace": "default"})
        await build(engine, "demo", {})

        states: list[WireEnvironment] = []
        async with asyncio.timeout(DEADLINE):
            while not states or states[-1]["state"] == "building":
                event = await listener.next()
                assert event["type"] == "environment"
                states.append(event["environment"])

        assert states[-1]["state"] == "ready"
        await engine.environments.remove("default", "demo")
        assert await listener.next() == {
            "type": "environmentGone", "workspace": "default", "name": "demo", "version": "1",
        }  # fmt: skip
        listener.close()


async def test_curated_environments_are_there_and_stay_as_they_are(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        await register(engine, {"definition": pip("hello")})

        names = [one["name"] for one in await engine.environments.list("default")]

        assert names[0] == "demo"
        assert {"AzureML-Minimal", "AzureML-Tutorial", "AzureML-PyTorch"} < set(names)
        with pytest.raises(Refused, match="comes with jupyter_aml"):
            await engine.environments.remove("default", "AzureML-Minimal")
        with pytest.raises(Refused, match="clone it"):
            await register(engine, {"definition": pip("x", name="AzureML-Minimal")})
        old = await engine.environments.get("default", "AzureML-sklearn-0.24-ubuntu18.04-py37-cpu")
        assert old["name"] == "AzureML-Scikit-learn"
        assert "was retired" in old["warnings"][0]
        small = await engine.environments.get("default", "azureml-minimal")
        assert (small["name"], small["warnings"]) == ("AzureML-Minimal", [])
        await register(engine, {"definition": pip("hello", name="azureml-minimal")})
        own = await engine.environments.get("default", "azureml-minimal")
        assert own["name"] == "azureml-minimal"


async def test_a_run_in_a_curated_environment_carries_its_name(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        minimal = await engine.environments.get("default", "AzureML-Minimal")
        run = await submit(engine, sent("print(1)", minimal["definition"]))

        end = await ended(engine, run["runId"])

        assert (end["status"], end["job"] and end["job"]["environment"]) == (
            "Completed", "AzureML-Minimal:1",
        )  # fmt: skip


async def test_the_runs_of_an_environment_are_counted_and_found(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        for version in ("hello", "hello", "hello==1.0"):
            run = await submit(engine, sent("", pip(version)))
            await ended(engine, run["runId"])

        assert (await engine.environments.get("default", "demo", "1"))["runs"] == 2
        found = await engine.runs.page(workspace="default", filter="environment:demo")
        assert found["total"] == 3
        found = await engine.runs.page(workspace="default", filter="environment:demo:2")
        assert found["total"] == 1


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("dependencies:\n - numpy\n - [", (3, 5), "while parsing"),
        ("dependencies: *x", (1, 15), "aliases"),
        ("!!python/object:os.system {}", (1, 1), "could not determine a constructor"),
        ("dependences: []", (None, None), "did you mean 'dependencies'"),
        ("dependencies:\n - pip:\n   - -r x.txt", (None, None), "options are not taken"),
        ("dependencies:\n - numpy; rm -rf", (None, None), "numpy; rm -rf"),
        ("dependencies: 7", (None, None), "expected a list"),
        ("dependencies:\n - python=abc", (None, None), "'=abc' is not a version"),
    ],
)
async def test_a_specification_is_checked_as_it_is_written(
    aml_root: Path, text: str, place: tuple[int | None, int | None], told: str
) -> None:
    async with an_engine(aml_root) as engine:
        checked = await check(engine, {"name": "demo", "specification": text})
        with pytest.raises(Invalid, match=r".+"):
            await register(engine, {"name": "demo", "specification": text})

        (mistake,) = checked["mistakes"]
        assert told in mistake["message"]
        assert (mistake["line"], mistake["column"]) == place
        with pytest.raises(NotFound):
            await engine.environments.get("default", "demo")


@pytest.mark.parametrize(
    ("definition", "told"),
    [
        ({"name": "../x"}, "cannot be the name of an environment"),
        ({"name": "x", "pyhton": {}}, "did you mean 'python'"),
        ({"name": "x", "docker": {"enabled": "yes"}}, "docker.enabled: expected true or false"),
        ({"name": "x", "environmentVariables": {"A=B": "x"}}, "'A=B' cannot be set"),
        ({"name": "x", "environmentVariables": {"A": ["x"]}}, "'A' cannot be set"),
        ({"name": "x", "python": []}, "python: expected an object"),
        (pip("-r more.txt"), "options are not taken"),
        (pip("hello @ http://x/hello.whl"), "AmlConfig.allow_package_sources"),
        (
            conda_of("https://me:pw@x/y"),
            r"^the conda channel https://\*\*\*@x/y is none of AmlConfig.conda_channels; an admin",
        ),
        (conda_of("conda-forge", "file:///tmp/mine"), "the conda channel file:///tmp/mine is none"),
        (conda_of("conda-forge", package="https://x/y::hello"), "AmlConfig.allow_package_sources"),
    ],
)
async def test_a_definition_that_cannot_be_is_refused_by_its_key(
    aml_root: Path, definition: dict[str, Any], told: str
) -> None:
    async with an_engine(aml_root) as engine:
        with pytest.raises(Invalid, match=told):
            await register(engine, {"definition": definition})
        with pytest.raises(Invalid, match=told):
            await submit(engine, sent("", definition))


@pytest.mark.parametrize(
    "settings",
    [{"allow_package_sources": True}, {"conda_channels": ("conda-forge", "https://x/y/")}],
)
async def test_a_channel_by_url_is_taken_where_the_administrator_allows_it(
    aml_root: Path, settings: dict[str, Any]
) -> None:
    async with an_engine(aml_root, **settings) as engine:
        await register(engine, {"definition": conda_of("https://x/y")})
        await register(engine, {"definition": conda_of(package="https://x/y::hello")})

        assert (await engine.environments.get("default", "x"))["version"] == "2"


async def test_conda_packages_come_from_the_index_where_no_channel_answers(
    aml_root: Path, index: Index
) -> None:
    index.add("torch")
    conda = {
        "channels": ["http://127.0.0.1:9/none"],
        "dependencies": ["pytorch", {"pip": ["hello"]}],
    }
    definition = {"name": "demo", "python": {"condaDependencies": conda}}
    own = {"conda_client": "py-rattler", "conda_channels": ("http://127.0.0.1:9/none",)}
    async with an_engine(aml_root, **own) as engine:
        run = await submit(engine, sent("import torch, hello; print(torch.VERSION)", definition))

        end = await ended(engine, run["runId"])

        assert (end["status"], await console(engine, run["runId"])) == ("Completed", "1.0\n")
        assert "Python index" in " ".join(end["warnings"])
        shown = await engine.environments.get("default", "demo")
        assert shown["state"] == "ready"


async def test_pruning_says_what_would_go_and_then_removes_it(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        await register(engine, {"definition": pip("hello")})
        await ready(engine, "demo")

        would = await prune(engine, {"keepBytes": 0, "dryRun": True})
        assert (await engine.environments.get("default", "demo"))["state"] == "ready"
        done = await prune(engine, {"keepBytes": 0})

        assert would == done
        assert (await engine.environments.get("default", "demo"))["state"] == "not built"
        await ready(engine, "demo")


async def test_to_look_at_an_environment_is_not_to_use_it(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        await register(engine, {"definition": pip("hello")})
        await ready(engine, "demo")
        [used] = (aml_root / "environments").glob("pip-*/used")
        os.utime(used, (0, 0))

        await engine.environments.list("default")
        await engine.environments.get("default", "demo")

        old = await prune(engine, {"olderThanDays": 7, "dryRun": True})
        assert old["keys"] == [used.parent.name]
        await build(engine, "demo", {})
        assert not (await prune(engine, {"olderThanDays": 7, "dryRun": True}))["keys"]


async def test_an_environment_that_a_run_still_uses_is_not_deleted(
    aml_root: Path, tmp_path: Path
) -> None:
    held = tmp_path / "go"
    script = f"import os, time\nwhile not os.path.exists({str(held)!r}):\n    time.sleep(0.02)\n"
    async with an_engine(aml_root) as engine:
        await register(engine, {"definition": pip("hello==1.0")})
        run = await submit(engine, sent(script, pip("hello")))
        await until(engine, run["runId"], lambda run: run["status"] == "Running")

        for version in (None, "2"):
            with pytest.raises(IllegalMove, match=f"used by run {run['runId']}"):
                await engine.environments.remove("default", "demo", version)
        await engine.environments.remove("default", "demo", "1")
        held.touch()
        await ended(engine, run["runId"])
        await engine.environments.remove("default", "demo")

        with pytest.raises(NotFound):
            await engine.environments.get("default", "demo")
