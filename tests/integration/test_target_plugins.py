"""Packages bring compute targets, and an engine lives with those that are broken or gone."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.domain.errors import Invalid, NotFound
from jupyter_aml.wire.compute import decode_compute_change, decode_new_compute
from tests.asking import submit
from tests.integration.test_engine import an_engine, asked, ended, until

pytestmark = pytest.mark.anyio

SECOND = """
from jupyter_aml.compute.targets import LocalTarget

class Second(LocalTarget):
    name, kind = "second", "Attached"

def targets(settings):
    return [Second(settings)]
"""

OTHERS = """
from jupyter_aml.compute.kinds import Kind, Setting
from jupyter_aml.compute.targets import AbsentTarget

class Theirs(Kind):
    name, type, label = "theirs", "Attached", "Of another maker"
    settings = (
        Setting(name="place", label="Place"),
        Setting(name="pin", label="PIN", type="secret", is_required=True),
    )

    async def probe(self, definition, place):
        return "opened with " + place.secret(definition.settings["pin"])

    def open(self, definition, place):
        return AbsentTarget(definition.name)

def targets(settings):
    return [Theirs()]
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def plug_in(folder: Path, module: str, code: str) -> None:
    """Install a package that offers compute targets, as pip leaves it behind."""
    (folder / f"{module}.py").write_text(code)
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[jupyter_aml.compute]\n{module} = {module}:targets\n")


async def test_a_run_is_executed_on_the_target_of_a_package(
    aml_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug_in(tmp_path, "second_target", SECOND)
    monkeypatch.syspath_prepend(tmp_path)

    async with an_engine(aml_root, max_runs=3) as engine:
        run: Any = await submit(engine, asked("print('there')", job={"target": "second"}))
        end = await ended(engine, run["runId"])
        told = {target["name"]: target for target in await engine.compute.list()}

    assert (end["status"], end["job"] and end["job"]["target"]) == ("Completed", "second")
    assert (told["second"]["type"], told["second"]["slots"]) == ("Attached", 3)
    assert told["local"]["type"] == "Local"


async def test_what_a_kind_declares_as_a_secret_is_kept_in_the_vault_whatever_its_name(
    aml_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug_in(tmp_path, "other_kind", OTHERS)
    monkeypatch.syspath_prepend(tmp_path)
    asked = {"name": "safe", "kind": "theirs", "settings": {"place": "cellar", "pin": "1848"}}

    async with an_engine(aml_root) as engine:
        found = await engine.compute.probe(decode_new_compute(asked))
        made = await engine.compute.add(decode_new_compute(asked))
        changed = await engine.compute.change(
            decode_compute_change("safe", {"settings": {"pin": "1917"}})
        )
        again = await engine.compute.probe(
            decode_new_compute({**asked, "settings": changed["settings"]})
        )
        with pytest.raises(Invalid) as refused:
            await engine.compute.add(decode_new_compute({**asked, "settings": {"pin": 1789}}))

    assert (found, again) == ("opened with 1848", "opened with 1917")
    hidden = {"place": "cellar", "pin": "secret://compute/safe/pin"}
    assert (made["settings"], changed["settings"]) == (hidden, hidden)
    kept = [each for each in aml_root.rglob("*") if each.is_file()]
    assert not [each for each in kept if b"1848" in each.read_bytes()]
    assert str(refused.value) == "pin: expected text, got something else"


async def test_a_target_that_nobody_brings_is_refused_with_those_there_are(aml_root: Path) -> None:
    async with an_engine(aml_root) as engine:
        with pytest.raises(NotFound, match="no compute target 'lokal'; did you mean 'local'"):
            await submit(engine, asked("pass", job={"target": "lokal"}))


@pytest.mark.parametrize(
    "code",
    ["import no_such_library", "def targets(settings): return 1 / 0",
     SECOND.replace('"second"', '"local"')],
    ids=["cannot be imported", "fails", "takes a name that is taken"],
)  # fmt: skip
async def test_a_broken_package_keeps_no_engine_from_its_root(
    code: str,
    aml_root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    plug_in(tmp_path, "broken_target", code)
    monkeypatch.syspath_prepend(tmp_path)

    with caplog.at_level(logging.ERROR):
        async with an_engine(aml_root) as engine:
            run: Any = await submit(engine, asked("pass"))
            end = await ended(engine, run["runId"])

    assert end["status"] == "Completed"
    assert "broken_target" in caplog.text


async def test_a_run_waits_for_a_target_whose_package_is_gone(
    aml_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug_in(tmp_path, "second_target", SECOND)
    with monkeypatch.context() as patched:
        patched.syspath_prepend(tmp_path)
        async with an_engine(aml_root, max_runs=1) as engine:
            going: Any = await submit(
                engine, asked("import time; time.sleep(600)", job={"target": "second"})
            )
            await until(engine, going["runId"], lambda run: run["status"] == "Running")
            queued: Any = await submit(engine, asked("print('late')", job={"target": "second"}))
            await until(engine, queued["runId"], lambda run: run["status"] == "Queued")

    async with an_engine(aml_root) as engine:
        seen = await until(
            engine, queued["runId"], lambda run: "install the package" in run["reason"]
        )
        assert seen["status"] == "Queued"
        other: Any = await submit(engine, asked("pass"))
        assert (await ended(engine, other["runId"]))["status"] == "Completed"
        await engine.runs.cancel(queued["runId"])
        assert (await ended(engine, queued["runId"]))["status"] == "Canceled"

    # Installed again, it finds what it left behind.
    monkeypatch.syspath_prepend(tmp_path)
    async with an_engine(aml_root) as engine:
        await engine.runs.cancel(going["runId"])
        assert (await ended(engine, going["runId"]))["status"] == "Canceled"
