"""Code that repeats a run, as a person would have written it."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_aml.domain import distribution, secrets
from jupyter_aml.domain.distribution import Distribution
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run import CELL_RUNNER, Job, Run
from jupyter_aml.domain.run_data import RunData
from jupyter_aml.domain.run_limits import written
from jupyter_aml.engine import snapshot
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.run_data import kept
from jupyter_aml.engine.submit import data_code
from jupyter_aml.engine.submit.repeats import clear_job, definition_of
from jupyter_aml.runfolder.plain import read_plain

_CELL = "cell.py"
_NOTEBOOK_RUNNER = "jupyter_aml.sdk.notebook_runner"
_PARTS = {
    distribution.MPI: "MpiConfiguration",
    distribution.PYTORCH: "PyTorchConfiguration",
    distribution.TENSORFLOW: "TensorflowConfiguration",
}
_LONGEST_TIME = 2592000
"""Seconds that a ScriptRunConfig may run where it says nothing."""


def cell_of(run: Run, *, root: Root) -> str:
    """The cell that sends this run again. Reads its files; blocks. Raises Invalid where it cannot.

    A cell comes back as the cell it was, everything else as Python.
    """
    if run.job is None:
        raise Invalid(f"run {run.id} has no script to repeat: it logged from a notebook")
    if CELL_RUNNER in run.job.command:
        if kept.read(root.folder(run)):
            raise Invalid(
                f"run {run.id} is a cell with inputs or outputs, which no line says; retry it"
            )
        code = read_plain(snapshot.stored_file(root.folder(run), _CELL)).decode("utf-8")
        return f"{_magic(run, run.job, root)}\n{code}"
    return "\n".join(_python(run, run.job, root)) + "\n"


def _magic(run: Run, job: Job, root: Root) -> str:
    words = ["%%aml submit", run.experiment]
    if run.display_name:
        words.append(_option("-n", "--name", run.display_name))
    words += [_option("-t", "--tag", f"{key}={value}", key) for key, value in run.tags.items()]
    if run.description:
        words.append(_option("-d", "--desc", run.description))
    # No other name could be a variable of the cell; with a line feed it would be a line of it.
    words += [
        f"-p {shlex.quote(f'{name}={_literal(value)}')}"
        for name, value in run.sent_parameters.items()
        if name.isidentifier()
    ]
    if job.target != "local":
        words.append(_option("-c", "--compute", job.target))
    definition = definition_of(root.folder(run))
    if definition is not None:
        words.append(_option("-e", "--env", job.environment))
    source = _source(run, root)
    if source.get("directory"):
        words.append(_option("--source", "--source", source["directory"]))
    words += [_option("--include", "--include", glob) for glob in source.get("include", ())]
    words += [f"--{name} {value}" for name, value in _limits(job).items()]
    if job.priority:
        words.append(f"--priority {job.priority}")
    if job.timeout is not None:
        words.append(f"--timeout {job.timeout.total_seconds():g}s")
    return " ".join(words)


def _option(short: str, long: str, value: str, key: str | None = None) -> str:
    """An option with its value as the magic reads it; a dollar sign would mean a variable."""
    # A magic has one line; the key of a tag is taken as it stands, and only its value is expanded.
    text = " ".join(value.splitlines())
    head = "" if key is None else text[: len(key) + 1]
    text = head + text[len(head) :].replace("$", "$$")
    if text.startswith("-"):
        return f"{long}={shlex.quote(text)}"
    return f"{short} {shlex.quote(text)}"


def _literal(value: Any) -> str:
    """A parameter as the magic reads it back with its type."""
    if not isinstance(value, str):
        return repr(value).replace("$", "$$")
    plain = value.isidentifier() and value not in ("True", "False", "None")
    return value if plain else repr(value).replace("$", "$$")


def _python(run: Run, job: Job, root: Root) -> Iterator[str]:
    definition = definition_of(root.folder(run))
    job = clear_job(job, root.folder(run))
    variables = list(_variables(job, {} if definition is None else definition.variables))
    data = kept.as_sent(kept.read(root.folder(run)))
    names = ["Experiment", "ScriptRunConfig", "Workspace"]
    folder = _source(run, root).get("directory")
    is_there = folder is not None and os.path.isdir(folder)
    if definition is not None:
        names.insert(0, "Environment")
    imported = ["import os"] if any("os.environ[" in line for line in variables) else []
    if not is_there:
        names.append("Run")
        imported.append("import zipfile")
    if imported:
        yield from (*imported, "")
    yield f"from jupyter_aml import {', '.join(sorted(set(names)))}"
    is_notebook = _NOTEBOOK_RUNNER in job.command
    yield from data_code.imports(data)
    if job.distribution is not None:
        yield f"from jupyter_aml.sdk.core.runconfig import {_PARTS[job.distribution.kind]}"
    if is_notebook:
        yield "from jupyter_aml.sdk.notebooks import notebook_config"
    yield ""
    yield f"workspace = Workspace(workspace_name={run.workspace!r})"
    if not is_there:
        folder = f"{run.id}-source"
        yield f"archive = Run.get(workspace, {run.id!r}).restore_snapshot()"
        yield f"zipfile.ZipFile(archive).extractall({folder!r})"
    assert folder is not None
    yield from data_code.lines(data, run.id)
    yield from _config(run, job, folder, data, is_notebook=is_notebook)
    if definition is not None:
        asked = ", ".join(repr(word) for word in (definition.name, definition.version) if word)
        yield f"    environment=Environment.get(workspace, {asked}),"
    if job.target != "local":
        yield f"    compute_target={job.target!r},"
    if job.distribution is not None:
        yield f"    distributed_job_config={_distribution(job.distribution)},"
    if job.limits:
        yield f"    limits={_limits(job)!r},"
    seconds = None if job.timeout is None else job.timeout.total_seconds()
    if seconds not in (None, _LONGEST_TIME):
        yield f"    max_run_duration_seconds={seconds:g},"
    yield ")"
    if job.priority:
        yield f"config.run_config.priority = {job.priority}"
    yield from data_code.others((*run.arguments, *_listed(job)), data)
    yield from variables
    yield from _sending(run)


def _distribution(given: Distribution) -> str:
    """The processes of a run as SDK v1 asks for them."""
    told = {"process_count_per_node": given.processes, "node_count": given.nodes}
    if given.kind == distribution.PYTORCH:
        told = {"process_count": given.size, "node_count": given.nodes}
    elif given.kind == distribution.TENSORFLOW:
        workers = given.size - given.servers
        told = {"worker_count": workers, "parameter_server_count": given.servers}
    words = ", ".join(f"{name}={count}" for name, count in told.items())
    return f"{_PARTS[given.kind]}({words})"


def _limits(job: Job) -> dict[str, Any]:
    """The limits of a job as a person writes them."""
    told = job.limits.to_json()
    if job.limits.memory is not None:
        told["memory"] = written(job.limits.memory)
    return told


def _config(run: Run, job: Job, folder: str, data: RunData, *, is_notebook: bool) -> Iterator[str]:
    if is_notebook:
        yield "config = notebook_config("
        yield f"    {os.path.join(folder, str(run.script))!r},"
        yield f"    {run.sent_parameters!r},"
        yield f"    source_directory={folder!r},"
        return
    yield "config = ScriptRunConfig("
    yield f"    source_directory={folder!r},"
    if run.script is not None:
        yield f"    script={run.script!r},"
        yield f"    arguments={data_code.arguments(run.arguments, data)},"
    elif job.command[:2] == ("/bin/sh", "-c"):
        # The arguments stand in the line already.
        yield f"    command={job.command[2]!r},"
    else:
        yield f"    command={data_code.arguments(job.command, data)},"


def _listed(job: Job) -> tuple[str, ...]:
    """The words of a command that was a list, and no line for the shell."""
    return () if job.command[:2] == ("/bin/sh", "-c") else job.command


def _variables(job: Job, known: Mapping[str, str]) -> Iterator[str]:
    own = {
        name: value
        for name, value in job.environment_variables.items()
        if name != "PATH" and known.get(name) != value
    }
    if own:
        shown = secrets.hidden(own, job.secret_variables)
        told = ", ".join(f"{name!r}: {_value(name, value)}" for name, value in shown.items())
        yield f"config.run_config.environment_variables = {{{told}}}"
    if job.secret_variables:
        yield f"config.run_config.secret_variables = {list(job.secret_variables)!r}"


def _value(name: str, value: str) -> str:
    # A secret is taken from where the cell runs.
    return f"os.environ[{name!r}]" if value == secrets.MASK else repr(value)


def _sending(run: Run) -> Iterator[str]:
    told = {
        "tags": dict(run.tags), "display_name": run.display_name, "description": run.description,
    }  # fmt: skip
    more = "".join(f", {name}={value!r}" for name, value in told.items() if value)
    yield f"run = Experiment(workspace, {run.experiment!r}).submit(config{more})"
    yield "run"


def _source(run: Run, root: Root) -> dict[str, Any]:
    """Where the source was, as far as that was told."""
    try:
        told = json.loads(read_plain(root.folder(run).source))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
