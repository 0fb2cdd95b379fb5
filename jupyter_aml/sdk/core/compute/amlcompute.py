"""`azureml.core.compute.AmlCompute`: a cluster of nodes that come when runs come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_aml.domain import compute
from jupyter_aml.domain.compute import PRIORITIES
from jupyter_aml.domain.vm_sizes import vm_size as known_size
from jupyter_aml.sdk._compute import facts, given, waiting
from jupyter_aml.sdk.core.compute._status import (
    AmlComputeNodeStateCounts,
    AmlComputeStatus,
    ScaleSettings,
)
from jupyter_aml.sdk.core.compute.compute import (
    ComputeTarget,
    ComputeTargetProvisioningConfiguration,
    _deserialized,
)
from jupyter_aml.sdk.exceptions import ComputeTargetException

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.run import Run
    from jupyter_aml.sdk.core.workspace import Workspace
    from jupyter_aml.wire.compute import WireCompute

__all__ = [
    "AmlCompute",
    "AmlComputeNodeStateCounts",
    "AmlComputeProvisioningConfiguration",
    "AmlComputeStatus",
    "ComputeTarget",
    "ScaleSettings",
]

LOCAL_NODES = "cluster"
"""The kind of a cluster whose provider is not said: nodes on this machine."""
_QUOTAS = (
    "quotas belong to a subscription of the cloud: the setting max_nodes of the server limits "
    "the nodes on this machine, and AmlCompute.update those of a cluster"
)
_IDENTITY = "an identity belongs to the cloud: what runs need stands in the vault of the workspace"


class AmlCompute(ComputeTarget):
    """A cluster. Its nodes are processes of this machine, or what its provider has."""

    _type = "AmlCompute"

    @staticmethod
    def provisioning_configuration(
        vm_size: str = "",
        vm_priority: str = "dedicated",
        min_nodes: int = 0,
        max_nodes: int | None = None,
        idle_seconds_before_scaledown: int = 1800,
        admin_username: str | None = None,
        admin_user_password: str | None = None,
        admin_user_ssh_key: str | None = None,
        vnet_resourcegroup_name: str | None = None,
        vnet_name: str | None = None,
        subnet_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        description: str | None = None,
        remote_login_port_public_access: str = "NotSpecified",
        identity_type: str | None = None,
        identity_id: Sequence[str] | None = None,
        location: str | None = None,
        enable_node_public_ip: bool = True,
        *,
        provider: str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> AmlComputeProvisioningConfiguration:
        """What a cluster shall be. `vm_size` limits each node to what such a machine has.

        `provider` says who has the nodes, `"local"` by default, else a kind of targets such as
        `"slurm"` or `"dask"`, with the `settings` of that kind. Warns of what means nothing
        without a cloud. Raises ComputeTargetException for an unknown size or numbers that cannot
        be.
        """
        return AmlComputeProvisioningConfiguration(
            vm_size, vm_priority, min_nodes, max_nodes, idle_seconds_before_scaledown,
            admin_username, admin_user_password, admin_user_ssh_key, vnet_resourcegroup_name,
            vnet_name, subnet_name, tags, description, remote_login_port_public_access,
            identity_type, identity_id, location, enable_node_public_ip, provider=provider,
            settings=settings, _stacklevel=3,
        )  # fmt: skip

    def _keep(self, seen: WireCompute) -> None:
        super()._keep(seen)
        self.vm_size, self.vm_priority = seen["vmSize"].upper(), seen["vmPriority"]
        self.scale_settings: ScaleSettings = self.status.scale_settings
        self.provider = "local" if seen["kind"] == LOCAL_NODES else seen["kind"]
        self.settings = dict(seen["settings"])
        self.admin_username: Any = None
        self.admin_user_password: Any = None
        self.admin_user_ssh_key: Any = None
        self.vnet_resourcegroup_name = self.vnet_name = self.subnet_name = None
        self.remote_login_port_public_access = "NotSpecified"
        self.identity_type: Any = None
        self.identity_id: Any = None

    def wait_for_completion(  # type: ignore[override]
        self,
        show_output: bool = False,
        min_node_count: int | None = None,
        timeout_in_minutes: float = 25,
        is_delete_operation: bool = False,
    ) -> None:
        """Wait until there are as many nodes as `min_node_count` and `min_nodes` both ask for.

        Nodes that only runs bring are not waited for. Raises ComputeTargetException where the
        cluster fails, or can never have so many nodes.
        """
        if is_delete_operation:
            super().wait_for_completion(show_output, is_delete_operation)
            return
        if self._is_new:
            waiting.until_there(self._look, show_output=show_output, minutes=timeout_in_minutes)
            self._is_new = False
        kinds = self.workspace.client.compute.kinds()
        waiting.until_nodes(
            self._look,
            show_output=show_output,
            wanted=min_node_count,
            minutes=timeout_in_minutes,
            are_told=any(kind["hasNodes"] for kind in kinds if kind["name"] == self._seen["kind"]),
        )

    def get_status(self) -> AmlComputeStatus:
        """How its nodes are now."""
        self.refresh_state()
        status: AmlComputeStatus = self.status
        return status

    def detach(self) -> None:
        """Raise ComputeTargetException: a cluster that was created is deleted."""
        if self.is_attached:
            super().detach()
            return
        raise ComputeTargetException(
            f"Detach is not supported for AmlCompute object. {self.name!r} was created here: "
            "delete() ends its nodes"
        )

    @staticmethod
    def deserialize(workspace: Workspace, object_dict: Mapping[str, Any]) -> AmlCompute:
        """The cluster that `serialize` told of, as it is now."""
        return _deserialized(AmlCompute, workspace, object_dict)

    def get(self) -> dict[str, Any]:
        """All that is known of it now."""
        self.refresh_state()
        return self.serialize()

    def update(
        self,
        min_nodes: int | None = None,
        max_nodes: int | None = None,
        idle_seconds_before_scaledown: int | None = None,
    ) -> None:
        """Have other numbers of nodes, or another time that a node may idle; runs go on."""
        body = {
            "workspace": self.workspace.name,
            "minNodes": min_nodes,
            "maxNodes": max_nodes,
            "idleSeconds": idle_seconds_before_scaledown,
        }
        with given.told_as_v1():
            self._keep(self.workspace.client.compute.change(self.name, body))

    def add_identity(
        self, identity_type: str, identity_id: Sequence[str] | None = None
    ) -> NoReturn:
        """Raise ComputeTargetException: nobody logs in here."""
        raise ComputeTargetException(f"identity_type={identity_type!r}: {_IDENTITY}")

    def remove_identity(self, identity_id: Sequence[str] | None = None) -> NoReturn:
        """Raise ComputeTargetException: it has none."""
        raise ComputeTargetException(f"{self.name!r} has no identity: {_IDENTITY}")

    def list_nodes(self) -> list[dict[str, Any]]:
        """The nodes that are there, with the run that each executes."""
        return facts.nodes(self._look())

    def get_active_runs(
        self,
        type: str | None = None,
        tags: Mapping[str, str] | str | None = None,
        properties: Mapping[str, str] | str | None = None,
        status: str | None = None,
    ) -> Iterator[Run]:
        """The runs that are on it or wait for it, newest first."""
        from jupyter_aml.sdk.core.run import Run

        return Run.list_by_compute(self, type, tags, properties, status or "active")

    @staticmethod
    def supported_vmsizes(
        workspace: Workspace, location: str | None = None
    ) -> list[dict[str, Any]]:
        """The sizes that `vm_size` may name, with what a node of each may use."""
        given.warn_of_cloud(2, location=None if location == workspace.location else location)
        return facts.sizes()

    @staticmethod
    def list_usages(
        workspace: Workspace, show_all: bool = False, location: str | None = None
    ) -> list[dict[str, Any]]:
        """How many of its nodes each cluster has now; with `show_all` also those without any."""
        given.warn_of_cloud(2, location=None if location == workspace.location else location)
        return facts.usages(workspace.client.compute.list(workspace.name), show_all=show_all)

    @staticmethod
    def list_quotas(workspace: Workspace, location: str | None = None) -> NoReturn:
        """Raise ComputeTargetException: there is no subscription."""
        raise ComputeTargetException(f"{workspace.name}: {_QUOTAS}")

    @staticmethod
    def update_quotas(
        workspace: Workspace, vm_family: str, limit: int | None = None, location: str | None = None
    ) -> NoReturn:
        """Raise ComputeTargetException: there is no subscription."""
        raise ComputeTargetException(f"{vm_family}: {_QUOTAS}")


class AmlComputeProvisioningConfiguration(ComputeTargetProvisioningConfiguration):
    """What a cluster shall be; see AmlCompute.provisioning_configuration."""

    def __init__(
        self,
        vm_size: str = "",
        vm_priority: str = "dedicated",
        min_nodes: int = 0,
        max_nodes: int | None = None,
        idle_seconds_before_scaledown: int = 1800,
        admin_username: str | None = None,
        admin_user_password: str | None = None,
        admin_user_ssh_key: str | None = None,
        vnet_resourcegroup_name: str | None = None,
        vnet_name: str | None = None,
        subnet_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        description: str | None = None,
        remote_login_port_public_access: str = "NotSpecified",
        identity_type: str | None = None,
        identity_id: Sequence[str] | None = None,
        compute_location: str | None = None,
        enable_node_public_ip: bool = True,
        *,
        provider: str | None = None,
        settings: Mapping[str, Any] | None = None,
        _stacklevel: int = 2,
    ) -> None:
        super().__init__(AmlCompute, compute_location)
        self.vm_size, self.vm_priority = vm_size, vm_priority
        self.scale_settings = ScaleSettings(min_nodes, max_nodes, idle_seconds_before_scaledown)
        self.tags, self.description = tags, description
        self.provider, self.settings = provider, dict(settings or {})
        cloud = {
            "admin_username": admin_username,
            "admin_user_password": admin_user_password,
            "admin_user_ssh_key": admin_user_ssh_key,
            "vnet_resourcegroup_name": vnet_resourcegroup_name,
            "vnet_name": vnet_name,
            "subnet_name": subnet_name,
            "identity_type": identity_type,
            "identity_id": identity_id,
            "compute_location": compute_location,
        }
        vars(self).update(cloud)
        self.remote_login_port_public_access = remote_login_port_public_access
        self.enable_node_public_ip = enable_node_public_ip
        given.warn_of_cloud(
            _stacklevel,
            **cloud,
            remote_login_port_public_access=remote_login_port_public_access != "NotSpecified",
            enable_node_public_ip=not enable_node_public_ip,
        )
        self.validate_configuration()

    def validate_configuration(self) -> None:
        """Raise ComputeTargetException for an unknown size, or numbers that cannot be."""
        asked = self.scale_settings
        with given.told_as_v1():
            compute.scale(
                asked.minimum_node_count,
                asked.maximum_node_count,
                asked.idle_seconds_before_scaledown,
            )
            if self.vm_size:
                known_size(str(self.vm_size))
        if str(self.vm_priority).lower() not in PRIORITIES:
            raise ComputeTargetException(
                f"vm_priority: {self.vm_priority!r} is neither 'dedicated' nor 'lowpriority'"
            )

    def _body(self) -> dict[str, Any]:
        asked = self.scale_settings
        tags = {str(key): str(value) for key, value in (self.tags or {}).items()}
        return {
            "kind": LOCAL_NODES if self.provider in (None, "local") else self.provider,
            "type": AmlCompute._type,
            "minNodes": asked.minimum_node_count,
            "maxNodes": asked.maximum_node_count,
            "idleSeconds": asked.idle_seconds_before_scaledown,
            "vmSize": self.vm_size or None,
            "vmPriority": str(self.vm_priority).lower(),
            "settings": self.settings,
            "description": self.description or "",
            "tags": tags,
        }
