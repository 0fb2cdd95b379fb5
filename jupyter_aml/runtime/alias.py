"""The package `azureml` in the folder that runs and kernels have at the end of their path.

A real `azureml` takes its place where there is one; else the old names answer with our SDK. This
file is copied there by `runtime` and never imported here, so it imports nothing of this package
by name and runs on Python 3.10.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import os
import sys
from types import ModuleType

_NAME = "azureml"


def stand_in() -> ModuleType:
    """Return what `azureml` is in this interpreter, and put it in the place of this module."""
    alias = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    others = [entry for entry in sys.path if os.path.realpath(entry) != alias]
    if _has_real(others):
        # In place, because others may hold the list itself.
        # What MLflow finds of us lies in the folder of the alias, too.
        sys.path[:] = [*others, os.path.join(os.path.dirname(alias), "mlflow")]
        sys.modules.pop(_NAME, None)
        return importlib.import_module(_NAME)
    if importlib.util.find_spec("jupyter_aml") is None:
        sys.path.append(os.path.join(os.path.dirname(alias), "lib"))
    top: ModuleType = importlib.import_module("jupyter_aml.azureml").install()
    sys.modules[_NAME] = top
    return top


def _has_real(path: list[str]) -> bool:
    found = importlib.machinery.PathFinder.find_spec(_NAME, path)
    if found is not None:
        return found.origin is not None or any(
            _holds_code(folder) for folder in found.submodule_search_locations or ()
        )
    return any(_offers(finder) for finder in sys.meta_path)


def _offers(finder: object) -> bool:
    """Whether a finder of an editable install, which has no entry in the path, knows azureml."""
    kind = finder if isinstance(finder, type) else type(finder)
    if kind.__module__.startswith(("_frozen_importlib", "jupyter_aml")):
        return False
    find_spec = getattr(finder, "find_spec", None)
    return find_spec is not None and find_spec(_NAME, None) is not None


def _holds_code(folder: str) -> bool:
    """Whether a folder with no `__init__.py` is part of a package, and not just called like it."""
    for parent, folders, names in os.walk(folder):
        if any(name.endswith((".py", ".pyc", ".so")) for name in names):
            return True
        if parent != folder:
            folders.clear()
    return False


if __name__ == _NAME:
    stand_in()
