"""Compute targets as text: the rows of a list, and one target in full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from jupyter_aml.domain.vm_sizes import SIZES
from jupyter_aml.widgets.plain import clean, local, moment

if TYPE_CHECKING:
    from jupyter_aml.wire.compute import WireCompute, WireComputeKind, WireComputeSetting, WireNode
    from jupyter_aml.wire.kernels import WireTargetKernel

HEADS = ("Target", "Type", "State", "Nodes", "Busy", "Waiting", "Size", "Kind")
KIND_HEADS = ("Kind", "Type", "What it is", "Settings")
_SHOWN_NODES = 50


def row(seen: WireCompute) -> tuple[str, ...]:
    """A target as the texts below HEADS."""
    return (
        seen["name"], seen["type"], state(seen), nodes(seen), busy(seen),
        str(seen["waiting"] or ""), seen["vmSize"], seen["kind"],
    )  # fmt: skip


def state(seen: WireCompute) -> str:
    """The state in a word; one that takes no runs says so."""
    is_well = seen["state"] not in ("Failed", "Stopped")
    return "takes no runs" if seen["refusal"] and is_well else seen["state"]


def nodes(seen: WireCompute) -> str:
    """The nodes that are there, of those that there may be; empty where that says nothing."""
    if seen["workspace"] is None or (seen["isAttached"] and not seen["nodes"]):
        return ""
    return f"{len(seen['nodes'])} of {seen['maxNodes']}"


def busy(seen: WireCompute) -> str:
    """The places that are taken, of all."""
    return f"{seen['busy']} of {seen['slots']}" if seen["slots"] else ""


def kind_row(kind: WireComputeKind) -> tuple[str, ...]:
    """A kind as the texts below KIND_HEADS; a setting that is needed has a star."""
    settings = ", ".join(
        f"{each['name']}{'*' if each['required'] else ''}" for each in kind["settings"]
    )
    return kind["name"], kind["type"], kind["help"] or kind["label"], settings


def describe_kind(kind: WireComputeKind) -> str:
    """A kind with each of its settings."""
    lines = [f"{kind['name']}: {kind['label']}, SDK v1's {kind['type']}", f"  {kind['help']}"]
    lines += [_setting(each) for each in kind["settings"]] or ["no settings"]
    return clean("\n".join(lines))


def describe(seen: WireCompute) -> str:
    """All that is known of a target."""
    return clean("\n".join(_lines(seen)))


def made(seen: WireCompute) -> str:
    """A sentence on a target that was just created, attached or changed."""
    verb = "attached" if seen["isAttached"] else "created"
    if seen["refusal"]:
        return clean(f"{seen['name']} is {verb}, and takes no runs: {seen['refusal']}")
    return clean(f"{seen['name']} is {verb}: {seen['type']}{_scale(seen)}{bound(seen)}")


def bound(seen: WireCompute) -> str:
    """That this machine cannot have all nodes of a cluster at once; empty where it can."""
    at_once = seen["slots"] // int(seen["settings"].get("runs_per_node", 1))
    if seen["kind"] != "cluster" or seen["isStopped"] or at_once >= seen["maxNodes"]:
        return ""
    return f"; this machine has at most {at_once} at once (AmlConfig.max_nodes)"


def scaled(seen: WireCompute) -> str:
    """A sentence on a target that was just resized."""
    nodes = _scale(seen).removeprefix(",") or " no nodes of its own"
    return clean(f"{seen['name']} has{nodes}{bound(seen)}")


def _setting(setting: WireComputeSetting) -> str:
    more = [
        "needed" if setting["required"] else "",
        f"one of {', '.join(setting['choices'])}" if setting["choices"] else "",
        "" if setting["default"] is None else f"default: {setting['default']}",
        "kept in the vault" if setting["type"] == "secret" else "",
        "once for each line" if setting["type"] == "lines" else "",
    ]
    told = "; ".join(filter(None, [setting["help"].rstrip("."), *more]))
    return f"{setting['name']}: {setting['label']}{f' ({told})' if told else ''}"


def _lines(seen: WireCompute) -> Iterator[str]:
    yield f"{seen['name']}: {seen['type']}, {state(seen)}"
    if seen["description"]:
        yield f"  {seen['description']}"
    why = seen["why"] or seen["refusal"]
    if why:
        yield f"  {why}"
    for what, text in (
        ("kind", seen["kind"]),
        ("size", f"{seen['vmSize']}{_what_it_has(seen['vmSize'])}" if seen["vmSize"] else ""),
        ("nodes", f"{_scale(seen).removeprefix(', ')}{bound(seen)}"),
        ("one run", _most(seen)),
        ("priority", "low: its nodes may be taken back" if _is_low(seen) else ""),
        ("runs", f"{busy(seen)} places busy, {seen['waiting']} waiting" if seen["slots"] else ""),
        ("settings", _pairs(seen["settings"])),
        ("tags", _pairs(seen["tags"])),
        ("created", moment(seen["createdAt"]) if seen["createdAt"] else ""),
        ("changed", moment(seen["changedAt"]) if seen["changedAt"] else ""),
    ):
        if text:
            yield f"{what}: {text}"
    yield from map(_node, seen["nodes"][:_SHOWN_NODES])
    if len(seen["nodes"]) > _SHOWN_NODES:
        yield f"  and {len(seen['nodes']) - _SHOWN_NODES} more nodes"
    yield from map(_kernel, seen["kernels"])


def _scale(seen: WireCompute) -> str:
    if not nodes(seen):
        return ""
    least, most = seen["minNodes"], seen["maxNodes"]
    many = f"{least}" if least == most else f"{least} to {most}"
    word = "node" if most == 1 else "nodes"
    idle = f", each leaves after {seen['idleSeconds']:g} s without runs" if least < most else ""
    return f", {many} {word}{idle}"


def _most(seen: WireCompute) -> str:
    """How many nodes one run may have; empty for one."""
    most = seen["mostNodes"]
    if most == 1:
        return ""
    return "on as many nodes as it gives" if most is None else f"on up to {most} nodes at once"


def _what_it_has(size: str) -> str:
    meant = SIZES.get(size.lower())
    if meant is None:
        return ""
    gpus = f", {meant.gpus} GPUs" if meant.gpus else ""
    return f" ({meant.cores} cores, {meant.gibibytes:g} GiB{gpus})"


def _is_low(seen: WireCompute) -> bool:
    return seen["vmPriority"] == "lowpriority"


def _node(node: WireNode) -> str:
    since = f" since {local(node['since'])}" if node["since"] else ""
    there = [*node["runs"], *(f"kernel {kernel}" for kernel in node["kernels"])]
    runs = f": {', '.join(there)}" if there else ""
    address = f" at {node['address']}" if node["address"] else ""
    note = f" ({node['note']})" if node["note"] else ""
    return f"  {node['id']}{address} {node['state']}{since}{runs}{note}"


def _kernel(kernel: WireTargetKernel) -> str:
    notebook = f" of {kernel['notebook']}" if kernel["notebook"] else ""
    reason = f": {kernel['reason']}" if kernel["reason"] else ""
    left = "" if kernel["hasServer"] else ", without a Jupyter server"
    return f"  kernel {kernel['id']}{notebook}, {kernel['state']}{left}{reason}"


def _pairs(labels: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in labels.items())
