"""RunDetails and friends: the live and the static views of a run."""

from __future__ import annotations

from jupyter_aml.widgets.bundle import bundle
from jupyter_aml.widgets.run_details import RunDetails

__all__ = ["RunDetails", "bundle"]
