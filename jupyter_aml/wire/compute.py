"""Compute targets: what is asked of them, decoded, and how they are told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypedDict

from jupyter_aml.domain import compute, ids
from jupyter_aml.domain.compute import SECRET, ComputeDefinition
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.secrets import looks_secret
from jupyter_aml.wire.fields import Fields
from jupyter_aml.wire.kernels import WireTargetKernel


class WireNode(TypedDict):
    """A node of a compute target: what it does, since when, its runs and kernels by their ids."""

    id: str
    state: Literal["starting", "idle", "busy", "leaving", "lost"]
    runs: list[str]
    kernels: list[str]
    since: str | None
    address: str
    note: str


class WireCompute(TypedDict):
    """A compute target and how busy it is.

    `state` is SDK v1's (`Succeeded`, `Creating`, `Resizing`, `Stopped`, `Failed`), `why` a
    sentence where it is not well. `refusal` says why it takes no runs. One run may have
    `mostNodes` nodes, or where that is null as many as a queue of its own gives. A setting
    `secret://NAME` stands in the vault. Targets that nobody created have no workspace.
    `kernels` are those that wait for a place or have one; `takesKernels` whether there can be any.
    """

    name: str
    workspace: str | None
    type: str
    kind: str
    slots: int
    busy: int
    waiting: int
    state: str
    why: str | None
    refusal: str | None
    minNodes: int
    maxNodes: int
    mostNodes: int | None
    idleSeconds: float
    vmSize: str
    vmPriority: str
    nodes: list[WireNode]
    kernels: list[WireTargetKernel]
    takesKernels: bool
    settings: dict[str, Any]
    description: str
    tags: dict[str, str]
    isAttached: bool
    isStopped: bool
    createdAt: str | None
    changedAt: str | None


class WireComputeSample(TypedDict):
    """How a target was from a moment on, until the next sample: places taken, nodes there."""

    at: str
    slots: int
    busy: int
    waiting: int
    nodes: int


class WireComputeSize(TypedDict):
    """What a node of a size has; memory in bytes."""

    name: str
    cores: int
    memory: int
    gpus: int


class WireComputeSetting(TypedDict):
    """A setting of a kind of targets, as a form offers it."""

    name: str
    label: str
    type: Literal["text", "number", "flag", "choice", "lines", "secret"]
    help: str
    required: bool
    choices: list[str]
    default: str | float | bool | None


class WireComputeKind(TypedDict):
    """A kind of targets that can be created or attached, with its settings.

    `isScaled` says whether it may be chosen how many nodes there are, `isKnownOnly` that targets
    of the kind are known by name and take no runs.
    """

    name: str
    type: str
    label: str
    help: str
    hasNodes: bool
    isScaled: bool
    isKnownOnly: bool
    isAttached: bool
    settings: list[WireComputeSetting]


class WireComputeCheck(TypedDict):
    """What was found where a target connects to."""

    found: str


class WireNewCompute(TypedDict, total=False):
    """A target that shall be there. What is left out has the default of SDK v1."""

    workspace: str
    name: str
    kind: str
    type: str
    minNodes: int | None
    maxNodes: int | None
    idleSeconds: float | None
    vmSize: str | None
    vmPriority: str | None
    settings: dict[str, Any]
    description: str
    tags: dict[str, str]


class WireComputeChange(TypedDict, total=False):
    """What shall be other than it is; what is left out stays, a tag or setting of null goes."""

    workspace: str
    minNodes: int | None
    maxNodes: int | None
    idleSeconds: float | None
    description: str | None
    tags: dict[str, str | None]
    settings: dict[str, Any]
    isStopped: bool | None


@dataclass(frozen=True, kw_only=True)
class NewCompute:
    """A target that shall be there, with what belongs into the vault by name."""

    workspace: WorkspaceName
    definition: ComputeDefinition
    secrets: Mapping[str, str]
    tags: Mapping[str, str]

    def __repr__(self) -> str:
        return f"NewCompute({self.definition.name!r})"


@dataclass(frozen=True, kw_only=True)
class ComputeChange:
    """What shall be other than it is; what is None stays, a tag or setting of None goes."""

    workspace: WorkspaceName
    name: str
    min_nodes: float | None
    max_nodes: float | None
    idle_seconds: float | None
    description: str | None
    tags: Mapping[str, str | None]
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    is_stopped: bool | None

    def __repr__(self) -> str:
        return f"ComputeChange({self.name!r})"


def decode_new_compute(body: Mapping[str, Any]) -> NewCompute:
    """Read the body of POST /aml/compute; raises Invalid, and never repeats a secret."""
    fields = Fields("compute", body)
    name = compute.target_name(body.get("name"))
    settings, secrets = _hidden(name, fields.mapping("settings"))
    # What makes a target, and not what became of it.
    asked = {key: body[key] for key in _OF_A_DEFINITION if key in body}
    kind = fields.text("kind")
    return NewCompute(
        workspace=ids.workspace_name(fields.text("workspace", ids.DEFAULT_WORKSPACE)),
        definition=compute.read(
            {"type": kind, **asked, "name": name, "kind": kind, "settings": settings}
        ),
        secrets=secrets,
        tags=fields.text_map("tags"),
    )


def decode_compute_change(name: str, body: Mapping[str, Any]) -> ComputeChange:
    """Read the body of PATCH /aml/compute/<name>; raises Invalid."""
    fields = Fields("compute", body)
    name = compute.target_name(name)
    settings, secrets = _hidden(name, fields.mapping("settings"))
    tags = fields.mapping("tags")
    if not all(tag is None or isinstance(tag, str) for tag in tags.values()):
        raise Invalid("compute.tags: expected an object of texts")
    return ComputeChange(
        workspace=ids.workspace_name(fields.text("workspace", ids.DEFAULT_WORKSPACE)),
        name=name,
        min_nodes=fields.number("minNodes", None),
        max_nodes=fields.number("maxNodes", None),
        idle_seconds=fields.number("idleSeconds", None),
        description=fields.optional("description"),
        tags=tags,
        settings=settings,
        secrets=secrets,
        is_stopped=None if body.get("isStopped") is None else fields.flag("isStopped"),
    )


def new_hidden(asked: NewCompute, declared: Collection[str]) -> NewCompute:
    """The same with references also where its kind declares that a setting is a secret."""
    definition = asked.definition
    settings, secrets = _hidden(definition.name, definition.settings, declared)
    return replace(
        asked,
        definition=replace(definition, settings=settings),
        secrets={**asked.secrets, **secrets},
    )


def change_hidden(asked: ComputeChange, declared: Collection[str]) -> ComputeChange:
    """The same with references also where its kind declares that a setting is a secret."""
    settings, secrets = _hidden(asked.name, asked.settings, declared)
    return replace(asked, settings=settings, secrets={**asked.secrets, **secrets})


_OF_A_DEFINITION = (
    "type", "minNodes", "maxNodes", "idleSeconds", "vmSize", "vmPriority", "description",
)  # fmt: skip


_OPEN = frozenset({"host_key", "private_key_file", "tls_client_key"})
"""Settings that are no secrets, though their names sound so: a public key, and paths."""


def _hidden(
    name: str, given: Mapping[str, Any], declared: Collection[str] = ()
) -> tuple[dict[str, Any], dict[str, str]]:
    """Settings with references where secrets were, and the secrets by their names.

    Secrets are those that look like it, and those `declared`.
    """
    settings, secrets = dict(given), {}
    for key, value in given.items():
        if not isinstance(value, str) or not value:
            continue
        reference = compute.secret_name(name, key)
        if value.startswith(SECRET):
            meant = value.removeprefix(SECRET)
            if "/" in meant and meant != reference:
                raise Invalid(f"{key}: {value!r} is a secret of something else")
        elif key in declared or (key not in _OPEN and looks_secret(key, value)):
            secrets[reference] = value
            settings[key] = SECRET + reference
    return settings, secrets
