"""`azureml.core.compute_target`: the exception that notebooks catch."""

from jupyter_aml.sdk.exceptions import ComputeTargetException

__all__ = ["ComputeTargetException"]
