"""The one list of what travels: into runs, kernels and containers, and to other machines."""

from __future__ import annotations

ROOMS = ("domain", "wire", "runfolder", "client", "data", "widgets", "sdk", "magics",
         "plugins")  # fmt: skip
"""Copied as they are; they run on Python 3.10. A script that imports `Run` loads the standard
library alone, whatever else a function imports when it is called."""

MODULES = ("__init__.py", "_version.py", "azureml.py", "azureml_names.json",
           "azureml_homes.json")  # fmt: skip
"""Copied beside the rooms."""

ALIAS = {
    "azureml/__init__.py": "alias.py",
    "sitecustomize.py": "start.py",
    "_aml_old_libraries.py": "old_libraries.py",
    "_aml_waiting.py": "waiting.py",
}
"""What the second folder of the path holds, and which file of `runtime/` each is."""

BESIDE = ("shim",)
"""Handed over as single files and started, not imported; Python 3.10 and the standard library."""

NEEDS_IPYTHON = frozenset({"magics"})
"""Loaded in notebooks alone, so these may import IPython."""

NEEDS_WIDGETS = frozenset({"widgets/run_widget.py"})
"""Loaded only where a live view of the kernel is made, which needs anywidget."""

NEEDS_MLFLOW = "plugins/mlflow/"
"""Loaded by MLflow alone, so what is below here may import it."""

PROGRAMS = frozenset({"sdk/_cell.py"})
"""Run when they are imported: child processes of a cell import them as their main module."""

MLFLOW_NAMES = "mlflow_names.py"
"""What the entry points below name, as the module `jupyter_aml_mlflow`."""

ENTRY_POINTS = """\
[mlflow.tracking_store]
azureml = jupyter_aml_mlflow:tracking_store

[mlflow.artifact_repository]
azureml = jupyter_aml_mlflow:artifact_repository

[mlflow.model_registry_store]
azureml = jupyter_aml_mlflow:model_registry
"""
"""What other packages find of us where this one is not installed; pyproject.toml has the same.

They stand in a distribution of another name: one of ours would hide what is installed under it.
"""
