"""What travels into every run's environment needs the standard library and nothing else."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

import jupyter_aml
from jupyter_aml import azureml
from jupyter_aml.environments.pythons import OLDEST, found
from jupyter_aml.runtime import travelling

PACKAGE = Path(jupyter_aml.__file__).parent

TRAVELS = sorted({*travelling.ROOMS, *travelling.BESIDE})

# Functions of the SDK read tables and draw images with what the run's own environment holds, and
# views show themselves through IPython; specifications of environments are YAML, read where they
# are written: in notebook and server.
LAZY = {"sdk", "widgets", "domain", "plugins", "data"}
NOTEBOOK = {"IPython", "anywidget", "traitlets"}


def files(room: str) -> list[Path]:
    folder = PACKAGE / room
    found = sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]
    return [file for file in found if name(file) not in travelling.PROGRAMS]


def name(file: Path) -> str:
    return file.relative_to(PACKAGE).as_posix()


def needs_a_notebook(file: Path) -> bool:
    room = name(file).partition("/")[0]
    return room in travelling.NEEDS_IPYTHON or name(file) in travelling.NEEDS_WIDGETS


def needs_mlflow(file: Path) -> bool:
    # MLflow loads the package itself while it is imported, so that one must do without.
    return name(file).startswith(travelling.NEEDS_MLFLOW) and file.stem != "__init__"


def modules(files: Iterable[Path]) -> list[str]:
    return [
        ".".join(["jupyter_aml", *file.relative_to(PACKAGE).with_suffix("").parts])
        for file in files
        if not file.stem.startswith("__")
    ]


def import_all(names: list[str]) -> str:
    return (
        f"import sys; sys.path.append({str(PACKAGE.parent)!r})\n"
        f"import importlib\nfor name in {names!r}: importlib.import_module(name)"
    )


def imports(file: Path, *, lazy_too: bool) -> Iterator[str]:
    todo: list[ast.AST] = [ast.parse(file.read_bytes())]
    while todo:
        node = todo.pop()
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.FunctionDef() | ast.AsyncFunctionDef() if not lazy_too:
                continue
        todo += ast.iter_child_nodes(node)


def may_import(file: Path) -> set[str]:
    notebook = NOTEBOOK if needs_a_notebook(file) else set()
    return notebook | ({"mlflow"} if needs_mlflow(file) else set())


@pytest.mark.parametrize("room", TRAVELS)
def test_a_room_that_travels_names_only_the_standard_library(room: str) -> None:
    allowed = sys.stdlib_module_names | {"jupyter_aml"}

    foreign = {
        f"{name(file)}: {imported}"
        for file in files(room)
        for imported in imports(file, lazy_too=room not in LAZY)
        if imported.split(".")[0] not in allowed | may_import(file)
    }

    assert not foreign


@pytest.mark.parametrize("room", TRAVELS)
def test_a_room_that_travels_is_imported_where_nothing_is_installed(room: str) -> None:
    bare = (file for file in files(room) if not (needs_a_notebook(file) or needs_mlflow(file)))
    code = import_all(modules(bare))

    # Every Python of this machine that runs may use; -I and -S: no site-packages, no PYTHONPATH.
    for python in found().values():
        done = subprocess.run([python, "-I", "-S", "-c", code], capture_output=True, text=True)
        assert done.returncode == 0, f"{python}: {done.stderr}"


def test_the_formatter_knows_what_runs_on_the_oldest_python() -> None:
    table = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["tool"]["ruff"]

    globs = table["per-file-target-version"]

    rooms = ",".join(TRAVELS)
    copied = {*travelling.ALIAS.values(), travelling.MLFLOW_NAMES}
    alone = ",".join(sorted(f"runtime/{Path(file).stem}" for file in copied))
    assert globs == {
        f"jupyter_aml/{{{rooms}}}/**/*.py": "py310",
        f"jupyter_aml/{{azureml,{alone}}}.py": "py310",
        # Sent to attached machines beside the shim (compute/ssh/link.py).
        "jupyter_aml/compute/{proc,ssh/agent,ssh/built,ssh/following,ssh/places}.py": "py310",
    }


def test_what_a_notebook_loads_is_imported_on_the_oldest_python(tmp_path: Path) -> None:
    oldest = min(found())
    if (oldest.major, oldest.minor) != (OLDEST.major, OLDEST.minor):
        pytest.skip(f"no Python {OLDEST} on this machine")
    each = [file for room in travelling.ROOMS for file in files(room)]
    needed = [file for file in each if needs_a_notebook(file) or needs_mlflow(file)]
    home = tmp_path / "env"
    uv = [sys.executable, "-m", "uv", "--quiet"]
    subprocess.run([*uv, "venv", "--python", found()[oldest], str(home)], check=True)
    python = str(home / "bin" / "python")
    install = [*uv, "pip", "install", "--python", python]
    subprocess.run([*install, "ipython", "anywidget", "mlflow-skinny"], check=True)

    done = subprocess.run(
        [python, "-I", "-c", import_all(modules(needed))], capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr


def test_importing_the_package_brings_in_nothing_but_itself() -> None:
    code = (
        f"import sys; sys.path.append({str(PACKAGE.parent)!r}); import jupyter_aml, json\n"
        "print(json.dumps(sorted(sys.modules)))"
    )

    said = subprocess.check_output([sys.executable, "-I", "-S", "-c", code])

    loaded = {name for name in json.loads(said) if name.split(".")[0] == "jupyter_aml"}
    assert loaded == {"jupyter_aml", "jupyter_aml._version"}


def test_every_public_name_is_there_when_it_is_asked_for() -> None:
    for name in jupyter_aml.__all__:
        assert getattr(jupyter_aml, name) is not None

    with pytest.raises(AttributeError, match="no attribute 'Runs'"):
        jupyter_aml.Runs  # noqa: B018


OURS = {
    "jupyter_aml.sdk.cell_runner", "jupyter_aml.sdk.comparison", "jupyter_aml.sdk.notebook_runner",
    "jupyter_aml.sdk.notebooks",
}  # fmt: skip
"""The public modules of the SDK beside SDK v1's."""


def test_every_public_module_of_the_sdk_is_one_of_sdk_v1_or_a_known_one_of_ours() -> None:
    names = [f"jupyter_aml.sdk{old.removeprefix('azureml')}" for old in azureml._packages()]

    found = {module for module in modules(files("sdk")) if "._" not in module}

    assert found - set(names) == OURS


@pytest.mark.parametrize("name", ["_run", "_core", "notebooks", "comparison", "core._environment"])
def test_the_old_names_answer_for_nothing_but_sdk_v1(name: str) -> None:
    azureml.install()

    with pytest.raises(ImportError):
        import_module(f"azureml.{name}")
    parent, _, last = f"azureml.{name}".rpartition(".")
    assert not hasattr(import_module(parent), last)


BY_NAME = {"__init__.py", "azureml.py", "cli/__init__.py", "runtime/alias.py",
           "runtime/mlflow_names.py", "runtime/old_libraries.py", "sdk/core/__init__.py",
           "sdk/data/__init__.py",
           "server/seat.py"}  # fmt: skip
"""Verbs, lazy names, the old names and what lies alone at the path of runs are found by name, and
the engine is loaded in a thread."""


def test_no_room_is_imported_by_its_name_so_that_the_contracts_see_every_arrow() -> None:
    hidden = re.compile(r"import_module\(\s*f?\"(jupyter_aml|\{__name__)")

    found = {name(f) for f in PACKAGE.rglob("*.py") if hidden.search(f.read_text("utf-8"))}

    assert found <= BY_NAME
