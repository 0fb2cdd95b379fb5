"""`azureml.core`: workspaces, experiments and runs. Each name is imported when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jupyter_aml.sdk._core.version import V1 as VERSION

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.compute import ComputeTarget
    from jupyter_aml.sdk.core.container_registry import ContainerRegistry
    from jupyter_aml.sdk.core.dataset import Dataset
    from jupyter_aml.sdk.core.datastore import Datastore
    from jupyter_aml.sdk.core.environment import Environment
    from jupyter_aml.sdk.core.experiment import Experiment
    from jupyter_aml.sdk.core.keyvault import Keyvault
    from jupyter_aml.sdk.core.model import Model
    from jupyter_aml.sdk.core.run import Run, get_run
    from jupyter_aml.sdk.core.runconfig import RunConfiguration
    from jupyter_aml.sdk.core.script_run_config import ScriptRunConfig
    from jupyter_aml.sdk.core.workspace import Workspace

__all__ = [
    "VERSION",
    "ComputeTarget",
    "ContainerRegistry",
    "Dataset",
    "Datastore",
    "Environment",
    "Experiment",
    "Keyvault",
    "Model",
    "Run",
    "RunConfiguration",
    "ScriptRunConfig",
    "Workspace",
    "get_run",
]

_PLACES = {
    "ComputeTarget": "compute",
    "ContainerRegistry": "container_registry",
    "Dataset": "dataset",
    "Datastore": "datastore",
    "Environment": "environment",
    "Experiment": "experiment",
    "Model": "model",
    "Keyvault": "keyvault",
    "Run": "run",
    "RunConfiguration": "runconfig",
    "ScriptRunConfig": "script_run_config",
    "Workspace": "workspace",
    "get_run": "run",
}


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{place}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
