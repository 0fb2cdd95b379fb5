"""`azureml.tensorboard`: TensorBoard on what runs write below `logs/`."""

from __future__ import annotations

from jupyter_aml.sdk.tensorboard.tensorboard import Tensorboard

__all__ = ["Tensorboard"]
