"""`azureml.widgets`: RunDetails, from the room above."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    if name == "RunDetails":
        # By name: this room lies below the widgets and must not import them.
        return import_module("jupyter_aml.widgets").RunDetails
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
