"""Tracked experiments inside Jupyter, on the machines you have.

Importing this module costs next to nothing: each name is fetched when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jupyter_aml._version import __version__

if TYPE_CHECKING:
    from jupyter_aml.sdk.comparison import compare
    from jupyter_aml.sdk.core import Environment, Experiment, Run, ScriptRunConfig, Workspace
    from jupyter_aml.sdk.core.conda_dependencies import CondaDependencies
    from jupyter_aml.widgets import RunDetails

__all__ = [
    "CondaDependencies", "Environment", "Experiment", "Run", "RunDetails", "ScriptRunConfig",
    "Workspace", "__version__", "compare",
]  # fmt: skip

_HOMES = {
    "CondaDependencies": "jupyter_aml.sdk.core.conda_dependencies",
    "Environment": "jupyter_aml.sdk.core",
    "Experiment": "jupyter_aml.sdk.core",
    "Run": "jupyter_aml.sdk.core",
    "RunDetails": "jupyter_aml.widgets",
    "ScriptRunConfig": "jupyter_aml.sdk.core",
    "Workspace": "jupyter_aml.sdk.core",
    "compare": "jupyter_aml.sdk.comparison",
}


def __getattr__(name: str) -> Any:
    """Fetch a public name from the room it lives in."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(ip: Any) -> None:
    """`%load_ext jupyter_aml`: bring in the magics and the old import names."""
    from jupyter_aml import magics

    magics.load(ip)


def unload_ipython_extension(ip: Any) -> None:
    """`%unload_ext jupyter_aml`: take the magics away again."""
    from jupyter_aml import magics

    magics.unload(ip)


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from jupyter_aml.server.app import AmlExtension

    return [{"module": "jupyter_aml.server.app", "app": AmlExtension}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyter-aml"}]
