"""What travels into every run's environment needs the standard library and nothing else."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import jupyter_aml
from jupyter_aml.environments.pythons import found

PACKAGE = Path(jupyter_aml.__file__).parent

TRAVELS = ["domain", "wire", "runfolder", "shim", "client", "sdk"]

# Functions of the SDK read tables and draw images with what the run's own environment holds;
# specifications of environments are YAML, read where they are written: in notebook and server.
LAZY = {"sdk", "domain"}


def files(room: str) -> list[Path]:
    folder = PACKAGE / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


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


@pytest.mark.parametrize("room", TRAVELS)
def test_a_room_that_travels_names_only_the_standard_library(room: str) -> None:
    allowed = sys.stdlib_module_names | {"jupyter_aml"}

    foreign = {
        f"{file.relative_to(PACKAGE)}: {name}"
        for file in files(room)
        for name in imports(file, lazy_too=room not in LAZY)
        if name.split(".")[0] not in allowed
    }

    assert not foreign


@pytest.mark.parametrize("room", TRAVELS)
def test_a_room_that_travels_is_imported_where_nothing_is_installed(room: str) -> None:
    names = [
        ".".join(["jupyter_aml", *file.relative_to(PACKAGE).with_suffix("").parts])
        for file in files(room)
        if not file.stem.startswith("__")
    ]
    code = (
        f"import sys; sys.path.append({str(PACKAGE.parent)!r})\n"
        f"import importlib\nfor name in {names!r}: importlib.import_module(name)"
    )

    # Every Python of this machine that runs may use; -I and -S: no site-packages, no PYTHONPATH.
    for python in found().values():
        done = subprocess.run([python, "-I", "-S", "-c", code], capture_output=True, text=True)
        assert done.returncode == 0, f"{python}: {done.stderr}"


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
