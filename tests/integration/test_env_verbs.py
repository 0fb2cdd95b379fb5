"""`%aml env`, `%%aml submit` with an environment, and `jupyter aml env`, over a real engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from jupyter_aml.client import find
from jupyter_aml.magics.env.building import BuildFailed
from jupyter_aml.magics.run.waiting import RunFailed
from tests.index import Index, serving
from tests.unit.magics.conftest import Notebook, a_shell

Call = Callable[..., subprocess.CompletedProcess[str]]
DEADLINE = 120.0


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    with serving(tmp_path / "index") as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        monkeypatch.setenv("UV_HTTP_RETRIES", "0")
        index.add("hello-aml", "1.0", code="def greet():\n    return 'hello'\n")
        index.add("hello-aml", "2.0", code="def greet():\n    return 'hello again'\n")
        yield index


@pytest.fixture
def folder(
    index: Index, jupyter_env: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """An empty folder in which the commands are called."""
    place = tmp_path / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def notebook(folder: Path, aml_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    # An engine that takes long to start is told of, in the first cell that waits for it.
    with closing(find(aml_root)) as client:
        client.status()
    with a_shell(folder, monkeypatch) as notebook:
        yield notebook


@pytest.fixture
def call(folder: Path) -> Call:
    """Runs `jupyter aml` in a process of its own."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "jupyter_aml.cli", *words],
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            stdin=subprocess.DEVNULL,
        )

    return run


def test_an_environment_of_a_cell_is_built_and_a_run_imports_from_it(notebook: Notebook) -> None:
    made = notebook.run("%%aml env greeter --pip --build\nhello-aml==1.0\n")
    assert made.error is None, made.text
    assert "greeter:1 is registered" in made.text
    assert "greeter:1 is ready" in made.text

    sent = notebook.run(
        "%%aml submit trial -e greeter --wait\n"
        "import hello_aml\n"
        "from azureml.core import Run\n"
        "Run.get_context().log('said', hello_aml.greet())\n"
    )

    assert sent.error is None, sent.text
    assert sent.value.get_metrics() == {"said": "hello"}
    # The notebook's own Python has no such package.
    assert isinstance(notebook.run("import hello_aml").error, ImportError)
    listed = notebook.run("%aml env ls").value
    assert (listed[0]["name"], listed[0]["state"], listed[0]["runs"]) == ("greeter", "ready", 1)
    assert "hello-aml==1.0" in notebook.run("%aml env lock greeter").text


def test_packages_on_the_line_are_one_version_for_the_same_packages(notebook: Notebook) -> None:
    cell = "import hello_aml\nprint(hello_aml.greet())\n"

    first = notebook.run(f"%%aml submit trial --pip hello-aml --wait\n{cell}")
    again = notebook.run(f"%%aml submit trial --pip hello-aml --wait\n{cell}")
    other = notebook.run(f"%%aml submit trial --pip hello-aml<2 --wait\n{cell}")

    for said in (first, again, other):
        assert said.error is None, said.text
    environments = [said.value.look()["job"]["environment"] for said in (first, again, other)]
    assert environments == ["trial-env:1", "trial-env:1", "trial-env:2"]
    assert "hello again" in notebook.run("%aml logs #1").text
    assert notebook.run("%aml env diff trial-env:1 trial-env:2").text.splitlines() == [
        "trial-env:1 -> trial-env:2: packages as built", "~ hello-aml 2.0 -> 1.0",
    ]  # fmt: skip


def test_a_package_that_is_not_there_fails_the_build_and_the_run(notebook: Notebook) -> None:
    notebook.run("%%aml env broken --pip\nhelo-aml\n")

    built = notebook.run("%aml env build broken")
    sent = notebook.run("%%aml submit trial -e broken --wait\nprint(1)\n")

    assert isinstance(built.error, BuildFailed)
    assert "helo-aml" in built.error.reason
    assert built.error.log
    assert isinstance(sent.error, RunFailed)
    assert "helo-aml" in str(sent.error)
    assert "failed: " in notebook.run("%aml env show broken").text


@pytest.mark.parametrize(
    ("line", "cell", "said"),
    [
        ("%%aml env x", "dependencies:\n  - pip: [\n", "the cell, line 4, column 1: "),
        ("%%aml env x", "depends:\n  - numpy\n", "line 2, column 1: "),
        ("%%aml env x --pip", "hello-aml\n-r other.txt\n", "line 3"),
        ("%%aml env x --pip", "hello-aml @ https://example.invalid/x.whl\n", "line 2"),
        ("%%aml env x --pip", "--index-url https://example.invalid/simple\n", "line 2"),
        ("%%aml env x", "dependencies: &a [numpy, *a]\n", "line 2, column 26: aliases"),
        ("%%aml env x", "dependencies: !!python/object:os.system [x]\n", "line 2, column 15"),
        ("%%aml env x", f"dependencies: {'[' * 5000}\n", "too deep"),
        ("%%aml env AzureML-mine --pip", "hello-aml\n", "AzureML-"),
    ],
)
def test_a_cell_that_is_no_environment_registers_nothing(
    notebook: Notebook, line: str, cell: str, said: str
) -> None:
    shown = notebook.run(f"{line}\n{cell}")

    assert said in shown.text
    assert shown.text.startswith("UsageError: ")
    assert shown.text.count("\n") == 1
    names = [each["name"] for each in notebook.run("%aml env ls").value]
    assert not [name for name in names if not name.startswith("AzureML-")]


