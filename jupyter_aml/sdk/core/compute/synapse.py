"""`azureml.core.compute.SynapseCompute`: a Spark pool of Synapse, known by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_aml.sdk.core.compute._elsewhere import Elsewhere, need_one_of
from jupyter_aml.sdk.core.compute.compute import (
    ComputeTargetAttachConfiguration,
    _deserialized,
)

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.workspace import Workspace
    from jupyter_aml.wire.compute import WireCompute


class SynapseCompute(Elsewhere):
    """A Spark pool of Synapse. Nothing here runs there."""

    _type = "SynapseSpark"

    def _keep(self, seen: WireCompute) -> None:
        super()._keep(seen)
        # What only Azure knows of a pool.
        self.spark_version: Any = None
        self.node_count = self.node_size = self.node_size_family = None
        self.auto_scale_enabled = self.max_node_count = self.min_node_count = None
        self.auto_pause_enabled = self.auto_pause_in_minutes = None

    @staticmethod
    def attach_configuration(
        linked_service: Any,
        type: str,
        pool_name: str,
    ) -> SynapseAttachConfiguration:
        """What is to be attached."""
        return SynapseAttachConfiguration(linked_service, type, pool_name)

    @staticmethod
    def deserialize(workspace: Workspace, object_dict: Mapping[str, Any]) -> SynapseCompute:
        """The target that `serialize` told of, as it is now."""
        return _deserialized(SynapseCompute, workspace, object_dict)


class SynapseAttachConfiguration(ComputeTargetAttachConfiguration):
    """What is to be attached; see SynapseCompute.attach_configuration."""

    _kind = "synapse"
    _settings = ("linked_service", "type", "pool_name")

    def __init__(
        self,
        linked_service: Any,
        type: str,
        pool_name: str,
    ) -> None:
        super().__init__(SynapseCompute)
        linked_service = getattr(linked_service, "name", linked_service)
        self.linked_service = linked_service
        self.type = type
        self.pool_name = pool_name
        self.validate_configuration()

    def validate_configuration(self) -> None:
        """Raise ComputeTargetException where it is not said which one is meant."""
        need_one_of(self, ("linked_service", "pool_name"))
