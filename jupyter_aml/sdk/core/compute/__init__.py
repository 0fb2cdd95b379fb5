"""`azureml.core.compute`: where runs run."""

from __future__ import annotations

from jupyter_aml.sdk.core.compute.amlcompute import AmlCompute
from jupyter_aml.sdk.core.compute.compute import ComputeTarget

__all__ = ["AmlCompute", "ComputeTarget"]
