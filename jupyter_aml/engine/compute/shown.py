"""How targets and kinds of targets are told."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_aml.compute.kinds import Kind
from jupyter_aml.compute.target import Node
from jupyter_aml.domain.compute import ComputeDefinition, Scale
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.vm_sizes import VmSize
from jupyter_aml.engine.compute.history import Sample
from jupyter_aml.engine.compute.stations import Station
from jupyter_aml.engine.noun import Registered
from jupyter_aml.wire.coding import encode_time
from jupyter_aml.wire.compute import (
    WireCompute,
    WireComputeKind,
    WireComputeSample,
    WireComputeSize,
    WireNode,
)
from jupyter_aml.wire.kernels import WireTargetKernel


def shown(
    workspace: WorkspaceName | None,
    station: Station,
    known: Registered[ComputeDefinition] | None = None,
    kernels: Sequence[WireTargetKernel] = (),
) -> WireCompute:
    """A target as it is now; `known` where somebody created or attached it."""
    target, slots = station.target, station.slots
    definition = None if known is None else known.definition
    scale = Scale(max_nodes=target.slots) if definition is None else definition.scale
    state = target.state()
    return {
        "name": target.name,
        "workspace": workspace,
        "type": target.kind if definition is None else definition.type,
        "kind": target.name if definition is None else definition.kind,
        "slots": slots.count,
        "busy": slots.busy,
        "waiting": slots.waiting,
        "state": state.state,
        "why": state.why,
        "refusal": target.refusal(),
        "minNodes": scale.min_nodes,
        "maxNodes": scale.max_nodes,
        "mostNodes": target.most_nodes,
        "idleSeconds": scale.idle.total_seconds(),
        "vmSize": "" if definition is None else definition.vm_size,
        "vmPriority": "dedicated" if definition is None else definition.priority,
        "nodes": [_node(node) for node in target.nodes()],
        "kernels": list(kernels),
        "takesKernels": target.takes_kernels,
        "settings": {} if definition is None else dict(definition.settings),
        "description": "" if definition is None else definition.description,
        "tags": {} if known is None else dict(known.tags),
        "isAttached": definition is not None and definition.is_attached,
        "isStopped": definition is not None and definition.is_stopped,
        "createdAt": None if known is None else known.created_at,
        "changedAt": None if definition is None else definition.changed_at,
    }


def kind(each: Kind) -> WireComputeKind:
    """A kind with the settings of its form."""
    return {
        "name": each.name,
        "type": each.type,
        "label": each.label,
        "help": each.help,
        "hasNodes": each.has_nodes,
        "isScaled": each.has_nodes and each.is_scaled,
        "isKnownOnly": each.is_known_only,
        "isAttached": each.is_attached,
        "settings": [
            {
                "name": one.name,
                "label": one.label,
                "type": one.type,
                "help": one.help,
                "required": one.is_required,
                "choices": list(one.choices),
                "default": one.default,
            }
            for one in each.settings
        ],
    }


def sample(each: Sample) -> WireComputeSample:
    """How a target was from a moment on."""
    return {
        "at": encode_time(each.at) or "",
        "slots": each.slots,
        "busy": each.busy,
        "waiting": each.waiting,
        "nodes": each.nodes,
    }


def size(each: VmSize) -> WireComputeSize:
    """What a node of a size has."""
    return {"name": each.name, "cores": each.cores, "memory": each.memory, "gpus": each.gpus}


def _node(node: Node) -> WireNode:
    return {
        "id": node.id,
        "state": node.state.value,
        "runs": list(node.runs),
        "kernels": list(node.kernels),
        "since": encode_time(node.since),
        "address": node.address,
        "note": node.note,
    }
