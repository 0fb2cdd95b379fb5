"""`azureml.widgets`: RunDetails."""

from __future__ import annotations

from jupyter_aml.widgets.run_details import RunDetails

__all__ = ["RunDetails"]
