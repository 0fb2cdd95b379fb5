"""A client of an engine that keeps environments in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from jupyter_aml.client.door import LogPiece
from jupyter_aml.domain import environment
from jupyter_aml.domain.errors import NotFound


class FakeEnvironments:
    """The calls on environments. `builds` are the states that a build goes through."""

    def __init__(self) -> None:
        self.kept: dict[str, list[dict[str, Any]]] = {}
        self.labelled: dict[str, dict[str, str]] = {}
        self.builds: list[dict[str, Any]] = []
        self.logs: list[bytes] = [b""]
        self.asked: list[tuple[Any, ...]] = []

    def add(self, body: Mapping[str, Any]) -> dict[str, Any]:
        asked = environment.read(body["definition"])
        versions = self.kept.setdefault(asked.name, [])
        for known in versions:
            if environment.read(known).same_as(asked):
                return _wire(known)
        versions.append(asked.with_version(str(len(versions) + 1)).to_json())
        return _wire(versions[-1])

    def get(self, workspace: str, name: str, version: str | None = None) -> dict[str, Any]:
        for known in reversed(self.kept.get(name, [])):
            if version in (None, known["version"]):
                return _wire(known)
        raise NotFound(f"there is no environment {name!r}")

    def label(
        self, workspace: str, name: str, version: str, labels: Sequence[str]
    ) -> dict[str, str]:
        self.get(workspace, name, version)
        self.labelled.setdefault(name, {}).update(dict.fromkeys(labels, version))
        return self.labels(workspace, name)

    def labels(self, workspace: str, name: str) -> dict[str, str]:
        newest: str = self.get(workspace, name)["version"]
        return {**self.labelled.get(name, {}), "Latest": newest}

    def list(self, workspace: str) -> list[dict[str, Any]]:
        return [_wire(versions[-1]) for versions in self.kept.values()]

    def build(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append(("build", name, body["version"]))
        return self._state()

    def build_state(
        self, workspace: str, name: str, version: str | None = None,
        extras: Sequence[str] = (), wait: float = 0.0,
    ) -> dict[str, Any]:  # fmt: skip
        state = self._state()
        if wait and len(self.builds) > 1:
            self.builds.pop(0)
            self.logs.pop(0)
        return state

    def log(
        self, workspace: str, name: str, version: str | None = None, offset: int = 0
    ) -> LogPiece:
        if not self.logs[0]:
            raise NotFound(f"environment {name!r} was not built yet")
        return LogPiece(self.logs[0][offset:], offset, len(self.logs[0]))

    def _state(self) -> dict[str, Any]:
        unbuilt: dict[str, Any] = {
            "state": "not built", "reason": None, "interpreter": None, "image": None,
            "variables": {}, "warnings": [],
        }  # fmt: skip
        return {**unbuilt, **(self.builds[0] if self.builds else {})}


class FakeWorkspace:
    """A workspace whose client is a fake."""

    name = "default"

    def __init__(self) -> None:
        self.client = SimpleNamespace(environments=FakeEnvironments())


def _wire(definition: dict[str, Any]) -> dict[str, Any]:
    return {
        "workspace": "default", "name": definition["name"], "version": definition["version"],
        "definition": definition, "state": "not built",
    }  # fmt: skip
