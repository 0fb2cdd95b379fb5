"""`azureml.core.compute.KubernetesCompute`: a Kubernetes cluster, known by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_aml.sdk._compute import given
from jupyter_aml.sdk.core.compute._elsewhere import Elsewhere, need_one_of
from jupyter_aml.sdk.core.compute.compute import (
    ComputeTargetAttachConfiguration,
    _deserialized,
)

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.workspace import Workspace
    from jupyter_aml.wire.compute import WireCompute


class KubernetesCompute(Elsewhere):
    """A Kubernetes cluster. Nothing here runs there."""

    _type = "Kubernetes"

    def _keep(self, seen: WireCompute) -> None:
        super()._keep(seen)
        self.status = KubernetesComputeStatus(
            self.created_on, self.modified_on, self.provisioning_state
        )
        self.namespace = seen["settings"].get("namespace", "default")
        # What only the cluster knows.
        self.default_instance_type: Any = None
        self.instance_types: Any = None
        self.public_ip = self.vm_size = self.identity_type = self.identity_ids = None

    def get_status(self) -> Any:
        """How it was attached."""
        self.refresh_state()
        return self.status

    def get(self) -> dict[str, Any]:
        """All that is known of it now."""
        self.refresh_state()
        return self.serialize()

    @staticmethod
    def attach_configuration(
        resource_id: str | None = None,
        namespace: str | None = None,
        identity_type: str | None = None,
        identity_ids: Sequence[str] | None = None,
    ) -> KubernetesComputeAttachConfiguration:
        """What is to be attached."""
        return KubernetesComputeAttachConfiguration(
            resource_id, namespace, identity_type, identity_ids
        )

    @staticmethod
    def deserialize(workspace: Workspace, object_dict: Mapping[str, Any]) -> KubernetesCompute:
        """The target that `serialize` told of, as it is now."""
        return _deserialized(KubernetesCompute, workspace, object_dict)


class KubernetesComputeAttachConfiguration(ComputeTargetAttachConfiguration):
    """What is to be attached; see KubernetesCompute.attach_configuration."""

    _kind = "kubernetes"
    _settings = ("resource_id", "namespace")

    def __init__(
        self,
        resource_id: str | None = None,
        namespace: str | None = None,
        identity_type: str | None = None,
        identity_ids: Sequence[str] | None = None,
    ) -> None:
        super().__init__(KubernetesCompute)
        self.resource_id = resource_id
        self.namespace = namespace
        self.identity_type = identity_type
        self.identity_ids = identity_ids
        given.warn_of_cloud(3, identity_type=identity_type, identity_ids=identity_ids)
        self.validate_configuration()

    def to_dict(self) -> dict[str, Any]:
        """What was said, by name."""
        return {
            "resource_id": self.resource_id,
            "namespace": self.namespace,
            "identity_type": self.identity_type,
            "identity_ids": self.identity_ids,
        }

    def validate_configuration(self) -> None:
        """Raise ComputeTargetException where it is not said which one is meant."""
        need_one_of(self, ("resource_id",))


class KubernetesComputeStatus:
    """When a cluster was attached, and whether that was well."""

    def __init__(self, creation_time: Any, modified_time: Any, provisioning_state: str) -> None:
        self.creation_time, self.modified_time = creation_time, modified_time
        self.provisioning_state = provisioning_state

    def serialize(self) -> dict[str, Any]:
        """The status with SDK v1's keys."""
        return {
            "creationTime": self.creation_time,
            "modifiedTime": self.modified_time,
            "provisioningState": self.provisioning_state,
        }

    @staticmethod
    def deserialize(object_dict: Mapping[str, Any]) -> KubernetesComputeStatus:
        """What `serialize` wrote."""
        return KubernetesComputeStatus(
            object_dict.get("creationTime"),
            object_dict.get("modifiedTime"),
            object_dict["provisioningState"],
        )
