"""What the extension costs a Jupyter server that does nothing: memory and processor.

python tests/benchmarks/bench_rest.py
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from jupyter_aml.testing.jupyter import JupyterServer

REST = 8.0
"""Seconds of idleness that are measured."""


def pss(pid: int) -> float:
    """Proportional memory of a process, in MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def seconds(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def at_rest(place: Path, *, enabled: bool) -> tuple[float, float]:
    """MB and share of a core of an idle server; the root is kept from one call to the next."""
    env = {**os.environ, "AML_ROOT": str(place / "root")}
    wanted = f"--ServerApp.jpserver_extensions={{'jupyter_aml': {enabled}}}"
    with JupyterServer(place, runtime=place / "runtime", options=[wanted], env=env) as server:
        if enabled:
            server.get("aml/runs?workspace=default")
        time.sleep(2)
        before = seconds(server.pid)
        time.sleep(REST)
        return pss(server.pid), (seconds(server.pid) - before) / REST


def main() -> None:
    """Print both, and the difference."""
    with tempfile.TemporaryDirectory(prefix="aml-", dir="/tmp") as folder:
        place = Path(folder)
        at_rest(place, enabled=True)  # Makes the root, so that no migration is measured.
        bare, ours = at_rest(place, enabled=False), at_rest(place, enabled=True)
    print(f"bare Jupyter server   {bare[0]:6.1f} MB   {bare[1]:6.2%} of a core")
    print(f"with the extension    {ours[0]:6.1f} MB   {ours[1]:6.2%} of a core")
    print(f"difference            {ours[0] - bare[0]:6.1f} MB")


if __name__ == "__main__":
    main()
