"""`azureml.core.compute.AmlCompute`: a cluster; it comes later, and is looked for already."""

from __future__ import annotations

from typing import Any, NoReturn

from jupyter_aml.sdk._core.later import later
from jupyter_aml.sdk.core.compute._status import AmlComputeStatus
from jupyter_aml.sdk.core.compute.compute import ComputeTarget, to_come

__all__ = ["AmlCompute", "AmlComputeStatus", "ComputeTarget"]


@later(
    "add_identity deserialize get get_active_runs list_nodes list_quotas list_usages "
    "remove_identity supported_vmsizes update update_quotas"
)
class AmlCompute(ComputeTarget):
    """A compute target; none is made here yet, so one is only found."""

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
        tags: dict[str, str] | None = None,
        description: str | None = None,
        remote_login_port_public_access: str = "NotSpecified",
        identity_type: str | None = None,
        identity_id: list[str] | None = None,
        location: str | None = None,
        enable_node_public_ip: bool = True,
    ) -> NoReturn:
        """Clusters are not there yet: raises NotThereYet."""
        raise to_come("AmlCompute.provisioning_configuration")

    def wait_for_completion(  # type: ignore[override]
        self,
        show_output: bool = False,
        min_node_count: int | None = None,
        timeout_in_minutes: float = 25,
        is_delete_operation: bool = False,
    ) -> None:
        """Return at once: a target that is there is ready, and has one node."""
        super().wait_for_completion(
            show_output,
            is_delete_operation,
            min_node_count=min_node_count,
            timeout_in_minutes=timeout_in_minutes,
        )

    @property
    def scale_settings(self) -> Any:
        """How many nodes there may be."""
        return self.status.scale_settings
