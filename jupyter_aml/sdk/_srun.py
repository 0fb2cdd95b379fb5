"""The processes of a run on several nodes of Slurm, which starts them.

With AML_SRUN set, `_ranks` is started on the first node alone, and has `srun` start

    python -m jupyter_aml.sdk._ranks task KIND PROCESSES SERVERS PORT ADDRESS,... -- COMMAND...

once a rank on all of them. Each of these starts the script and waits for it. What they have to
tell each other they write into `status/ranks.<attempt>` of the run, on the disk that they share:
`step`, `failed` by the first that fails, and with parameter servers `port-<rank>` and
`ended-<rank>`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_aml.sdk._rank_processes import (
    PAUSE,
    PROGRAM,
    free_ports,
    repeat_the_end,
    speak_to_console,
    speak_to_log,
    tie,
)
from jupyter_aml.sdk._rank_variables import MPI, TENSORFLOW, Spread, variables

HERE = "AML_SRUN"
"""The variable that says that Slurm starts the processes."""
_ANYWHERE = ""
_LOOK = 0.2
_CANNOT = 1
_NOT_FOUND = 127


def main(kind: str, processes: int, servers: int, nodes: int, command: list[str]) -> int:
    """Have Slurm run all processes to their end; returns the exit code of the first that failed."""
    try:
        addresses = _addresses()
        os.makedirs(_folder(), exist_ok=True)
        port = free_ports(1, _ANYWHERE)[0]
        words = _srun(kind, nodes, processes)
        own = ["task", kind, str(processes), str(servers), str(port), ",".join(addresses)]
        # In a session of its own: srun takes SIGTERM, which goes to the group of this process, as
        # a word to kill all at once.
        step = subprocess.Popen(
            [*words, sys.executable, "-m", PROGRAM, *own, "--", *command],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        print(f"the processes cannot be started on {nodes} nodes: {error}", file=sys.stderr)
        return _CANNOT
    told = _Told(step)
    code = step.wait()
    failed = _read("failed")
    if failed is None or told.is_so:
        return code if code >= 0 else 128 - code
    rank, code = int(failed["rank"]), int(failed["code"])
    if rank:
        repeat_the_end(rank, code)
    return code if code >= 0 else 128 - code


class _Told:
    """Passes on to all processes that they shall end, once this one is told so."""

    def __init__(self, step: subprocess.Popen[bytes]) -> None:
        self.is_so, self._step = False, step
        signal.signal(signal.SIGTERM, self._tell)

    def _tell(self, *_: object) -> None:
        self.is_so = True
        known = _read("step")
        if known is None:
            self._step.terminate()
        else:
            subprocess.Popen(["scancel", "--signal=TERM", str(known["step"])])


def _srun(kind: str, nodes: int, processes: int) -> list[str]:
    cpus = os.environ.get("SLURM_CPUS_PER_TASK")
    return [
        *("srun", f"--nodes={nodes}", f"--ntasks={nodes * processes}"),
        *(f"--ntasks-per-node={processes}", "--distribution=block", "--kill-on-bad-exit=1"),
        *("--export=ALL", "--input=none"),
        # Newer versions take it from the job no more.
        *([f"--cpus-per-task={cpus}"] if cpus else []),
        *([] if kind == MPI else ["--mpi=none"]),
    ]


def _addresses() -> list[str]:
    """Where each node of the job is met, the first first; raises CalledProcessError."""
    some = os.environ["SLURM_JOB_NODELIST"]
    names = _said("scontrol", "show", "hostnames", some).split()
    told = {}
    for line in _said("scontrol", "--oneliner", "show", "node", some).splitlines():
        words = dict(word.partition("=")[::2] for word in line.split())
        told[words.get("NodeName", "")] = words.get("NodeAddr", "")
    return [told.get(name) or name for name in names]


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


# ---- one process ----------------------------------------------------------------------------


def task(arguments: Sequence[str], command: list[str]) -> int:
    """Start the script as the rank that Slurm has given, and wait for it; returns its exit code."""
    kind, (processes, servers, port) = arguments[0], map(int, arguments[1:4])
    addresses = arguments[4].split(",")
    rank = int(os.environ["SLURM_PROCID"])
    if rank:
        speak_to_log(rank)
    else:
        speak_to_console()
        _note("step", {"step": f"{os.environ['SLURM_JOB_ID']}.{os.environ['SLURM_STEP_ID']}"})
    # Slurm signals the script as well; it is waited for.
    signal.signal(signal.SIGTERM, lambda *_: None)
    spread = Spread(kind, processes, servers, addresses, [port])
    if kind == TENSORFLOW:
        spread = Spread(kind, processes, servers, addresses, _ports(rank, spread.size))
    try:
        script = subprocess.Popen(
            command, env={**os.environ, **variables(spread, rank)}, stdin=subprocess.DEVNULL,
            # What Slurm tells an MPI by may be an open file.
            close_fds=False, preexec_fn=tie(),
        )  # fmt: skip
    except OSError as error:
        print(f"rank {rank}: {error.strerror}: {command[0]!r}", file=sys.stderr)
        code = _NOT_FOUND
    else:
        code = _code(script, rank, spread)
    if code:
        _note("failed", {"rank": rank, "code": code})
    return code if code >= 0 else 128 - code


def _code(script: subprocess.Popen[bytes], rank: int, spread: Spread) -> int:
    """How the script has ended; a parameter server is ended once all workers have."""
    if rank < spread.workers or not spread.servers:
        code = script.wait()
        if not code and spread.servers:
            _note(f"ended-{rank}", {})
        return code
    while script.poll() is None:
        if all(_read(f"ended-{each}") is not None for each in range(spread.workers)):
            script.terminate()
            script.wait()
            return 0
        time.sleep(_LOOK)
    return script.wait()


def _ports(rank: int, count: int) -> list[int]:
    """The ports of all processes, each chosen where it is."""
    _note(f"port-{rank}", {"port": free_ports(1, _ANYWHERE)[0]})
    ports = []
    for each in range(count):
        while (told := _read(f"port-{each}")) is None:
            time.sleep(PAUSE)
        ports.append(int(told["port"]))
    return ports


# ---- files that the nodes share ---------------------------------------------------------------


def _folder() -> str:
    run, attempt = os.environ["AML_RUN_DIR"], os.environ["AML_ATTEMPT"]
    return os.path.join(run, "status", f"ranks.{attempt}")


def _note(name: str, told: Mapping[str, object]) -> None:
    """Write something down, whole, unless somebody has before."""
    final = os.path.join(_folder(), name)
    draft = f"{final}.{socket.gethostname()}-{os.getpid()}"
    try:
        with open(draft, "w") as file:
            json.dump(told, file)
        os.link(draft, final)
    except FileExistsError:
        pass
    except OSError:
        os.replace(draft, final)  # A disk without links.
        return
    os.unlink(draft)


def _read(name: str) -> dict[str, Any] | None:
    try:
        with open(os.path.join(_folder(), name)) as file:
            told = json.load(file)
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None
