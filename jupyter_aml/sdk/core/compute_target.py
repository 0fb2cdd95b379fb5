"""`azureml.core.compute_target`: this machine as a target, and what notebooks catch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_aml.domain.compute import LOCAL
from jupyter_aml.sdk.exceptions import ComputeTargetException

__all__ = ["AbstractComputeTarget", "ComputeTargetException", "LocalTarget"]


class AbstractComputeTarget:
    """A target by its name alone; `compute_target=` takes it as it takes a name."""

    def __init__(self, compute_target_type: str, name: str) -> None:
        self._type, self._name = compute_target_type, name

    @property
    def type(self) -> str:
        """What it is, such as `local`."""
        return self._type

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    @staticmethod
    def deserialize_from_dict(
        compute_target_name: str, compute_target_dict: Mapping[str, Any]
    ) -> AbstractComputeTarget:
        """The target that a file of SDK v1 tells of; ComputeTargetException without a type."""
        kind = compute_target_dict.get("type")
        if not isinstance(kind, str):
            raise ComputeTargetException(f"{compute_target_name}: its type is not said")
        if kind == LOCAL:
            return LocalTarget()
        return AbstractComputeTarget(kind, compute_target_name)


class LocalTarget(AbstractComputeTarget):
    """This machine."""

    def __init__(self) -> None:
        super().__init__(LOCAL, LOCAL)
