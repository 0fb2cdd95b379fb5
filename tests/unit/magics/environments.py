"""The part of the server in memory that keeps environments and kernels."""

from __future__ import annotations

import re
from typing import Any

from jupyter_aml.testing.wires import a_wire_environment
from jupyter_aml.wire.environments import WireEnvironment, WireMistake
from jupyter_aml.wire.kernels import WireKernel, WireKernelSpec

Answer = tuple[int, Any]
Look = tuple[str, str | None]


class Log:
    """A piece of a log as an answer."""

    def __init__(self, data: bytes, offset: int, size: int) -> None:
        self.data, self.offset, self.size = data, offset, size


class FakeEnvironments:
    """Environments by name and version; a build goes through the `looks` that it is given."""

    def __init__(self) -> None:
        self.all: dict[tuple[str, str], WireEnvironment] = {}
        self.specs: dict[str, WireKernelSpec] = {}
        self.running: list[WireKernel] = []
        self.locks: dict[str, dict[str, str]] = {}
        self.mistakes: list[WireMistake] = []
        self.warnings: list[str] = []
        self.looks: list[Look] = [("ready", None)]
        self.log = b""
        self.added: list[dict[str, Any]] = []
        self.builds: list[dict[str, Any]] = []
        self.prunes: list[dict[str, Any]] = []

    def add(self, **different: Any) -> WireEnvironment:
        """An environment that is there already, as one more version of its name."""
        name = different.get("name", "ridge")
        versions = [version for known, version in self.all if known == name]
        version = str(len(versions) + 1)
        made = a_wire_environment(**{"version": version, **different})
        self.all[name, made["version"]] = made
        for each in self.all.values():
            if each["name"] == name:
                each["versions"] = [made["version"], *versions[::-1]]
        return made

    def answer(self, verb: str, path: list[str], query: dict[str, Any], body: Any) -> Answer:
        match [verb, *path]:
            case ["GET", "environments"]:
                return 200, list({each["name"]: each for each in self.all.values()}.values())
            case ["POST", "environments"]:
                self.added.append(body)
                name = body.get("name") or body["definition"]["name"]
                return 201, self.add(name=name, state="not built", size=None, runs=0)
            case ["POST", "environment-check"]:
                definition = None if self.mistakes else {}
                return 200, {"definition": definition, "mistakes": self.mistakes,
                             "warnings": self.warnings}  # fmt: skip
            case ["POST", "environment-prune"]:
                self.prunes.append(body)
                return 200, {"keys": ["pip-1", "pip-2"], "size": 1_500_000_000}
            case [_, "environments", name, *rest]:
                return self._one(verb, name, rest, query, body)
            case [_, "kernels", *rest]:
                return self._kernels(verb, rest, body)
        return _problem("NotFound", f"no route {verb} {path}")

    def _one(self, verb: str, name: str, rest: list[str], query: Any, body: Any) -> Answer:
        wanted = (body or {}).get("version") or query.get("version", [None])[0]
        versions = [version for known, version in self.all if known == name]
        version = wanted or (versions or [None])[-1]
        found = self.all.get((name, str(version)))
        if found is None:
            return _problem("NotFound", f"there is no environment {name!r}")
        match [verb, *rest]:
            case ["GET"]:
                return 200, found
            case ["DELETE"]:
                for each in [wanted] if wanted else versions:
                    del self.all[name, each]
                return 204, b""
            case ["POST", "build"]:
                self.builds.append(body)
                return 202, self._state(*self.looks[0])
            case ["GET", "build"]:
                look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
                return 200, self._state(*look)
            case ["GET", "log"]:
                offset = int(query.get("offset", ["0"])[0])
                return 200, Log(self.log[offset:], offset, len(self.log))
            case ["GET", "lock"]:
                return self._lock(name, str(version))
        return _problem("NotFound", f"no {rest}")

    def _lock(self, name: str, version: str) -> Answer:
        packages = self.locks.get(f"{name}:{version}")
        if packages is None:
            return _problem("NotFound", f"environment '{name}:{version}' is not built")
        listed = [{"name": each, "version": of} for each, of in packages.items()]
        return 200, {"environment": name, "version": version, "key": "pip-1", "python": "3.11.7",
                     "text": "", "packages": listed}  # fmt: skip

    def _state(self, state: str, reason: str | None) -> dict[str, Any]:
        return {"state": state, "reason": reason, "interpreter": None, "image": None,
                "variables": {}, "warnings": self.warnings}  # fmt: skip

    def _kernels(self, verb: str, rest: list[str], body: Any) -> Answer:
        match [verb, *rest]:
            case ["GET"]:
                here = {"python": "/usr/bin/python3", "folder": None}
                return 200, {"specs": list(self.specs.values()), "running": self.running, **here}
            case ["POST"]:
                label = body.get("name") or body["environment"]
                spec = "aml-" + re.sub("[^a-z]+", "-", label.lower())
                self.specs[spec] = {
                    "spec": spec, "displayName": label, "workspace": body["workspace"],
                    "environment": body["environment"], "version": body.get("version"),
                    "compute": body.get("compute", "local"),
                }  # fmt: skip
                return 201, self.specs[spec]
            case ["DELETE", spec] if spec in self.specs:
                del self.specs[spec]
                return 204, b""
        return _problem("NotFound", "there is no such kernel")


def _problem(error: str, message: str) -> Answer:
    return 404, {"error": error, "message": message}
