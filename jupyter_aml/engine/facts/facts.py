"""What is recorded of a run without being asked: found out beside it, so that nothing waits."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jupyter_aml.domain.errors import AmlError, NotFound, Outdated, StorageFailed
from jupyter_aml.domain.ids import RunId
from jupyter_aml.domain.run import Process, Run
from jupyter_aml.engine.facts import git
from jupyter_aml.engine.facts.git import Checkout
from jupyter_aml.engine.facts.host import host
from jupyter_aml.engine.facts.packages import Interpreters
from jupyter_aml.engine.ledger import Ledger
from jupyter_aml.engine.root import Root, write_json
from jupyter_aml.environments.protocol import Materialised, Say
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.plain import read_plain
from jupyter_aml.wire.facts import WireFacts

Materialise = Callable[[Run, Say], Awaitable[Materialised | None]]


class Facts:
    """Finds out the facts of runs. Nothing of a run waits for it or fails by it."""

    def __init__(self, root: Root, ledger: Ledger, log: logging.Logger) -> None:
        self._root, self._ledger, self._log = root, ledger, log
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="aml-facts")
        self._writing, self._is_closed = threading.Lock(), False
        self._interpreters = Interpreters()
        self._tasks: defaultdict[RunId, set[asyncio.Task[None]]] = defaultdict(set)

    def begin(self, run: Run, source: Path | None, process: Process | None) -> None:
        """Look at where a new run comes from; `process` is what logs, where there is no job."""
        self._beside(run, self._source(run, source, process))

    def noting(self, materialise: Materialise) -> Materialise:
        """The same way to an environment, with a look at what is in it."""

        async def noted(run: Run, say: Say) -> Materialised | None:
            built = await materialise(run, say)
            if built is not None and not built.elsewhere:
                self._beside(run, self._environment(run, built))
            return built

        return noted

    async def of(self, run: Run) -> WireFacts:
        """The facts of a run, once what is being found out is found."""
        if self._tasks.get(run.id):
            await asyncio.wait(set(self._tasks[run.id]))
        told = await asyncio.to_thread(read, run.id, self._root.folder(run))
        if run.job is not None or run.parent is None:
            return told
        try:
            parent = await self.of(await self._ledger.find(run.parent))
        except NotFound:
            return told
        # A child without a job is made inside its parent: what holds for the one holds for both.
        return {
            "runId": run.id,
            "git": told["git"] or parent["git"],
            "python": told["python"] or parent["python"],
            "packages": told["packages"] or parent["packages"],
            "host": told["host"] or parent["host"],
        }

    async def close(self) -> None:
        """Give up what is being found out."""
        tasks = [task for each in self._tasks.values() for task in each]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(self._end)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _beside(self, run: Run, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(self._caught(run, work))
        self._tasks[run.id].add(task)
        task.add_done_callback(lambda task: self._done(run.id, task))

    def _done(self, run_id: RunId, task: asyncio.Task[None]) -> None:
        self._tasks[run_id].discard(task)
        if not self._tasks[run_id]:
            del self._tasks[run_id]

    async def _caught(self, run: Run, work: Awaitable[None]) -> None:
        try:
            await work
        except (AmlError, OSError, ValueError) as error:
            self._log.warning("run %s: its facts are not whole: %s", run.id, error)

    async def _source(self, run: Run, source: Path | None, process: Process | None) -> None:
        loop = asyncio.get_running_loop()
        properties = await loop.run_in_executor(
            self._threads, self._note_source, run, source, process
        )
        while new := {name: properties[name] for name in properties.keys() - run.properties.keys()}:
            try:
                run = await self._ledger.find(run.id)
                run = await self._ledger.change(run, properties={**new, **run.properties})
            except Outdated:
                continue

    async def _environment(self, run: Run, built: Materialised) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._threads, self._note_environment, run, built)

    # ---- in threads -------------------------------------------------------------------------

    def _note_source(
        self, run: Run, source: Path | None, process: Process | None
    ) -> dict[str, str]:
        folder = self._root.folder(run)
        found: dict[str, Any] = {"host": host()}
        place = source or _origin(run, process)
        seen = git.look(place) if place and git.is_inside(place) else None
        if seen is not None:
            found["git"] = _git(seen)
        python = _program(process)
        if python is not None:
            found["python"], found["packages"] = self._interpreters.of(python)
        self._add(folder, found, b"" if seen is None else seen.diff)
        return {} if seen is None else _properties(seen)

    def _note_environment(self, run: Run, built: Materialised) -> None:
        folder = self._root.folder(run)
        if "packages" in _stored(folder):
            return  # Asked again by a later engine: what counts is what the run began with.
        python, packages = self._interpreters.packages(built)
        inside = built.image is not None
        self._add(folder, {"python": python, "packages": packages, "inContainer": inside})

    def _end(self) -> None:
        with self._writing:
            self._is_closed = True

    def _add(self, folder: RunFolder, found: Mapping[str, Any], diff: bytes = b"") -> None:
        with self._writing:
            # A run that was deleted meanwhile must not come back as a folder with nothing else,
            # and an engine that has given up its root, to another one maybe, writes no more.
            if folder.path.is_dir() and not self._is_closed:
                if diff:
                    _write(folder.git_diff, diff)
                write_json(folder.facts, {**_stored(folder), **found})


def read(run_id: str, folder: RunFolder) -> WireFacts:
    """What the folder of a run says; null for what was not found out. Blocks."""
    stored = _stored(folder)
    python = stored.get("python")
    if python is None and stored.get("inContainer"):
        python = _inside(folder)
    return {
        "runId": run_id,
        "git": stored.get("git"),
        "python": python,
        "packages": stored.get("packages", []),
        "host": stored.get("host"),
    }


def _stored(folder: RunFolder) -> dict[str, Any]:
    found = _json(folder.facts)
    return found if isinstance(found, dict) else {}


def _inside(folder: RunFolder) -> str | None:
    """The Python of a container, which its shim has noted."""
    for path in sorted(folder.status.glob("pids.*"), reverse=True):
        found = _json(path)
        if isinstance(found, dict) and isinstance(found.get("python"), str):
            return str(found["python"])
    return None


def _json(path: Path) -> Any:
    try:
        return json.loads(read_plain(path))
    except (OSError, ValueError):
        return None


def _origin(run: Run, process: Process | None) -> Path | None:
    """The folder of the notebook that sent a run, or in which its kernel is at work."""
    notebook = run.origin.notebook if run.origin is not None else None
    if notebook and os.path.isabs(notebook) and os.path.isdir(os.path.dirname(notebook)):
        return Path(notebook).parent
    if process is None:
        return None
    try:
        return Path(os.readlink(f"/proc/{process.pid}/cwd"))
    except OSError:
        return None


def _program(process: Process | None) -> str | None:
    """The interpreter of a kernel, by the first word of its command and where it looks for that."""
    if process is None:
        return None
    try:
        place = Path(f"/proc/{process.pid}")
        words = (place / "cmdline").read_bytes().split(b"\0")
        variables = (place / "environ").read_bytes().split(b"\0")
    except OSError:
        return None
    program = os.fsdecode(words[0])
    if "python" not in os.path.basename(program):
        return None
    if "/" not in program:
        paths = [os.fsdecode(each[5:]) for each in variables if each.startswith(b"PATH=")]
        program = shutil.which(program, path=paths[0] if paths else os.defpath) or ""
    return program if os.path.isabs(program) else None


def _git(seen: Checkout) -> dict[str, Any]:
    return {
        "repository": seen.repository,
        "branch": seen.branch,
        "commit": seen.commit,
        "isDirty": seen.is_dirty,
        "diffSize": len(seen.diff),
    }


def _properties(seen: Checkout) -> dict[str, str]:
    """The properties that SDK v1 gave a run sent from a repository."""
    named = {
        "azureml.git.repository_uri": seen.repository,
        "mlflow.source.git.repoURL": seen.repository,
        "azureml.git.branch": seen.branch,
        "mlflow.source.git.branch": seen.branch,
        "azureml.git.commit": seen.commit,
        "mlflow.source.git.commit": seen.commit,
        "azureml.git.dirty": str(seen.is_dirty),
    }
    return {name: value for name, value in named.items() if value is not None}


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise StorageFailed(f"cannot write {path}: {error.strerror}") from error
