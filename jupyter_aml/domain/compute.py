"""A compute target: a place where runs run, that a workspace knows by a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.vm_sizes import vm_size

LOCAL = "local"
"""The target that always exists: this machine."""

DEDICATED, LOW_PRIORITY = "dedicated", "lowpriority"
PRIORITIES = (DEDICATED, LOW_PRIORITY)

MOST_NODES = 1_000

SECRET = "secret://"
"""How a setting begins that stands in the vault: the rest is its name there."""

_MOST = 1_000_000_000
_IDLE = timedelta(seconds=1_800)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How many nodes there are at least and at most, and how long one may idle."""

    min_nodes: int = 0
    max_nodes: int = 1
    idle: timedelta = _IDLE


@dataclass(frozen=True, slots=True, kw_only=True)
class MachinePython:
    """The Python that a machine of its own has for runs, and the platform that it is of."""

    where: str
    """How people call the machine."""
    path: str
    version: str
    system: str
    machine: str
    glibc: str
    """The version of the C library; empty for another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeDefinition:
    """A target that was created or attached. Make it from JSON by `read`."""

    name: str
    kind: str
    """Which kind of the entry points `jupyter_aml.compute` opens it: `cluster`, `slurm`, ..."""
    type: str
    """What SDK v1 calls it: `AmlCompute`, `ComputeInstance`, `VirtualMachine`, ..."""
    scale: Scale = field(default_factory=Scale)
    vm_size: str = ""
    """The name of Azure for the size of a node; empty for a node that is not limited."""
    priority: str = DEDICATED
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the kind has besides; a secret is `secret://<its name>`."""
    description: str = ""
    is_attached: bool = False
    """Whether it was there before, and is only known here."""
    is_stopped: bool = False
    """Whether somebody has stopped it, so that runs wait."""
    changed_at: str | None = None
    """When it was changed last; ISO 8601 in UTC."""
    version: str | None = None

    def with_version(self, version: str) -> ComputeDefinition:
        """The same definition as a version of its name."""
        return replace(self, version=version)

    def same_as(self, other: ComputeDefinition) -> bool:
        """Whether both define the same, whenever they were changed."""
        return _bare(self) == _bare(other)

    def to_json(self) -> dict[str, Any]:
        """The JSON form, which `read` reads."""
        return {
            "name": self.name,
            "kind": self.kind,
            "type": self.type,
            "minNodes": self.scale.min_nodes,
            "maxNodes": self.scale.max_nodes,
            "idleSeconds": self.scale.idle.total_seconds(),
            "vmSize": self.vm_size,
            "vmPriority": self.priority,
            "settings": dict(self.settings),
            "description": self.description,
            "isAttached": self.is_attached,
            "isStopped": self.is_stopped,
            "changedAt": self.changed_at,
        }


def read(data: Mapping[str, Any]) -> ComputeDefinition:
    """Check the JSON form; raises Invalid naming the key."""
    settings = data.get("settings") or {}
    if not isinstance(settings, Mapping) or not all(isinstance(key, str) for key in settings):
        raise Invalid("settings: expected an object")
    size, priority = data.get("vmSize") or "", data.get("vmPriority") or DEDICATED
    if str(priority).lower() not in PRIORITIES:
        raise Invalid(f"vm_priority: {priority!r} is neither 'dedicated' nor 'lowpriority'")
    return ComputeDefinition(
        name=target_name(data.get("name")),
        kind=_text(data, "kind"),
        type=_text(data, "type"),
        scale=scale(data.get("minNodes"), data.get("maxNodes"), data.get("idleSeconds")),
        vm_size=vm_size(str(size)).name if size else "",
        priority=str(priority).lower(),
        settings=dict(settings),
        description=str(data.get("description") or ""),
        is_attached=bool(data.get("isAttached")),
        is_stopped=bool(data.get("isStopped")),
        changed_at=data.get("changedAt"),
    )


def scale(min_nodes: object, max_nodes: object, idle_seconds: object) -> Scale:
    """The numbers of nodes and the seconds of idleness, checked; None is the default."""
    least = _whole("min_nodes", min_nodes, 0, 0)
    most = _whole("max_nodes", max_nodes, max(least, 1), 1)
    if least > most:
        raise Invalid(f"min_nodes is {least} and max_nodes {most}: there cannot be more at least")
    if most > MOST_NODES:
        raise Invalid(f"max_nodes is {most}; a target has at most {MOST_NODES} nodes")
    idle = _whole("idle_seconds_before_scaledown", idle_seconds, int(_IDLE.total_seconds()), 0)
    return Scale(min_nodes=least, max_nodes=most, idle=timedelta(seconds=idle))


def target_name(text: object) -> str:
    """Return `text` as the name of a compute target, or raise Invalid."""
    name = ids.named("compute target", text)
    if name == LOCAL:
        raise Invalid(f"{LOCAL!r} is this machine, and always there: choose another name")
    return name


def secret_name(target: str, setting: str) -> str:
    """The name in the vault of a setting's value; no name that a user may choose has a slash."""
    return f"compute/{target}/{setting}"


def _bare(definition: ComputeDefinition) -> ComputeDefinition:
    return replace(definition, version=None, changed_at=None, is_stopped=False)


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise Invalid(f"{key}: expected text, got {value!r}")
    return value


def _whole(name: str, value: object, default: int, least: int) -> int:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise Invalid(f"{name}: expected a whole number, got {value!r}")
    if value < least:
        raise Invalid(f"{name}: {value} is less than {least}")
    if value > _MOST:
        raise Invalid(f"{name}: expected at most {_MOST:,}")
    return int(value)
