"""Environments by SDK v1's names over a real engine, with packages of the tests' own index."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.sdk.core import (
    Environment,
    Experiment,
    Run,
    RunConfiguration,
    ScriptRunConfig,
    Workspace,
)
from jupyter_aml.sdk.core.conda_dependencies import CondaDependencies
from jupyter_aml.sdk.exceptions import ActivityFailedException, UserErrorException
from tests.index import Index, serving

HELLO = "import os, sys, hello; print(hello.VERSION, os.environ.get('A'), sys.prefix)"


@pytest.fixture
def index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jupyter_env: Mapping[str, str]
) -> Iterator[Index]:
    with serving(tmp_path / "index") as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        monkeypatch.setenv("UV_HTTP_RETRIES", "0")
        index.add("hello")
        yield index


@pytest.fixture
def ws(aml_root: Path, index: Index, tmp_path: Path) -> Iterator[Workspace]:
    os.chdir(tmp_path)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "hi.py").write_text(HELLO)
    try:
        yield Workspace.from_config()
    finally:
        os.chdir("/")


def with_hello(*more: str) -> Environment:
    """An environment with the package of the tests, from the index alone."""
    made = Environment("demo")
    packages = CondaDependencies.create(pip_packages=["hello", *more])
    packages.remove_channel("conda-forge")
    made.python.conda_dependencies = packages
    made.environment_variables = {"A": "of demo"}
    return made


def sent(ws: Workspace, config: ScriptRunConfig) -> list[str]:
    """What a run prints, in words."""
    run = Experiment(ws, "trial").submit(config)
    run.wait_for_completion()
    return console(run).split()


def console(run: Run) -> str:
    text: str = run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]
    return text


def test_scripts_commands_and_cells_run_in_the_environment_that_is_given(ws: Workspace) -> None:
    demo = with_hello()

    script = sent(ws, ScriptRunConfig("code", "hi.py", environment=demo))
    line = sent(ws, ScriptRunConfig("code", command="python hi.py", environment=demo))
    words = sent(ws, ScriptRunConfig("code", command=["python", "hi.py"], environment=demo))
    cell = sent(ws, ScriptRunConfig.from_cell(HELLO, environment=demo))

    assert script == line == words == cell
    assert script[:3] == ["1.0", "of", "demo"]
    assert script[3] != sys.prefix
    assert next(iter(Environment.list(ws))) == "demo"
    assert Environment.get(ws, "demo").version == "1"


def test_a_run_configuration_is_built_for_once_it_asks_for_packages(ws: Workspace) -> None:
    config = RunConfiguration(script="hi.py")
    config.environment.python.conda_dependencies = with_hello().python.conda_dependencies
    config.environment_variables = {"A": "mine"}

    said = sent(ws, ScriptRunConfig("code", run_config=config))

    assert said[:2] == ["1.0", "mine"]
    assert said[2] != sys.prefix


def test_in_a_kernel_of_an_environment_runs_go_there_unless_another_is_named(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered = with_hello().register(ws)
    monkeypatch.setenv("AML_ENVIRONMENT", f"demo:{registered.version}")
    monkeypatch.setenv("AML_WORKSPACE", ws.name)
    own = RunConfiguration()
    own.environment.python.user_managed_dependencies = True

    assert sent(ws, ScriptRunConfig("code", "hi.py"))[:3] == ["1.0", "of", "demo"]
    assert sent(ws, ScriptRunConfig("code", command="python hi.py"))[0] == "1.0"
    assert sent(ws, ScriptRunConfig.from_cell(HELLO))[0] == "1.0"
    where = "import sys; print(sys.executable)"
    (Path("code") / "where.py").write_text(where)
    assert sent(ws, ScriptRunConfig("code", "where.py", run_config=own)) == [sys.executable]


def test_a_python_of_the_users_own_is_taken_as_it_is(ws: Workspace) -> None:
    mine = Environment("mine")
    mine.python.user_managed_dependencies = True
    mine.python.interpreter_path = sys.executable

    run = Experiment(ws, "trial").submit(
        ScriptRunConfig.from_cell("import sys; print(sys.executable)", environment=mine)
    )
    run.wait_for_completion()

    assert console(run).strip() == sys.executable
    found = run.get_environment()
    assert (found.name, found.version) == ("mine", "1")
    told = run.get_details()["runDefinition"]["environment"]
    assert (told["name"], told["version"]) == ("mine", "1")
    assert told["python"]["userManagedDependencies"] is True


def test_a_run_knows_its_environment_when_that_is_gone(ws: Workspace) -> None:
    run = Experiment(ws, "trial").submit(ScriptRunConfig("code", "hi.py", environment=with_hello()))
    run.wait_for_completion()

    ws.client.environments.remove(ws.name, "demo")

    assert "hello" in list(run.get_environment().python.conda_dependencies.pip_packages)
    told = run.get_details()["runDefinition"]["environment"]
    assert (told["name"], told["version"]) == ("demo", "1")
    assert "'hello'" in str(told["python"]["condaDependencies"]["dependencies"])


def test_the_log_of_the_build_is_printed_before_that_of_the_script(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    config = ScriptRunConfig("code", "hi.py", environment=with_hello())
    Experiment(ws, "trial").submit(config).wait_for_completion(show_output=True)
    first = capsys.readouterr().out
    Experiment(ws, "trial").submit(config).wait_for_completion(show_output=True)
    second = capsys.readouterr().out

    build, script = first.split("Streaming user_logs/std_log.txt")
    assert "Streaming azureml-logs/20_image_build_log.txt\n====" in build
    assert "hello" in build
    assert "of demo" in script
    assert "image_build_log" not in second
    assert "of demo" in second


def test_the_log_of_a_build_that_fails_is_printed_as_well(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    config = ScriptRunConfig("code", "hi.py", environment=with_hello("no-such-thing-at-all"))

    with pytest.raises(ActivityFailedException, match="no-such-thing-at-all"):
        Experiment(ws, "trial").submit(config).wait_for_completion(show_output=True)

    build, summary = capsys.readouterr().out.split("Execution Summary")
    assert "no-such-thing-at-all" in build.partition("Streaming azureml-logs/20_image_build")[2]
    assert "Web View: " in summary


def test_what_cannot_be_built_says_so_where_it_is_waited_for(ws: Workspace) -> None:
    wrong = with_hello("no-such-thing-at-all")

    with pytest.raises(UserErrorException, match=r"demo:1 could not.*no-such-thing-at-all"):
        wrong.build(ws).wait_for_completion(show_output=False)
    run = Experiment(ws, "trial").submit(ScriptRunConfig("code", "hi.py", environment=wrong))
    with pytest.raises(ActivityFailedException, match="no-such-thing-at-all"):
        run.wait_for_completion()


def test_what_is_no_definition_is_refused_before_anything_is_made(ws: Workspace) -> None:
    wrong = with_hello()
    wrong.python.conda_dependencies.add_pip_package("hello @ https://example.org/hello.whl")

    with pytest.raises(Invalid, match="allow_package_sources"):
        wrong.register(ws)
    assert "demo" not in Environment.list(ws)


def test_a_build_prints_its_log_once_and_a_second_one_is_there_at_once(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    first = with_hello().build_local(ws)
    said = capsys.readouterr().out

    assert said == first.get_log()
    assert said.count("hello==1.0") >= 1
    assert with_hello().build(ws).status == "Succeeded"
    details = with_hello().get_image_details(ws)
    assert (details.image_exist, details.image) == (False, None)
