"""The batch script of a job and the options it is submitted with."""

from __future__ import annotations

import math
import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from jupyter_aml.compute.attempt import shim_words
from jupyter_aml.compute.cgroups import name_of
from jupyter_aml.compute.protocol import BackendJob
from jupyter_aml.compute.slurm.options import SlurmOptions
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run_limits import NO_LIMITS, Limits
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.shim import shim

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_OF_THE_NODE = re.compile(r"SLURM\w*|HOSTNAME|TMPDIR|XDG_RUNTIME_DIR|SHLVL|PWD|OLDPWD|_")
"""Variables that a node or a job of Slurm has of its own: those of the server mean another one."""
_OF_THE_JOB = frozenset({"CUDA_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "ROCR_VISIBLE_DEVICES"})
"""Variables by which Slurm says which GPUs are the job's; kept to where it says so."""
_MARGIN = 60.0
"""Seconds that Slurm leaves beyond our own limit and grace, so that it is ours that ends a run."""
_GUARD = """\
aml_shim=$!
trap 'kill -TERM $aml_shim 2> /dev/null' TERM INT
while :; do
  wait $aml_shim
  aml_code=$?
  kill -0 $aml_shim 2> /dev/null || break
done
[ $aml_code -gt 128 ] || exit $aml_code
# The shim was killed, and not every cluster ends what it has left.
for aml_file in $(grep -lzx {run} /proc/[0-9]*/environ 2> /dev/null); do
  grep -qzx {attempt} $aml_file 2> /dev/null && grep -qzx {root} $aml_file 2> /dev/null || continue
  aml_pid=${{aml_file#/proc/}}
  kill -KILL ${{aml_pid%/environ}} 2> /dev/null
done
exit $aml_code"""


def comment_of(job: BackendJob) -> str:
    """What tells our job from one of the same name in another root."""
    return f"aml {job.root or '-'} {job.id}"


def output_of(folder: RunFolder, attempt: int) -> Path:
    """Where Slurm and the setup lines write to; the script has a console of its own."""
    return folder.status / f"slurm-output.{attempt}"


def check(limits: Limits) -> None:
    """Raise Invalid for limits that Slurm cannot keep."""
    if limits.processes is not None:
        raise Invalid("Slurm cannot limit the number of processes: leave 'processes' out")


def options(job: BackendJob, wished: SlurmOptions) -> list[str]:
    """The options of sbatch; raises Invalid for limits that Slurm cannot keep."""
    check(job.limits)
    folder = RunFolder(job.folder.absolute())
    output = str(output_of(folder, job.attempt)).replace("%", "%%")
    return [
        *("--parsable", "--no-requeue", *spread(job.nodes, job.processes)),
        *("--export=ALL", "--chdir=/"),
        *(f"--job-name={name_of(job.root, job.id)}", f"--comment={comment_of(job)}"),
        *(f"--output={output}", "--open-mode=append"),
        *asked(
            wished, job.limits, tasks=job.processes if job.nodes > 1 else 1,
            time=None if job.timeout is None else _minutes(job),
        ),
    ]  # fmt: skip


def spread(nodes: int, processes: int) -> list[str]:
    """The options that say on how many nodes a job is; on one it starts its processes itself."""
    if nodes == 1:
        return ["--nodes=1", "--ntasks=1"]
    return [f"--nodes={nodes}", f"--ntasks={nodes * processes}", f"--ntasks-per-node={processes}"]


def asked(
    wished: SlurmOptions, limits: Limits = NO_LIMITS, *, tasks: int = 1, time: str | None = None
) -> list[str]:
    """The options that say what a job gets: its own limits come before those of the target.

    What it gets it gets on each node, for all of its tasks there.
    """
    told = {
        "partition": wished.partition,
        "account": wished.account,
        "qos": wished.qos,
        "time": time or wished.time,
        "mem": _memory(limits, wished),
        "cpus-per-task": _cpus(limits, wished, tasks),
        "gres": _gpus(limits, wished),
    }
    some = (f"--{name}={value}" for name, value in told.items() if value is not None)
    return [*some, *wished.arguments]


def script(job: BackendJob, wished: SlurmOptions) -> str:
    """What Slurm runs on the node: it starts the shim, and passes Slurm's signals on to it."""
    # `_srun` of the SDK reads it.
    variables = {**job.environment, **({"AML_SRUN": "1"} if job.nodes > 1 else {})}
    lines = [
        "#!/bin/bash -l" if wished.setup else "#!/bin/sh",
        *_exports(variables),
        *(("set -e", *wished.setup, "set +e") if wished.setup else ()),
        *_python(wished),
        " ".join((*_odd(job.environment), '"$aml_python"', "-I", "-S", *_words(job), "&")),
        _GUARD.format(
            run=shlex.quote(f"AML_RUN_ID={job.run}"),
            attempt=shlex.quote(f"AML_ATTEMPT={job.attempt}"),
            root=shlex.quote(f"AML_ROOT_ID={job.root}"),
        ),
    ]
    text = "\n".join(lines) + "\n"
    if "\0" in text:
        raise Invalid(f"job {job.id} cannot be started: a word of it holds a zero byte")
    return text


def _words(job: BackendJob) -> Iterator[str]:
    yield shlex.quote(str(_shim(job)))
    yield from map(shlex.quote, shim_words(job))


def _shim(job: BackendJob) -> Path:
    """The shim of the runtime in the root, which nodes see as they see the run; else our own."""
    for place in job.environment.get("PYTHONPATH", "").split(os.pathsep):
        found = Path(place) / "jupyter_aml" / "shim" / "shim.py"
        if place and found.is_file():
            return found
    return Path(shim.__file__).absolute()


def _python(wished: SlurmOptions) -> Iterator[str]:
    """Find a Python on the node: the one that is named, else the server's, else any."""
    if wished.python is not None:
        yield f"aml_python={shlex.quote(wished.python)}"
        return
    yield f"aml_python={shlex.quote(sys.executable)}"
    yield '[ -x "$aml_python" ] || aml_python=python3'


def _exports(environment: Mapping[str, str]) -> Iterator[str]:
    for name, value in environment.items():
        if not _VARIABLE.fullmatch(name) or _OF_THE_NODE.fullmatch(name):
            continue
        line = f"export {name}={shlex.quote(value)}"
        yield f'[ -n "${{{name}+x}}" ] || {line}' if name in _OF_THE_JOB else line


def _odd(environment: Mapping[str, str]) -> Iterator[str]:
    """Variables whose names no shell takes, by way of `env`."""
    odd = [
        f"{name}={value}" for name, value in environment.items() if not _VARIABLE.fullmatch(name)
    ]
    if odd:
        yield "env"
        yield from map(shlex.quote, odd)


def _minutes(job: BackendJob) -> str:
    assert job.timeout is not None
    seconds = job.timeout.total_seconds() + job.grace.total_seconds() + _MARGIN
    return str(math.ceil(seconds / 60))


def _memory(limits: Limits, wished: SlurmOptions) -> str | None:
    size = wished.memory if limits.memory is None else limits.memory
    return None if size is None else f"{max(1, math.ceil(size / (1 << 20)))}M"


def _cpus(limits: Limits, wished: SlurmOptions, tasks: int) -> int | None:
    cpus = wished.cpus if limits.cpus is None else limits.cpus
    # Slurm hands out whole cores.
    return None if cpus is None else max(1, math.ceil(cpus / tasks))


def _gpus(limits: Limits, wished: SlurmOptions) -> str | None:
    if limits.gpus is None:
        return None if wished.gpus is None else f"gpu:{wished.gpus}"
    if limits.gpus == 0:
        return None
    kind = (wished.gpus or "").rpartition(":")[0]
    return ":".join(filter(None, ("gpu", kind, str(limits.gpus))))
