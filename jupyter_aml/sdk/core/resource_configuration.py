"""What a service of a model needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_aml.sdk.exceptions import WebserviceException


class ResourceConfiguration:
    """Cores, gigabytes of memory and graphics cards for a service of a model."""

    def __init__(
        self, cpu: float | None = None, memory_in_gb: float | None = None, gpu: int | None = None
    ) -> None:
        """Keep what is needed; what is None is left to the service."""
        self.cpu, self.memory_in_gb, self.gpu = cpu, memory_in_gb, gpu

    def serialize(self) -> dict[str, Any]:
        """As SDK v1 writes it."""
        return {"cpu": self.cpu, "memoryInGB": self.memory_in_gb, "gpu": self.gpu}

    @staticmethod
    def deserialize(payload_obj: Mapping[str, Any] | None) -> ResourceConfiguration | None:
        """The inverse of `serialize`; nothing of nothing."""
        if payload_obj is None:
            return None
        cpu, gpu = payload_obj.get("cpu"), payload_obj.get("gpu")
        return ResourceConfiguration(cpu, payload_obj.get("memoryInGB"), gpu)

    def _validate_configuration(self) -> None:
        """Raise WebserviceException for what no service can have."""
        for name in ("cpu", "memory_in_gb", "gpu"):
            value = getattr(self, name)
            if value is not None and (type(value) not in (int, float) or value <= 0):
                raise WebserviceException(f"{name}={value!r}: expected a number above 0")

    def _to_wire(self) -> dict[str, Any]:
        self._validate_configuration()
        return {"cpu": self.cpu, "memoryInGb": self.memory_in_gb, "gpu": self.gpu}
