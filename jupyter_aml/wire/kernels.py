"""Kernels in environments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from jupyter_aml.domain import compute, ids
from jupyter_aml.domain.environment import environment_name, version_name
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.domain.kernel import (
    KernelServer,
    KernelSession,
    KernelState,
    TargetKernel,
    kernel_id,
)
from jupyter_aml.wire.coding import decode_time, encode_time
from jupyter_aml.wire.fields import Fields


class WireKernelSpec(TypedDict):
    """An environment that was made a notebook kernel; `spec` is the name of its kernelspec."""

    spec: str
    displayName: str
    workspace: str
    environment: str
    version: str | None
    compute: str


class WireKernel(TypedDict):
    """A kernel that runs: of whom, for how long idle (seconds), memory in bytes, CPU in percent.

    `compute` is the target that it runs on, null for a kernel of this server's machine.
    """

    kernelId: str
    spec: str
    displayName: str
    environment: str | None
    notebook: str | None
    state: str
    idle: float | None
    connections: int
    startedAt: str
    memory: int | None
    cpu: float | None
    pid: int | None
    compute: str | None


class WireKernels(TypedDict):
    """The kernels that were made of environments, and all that run on this server.

    `python` is the interpreter that a kernelspec means which only says "python", and `folder` is
    where the paths of notebooks begin, if they are files.
    """

    specs: list[WireKernelSpec]
    running: list[WireKernel]
    python: str
    folder: str | None


class WireKernelServer(TypedDict):
    """The Jupyter server of a kernel: its process, and where the paths of its notebooks begin."""

    pid: int
    start: str
    folder: str


class WireKernelSession(TypedDict):
    """What a Jupyter server calls the notebook of a kernel."""

    id: str
    path: str
    name: str
    type: str


class WireTargetKernel(TypedDict):
    """A kernel on a compute target: where it stands, and why it waits or has ended.

    `hasServer` says whether its Jupyter server lives. `place` is the folder of its files, `door`
    the port of this machine by which its keeper is reached.
    """

    id: str
    workspace: str
    compute: str
    environment: str
    version: str | None
    spec: str
    displayName: str
    notebook: str
    session: WireKernelSession | None
    server: WireKernelServer
    hasServer: bool
    state: Literal["preparing", "queued", "starting", "running", "ended"]
    reason: str | None
    code: int | None
    place: str
    door: int
    createdAt: str
    endedAt: str | None


class WireNewTargetKernel(TypedDict, total=False):
    """Body of POST /aml/compute-kernels. `connectionFile` is that of the Jupyter server.

    A kernel of that id which lives is taken over, where its own server is gone.
    """

    id: str
    workspace: str
    compute: str
    environment: str
    version: str | None
    spec: str
    displayName: str
    notebook: str
    cwd: str
    connectionFile: str
    server: WireKernelServer


class WireTargetKernelChange(TypedDict):
    """Body of PATCH /aml/compute-kernels/<id>: the session that it belongs to now."""

    session: WireKernelSession


@dataclass(frozen=True, kw_only=True)
class NewTargetKernel:
    """A kernel that shall be on a target."""

    id: str
    workspace: WorkspaceName
    compute: str
    environment: str
    version: str | None
    spec: str
    display_name: str
    notebook: str
    cwd: str
    connection_file: str
    server: KernelServer


def decode_new_target_kernel(body: Mapping[str, Any]) -> NewTargetKernel:
    """Read the body of POST /aml/compute-kernels; raises Invalid naming the key."""
    fields = Fields("kernel", body)
    version = fields.optional("version")
    return NewTargetKernel(
        id=kernel_id(body.get("id")),
        workspace=ids.workspace_name(fields.text("workspace", ids.DEFAULT_WORKSPACE)),
        compute=compute.target_name(body.get("compute")),
        environment=environment_name(body.get("environment")),
        version=None if version is None else version_name(version),
        spec=fields.text("spec", ""),
        display_name=fields.text("displayName", ""),
        notebook=fields.text("notebook", ""),
        cwd=fields.text("cwd", ""),
        connection_file=fields.text("connectionFile"),
        server=_server(fields.mapping("server")),
    )


def decode_kernel_session(body: Mapping[str, Any]) -> KernelSession:
    """Read the body of PATCH /aml/compute-kernels/<id>; raises Invalid naming the key."""
    return _session(Fields("kernel", body).mapping("session"))


def encode_kernel(
    kernel: TargetKernel, *, reason: str | None, place: str, has_server: bool
) -> WireTargetKernel:
    """A kernel as JSON; `reason` is why it waits now."""
    return {
        "id": kernel.id,
        "workspace": kernel.workspace,
        "compute": kernel.compute,
        "environment": kernel.environment,
        "version": kernel.version,
        "spec": kernel.spec,
        "displayName": kernel.display_name,
        "notebook": kernel.notebook if kernel.session is None else kernel.session.path,
        "session": None if kernel.session is None else _encode_session(kernel.session),
        "server": _encode_server(kernel.server),
        "hasServer": has_server,
        "state": kernel.state.value,
        "reason": kernel.why if kernel.is_over else reason,
        "code": kernel.code,
        "place": place,
        "door": kernel.door,
        "createdAt": encode_time(kernel.created_at) or "",
        "endedAt": encode_time(kernel.ended_at),
    }


def kernel_to_json(kernel: TargetKernel) -> dict[str, Any]:
    """A kernel as its record holds it."""
    told = encode_kernel(kernel, reason=None, place="", has_server=False)
    own = {"cwd": kernel.cwd, "attempt": kernel.attempt, "backend": kernel.backend}
    dropped = {key: value for key, value in told.items() if key not in ("hasServer", "place")}
    return {**dropped, **own, "notebook": kernel.notebook, "handle": dict(kernel.handle)}


def kernel_from_json(data: Mapping[str, Any]) -> TargetKernel:
    """The inverse of `kernel_to_json`; raises Invalid, KeyError, TypeError or ValueError."""
    created = decode_time(data["createdAt"])
    assert created is not None
    return TargetKernel(
        id=kernel_id(data["id"]),
        workspace=ids.workspace_name(data["workspace"]),
        compute=str(data["compute"]),
        environment=str(data["environment"]),
        version=data["version"],
        spec=str(data["spec"]),
        display_name=str(data["displayName"]),
        cwd=str(data["cwd"]),
        server=_server(data["server"]),
        created_at=created,
        notebook=str(data["notebook"]),
        session=None if data["session"] is None else _session(data["session"]),
        attempt=int(data["attempt"]),
        backend=str(data["backend"]),
        handle=dict(data["handle"]),
        state=KernelState(data["state"]),
        door=int(data["door"]),
        why=data["reason"],
        code=data["code"],
        ended_at=decode_time(data["endedAt"]),
    )


def _server(data: Mapping[str, Any]) -> KernelServer:
    fields = Fields("kernel.server", data)
    return KernelServer(
        pid=fields.whole("pid", 0) or 0,
        start=fields.text("start", ""),
        folder=fields.text("folder", ""),
    )


def _encode_server(server: KernelServer) -> WireKernelServer:
    return {"pid": server.pid, "start": server.start, "folder": server.folder}


def _session(data: Mapping[str, Any]) -> KernelSession:
    fields = Fields("kernel.session", data)
    return KernelSession(
        id=fields.text("id"),
        path=fields.text("path"),
        name=fields.text("name", ""),
        type=fields.text("type", "notebook"),
    )


def _encode_session(session: KernelSession) -> WireKernelSession:
    return {"id": session.id, "path": session.path, "name": session.name, "type": session.type}
