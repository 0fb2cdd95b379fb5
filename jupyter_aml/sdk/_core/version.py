"""The version of SDK v1 that these names are those of: the last one, for notebooks compare it."""

from __future__ import annotations

V1 = "1.61.0"
"""What `azureml.core.VERSION` answers; our own version is `jupyter_aml.__version__`."""
