"""Every call of `docs/reference/http.md`, one method each, in its order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jupyter_aml.client.patience import LONGEST
from jupyter_aml.client.transport import Address, Transport, quoted

if TYPE_CHECKING:
    from jupyter_aml.wire.contents import WireFiles, WireMetrics, WireSnapshot
    from jupyter_aml.wire.environments import (
        WireCheck,
        WireEnvironment,
        WireLock,
        WireMaterialised,
        WirePruned,
    )
    from jupyter_aml.wire.facts import WireCell, WireFacts, WireRunDifference
    from jupyter_aml.wire.kernels import WireKernels, WireKernelSpec
    from jupyter_aml.wire.protocol import WireStatus
    from jupyter_aml.wire.runs import (
        WireCompute,
        WireExperiment,
        WirePrunedRuns,
        WireRun,
        WireRunPage,
        WireWorkspace,
    )

_BLOCK = 1 << 20


class LogPiece(NamedTuple):
    """Bytes of a log from byte `offset` on, of `size` that there were then."""

    data: bytes
    offset: int
    size: int


class Client:
    """Speaks to one engine; raises the errors of `domain.errors` that it answers."""

    def __init__(
        self,
        address: Address,
        find_again: Callable[[], Address] | None = None,
        *,
        longest: float = LONGEST,
    ) -> None:
        self._transport = Transport(address, find_again, longest=longest)

    @property
    def address(self) -> Address:
        """Where the engine answers."""
        return self._transport.address

    def close(self) -> None:
        """Close this thread's connection."""
        self._transport.close()

    def status(self) -> WireStatus:
        """Who answers, and which protocol it speaks."""
        answer: WireStatus = self._get("status")
        return answer

    def workspaces(self) -> list[WireWorkspace]:
        """All workspaces of the root."""
        answer: list[WireWorkspace] = self._get("workspaces")
        return answer

    def workspace(self, name: str) -> WireWorkspace:
        """One workspace, or NotFound."""
        answer: WireWorkspace = self._get(f"workspaces/{quoted(name)}")
        return answer

    def add_workspace(self, body: Mapping[str, Any]) -> WireWorkspace:
        """Make a workspace; AlreadyExists unless `existOk`."""
        answer: WireWorkspace = self._post("workspaces", body)
        return answer

    def experiments(self, workspace: str) -> list[WireExperiment]:
        """The experiments of a workspace."""
        answer: list[WireExperiment] = self._get("experiments", workspace=workspace)
        return answer

    def add_experiment(
        self, workspace: str, name: str, tags: Mapping[str, str] | None = None
    ) -> WireExperiment:
        """Make an experiment, or find it."""
        body = {"workspace": workspace, "name": name, "tags": dict(tags or {})}
        answer: WireExperiment = self._post("experiments", body, again=True)
        return answer

    def tag_experiment(
        self, workspace: str, name: str, tags: Mapping[str, str | None]
    ) -> WireExperiment:
        """Set tags of an experiment; a tag of None goes away. NotFound where there is none."""
        body = {"workspace": workspace, "tags": dict(tags)}
        request = self._transport.request("PATCH", f"experiments/{quoted(name)}", body=body)
        answer: WireExperiment = request.json()
        return answer

    def remove_experiment(self, workspace: str, name: str) -> None:
        """Delete an experiment that has no runs; IllegalMove otherwise."""
        query = {"workspace": workspace}
        self._transport.request("DELETE", f"experiments/{quoted(name)}", query=query)

    def compute(self) -> list[WireCompute]:
        """The compute targets."""
        answer: list[WireCompute] = self._get("compute")
        return answer

    def runs(
        self,
        *,
        workspace: str,
        experiment: str | None = None,
        filter: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> WireRunPage:
        """A page of the list of runs."""
        answer: WireRunPage = self._get(
            "runs", workspace=workspace, experiment=experiment, filter=filter, sort=sort,
            limit=limit, after=after,
        )  # fmt: skip
        return answer

    def submit(self, body: Mapping[str, Any]) -> Any:
        """Make a run (a WireRun), or describe it with `dryRun` (a WireDryRun)."""
        # With an id of the caller's a second call finds the run of the first.
        return self._post("runs", body, again="runId" in body)

    def run(self, run_id: str) -> WireRun:
        """One run, or NotFound."""
        answer: WireRun = self._get(f"runs/{quoted(run_id)}")
        return answer

    def patch(self, run_id: str, body: Mapping[str, Any]) -> WireRun:
        """Change name, description, tags or properties."""
        request = self._transport.request("PATCH", f"runs/{quoted(run_id)}", body=body)
        answer: WireRun = request.json()
        return answer

    def delete(self, run_id: str) -> None:
        """Remove a run that has ended; IllegalMove otherwise."""
        self._transport.request("DELETE", f"runs/{quoted(run_id)}")

    def cancel(self, run_id: str) -> WireRun:
        """Ask a run to end."""
        answer: WireRun = self._post(f"runs/{quoted(run_id)}/cancel", {}, again=True)
        return answer

    def look(self, run_id: str) -> WireRun:
        """Have the engine look at the run's records now."""
        answer: WireRun = self._post(f"runs/{quoted(run_id)}/look", {}, again=True)
        return answer

    def retry(self, run_id: str, body: Mapping[str, Any]) -> WireRun:
        """Send a run once more with the same source, and parameters that differ where given."""
        path = f"runs/{quoted(run_id)}/retry"
        answer: WireRun = self._post(path, body, again="runId" in body)
        return answer

    def cell(self, run_id: str) -> WireCell:
        """Code that repeats a run, for a cell of a notebook."""
        answer: WireCell = self._get(f"runs/{quoted(run_id)}/cell")
        return answer

    def difference(self, run_id: str, other: str) -> WireRunDifference:
        """All in which two runs differ."""
        path = f"runs/{quoted(run_id)}/difference/{quoted(other)}"
        answer: WireRunDifference = self._get(path)
        return answer

    def facts(self, run_id: str) -> WireFacts:
        """What was recorded of a run without being asked: git, packages, host."""
        answer: WireFacts = self._get(f"runs/{quoted(run_id)}/facts")
        return answer

    def metrics(
        self,
        run_id: str,
        *,
        points: int = 1000,
        names: Sequence[str] = (),
        source: str | None = None,
    ) -> WireMetrics:
        """The metrics of a run, each series thinned to `points`; 0 gives all.

        With `source` "system" those of the machine while it ran.
        """
        answer: WireMetrics = self._get(
            f"runs/{quoted(run_id)}/metrics",
            points=points,
            name=list(names) or None,
            source=source,
        )
        return answer

    def log(
        self,
        run_id: str,
        name: str,
        *,
        offset: int = 0,
        limit: int = 65536,
        tail: int | None = None,
    ) -> LogPiece:
        """Bytes of a log; NotFound while it is not there."""
        query = {"offset": offset, "limit": limit} if tail is None else {"tail": tail}
        return self._piece(f"runs/{quoted(run_id)}/logs/{quoted(name)}", query)

    def files(self, run_id: str, *, prefix: str = "", most: int | None = None) -> WireFiles:
        """The files of a run whose names begin with the prefix, up to `most`; else all."""
        query: dict[str, Any] = {"prefix": prefix} if prefix else {}
        if most is not None:
            query["limit"] = most
        path = f"runs/{quoted(run_id)}/files"
        found: WireFiles = self._get(path, **query)
        while found["next"] is not None and most is None:
            more: WireFiles = self._get(path, **query, after=found["next"])
            found = {**more, "files": found["files"] + more["files"]}
        return found

    def file(self, run_id: str, name: str) -> bytes:
        """The whole content of a file; use `save` for a large one."""
        path = f"runs/{quoted(run_id)}/files/{quoted(name)}"
        return self._transport.request("GET", path).body

    def save(self, run_id: str, name: str, target: Path) -> None:
        """Write a file of a run to `target`, whole or not at all."""
        self._save(f"runs/{quoted(run_id)}/files/{quoted(name)}", target)

    def archive(self, run_id: str, what: str, target: Path) -> None:
        """Write the `outputs`, the `snapshot` or all of a `run` to a zip file."""
        self._save(f"runs/{quoted(run_id)}/archive?what={quoted(what)}", target)

    def _save(self, path: str, target: Path) -> None:
        unfinished = target.with_name(f".{target.name}.part")
        try:
            with self._transport.stream(path) as response, unfinished.open("wb") as file:
                while block := response.read(_BLOCK):
                    file.write(block)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)

    def snapshot(self, run_id: str) -> WireSnapshot:
        """What was sent with a run."""
        answer: WireSnapshot = self._get(f"runs/{quoted(run_id)}/snapshot")
        return answer

    def snapshot_file(self, run_id: str, path: str) -> bytes:
        """A file as it was sent."""
        place = f"runs/{quoted(run_id)}/snapshot/{quoted(path)}"
        return self._transport.request("GET", place).body

    def prune(self, body: Mapping[str, Any]) -> WirePrunedRuns:
        """Delete ended runs by age, number and status; with `dryRun` only say which."""
        answer: WirePrunedRuns = self._post("prune", body)
        return answer

    def environments(self, workspace: str) -> list[WireEnvironment]:
        """The newest version of each environment, the curated ones last."""
        answer: list[WireEnvironment] = self._get("environments", workspace=workspace)
        return answer

    def add_environment(self, body: Mapping[str, Any]) -> WireEnvironment:
        """Register an environment; an equal definition gives back the version there is."""
        answer: WireEnvironment = self._post("environments", body, again=True)
        return answer

    def environment(self, workspace: str, name: str, version: str | None = None) -> WireEnvironment:
        """A version of an environment, or the newest; NotFound names the nearest."""
        answer: WireEnvironment = self._get(
            f"environments/{quoted(name)}", workspace=workspace, version=version
        )
        return answer

    def remove_environment(self, workspace: str, name: str, version: str | None = None) -> None:
        """Delete a version of an environment, or all of them."""
        query = {"workspace": workspace, "version": version}
        self._transport.request("DELETE", f"environments/{quoted(name)}", query=query)

    def build_environment(self, name: str, body: Mapping[str, Any]) -> WireMaterialised:
        """Start to build an environment, or join the build under way; returns at once."""
        answer: WireMaterialised = self._post(
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
        answer: WireMaterialised = self._get(
            f"environments/{quoted(name)}/build",
            workspace=workspace,
            version=version,
            extra=list(extras),
            wait=round(wait),
        )
        return answer

    def build_log(
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
            "limit": _BLOCK,
        }  # fmt: skip
        return self._piece(f"environments/{quoted(name)}/log", query)

    def environment_lock(self, workspace: str, name: str, version: str | None = None) -> WireLock:
        """What exactly is in a built environment; NotFound while it is not built."""
        answer: WireLock = self._get(
            f"environments/{quoted(name)}/lock", workspace=workspace, version=version
        )
        return answer

    def environment_labels(self, workspace: str, name: str) -> dict[str, str]:
        """The versions of an environment by their labels; the newest is `Latest`."""
        answer: dict[str, str] = self._get(
            f"environments/{quoted(name)}/labels", workspace=workspace
        )
        return answer

    def label_environment(
        self, workspace: str, name: str, version: str, labels: Sequence[str]
    ) -> dict[str, str]:
        """Give a version labels, which leave whichever version had them."""
        body = {"workspace": workspace, "version": version, "labels": list(labels)}
        answer: dict[str, str] = self._post(f"environments/{quoted(name)}/labels", body, again=True)
        return answer

    def check_environment(self, body: Mapping[str, Any]) -> WireCheck:
        """What is wrong with a definition or specification; makes nothing."""
        answer: WireCheck = self._post("environment-check", body, again=True)
        return answer

    def prune_environments(self, body: Mapping[str, Any]) -> WirePruned:
        """Remove built environments by age and size."""
        answer: WirePruned = self._post("environment-prune", body)
        return answer

    def kernels(self) -> WireKernels:
        """The kernels that were made of environments, and those that run."""
        answer: WireKernels = self._get("kernels")
        return answer

    def add_kernel(self, body: Mapping[str, Any]) -> WireKernelSpec:
        """Make an environment a kernel of notebooks."""
        answer: WireKernelSpec = self._post("kernels", body, again=True)
        return answer

    def remove_kernel(self, spec: str) -> None:
        """Take a kernel of notebooks away; its environment stays."""
        self._transport.request("DELETE", f"kernels/{quoted(spec)}")

    def _piece(self, path: str, query: Mapping[str, Any]) -> LogPiece:
        answer = self._transport.request("GET", path, query=query)
        headers = {key.lower(): value for key, value in answer.headers.items()}
        offset = int(headers.get("x-aml-offset", query.get("offset", 0)))
        return LogPiece(
            answer.body, offset, int(headers.get("x-aml-size", offset + len(answer.body)))
        )

    def _get(self, path: str, **query: Any) -> Any:
        return self._transport.request("GET", path, query=query).json()

    def _post(self, path: str, body: Mapping[str, Any], *, again: bool = False) -> Any:
        return self._transport.request("POST", path, body=body, again=again).json()
