"""The environment of each run: what was asked for, and what met it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jupyter_aml.compute.protocol import ANY_PYTHON, Container
from jupyter_aml.compute.target import Target
from jupyter_aml.domain import environment, secrets
from jupyter_aml.domain.environment import Definition
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run import Run, RunStatus
from jupyter_aml.domain.run_data import RunData
from jupyter_aml.engine.environments.environments import Environments
from jupyter_aml.engine.root import Root, write_json
from jupyter_aml.environments.protocol import Materialised, Say
from jupyter_aml.runfolder import secrets as secret_files
from jupyter_aml.runfolder.plain import read_plain

_USER_MANAGED = "user-managed"


class RunEnvironments:
    """Finds or builds the environment of a run, and keeps with the run what it was."""

    def __init__(
        self,
        root: Root,
        environments: Environments,
        *,
        pythonpath: tuple[Path, ...],
        elsewhere: Callable[[Run], Target | None] = lambda run: None,
    ) -> None:
        """`elsewhere` tells the target of a run that no file of this machine reaches."""
        self._root, self._environments, self._pythonpath = root, environments, pythonpath
        self._elsewhere = elsewhere

    def container(self, run: Run, data: RunData, built: Materialised | None) -> Container | None:
        """Return what a job needs that runs in an image; None for others."""
        if built is None or built.image is None:
            return None
        docker = _read(self._root.folder(run).environment)["definition"]["docker"]
        return Container(
            image=built.image,
            python=built.interpreter,
            # Of this machine it sees the runtime, and the root for the engine's socket.
            mounts=(*self._pythonpath, self._root.path, *self._beside(run, data)),
            children=self._root.folder(run).children,
            shm_size=docker.get("shmSize") or environment.SHM_SIZE,
            arguments=tuple(str(one) for one in docker["arguments"]),
        )

    def _beside(self, run: Run, data: RunData) -> tuple[Path, ...]:
        """What the inputs of a run are besides the root: files that stay where they are.

        And those among the runs of its workspace, in whose place it finds its children.
        """
        places = [each.place for each in data.inputs if each.place and each.mode != "direct"]
        places += [path for each in data.inputs for path in each.behind]
        hidden, own = self._root.runs(run.workspace), self._root.folder(run).path
        apart = {
            path
            for path in map(Path, places)
            if not path.is_relative_to(self._root.path)
            or (path.is_relative_to(hidden) and not path.is_relative_to(own))
        }
        return tuple(sorted(path for path in apart if not apart.intersection(path.parents)))

    async def ensure(self, run: Run, say: Say) -> Materialised | None:
        """Return the environment of a run; None where the run brings a whole command.

        What a build says goes to `say`, its log into the run's folder.
        """
        assert run.job is not None
        folder = self._root.folder(run)
        data = await asyncio.to_thread(_read, folder.environment)
        known = await asyncio.to_thread(secret_files.read, folder.secrets)
        definition = _definition(run, data, known)
        if definition is None:
            return None
        target = self._elsewhere(run)
        if target is not None and definition.is_user_managed and not definition.wants_docker:
            return _as_given(data)
        if target is not None and run.status is not RunStatus.PREPARING:
            # Its machine was asked before, and may not answer now.
            before = _before(data)
            if before is not None:
                return before
        with _Log(folder.build_log, say) as log:
            if target is not None:
                built = await self._environments.materialise_on(target, definition, log.listen)
            else:
                built = await self._environments.materialise(definition, run.workspace, log.listen)
        is_built = built.kind != _USER_MANAGED
        if data and is_built and data.get("materialised") != _told(built):
            told = {**data, "materialised": _told(built)}
            await asyncio.to_thread(write_json, folder.environment, told)
        return built


class _Log:
    """The build log of a run: a file once there is something to write."""

    def __init__(self, path: Path, say: Say) -> None:
        self._path, self._say = path, say
        self._file: Any = None

    def __enter__(self) -> _Log:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def listen(self, kind: str, text: str) -> None:
        """Take what a build says."""
        if kind == "say":
            self._say(text)
        elif text:
            if self._file is None:
                self._file = self._path.open("w", encoding="utf-8")
            self._file.write(text)
            self._file.flush()


def _as_given(data: Mapping[str, Any]) -> Materialised:
    """The environment of a run on a machine of its own that has it already."""
    # What the sender has for a Python is none of that machine's.
    given = environment.read(data["definition"]) if "definition" in data else None
    python = ANY_PYTHON if given is None else given.interpreter
    return Materialised(kind="user-managed", interpreter=python, elsewhere=True)


def _told(built: Materialised) -> dict[str, Any]:
    return {**asdict(built), "warnings": list(built.warnings)}


def _before(data: Mapping[str, Any]) -> Materialised | None:
    """What was built for a run on the machine of its target."""
    told = data.get("materialised")
    if told is None or not told["elsewhere"]:
        return None
    return Materialised(**{**told, "warnings": tuple(told["warnings"])})


def _definition(run: Run, data: Mapping[str, Any], known: Mapping[str, str]) -> Definition | None:
    assert run.job is not None
    given = None
    if "definition" in data:
        given = environment.read(secrets.revealed_of(data["definition"], known))
    if given is not None and not (given.is_user_managed and not given.wants_docker):
        return given
    if not run.job.interpreter:
        return None
    python = {"userManagedDependencies": True, "interpreterPath": run.job.interpreter}
    return environment.read({"name": _USER_MANAGED, "python": python})


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(read_plain(path))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise Invalid(f"{path} cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise Invalid(f"{path} is not what the engine wrote")
    return data
