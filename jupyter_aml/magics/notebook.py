"""What a kernel knows of the notebook that it serves: its file, the cell at work, the name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from jupyter_aml.domain import ids


def path(names: Mapping[str, Any]) -> str | None:
    """The notebook's file as its front end told the kernel; None where it did not."""
    for told in (
        names.get("__vsc_ipynb_file__"),
        names.get("__session__"),
        os.environ.get("JPY_SESSION_NAME"),
    ):
        if isinstance(told, str) and told:
            return told
    return None


def experiment(names: Mapping[str, Any]) -> str:
    """The experiment that runs go to by default: the notebook's name, as a name may be."""
    return ids.experiment_of(path(names) or "", otherwise="notebook")


def origin(shell: Any) -> dict[str, Any]:
    """Where the cell at work stands: notebook, cell id and execution count."""
    told = path(shell.user_ns)
    return {
        "notebook": told,
        "cellId": _cell_id(shell),
        "executionCount": _cell_number(shell),
    }


def lines_above(raw: str, cell: str) -> int:
    """How many lines the editor shows above the cell's first line of Python, `%%aml` included."""
    body = cell.rstrip()
    start = raw.rstrip().rfind(body) if body else -1
    if start < 0 or raw.rstrip()[start:] != body:
        return 1
    return raw.count("\n", 0, start)


def _cell_number(shell: Any) -> int | None:
    # Shells differ in when they raise their own counter; the input is always stored first.
    inputs = shell.user_ns.get("In")
    return len(inputs) - 1 if isinstance(inputs, list) and len(inputs) > 1 else None


def _cell_id(shell: Any) -> str | None:
    get_parent = getattr(shell, "get_parent", None)
    parent = get_parent() if callable(get_parent) else None
    metadata = parent.get("metadata") if isinstance(parent, dict) else None
    told = metadata.get("cellId") if isinstance(metadata, dict) else None
    return told if isinstance(told, str) else None
