"""How busy a compute target is, as SDK v1 told it of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_aml.wire.compute import WireCompute


class AmlComputeStatus:
    """Nodes and what they do; a target of this version is one node."""

    def __init__(
        self,
        allocation_state: str | None,
        allocation_state_transition_time: Any,
        creation_time: Any,
        current_node_count: int | None,
        errors: Any,
        modified_time: Any,
        node_state_counts: Any,
        provisioning_state: str | None,
        provisioning_state_transition_time: Any,
        scale_settings: Any,
        target_node_count: int | None,
        vm_priority: str | None,
        vm_size: str | None,
    ) -> None:
        self.allocation_state = allocation_state
        self.allocation_state_transition_time = allocation_state_transition_time
        self.creation_time, self.modified_time = creation_time, modified_time
        self.current_node_count, self.target_node_count = current_node_count, target_node_count
        self.errors, self.node_state_counts = errors, node_state_counts
        self.provisioning_state = provisioning_state
        self.provisioning_state_transition_time = provisioning_state_transition_time
        self.scale_settings, self.vm_priority, self.vm_size = scale_settings, vm_priority, vm_size

    @classmethod
    def _of(cls, seen: WireCompute) -> AmlComputeStatus:
        counts = {
            "preparingNodeCount": 0,
            "runningNodeCount": int(seen["busy"] > 0),
            "idleNodeCount": int(seen["busy"] == 0),
            "unusableNodeCount": 0,
            "leavingNodeCount": 0,
            "preemptedNodeCount": 0,
        }
        scale = {"minNodeCount": 1, "maxNodeCount": 1, "nodeIdleTimeBeforeScaleDown": None}
        state = "Succeeded"
        return cls("Steady", None, None, 1, None, None, counts, state, None, scale, 1, None, None)

    def serialize(self) -> dict[str, Any]:
        """The status with SDK v1's keys."""
        return {
            "currentNodeCount": self.current_node_count,
            "targetNodeCount": self.target_node_count,
            "nodeStateCounts": self.node_state_counts,
            "allocationState": self.allocation_state,
            "allocationStateTransitionTime": self.allocation_state_transition_time,
            "errors": self.errors,
            "creationTime": self.creation_time,
            "modifiedTime": self.modified_time,
            "provisioningState": self.provisioning_state,
            "provisioningStateTransitionTime": self.provisioning_state_transition_time,
            "scaleSettings": self.scale_settings,
            "vmPriority": self.vm_priority,
            "vmSize": self.vm_size,
        }
