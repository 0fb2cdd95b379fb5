"""Finds the modules that code imports from where a run does not look: beside it, `PYTHONPATH`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import PathFinder
from pathlib import Path

from jupyter_aml.domain.cell import names


def beside(path: Path, code: str) -> list[str]:
    """The modules that the script surely takes from its own folder, by name.

    A folder without `__init__.py` is a package only where no other one of that name is installed.
    """
    return [name for name in needed(code) if _is_beside(path.parent, name)]


def of_pythonpath(code: str) -> dict[str, str]:
    """The modules that come from a folder of `PYTHONPATH`, each with that folder."""
    folders = [path for path in _given() if path in sys.path]
    found = {}
    for name in needed(code):
        folder = next((path for path in sys.path if _holds(path, name)), None)
        if folder in folders:
            found[name] = folder
    return found


def needed(code: str) -> list[str]:
    """The modules from outside the standard library that code cannot do without."""
    try:
        found = names.imports(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return list(dict.fromkeys(each.top for each in found if not each.is_optional))


def note(found: dict[str, str], *, sent: Sequence[str]) -> str:
    """Say that a run will miss the modules of `PYTHONPATH`, and the cure; empty where it will not.

    `sent` are the paths of the files that go with the run.
    """
    there = {path.partition("/")[0].removesuffix(".py") for path in sent}
    missing = {name: folder for name, folder in found.items() if name not in there}
    if not missing:
        return ""
    listed = ", ".join(f"{name!r} comes from {folder}" for name, folder in missing.items())
    return (
        f"Note: {listed} by PYTHONPATH, which a run does not have. Send it along with --source or "
        "--include, install it, or let runs keep the server's PYTHONPATH: "
        "jupyter aml config set keep_pythonpath true"
    )


def _given() -> Iterator[str]:
    for path in os.environ.get("PYTHONPATH", "").split(os.pathsep):
        # The folder of the alias goes with every run.
        if path and not os.path.exists(os.path.join(path, "azureml", "__init__.py")):
            yield path


def _holds(folder: str, name: str) -> bool:
    spec = PathFinder.find_spec(name, [folder or os.getcwd()])
    return spec is not None and spec.loader is not None


def _is_beside(folder: Path, name: str) -> bool:
    if (folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file():
        return True
    if not (folder / name).is_dir() or not any((folder / name).glob("**/*.py")):
        return False
    own = os.path.realpath(folder)
    others = [path for path in sys.path if path and os.path.realpath(path) != own]
    return not any(_holds(path, name) for path in others)
