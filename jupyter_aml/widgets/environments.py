"""Environments and kernels as text: the rows of a list, and one environment in full."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_aml.widgets.plain import clean, moment, size
from jupyter_aml.wire.environments import WireEnvironment
from jupyter_aml.wire.kernels import WireKernel, WireKernelSpec, WireTargetKernel

HEADS = ("Name", "Version", "Kind", "State", "Size", "Used by")
SPEC_HEADS = ("Kernel", "Shown as", "Environment", "Compute")
RUNNING_HEADS = ("Running", "Environment", "Notebook", "State", "Memory", "CPU", "Compute")

_PLAIN_PYTHON = {"interpreterPath": "python", "userManagedDependencies": False}


def row(found: WireEnvironment) -> tuple[str, ...]:
    """An environment as the texts below HEADS."""
    size_of = "" if found["size"] is None else size(found["size"])
    return (
        found["name"], found["version"], found["kind"], _state(found), size_of, used_by(found),
    )  # fmt: skip


def spec_row(spec: WireKernelSpec) -> tuple[str, ...]:
    """A kernel that can be chosen, as the texts below SPEC_HEADS."""
    version = "newest version" if spec["version"] is None else f"version {spec['version']}"
    environment = f"{spec['environment']}, {version}"
    return spec["spec"], spec["displayName"], environment, spec["compute"]


def running_row(kernel: WireKernel) -> tuple[str, ...]:
    """A kernel that runs, as the texts below RUNNING_HEADS."""
    idle = "" if not kernel["idle"] else f" for {kernel['idle']:.0f} s"
    memory = "" if kernel["memory"] is None else size(kernel["memory"])
    cpu = "" if kernel["cpu"] is None else f"{kernel['cpu']:.0f} %"
    return (
        kernel["displayName"], kernel["environment"] or "", kernel["notebook"] or "",
        f"{kernel['state']}{idle}", memory, cpu, kernel["compute"] or "",
    )  # fmt: skip


def target_row(kernel: WireTargetKernel) -> tuple[str, ...]:
    """A kernel on a target that is none of this server's, as the texts below RUNNING_HEADS."""
    version = "" if kernel["version"] is None else f":{kernel['version']}"
    left = "" if kernel["hasServer"] else ", without a Jupyter server"
    reason = f": {kernel['reason']}" if kernel["reason"] else ""
    return (
        kernel["displayName"], f"{kernel['environment']}{version}", kernel["notebook"],
        f"{kernel['state']}{left}{reason}", "", "", kernel["compute"],
    )  # fmt: skip


def used_by(found: WireEnvironment) -> str:
    """How many runs use it."""
    return {0: "", 1: "1 run"}.get(found["runs"], f"{found['runs']} runs")


def describe(found: WireEnvironment) -> str:
    """What it is, how it stands, and its definition as YAML."""
    return clean("\n".join(_lines(found)).rstrip())


def _lines(found: WireEnvironment) -> Iterator[str]:
    parts = [found["kind"], _state(found)]
    parts += [] if found["size"] is None else [size(found["size"])]
    parts += [] if found["builtAt"] is None else [f"built {moment(found['builtAt'])}"]
    parts += [f"used by {used_by(found)}"] if found["runs"] else []
    yield f"# {found['name']}:{found['version']}: {', '.join(parts)}"
    others = [version for version in found["versions"] if version != found["version"]]
    if others:
        yield f"# other versions: {', '.join(others)}"
    for warning in found["warnings"]:
        yield f"# warning: {warning}"
    yield from _definition(found)


def _definition(found: WireEnvironment) -> Iterator[str]:
    if found["specification"]:
        yield found["specification"].rstrip("\n")
    definition = found["definition"]
    python = definition.get("python") or {}
    told = {key: value for key, value in python.items() if _is_told(key, value)}
    if found["kind"] == "user-managed" or told:
        told = {"interpreterPath": python.get("interpreterPath"), **told}
    yield from _section("python", told)
    yield from _section("environmentVariables", definition.get("environmentVariables"))
    docker = definition.get("docker") or {}
    yield from _section("docker", {k: v for k, v in docker.items() if v} if _asks(docker) else {})


def _is_told(key: str, value: Any) -> bool:
    return key != "condaDependencies" and value not in (None, _PLAIN_PYTHON.get(key))


def _asks(docker: Mapping[str, Any]) -> bool:
    return bool(docker.get("enabled"))


def _section(name: str, content: Mapping[str, Any] | None) -> Iterator[str]:
    # Every JSON value is YAML as well, so nothing is needed to write it.
    if content:
        yield f"{name}:"
        yield from (f"  {key}: {json.dumps(value)}" for key, value in content.items())


def _state(found: WireEnvironment) -> str:
    reason = found["reason"]
    return f"{found['state']}: {reason}" if reason else found["state"]
