"""What MLflow's entry points name, in the folder that runs and kernels have in their path.

This file is copied there as `jupyter_aml_mlflow` by `runtime` and never imported here, so it
imports nothing of this package by name before it is asked, and runs on Python 3.10.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from types import ModuleType
from typing import Any


def tracking_store(*args: Any, **named: Any) -> Any:
    """The store of a workspace."""
    return _ours().tracking_store(*args, **named)


def artifact_repository(*args: Any, **named: Any) -> Any:
    """The files of a run."""
    return _ours().artifact_repository(*args, **named)


def model_registry(*args: Any, **named: Any) -> Any:
    """What stands in the place of a registry."""
    return _ours().model_registry(*args, **named)


def _ours() -> ModuleType:
    """The library: the one that can be imported, else the one that lies beside this folder."""
    if importlib.util.find_spec("jupyter_aml") is None:
        here = os.path.dirname(os.path.realpath(__file__))
        sys.path.append(os.path.join(os.path.dirname(here), "lib"))
    return importlib.import_module("jupyter_aml.plugins.mlflow")


# Loaded while MLflow looks for stores, it sees to it that ours have the addresses that are ours.
# A kernel of an older Python may have this file in its path, and must not hear of it.
if "mlflow" in sys.modules and sys.version_info >= (3, 10):
    _ours()
