"""A container sees the inputs of its run, wherever they lie."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

from jupyter_aml.domain.run import Run
from jupyter_aml.domain.run_data import Input, RunData
from jupyter_aml.engine.environments.environments import Environments
from jupyter_aml.engine.environments.of_runs import RunEnvironments
from jupyter_aml.engine.root import Root


def beside(root: Path, *inputs: Input) -> tuple[Path, ...]:
    made, run = Root(root), cast("Run", SimpleNamespace(id="r", workspace="w"))
    environments = RunEnvironments(made, cast("Environments", None), pythonpath=())
    return environments._beside(run, RunData(inputs=inputs))


def test_what_lies_outside_of_the_root_is_mounted_and_once() -> None:
    links = Input(name="a", mode="mount", place="/root/r/inputs/a", behind=("/data/x", "/data"))
    whole = Input(name="b", mode="mount", place="/far/b")
    file = Input(name="c", mode="download", place="/root/r/work/c")

    assert beside(Path("/root"), links, whole, file) == (Path("/data"), Path("/far/b"))


def test_the_id_of_a_data_set_is_no_path() -> None:
    assert beside(Path("/root"), Input(name="a", place="0b5a-1")) == ()
