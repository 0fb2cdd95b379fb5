"""Environments and how they are built."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

EnvironmentState = Literal["not built", "building", "ready", "failed"]


class WireEnvironment(TypedDict):
    """One version of an environment. `definition` is the JSON form of SDK v1.

    `reason` says what a build does now or why it failed; `size` is in bytes, `runs` counts the
    runs that use it, and `versions` lists all versions of the name, newest first.
    `specification` is what a user may edit: a conda specification as YAML.
    """

    workspace: str
    name: str
    version: str
    versions: list[str]
    kind: Literal["user-managed", "pip", "conda", "docker"]
    curated: bool
    createdAt: str
    definition: dict[str, Any]
    specification: str
    state: EnvironmentState
    reason: str | None
    key: str | None
    size: int | None
    builtAt: str | None
    warnings: list[str]
    runs: int


class WirePackage(TypedDict):
    """A package in a built environment."""

    name: str
    version: str


class WireLock(TypedDict):
    """What exactly is in a built environment; `text` as the tool that made it writes it down."""

    environment: str
    version: str
    key: str
    python: str
    text: str
    packages: list[WirePackage]


class WireMaterialised(TypedDict):
    """An environment as a process finds it, or how far its build is (`interpreter` is null)."""

    state: EnvironmentState
    reason: str | None
    interpreter: str | None
    image: str | None
    variables: dict[str, str]
    warnings: list[str]


class WireMistake(TypedDict):
    """What is wrong with a text; line and column count from 1, null where no place is known."""

    message: str
    line: int | None
    column: int | None


class WireCheck(TypedDict):
    """A specification that was looked at: what it would become, or what is wrong with it."""

    definition: dict[str, Any] | None
    mistakes: list[WireMistake]
    warnings: list[str]


class WirePruned(TypedDict):
    """What was, or with `dryRun` would be, removed; size in bytes."""

    keys: list[str]
    size: int
