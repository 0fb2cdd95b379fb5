"""What can be asked of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_aml.client.door import Door, LogPiece, pieces
from jupyter_aml.client.transport import quoted

if TYPE_CHECKING:
    from jupyter_aml.wire.contents import WireFiles, WireMetrics, WireSnapshot
    from jupyter_aml.wire.facts import WireCell, WireFacts, WireRunDifference
    from jupyter_aml.wire.run_data import WireRunData
    from jupyter_aml.wire.runs import WirePrunedRuns, WireRun, WireRunPage


class Runs:
    """Calls about runs."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def page(
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
        answer: WireRunPage = self._door.get(
            "runs", workspace=workspace, experiment=experiment, filter=filter, sort=sort,
            limit=limit, after=after, metrics=0,
        )  # fmt: skip
        return answer

    def submit(self, body: Mapping[str, Any]) -> Any:
        """Make a run (a WireRun), or describe it with `dryRun` (a WireDryRun)."""
        # With an id of the caller's a second call finds the run of the first.
        return self._door.post("runs", body, again="runId" in body)

    def wanted(self, body: Mapping[str, Any]) -> Sequence[str]:
        """Which files of a folder of this machine the engine wants to make a snapshot."""
        answer: Sequence[str] = self._door.post("source-uploads", body, again=True)["wanted"]
        return answer

    def send(self, workspace: str, upload: str, path: str, local: Path) -> None:
        """Send a file of a source that is wanted; raises OSError."""
        route = f"source-uploads/{quoted(path)}"
        for piece in pieces(local):
            query = {"workspace": workspace, "upload": upload, "offset": piece.offset}
            self._door.put(route, piece.data, **query)

    def get(self, run_id: str) -> WireRun:
        """One run, or NotFound."""
        answer: WireRun = self._door.get(f"runs/{quoted(run_id)}")
        return answer

    def patch(self, run_id: str, body: Mapping[str, Any]) -> WireRun:
        """Change name, description, tags or properties."""
        answer: WireRun = self._door.patch(f"runs/{quoted(run_id)}", body)
        return answer

    def delete(self, run_id: str) -> None:
        """Remove a run that has ended; IllegalMove otherwise."""
        self._door.delete(f"runs/{quoted(run_id)}")

    def cancel(self, run_id: str) -> WireRun:
        """Ask a run to end."""
        answer: WireRun = self._door.post(f"runs/{quoted(run_id)}/cancel", {}, again=True)
        return answer

    def look(self, run_id: str) -> WireRun:
        """Have the engine look at the run's records now."""
        answer: WireRun = self._door.post(f"runs/{quoted(run_id)}/look", {}, again=True)
        return answer

    def retry(self, run_id: str, body: Mapping[str, Any]) -> WireRun:
        """Send a run once more with the same source, and parameters that differ where given."""
        path = f"runs/{quoted(run_id)}/retry"
        answer: WireRun = self._door.post(path, body, again="runId" in body)
        return answer

    def cell(self, run_id: str) -> WireCell:
        """Code that repeats a run, for a cell of a notebook."""
        answer: WireCell = self._door.get(f"runs/{quoted(run_id)}/cell")
        return answer

    def data(self, run_id: str) -> WireRunData:
        """The inputs and outputs of a run."""
        answer: WireRunData = self._door.get(f"runs/{quoted(run_id)}/data")
        return answer

    def difference(self, run_id: str, other: str) -> WireRunDifference:
        """All in which two runs differ."""
        path = f"runs/{quoted(run_id)}/difference/{quoted(other)}"
        answer: WireRunDifference = self._door.get(path)
        return answer

    def facts(self, run_id: str) -> WireFacts:
        """What was recorded of a run without being asked: git, packages, host."""
        answer: WireFacts = self._door.get(f"runs/{quoted(run_id)}/facts")
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
        return self._door.columns(
            f"runs/{quoted(run_id)}/metrics",
            points=points,
            name=list(names) or None,
            source=source,
        )

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
        return self._door.piece(f"runs/{quoted(run_id)}/logs/{quoted(name)}", query)

    def files(self, run_id: str, *, prefix: str = "", most: int | None = None) -> WireFiles:
        """The files of a run whose names begin with the prefix, up to `most`; else all."""
        query: dict[str, Any] = {"prefix": prefix} if prefix else {}
        if most is not None:
            query["limit"] = most
        path = f"runs/{quoted(run_id)}/files"
        found: WireFiles = self._door.get(path, **query)
        while found["next"] is not None and most is None:
            more: WireFiles = self._door.get(path, **query, after=found["next"])
            found = {**more, "files": found["files"] + more["files"]}
        return found

    def file(self, run_id: str, name: str) -> bytes:
        """The whole content of a file; use `save` for a large one."""
        path = f"runs/{quoted(run_id)}/files/{quoted(name)}"
        return self._door.content(path)

    def save(self, run_id: str, name: str, target: Path) -> None:
        """Write a file of a run to `target`, whole or not at all."""
        self._door.save(f"runs/{quoted(run_id)}/files/{quoted(name)}", target)

    def archive(self, run_id: str, what: str, target: Path) -> None:
        """Write the `outputs`, the `snapshot` or all of a `run` to a zip file."""
        self._door.save(f"runs/{quoted(run_id)}/archive?what={quoted(what)}", target)

    def snapshot(self, run_id: str) -> WireSnapshot:
        """What was sent with a run."""
        answer: WireSnapshot = self._door.get(f"runs/{quoted(run_id)}/snapshot")
        return answer

    def snapshot_file(self, run_id: str, path: str) -> bytes:
        """A file as it was sent."""
        place = f"runs/{quoted(run_id)}/snapshot/{quoted(path)}"
        return self._door.content(place)

    def prune(self, body: Mapping[str, Any]) -> WirePrunedRuns:
        """Delete ended runs by age, number and status; with `dryRun` only say which."""
        answer: WirePrunedRuns = self._door.post("prune", body)
        return answer
