"""A script, its arguments and where it runs: what `Experiment.submit` takes."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_aml.domain import environment as definitions
from jupyter_aml.domain.run import CELL_RUNNER
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk.core._runconfig import limits as refusals
from jupyter_aml.sdk.core.environment import Environment
from jupyter_aml.sdk.core.runconfig import (
    MpiConfiguration,
    PyTorchConfiguration,
    RunConfiguration,
    TensorflowConfiguration,
)
from jupyter_aml.sdk.data._placing import Placing, gathered
from jupyter_aml.sdk.exceptions import UserErrorException

MAX_DURATION_SECONDS_DEFAULT = 2592000
CELL = "cell.py"
_BUILT = "python"
"""Stands for the Python of an environment that the engine builds."""


class ScriptRunConfig:
    """A script of a folder, or a command, with its arguments."""

    MAX_DURATION_SECONDS_DEFAULT = MAX_DURATION_SECONDS_DEFAULT

    def __init__(
        self,
        source_directory: str | os.PathLike[str] | None,
        script: str | None = None,
        arguments: list[Any] | None = None,
        run_config: RunConfiguration | None = None,
        _telemetry_values: Any = None,
        compute_target: Any = None,
        environment: Environment | None = None,
        distributed_job_config: Any = None,
        resume_from: Any = None,
        max_run_duration_seconds: float | None = MAX_DURATION_SECONDS_DEFAULT,
        command: list[str] | str | None = None,
        docker_runtime_config: Any = None,
        limits: Mapping[str, Any] | None = None,
    ) -> None:
        """Take what is to be run; raises UserErrorException for a folder or script not there.

        `limits`, which SDK v1 did not have, is what the run may take of its machine, as in
        `{"cpus": 2, "memory": "4g", "processes": 500, "gpus": 1}`.
        """
        self.run_config = run_config or RunConfiguration()
        self.source_directory = os.fspath(source_directory) if source_directory else "."
        self.script = script or self.run_config.script
        self.arguments = given.words(
            "arguments", self.run_config.arguments if arguments is None else arguments
        )
        self.command = command or self.run_config.command
        self.max_run_duration_seconds = max_run_duration_seconds
        if compute_target is not None:
            self.run_config.target = getattr(compute_target, "name", compute_target)
        if environment is not None:
            self.run_config.environment = _checked(environment)
        if docker_runtime_config is not None:
            self.run_config.docker = docker_runtime_config
        if limits is not None:
            self.run_config.limits = dict(limits)
        given.refuse("nothing is sent anywhere", _telemetry_values=_telemetry_values)
        if distributed_job_config is not None:
            self._distribute(distributed_job_config)
        given.refuse(
            "a run starts with what it was sent; give it the files of an earlier run as an input",
            resume_from=resume_from,
        )
        self._cell: _Cell | None = None
        self._inputs: tuple[Any, ...] = ()
        """Inputs besides those among the arguments: an estimator takes them by themselves."""
        self._check()

    def _distribute(self, wanted: Any) -> None:
        """Take the processes that are asked for: of one there is nothing to distribute."""
        parts = {MpiConfiguration: ("mpi", "Mpi"), TensorflowConfiguration: ("tensorflow", None),
                 PyTorchConfiguration: ("pytorch", "Nccl")}  # fmt: skip
        name, communicator = parts.get(type(wanted), ("", None))
        if not name:
            raise UserErrorException(
                f"distributed_job_config: expected an MpiConfiguration, a PyTorchConfiguration or "
                f"a TensorflowConfiguration, not {type(wanted).__name__}"
            )
        setattr(self.run_config, name, wanted)
        self.run_config.communicator = communicator or "ParameterServer"

    @classmethod
    def from_cell(
        cls,
        cell: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        include: Sequence[str] = (),
        base: str | os.PathLike[str] | None = None,
        line_offset: int = 1,
        compute_target: Any = None,
        source_directory: str | os.PathLike[str] | None = None,
        timeout: Any = None,
        environment: Environment | None = None,
    ) -> ScriptRunConfig:
        """A notebook cell as a script, `cell.py`, in which the parameters are variables.

        `include` are globs below `base` (the current folder); `line_offset` is the number of
        lines that the editor shows above the cell's first; `timeout` a timedelta or seconds.
        """
        config = cls.__new__(cls)
        config.run_config = RunConfiguration()
        config.source_directory = os.fspath(source_directory) if source_directory else ""
        config.script, config.arguments, config.command = CELL, [], None
        seconds = timeout.total_seconds() if hasattr(timeout, "total_seconds") else timeout
        config.max_run_duration_seconds = seconds
        if compute_target is not None:
            config.run_config.target = getattr(compute_target, "name", compute_target)
        if environment is not None:
            config.run_config.environment = _checked(environment)
        config._inputs = ()
        config._cell = _Cell(cell, given.parameters(parameters), list(include), base, line_offset)
        if config.source_directory:
            config._check_folder()
        return config

    @property
    def names_an_environment(self) -> bool:
        """Whether anything but the notebook's own Python was asked for."""
        environment, docker = self.run_config.environment, self.run_config.docker
        is_image = (environment.docker.enabled or docker.use_docker) and (
            environment.docker._names_an_image
        )
        return is_image or not environment.python._is_untouched

    def request(self, otherwise: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The part of the body of POST /aml/runs that this configuration decides.

        `otherwise` is the definition to run in where none is named, in place of the notebook's
        own Python. Raises Invalid or UserErrorException for an environment that cannot be.
        """
        cell = self._cell
        refusals.check(self.run_config)
        environment = self._environment() if self.names_an_environment else otherwise
        placing, words = self._placing()
        body: dict[str, Any] = {
            "script": self.script,
            "arguments": words,
            "job": self._job(None if environment is None else definitions.read(environment)),
            "source": self._source(),
            **placing.body(),
        }
        if environment is not None:
            body["environment"] = dict(environment)
        if cell is not None:
            body["parameters"] = cell.parameters
        if self.script is None:
            del body["script"]
        return body

    def _placing(self) -> tuple[Placing, list[str]]:
        """The inputs and outputs, and the arguments with the words that stand for them."""
        command = self.command if isinstance(self.command, list | tuple) else ()
        placing = gathered(self.run_config, (*self._inputs, *self.arguments, *command))
        words = placing.words(self.arguments)
        line = [self.command] if isinstance(self.command, str) else placing.words(command)
        placing.check((*words, *line))
        return placing, words

    def _job(self, environment: definitions.Definition | None) -> dict[str, Any]:
        config = self.run_config
        python = _interpreter(environment)
        job: dict[str, Any] = {
            "command": self._command(),
            "interpreter": "" if self.command else python,
            "environment": config.environment.name,
            "environmentVariables": self._variables(environment, python),
            "secretVariables": [str(name) for name in config.secret_variables],
            "target": str(config.target),
            "lineOffset": 0 if self._cell is None else self._cell.line_offset,
        }
        if config.priority:
            job["priority"] = config.priority
        distribution = refusals.distribution(config)
        if distribution is not None:
            job["distribution"] = distribution
        if config.limits:
            job["limits"] = dict(config.limits)
        limit = self.max_run_duration_seconds
        if config.max_run_duration_seconds and limit in (None, MAX_DURATION_SECONDS_DEFAULT):
            limit = config.max_run_duration_seconds
        if limit is not None:
            job["timeout"] = _seconds(limit)
        return job

    def _environment(self) -> dict[str, Any]:
        """The definition to run in, with what the run itself says of docker."""
        definition = self.run_config.environment._to_json()
        wanted = self.run_config.docker
        if wanted.use_docker:
            docker = definition["docker"]
            docker["enabled"] = True
            docker["arguments"] = [*docker["arguments"], *wanted.arguments]
            if wanted.shm_size:
                docker["shmSize"] = wanted.shm_size
        if definition["docker"]["enabled"] and definition["docker"].get("sharedVolumes") is False:
            raise UserErrorException(
                "docker.shared_volumes=False: the folder of a run is mounted into its container, "
                "there is no other way; leave it True"
            )
        return definition

    def _variables(self, environment: definitions.Definition | None, python: str) -> dict[str, str]:
        own = self.run_config.environment_variables
        variables = {} if environment is None else environment.variables
        variables.update(refusals.variables(self.run_config))
        variables.update({str(name): str(value) for name, value in own.items()})
        if self.command and "PATH" not in variables and python != _BUILT:
            # `python` in a command is the environment's, as it is for a script.
            folder = os.path.dirname(python)
            others = os.environ.get("PATH", os.defpath)
            variables["PATH"] = f"{folder}{os.pathsep}{others}" if folder else others
        return variables

    def _command(self) -> list[str]:
        placing, arguments = self._placing()
        if self.command is not None:
            if isinstance(self.command, str):
                # The command is a line of the shell's; only the arguments are words.
                line = f"{self.command} {shlex.join(arguments)}" if arguments else self.command
                return ["/bin/sh", "-c", line]
            return placing.words(self.command) + arguments
        if self._cell is not None:
            return ["-m", CELL_RUNNER, CELL]
        return [str(self.script), *arguments]

    def _source(self) -> dict[str, Any]:
        cell = self._cell
        source: dict[str, Any] = {}
        if self.source_directory:
            source["directory"] = str(Path(self.source_directory).absolute())
        if cell is not None:
            source["files"] = {CELL: cell.text}
            if cell.include:
                source["include"] = cell.include
                source["base"] = str(Path(cell.base or ".").absolute())
        return source

    def _check(self) -> None:
        self._check_folder()
        if self.script is None and self.command is None:
            raise UserErrorException("give a script or a command to run")
        if self.script is not None and self.command is not None:
            raise UserErrorException("give a script or a command, not both")
        if self.script is None:
            return
        if Path(self.script).is_absolute():
            raise UserErrorException(
                f"script {self.script!r}: give it relative to source_directory"
            )
        if not (Path(self.source_directory) / self.script).is_file():
            raise UserErrorException(
                f"there is no script {self.script!r} in {self.source_directory!r}{self._near()}"
            )

    def _check_folder(self) -> None:
        folder = Path(self.source_directory)
        if not folder.is_dir():
            what = "is not a folder" if folder.exists() else "does not exist"
            raise UserErrorException(f"source_directory {self.source_directory!r} {what}")

    def _near(self) -> str:
        from jupyter_aml.domain.near import near

        there = [path.name for path in Path(self.source_directory).glob("*.py")]
        close = near(str(self.script), there, 1)
        return f"; did you mean {close[0]!r}?" if close else ""


def _checked(environment: Any) -> Environment:
    if not isinstance(environment, Environment):
        raise UserErrorException(
            f"environment: expected an Environment, not {type(environment).__name__}; "
            "Environment.get(workspace, name) gives a registered one"
        )
    return environment


def _interpreter(environment: definitions.Definition | None) -> str:
    """The interpreter of a user-managed environment; that of others is the engine's to find."""
    if environment is None:
        return sys.executable
    if environment.wants_docker or not environment.is_user_managed:
        return _BUILT
    path = environment.interpreter
    return sys.executable if path == "python" else os.path.expanduser(path)


class _Cell:
    def __init__(
        self,
        text: str,
        parameters: dict[str, Any],
        include: list[str],
        base: str | os.PathLike[str] | None,
        line_offset: int,
    ) -> None:
        self.text, self.parameters, self.include = text, parameters, include
        self.base, self.line_offset = base, line_offset


def _seconds(limit: object) -> float:
    try:
        return float(str(limit))
    except ValueError:
        raise UserErrorException(
            f"max_run_duration_seconds={limit!r} is no number of seconds"
        ) from None
