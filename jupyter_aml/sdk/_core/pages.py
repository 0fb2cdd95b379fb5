"""Addresses of pages in JupyterLab, where this process knows of a server that shows them."""

from __future__ import annotations

import os

from jupyter_aml.domain.ids import DEFAULT_WORKSPACE
from jupyter_aml.domain.inherited import PAGE


def run_page(run_id: str) -> str | None:
    """The address of the page of a run, or None."""
    return _page(f"run:{run_id}")


def experiment_page(workspace: str, name: str) -> str | None:
    """The address of the runs of an experiment, or None."""
    return _page(f"experiment:{name if workspace == DEFAULT_WORKSPACE else f'{workspace}/{name}'}")


def lab() -> str | None:
    """The address of JupyterLab, or None."""
    base = os.environ.get(PAGE)
    return None if not base else f"{base.rstrip('/')}/lab"


def _page(target: str) -> str | None:
    # Names hold nothing that an address would have to escape.
    base = lab()
    return None if base is None else f"{base}?aml={target}"
