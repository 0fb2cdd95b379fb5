"""What can be asked of environments and of the kernels made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_aml.client.door import Door, LogPiece
from jupyter_aml.client.transport import BLOCK, quoted

if TYPE_CHECKING:
    from jupyter_aml.wire.environments import (
        WireCheck,
        WireEnvironment,
        WireLock,
        WireMaterialised,
        WirePruned,
    )
    from jupyter_aml.wire.kernels import WireKernels, WireKernelSpec


class Environments:
    """Calls about environments."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(self, workspace: str) -> list[WireEnvironment]:
        """The newest version of each environment, the curated ones last."""
        answer: list[WireEnvironment] = self._door.get("environments", workspace=workspace)
        return answer

    def add(self, body: Mapping[str, Any]) -> WireEnvironment:
        """Register an environment; an equal definition gives back the version there is."""
        answer: WireEnvironment = self._door.post("environments", body, again=True)
        return answer

    def get(self, workspace: str, name: str, version: str | None = None) -> WireEnvironment:
        """A version of an environment, or the newest; NotFound names the nearest."""
        answer: WireEnvironment = self._door.get(
            f"environments/{quoted(name)}", workspace=workspace, version=version
        )
        return answer

    def remove(self, workspace: str, name: str, version: str | None = None) -> None:
        """Delete a version of an environment, or all of them."""
        query = {"workspace": workspace, "version": version}
        self._door.delete(f"environments/{quoted(name)}", **query)

    def build(self, name: str, body: Mapping[str, Any]) -> WireMaterialised:
        """Start to build an environment, or join the build under way; returns at once."""
        answer: WireMaterialised = self._door.post(
            f"environments/{quoted(name)}/build", body, again=True
        )
        return answer

    def build_state(
        self,
        workspace: str,
        name: str,
        version: str | None = None,
        extras: Sequence[str] = (),
        wait: float = 0.0,
    ) -> WireMaterialised:
        """How far a build is; waits up to `wait` seconds (at most 30) for its end."""
        answer: WireMaterialised = self._door.get(
            f"environments/{quoted(name)}/build",
            workspace=workspace,
            version=version,
            extra=list(extras),
            wait=round(wait),
        )
        return answer

    def log(
        self,
        workspace: str,
        name: str,
        version: str | None = None,
        offset: int = 0,
        extras: Sequence[str] = (),
    ) -> LogPiece:
        """The log of the last build from byte `offset` on; NotFound where there was none."""
        query = {
            "workspace": workspace, "version": version, "extra": list(extras), "offset": offset,
            "limit": BLOCK,
        }  # fmt: skip
        return self._door.piece(f"environments/{quoted(name)}/log", query)

    def lock(self, workspace: str, name: str, version: str | None = None) -> WireLock:
        """What exactly is in a built environment; NotFound while it is not built."""
        answer: WireLock = self._door.get(
            f"environments/{quoted(name)}/lock", workspace=workspace, version=version
        )
        return answer

    def labels(self, workspace: str, name: str) -> dict[str, str]:
        """The versions of an environment by their labels; the newest is `Latest`."""
        answer: dict[str, str] = self._door.get(
            f"environments/{quoted(name)}/labels", workspace=workspace
        )
        return answer

    def label(
        self, workspace: str, name: str, version: str, labels: Sequence[str]
    ) -> dict[str, str]:
        """Give a version labels, which leave whichever version had them."""
        body = {"workspace": workspace, "version": version, "labels": list(labels)}
        answer: dict[str, str] = self._door.post(
            f"environments/{quoted(name)}/labels", body, again=True
        )
        return answer

    def check(self, body: Mapping[str, Any]) -> WireCheck:
        """What is wrong with a definition or specification; makes nothing."""
        answer: WireCheck = self._door.post("environment-check", body, again=True)
        return answer

    def prune(self, body: Mapping[str, Any]) -> WirePruned:
        """Remove built environments by age and size."""
        answer: WirePruned = self._door.post("environment-prune", body)
        return answer


class Kernels:
    """Calls about the kernels that were made of environments."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(self) -> WireKernels:
        """The kernels that were made of environments, and those that run."""
        answer: WireKernels = self._door.get("kernels")
        return answer

    def add(self, body: Mapping[str, Any]) -> WireKernelSpec:
        """Make an environment a kernel of notebooks."""
        answer: WireKernelSpec = self._door.post("kernels", body, again=True)
        return answer

    def remove(self, spec: str) -> None:
        """Take a kernel of notebooks away; its environment stays."""
        self._door.delete(f"kernels/{quoted(spec)}")
