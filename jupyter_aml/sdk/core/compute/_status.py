"""How busy a compute target is, as SDK v1 told it of a cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_aml.sdk._compute.waiting import provisioning_state

if TYPE_CHECKING:
    from jupyter_aml.wire.compute import WireCompute

_COUNTS = {
    "preparing_node_count": "preparingNodeCount",
    "running_node_count": "runningNodeCount",
    "idle_node_count": "idleNodeCount",
    "unusable_node_count": "unusableNodeCount",
    "leaving_node_count": "leavingNodeCount",
    "preempted_node_count": "preemptedNodeCount",
}
_SCALE = {
    "minimum_node_count": "minNodeCount",
    "maximum_node_count": "maxNodeCount",
    "idle_seconds_before_scaledown": "nodeIdleTimeBeforeScaleDown",
}
PRIORITIES = {"dedicated": "Dedicated", "lowpriority": "LowPriority"}


class ScaleSettings:
    """How many nodes there are at least and at most, and how many seconds one may idle."""

    def __init__(
        self,
        minimum_node_count: int,
        maximum_node_count: int | None,
        idle_seconds_before_scaledown: int | None,
    ) -> None:
        self.minimum_node_count = minimum_node_count
        self.maximum_node_count = maximum_node_count
        self.idle_seconds_before_scaledown = idle_seconds_before_scaledown

    def serialize(self) -> dict[str, Any]:
        """The numbers with SDK v1's keys; the time is an ISO 8601 span."""
        told = _told(self, _SCALE)
        idle = self.idle_seconds_before_scaledown
        return {**told, "nodeIdleTimeBeforeScaleDown": None if idle is None else f"PT{idle}S"}

    @staticmethod
    def deserialize(object_dict: Mapping[str, Any]) -> ScaleSettings:
        """What `serialize` wrote."""
        read = _read(object_dict, _SCALE)
        idle = read["idle_seconds_before_scaledown"]
        if isinstance(idle, str):
            read["idle_seconds_before_scaledown"] = int(float(idle.strip("PTS")))
        return ScaleSettings(**read)

    def __repr__(self) -> str:
        return f"ScaleSettings({self.serialize()})"


class AmlComputeNodeStateCounts:
    """How many nodes do what."""

    def __init__(
        self,
        idle_node_count: int,
        leaving_node_count: int,
        preempted_node_count: int,
        preparing_node_count: int,
        running_node_count: int,
        unusable_node_count: int,
    ) -> None:
        self.idle_node_count, self.leaving_node_count = idle_node_count, leaving_node_count
        self.preempted_node_count = preempted_node_count
        self.preparing_node_count = preparing_node_count
        self.running_node_count, self.unusable_node_count = running_node_count, unusable_node_count

    @classmethod
    def _of(cls, states: Counter[str]) -> AmlComputeNodeStateCounts:
        return cls(states["idle"], states["leaving"], 0, states["starting"], states["busy"],
                   states["lost"])  # fmt: skip

    def serialize(self) -> dict[str, Any]:
        """The counts with SDK v1's keys."""
        return _told(self, _COUNTS)

    @staticmethod
    def deserialize(object_dict: Mapping[str, Any]) -> AmlComputeNodeStateCounts:
        """What `serialize` wrote."""
        return AmlComputeNodeStateCounts(**_read(object_dict, _COUNTS))

    def __repr__(self) -> str:
        return f"AmlComputeNodeStateCounts({self.serialize()})"


