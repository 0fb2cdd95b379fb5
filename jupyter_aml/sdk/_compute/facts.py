"""What there is to ask of clusters: sizes, nodes and their use, with SDK v1's keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jupyter_aml.domain.vm_sizes import SIZES

if TYPE_CHECKING:
    from jupyter_aml.wire.compute import WireCompute, WireNode

_NODE_STATES = {
    "starting": "preparing", "idle": "idle", "busy": "running", "leaving": "leaving",
    "lost": "unusable",
}  # fmt: skip


def sizes() -> list[dict[str, Any]]:
    """The sizes of machines that are known; Azure's local disks are not."""
    return [
        {
            "name": size.name,
            "vCPUs": size.cores,
            "gpus": size.gpus,
            "memoryGB": size.gibibytes,
            "maxResourceVolumeMB": None,
        }
        for size in sorted(SIZES.values(), key=lambda size: (size.gpus, size.cores, size.name))
    ]


def nodes(seen: WireCompute) -> list[dict[str, Any]]:
    """The nodes of a target."""
    return [_node(node) for node in seen["nodes"]]


def usages(there: Sequence[WireCompute], *, show_all: bool) -> list[dict[str, Any]]:
    """How many of the nodes that each cluster may have are there."""
    return [
        {
            "id": each["name"],
            "name": {"value": each["name"], "localizedValue": each["name"]},
            "currentValue": len(each["nodes"]),
            "limit": each["maxNodes"],
            "unit": "Count",
        }
        for each in there
        if each["type"] == "AmlCompute" and (show_all or each["nodes"])
    ]


def _node(node: WireNode) -> dict[str, Any]:
    ran = node["runs"]
    return {
        "nodeId": node["id"],
        "port": None,
        "publicIpAddress": None,
        "privateIpAddress": node["address"] or None,
        "nodeState": _NODE_STATES[node["state"]],
        "runId": ran[0] if ran else None,
    }
