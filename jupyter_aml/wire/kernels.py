"""Kernels in environments."""

from __future__ import annotations

from typing import TypedDict


class WireKernelSpec(TypedDict):
    """An environment that was made a notebook kernel; `spec` is the name of its kernelspec."""

    spec: str
    displayName: str
    workspace: str
    environment: str
    version: str | None
    compute: str


class WireKernel(TypedDict):
    """A kernel that runs: of whom, for how long idle (seconds), memory in bytes, CPU in percent."""

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


class WireKernels(TypedDict):
    """The kernels that were made of environments, and all that run on this server.

    `python` is the interpreter that a kernelspec means which only says "python", and `folder` is
    where the paths of notebooks begin, if they are files.
    """

    specs: list[WireKernelSpec]
    running: list[WireKernel]
    python: str
    folder: str | None
