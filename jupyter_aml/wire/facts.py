"""What is known of how a run came to be, and how two runs differ."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from jupyter_aml.wire.environments import WirePackage
from jupyter_aml.wire.runs import WireRun


class WireGit(TypedDict):
    """The state of the repository that the source was sent from; diffSize in bytes."""

    repository: str | None
    branch: str | None
    commit: str
    isDirty: bool
    diffSize: int


class WireHost(TypedDict):
    """The machine that a run ran on; memory in bytes."""

    name: str
    system: str
    processor: str
    cores: int
    memory: int
    gpus: list[str]


class WireFacts(TypedDict):
    """What was recorded of a run without being asked; null where nothing could be learned."""

    runId: str
    git: WireGit | None
    python: str | None
    packages: list[WirePackage]
    host: WireHost | None


class WireCell(TypedDict):
    """Code that repeats a run, to be put into a cell and edited."""

    text: str


class WireChange(TypedDict):
    """One thing in which two runs differ; null where a run does not have it."""

    name: str
    left: Any
    right: Any


class WireFileChange(TypedDict):
    """A file of the source in which two runs differ; `diff` is a unified diff of text."""

    path: str
    state: Literal["added", "removed", "changed", "binary"]
    diff: str | None


class WireRunDifference(TypedDict):
    """All in which two runs differ. What is equal is not in it."""

    left: WireRun
    right: WireRun
    facts: list[WireChange]
    parameters: list[WireChange]
    metrics: list[WireChange]
    packages: list[WireChange]
    files: list[WireFileChange]