class AmlComputeStatus:
    """Nodes and what they do; what is no cluster is one node."""

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
        states = _states(seen)
        there, leaving = states["idle"] + states["busy"] + states["leaving"], states["leaving"]
        is_moving = seen["state"] in ("Creating", "Resizing") or leaving or states["starting"]
        return cls(
            allocation_state="Resizing" if is_moving else "Steady",
            allocation_state_transition_time=_last(seen),
            creation_time=seen["createdAt"],
            current_node_count=there,
            errors=errors(seen),
            modified_time=seen["changedAt"] or seen["createdAt"],
            node_state_counts=AmlComputeNodeStateCounts._of(states),
            provisioning_state=provisioning_state(seen),
            provisioning_state_transition_time=None,
            scale_settings=scale_of(seen),
            target_node_count=there - leaving + states["starting"],
            vm_priority=PRIORITIES[seen["vmPriority"]],
            vm_size=seen["vmSize"].upper() or None,
        )

    def serialize(self) -> dict[str, Any]:
        """The status with SDK v1's keys."""
        counts, scale = self.node_state_counts, self.scale_settings
        return {
            "currentNodeCount": self.current_node_count,
            "targetNodeCount": self.target_node_count,
            "nodeStateCounts": None if counts is None else counts.serialize(),
            "allocationState": self.allocation_state,
            "allocationStateTransitionTime": self.allocation_state_transition_time,
            "errors": self.errors,
            "creationTime": self.creation_time,
            "modifiedTime": self.modified_time,
            "provisioningState": self.provisioning_state,
            "provisioningStateTransitionTime": self.provisioning_state_transition_time,
            "scaleSettings": None if scale is None else scale.serialize(),
            "vmPriority": self.vm_priority,
            "vmSize": self.vm_size,
        }

    @staticmethod
    def deserialize(object_dict: Mapping[str, Any]) -> AmlComputeStatus:
        """What `serialize` wrote."""
        told = {name: object_dict.get(key) for name, key in _STATUS.items()}
        counts, scale = told["node_state_counts"], told["scale_settings"]
        if counts is not None:
            told["node_state_counts"] = AmlComputeNodeStateCounts.deserialize(counts)
        if scale is not None:
            told["scale_settings"] = ScaleSettings.deserialize(scale)
        return AmlComputeStatus(**told)

    def __repr__(self) -> str:
        return f"AmlComputeStatus({self.serialize()})"


_STATUS = {
    "allocation_state": "allocationState",
    "allocation_state_transition_time": "allocationStateTransitionTime",
    "creation_time": "creationTime",
    "current_node_count": "currentNodeCount",
    "errors": "errors",
    "modified_time": "modifiedTime",
    "node_state_counts": "nodeStateCounts",
    "provisioning_state": "provisioningState",
    "provisioning_state_transition_time": "provisioningStateTransitionTime",
    "scale_settings": "scaleSettings",
    "target_node_count": "targetNodeCount",
    "vm_priority": "vmPriority",
    "vm_size": "vmSize",
}


def errors(seen: WireCompute) -> list[dict[str, Any]] | None:
    """What is wrong with a target, as SDK v1 listed it; None where it is well."""
    if seen["state"] != "Failed":
        return None
    return [{"error": {"code": "ComputeFailed", "message": seen["why"], "details": []}}]


def scale_of(seen: WireCompute) -> ScaleSettings:
    """The numbers of nodes of a target."""
    idle = int(seen["idleSeconds"])
    if seen["workspace"] is None:
        return ScaleSettings(1, 1, idle)
    return ScaleSettings(seen["minNodes"], seen["maxNodes"], idle)


def _states(seen: WireCompute) -> Counter[str]:
    """What the nodes do; what every workspace has is one node that works or rests."""
    if seen["workspace"] is None and not seen["nodes"]:
        return Counter({"busy" if seen["busy"] else "idle": 1})
    return Counter(node["state"] for node in seen["nodes"])


def _last(seen: WireCompute) -> str | None:
    """When a node changed last."""
    return max((node["since"] for node in seen["nodes"] if node["since"]), default=None)


def _told(thing: object, keys: Mapping[str, str]) -> dict[str, Any]:
    return {key: getattr(thing, name) for name, key in keys.items()}


def _read(told: Mapping[str, Any], keys: Mapping[str, str]) -> dict[str, Any]:
    return {name: told.get(key) for name, key in keys.items()}