@pytest.mark.parametrize(
    "options",
    [
        "--pip 'hello-aml @ https://example.invalid/x.whl'",
        "--pip '-r other.txt'",
        "--pip '--index-url=https://example.invalid'",
        "--pip '=='",
        "--conda 'python>=3.10'",
        "--conda 'https://example.invalid/x.tar.bz2'",
        "-e AzureML-Nothing",
    ],
)
def test_what_cannot_be_an_environment_sends_nothing(notebook: Notebook, options: str) -> None:
    shown = notebook.run(f"%%aml submit trial {options}\nprint(1)\n")

    assert shown.text.startswith("UsageError: "), shown.text
    assert shown.text.count("\n") == 1
    assert not list(notebook.run("%aml ls").value)
    names = [each["name"] for each in notebook.run("%aml env ls").value]
    assert "trial-env" not in names


def test_the_kernel_itself_becomes_an_environment(notebook: Notebook) -> None:
    said = notebook.run("%aml env from-kernel mine")

    assert said.error is None, said.text
    shown = notebook.run("%aml env show mine").text
    assert f"python={sys.version_info.major}.{sys.version_info.minor}" in shown
    assert "ipython==" in shown
    assert "not built" in shown


def test_a_kernel_is_made_of_an_environment_and_taken_away(notebook: Notebook) -> None:
    notebook.run("%%aml env greeter --pip\nhello-aml\n")

    made = notebook.run("%aml kernel add greeter --name 'Greeter'")
    listed = notebook.run("%aml kernel ls").value
    gone = notebook.run("%aml kernel rm Greeter")

    assert made.error is None, made.text
    assert [(each["displayName"], each["environment"]) for each in listed] == [
        ("Greeter", "greeter")
    ]
    assert gone.error is None, gone.text
    assert not list(notebook.run("%aml kernel ls").value)


def test_the_shell_starts_an_engine_registers_builds_and_deletes(call: Call, folder: Path) -> None:
    (folder / "greeter.txt").write_text("hello-aml\n")
    (folder / "bad.yml").write_text("dependencies:\n  - pip: [\n")

    added = call("env", "add", "greeter.txt")
    bad = call("env", "add", "bad.yml")
    built = call("env", "build", "greeter", "-v")
    lock = call("env", "lock", "greeter", "--json")
    removed = call("env", "rm", "greeter", "--yes")

    assert (added.returncode, added.stdout) == (0, "greeter:1\n"), added.stderr
    assert (bad.returncode, bad.stdout) == (1, "")
    assert "bad.yml, line 3, column 1" in bad.stderr
    assert built.returncode == 0, built.stderr
    assert built.stdout.startswith("greeter:1: ready  /")
    assert "hello-aml" in built.stderr
    assert {"name": "hello-aml", "version": "2.0"} in json.loads(lock.stdout)["packages"]
    assert removed.stdout == "deleted greeter\n"
    assert call("env", "show", "greeter").returncode == 1


def test_what_is_built_can_be_pruned_and_is_built_again(call: Call, folder: Path) -> None:
    (folder / "greeter.txt").write_text("hello-aml\n")
    call("env", "add", "greeter.txt")
    call("env", "build", "greeter")

    young = json.loads(call("env", "prune", "--older-than", "1d", "--json").stdout)
    dry = json.loads(call("env", "prune", "--keep", "0", "--dry-run", "--json").stdout)
    there = json.loads(call("env", "show", "greeter", "--json").stdout)
    done = call("env", "prune", "--keep", "0")
    gone = json.loads(call("env", "show", "greeter", "--json").stdout)
    again = call("env", "build", "greeter")

    assert young["keys"] == []
    assert len(dry["keys"]) == 1
    assert there["state"] == "ready"
    assert "removed 1 built environment, " in done.stdout
    assert gone["state"] == "not built"
    assert again.returncode == 0, again.stderr


def test_a_command_that_is_not_understood_exits_with_2(call: Call) -> None:
    assert call("env", "prune").returncode == 2
    assert call("env", "fly").returncode == 2
    assert not os.listdir()
