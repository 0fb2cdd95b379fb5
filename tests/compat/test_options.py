"""An option works or is refused in a sentence: none is taken and ignored."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_aml.sdk.core import Environment, Experiment, ScriptRunConfig, Workspace
from jupyter_aml.sdk.core.authentication import ServicePrincipalAuthentication
from jupyter_aml.sdk.core.runconfig import DockerConfiguration, RunConfiguration
from jupyter_aml.sdk.exceptions import UserErrorException

ROOM = Path(__file__).parents[2] / "jupyter_aml"
FOLDERS = ("sdk", "magics", "cli")

# What SDK v1 takes and what cannot change anything here; each says why.
CLOUD = "nobody logs in, and a name finds the one workspace there is"
NOTHING_TO_DO = {
    "sdk/core/authentication.py": CLOUD,
    "sdk/core/workspace.py:__init__": CLOUD,
    "sdk/core/workspace.py:from_config": CLOUD,
    "sdk/core/workspace.py:create": CLOUD,
    "sdk/core/workspace.py:get": CLOUD,
    "sdk/core/workspace.py:list": CLOUD,
    "sdk/core/workspace.py:delete": "no_wait: it is gone on return",
    "sdk/_workspace/cloud.py": "each says what there is instead, whatever is given",
    "sdk/core/experiment.py:from_directory": CLOUD,
    "sdk/core/_environment/sections.py:from_local_directory": CLOUD,
    "sdk/_data/through_engine.py:check": "make: only the engine makes what is missing",
    "sdk/_rank_processes.py": "a handler of signals is told more than it needs",
    "sdk/_ranks.py": "a handler of signals is told more than it needs",
    "sdk/_srun.py": "a handler of signals is told more than it needs",
    "sdk/_run/offline.py": "what is offline prints what it was asked, and stores nothing",
    "sdk/_run/files.py:download_files": "batch_size: the files are the same one by one",
    "sdk/core/conda_dependencies.py:create": "pin_sdk_version: the runtime is of this version",
    "sdk/_run/children.py:get_children": "_rehydrate_runs: there is one class of runs",
    "sdk/_run/place.py:submit": "it is a protocol's",
    "sdk/telemetry.py": "nothing is collected, whatever is wished",
    "sdk/core/run.py:get_run": "there is one class of runs, and nothing to clean up",
    "sdk/core/run.py:get_context": "used_for_context_manager: each run is one",
    "sdk/core/run.py:get_metrics": "populate: all is there",
    "sdk/core/run.py:wait_for_completion": "wait_post_processing: it is always waited for",
    "sdk/core/run.py:flush": "timeout_seconds: it is done at once",
    "sdk/opendatasets/_diabetes.py": "nothing is sent anywhere, whatever is wished",
    "sdk/data/dataset_factory.py:to_stream": "workspace: an address names its datastore",
}
# Other people's protocols: IPython and nbclient say what is passed.
PROTOCOLS = {
    "__exit__",
    "__get__",
    "__set_name__",
    "_repr_mimebundle_",
    "get_kernel_spec",
    "_end_of_cell",
}


def test_every_argument_of_the_sdk_is_read() -> None:
    found = {
        f"{place}:{name}": unused
        for place, name, unused in unread(ROOM / "sdk")
        if place not in NOTHING_TO_DO and f"{place}:{name}" not in NOTHING_TO_DO
    }

    assert found == {}


def test_the_list_of_what_cannot_matter_is_not_longer_than_it_must_be() -> None:
    there = {place for place, _, _ in unread(ROOM / "sdk")}
    there |= {f"{place}:{name}" for place, name, _ in unread(ROOM / "sdk")}

    assert set(NOTHING_TO_DO) <= there


@pytest.mark.parametrize("room", ["magics", "cli"])
def test_every_option_of_magics_and_shell_is_read(room: str) -> None:
    everything = "\n".join(path.read_text() for path in (ROOM / room).rglob("*.py"))

    unread = [
        name
        for name in declared(ROOM / room)
        if f"args.{name}" not in everything and f"options.{name}" not in everything
        and f'"{name}"' not in everything.replace(f'"--{name}"', "")
    ]  # fmt: skip

    assert unread == []


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("node_count", 0, r"node_count=0: give a whole number from 1 on"),
        ("limits", {"memory": "lots"}, r"limits.memory: 'lots' is no amount"),
        ("communicator", "Smoke", r"communicator='Smoke': there are None, Mpi"),
        ("priority", "high", r"priority=.high.: expected a whole number from -1000"),
        ("source_directory_data_store", "x", r"what is sent of a source lies in the root"),
        ("auto_cluster_compute_specification", "x", r"rents no machines"),
        ("credential_passthrough", True, r"credentials it was registered with"),
        ("auto_prepare_environment", False, r"is built where it is not"),
        ("framework", "PySpark", r"framework='PySpark': only Python scripts"),
    ],
)
def test_what_a_run_cannot_be_told_is_refused(name: str, value: Any, told: str) -> None:
    with pytest.raises(UserErrorException, match=told):
        setattr(RunConfiguration(), name, value)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("taget", "has no attribute 'taget'; did you mean 'target'"),
        ("amlcompute_", "did you mean 'amlcompute'"),
        ("data_reference", "did you mean 'data_references'"),
    ],
)
def test_an_attribute_that_nothing_reads_cannot_be_set(name: str, told: str) -> None:
    with pytest.raises(AttributeError, match=told):
        setattr(RunConfiguration(), name, {})


def test_what_is_the_only_way_may_be_said() -> None:
    config = RunConfiguration(framework="Python", communicator="None")
    config.node_count = 1

    assert (config.framework, config.communicator, config.node_count) == ("Python", "None", 1)


def test_options_of_a_config_that_do_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()

    with pytest.raises(UserErrorException, match=r"resume_from=.*leave it out"):
        ScriptRunConfig(tmp_path, "a.py", resume_from="run_1")
    with pytest.raises(UserErrorException, match="distributed_job_config"):
        ScriptRunConfig(tmp_path, "a.py", distributed_job_config=object())
    with pytest.raises(UserErrorException, match="shared_volumes=False"):
        DockerConfiguration(shared_volumes=False)


def test_typing_errors_are_no_options(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    experiment = Experiment(SimpleNamespace(name="w"), "e")  # type: ignore[arg-type]
    config = ScriptRunConfig(tmp_path, "a.py")

    with pytest.raises(TypeError, match=r"'foo'"):
        Workspace.create("w", foo=3)
    with pytest.raises(TypeError, match=r"'display_nam'; did you mean 'display_name'"):
        experiment.submit(config, display_nam="x")
    with pytest.raises(TypeError, match="output"):
        experiment.start_logging(output="x")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="foo"):
        Environment("e", foo=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="secret"):
        ServicePrincipalAuthentication("t", "i", secret="p")  # type: ignore[call-arg]


def test_what_belongs_to_the_cloud_is_refused_by_name() -> None:
    with pytest.raises(UserErrorException, match=r"cmk_keyvault='x': there is no cloud here"):
        Workspace.create("w", cmk_keyvault="x")
    with pytest.raises(UserErrorException, match="hbi_workspace=True: here it is False"):
        Workspace.create("w", hbi_workspace=True)


def unread(room: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Functions with the arguments that their bodies do not name."""
    for path in sorted(room.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef) or node.name in PROTOCOLS or is_stub(node):
                continue
            every = [*node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
            names = {each.arg for each in every if each is not None} - {"self", "cls"}
            read = {
                each.id
                for statement in node.body
                for each in ast.walk(statement)
                if isinstance(each, ast.Name)
            }
            if names - read and "locals" not in read:
                yield path.relative_to(ROOM).as_posix(), node.name, sorted(names - read)


def is_stub(node: ast.FunctionDef) -> bool:
    """Whether it is a part of a protocol, or what another part of the class brings."""
    last = node.body[-1]
    is_docstring = len(node.body) == 1 and isinstance(last, ast.Expr) and "place" not in node.name
    return isinstance(last, ast.Raise) or (is_docstring and node.name == "submit")


def declared(room: Path) -> set[str]:
    """The names of options as argparse stores them."""
    found = set()
    for path in room.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "add_argument":
                words = [each.value for each in node.args if isinstance(each, ast.Constant)]
                named = next((k.value for k in node.keywords if k.arg == "dest"), None)
                if isinstance(named, ast.Constant):
                    found.add(str(named.value))
                elif words:
                    long = next((w for w in words if str(w).startswith("--")), words[0])
                    found.add(str(long).lstrip("-").replace("-", "_"))
    return found - {"h", "help", "version"}
