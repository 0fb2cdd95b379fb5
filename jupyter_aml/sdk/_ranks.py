"""Starts the processes of a distributed run; the first that fails ends all.

    python -m jupyter_aml.sdk._ranks KIND PROCESSES SERVERS NODES -- COMMAND...

The process of rank 0 speaks to the console of the run, which has a second name
`std_log_process_0.txt`, the others to `std_log_process_<rank>.txt`. The last SERVERS processes are
parameter servers of TensorFlow: they are ended when all workers have. Of several NODES each starts
this, with its number in AML_NODE (see `_nodes`), or the first does, and Slurm has the others
(see `_srun`).

    python -m jupyter_aml.sdk._ranks rank PORT PROCESSES NODES -- COMMAND...

is what `mpirun` starts, which gives the ranks itself.
"""

from __future__ import annotations

import os
import signal
import sys
from functools import partial

from jupyter_aml.sdk import _nodes, _srun
from jupyter_aml.sdk._rank_processes import (
    HERE,
    Ranks,
    free_ports,
    mpirun_for,
    say_who_failed,
    speak_to_log,
    start,
    start_mpirun,
)
from jupyter_aml.sdk._rank_variables import MPI, Spread, variables


def main(arguments: list[str]) -> int:
    """Run all processes to their end; returns the exit code of the first that failed."""
    end = arguments.index("--")
    command = arguments[end + 1 :]
    if arguments[0] == "rank":
        port, processes, nodes = map(int, arguments[1:end])
        return _be_a_rank(port, processes, nodes, command)
    if arguments[0] == "task":
        return _srun.task(arguments[1:end], command)
    kind = arguments[0]
    processes, servers, nodes = map(int, arguments[1:end])
    if nodes > 1 and _srun.HERE in os.environ:
        return _srun.main(kind, processes, servers, nodes, command)
    if nodes > 1:
        return _nodes.main(kind, processes, servers, nodes, command)
    spread = Spread(kind, processes, servers, [HERE], free_ports(processes))
    if (mpirun := mpirun_for(kind)) is not None:
        return _by_mpirun(mpirun, spread, command)
    ranks = Ranks(spread.workers)
    for rank in range(spread.size):
        own = variables(spread, rank)
        ranks.begin(rank, command, partial(start, rank, command, own))
    return ranks.run()


def _by_mpirun(mpirun: str, spread: Spread, command: list[str]) -> int:
    told = False

    def tell(*_: object) -> None:
        nonlocal told
        told = True

    signal.signal(signal.SIGTERM, tell)
    code = start_mpirun(mpirun, spread, command).wait()
    if code and not told:
        say_who_failed(spread.size, code)
    return code if code >= 0 else 128 - code


def _be_a_rank(port: int, processes: int, nodes: int, command: list[str]) -> int:
    """Become the process of the rank that MPI has given."""
    rank = int(_first_of("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"))
    speak_to_log(rank)
    told = variables(Spread(MPI, processes, 0, [HERE] * nodes, [port]), rank)
    # What MPI says of itself counts; that all are on one machine is its view of our nodes.
    os.execvpe(command[0], command, {**os.environ, **told} if nodes > 1 else {**told, **os.environ})


def _first_of(*names: str) -> str:
    return next(os.environ[name] for name in names if name in os.environ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
