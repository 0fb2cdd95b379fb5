"""Environments against bare uv, and a kernel in one against a plain kernel.

python tests/benchmarks/bench_environments.py [--smoke]

Packages come from the index that this machine is set up for; the first install only warms uv's
cache. Times are wall clock, medians; what ends in "bare" is the limit measured in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jupyter_client.manager import KernelManager

from jupyter_aml.environments.cache import Cache
from jupyter_aml.environments.pip import uv
from jupyter_aml.environments.pip.builder import PipBuilder
from jupyter_aml.environments.protocol import Materialised
from jupyter_aml.testing.builds import Heard, conda_wish

NOT_OF_KERNELS = ("PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "PYTHONPATH")
PACKAGES = ["numpy", "pandas", "scikit-learn"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    ours: str
    bare: str
    target: str


def timed(work: Callable[[], object], rounds: int) -> float:
    """Median seconds of some rounds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def bare(folder: Path, packages: list[str]) -> None:
    """What a user would type: lock, environment, install."""
    folder.mkdir()
    (folder / "in").write_text("\n".join(packages))
    python = sys.executable
    run = [uv.program()]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True}
    lock = ["pip", "compile", "in", "--generate-hashes", "--python", python, "-o", "lock"]
    subprocess.run([*run, *lock], cwd=folder, **silent)  # type: ignore[call-overload]
    subprocess.run([*run, "venv", "env", "--python", python], cwd=folder, **silent)  # type: ignore[call-overload]
    sync = ["pip", "sync", "--require-hashes", "--python", "env/bin/python", "lock"]
    subprocess.run([*run, *sync], cwd=folder, **silent)  # type: ignore[call-overload]


def ours(cache: Path, packages: list[str]) -> Materialised:
    """The same by our builder, in a cache of its own."""
    wish = conda_wish({"pip": packages})
    return asyncio.run(PipBuilder(Cache(cache)).ensure(wish, build=Heard()))


def first_execution(interpreter: str, variables: dict[str, str]) -> float:
    """Seconds from the start of a kernel to the answer of its first cell."""
    manager = KernelManager(kernel_name="python3")
    assert manager.kernel_spec is not None
    manager.kernel_spec.argv[0] = interpreter
    began = time.perf_counter()
    inherited = {name: one for name, one in os.environ.items() if name not in NOT_OF_KERNELS}
    manager.start_kernel(env={**inherited, **variables})
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        client.execute_interactive("1 + 1", timeout=60, output_hook=lambda message: None)
        return time.perf_counter() - began
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def measure(place: Path, packages: list[str], rounds: int) -> list[Row]:
    """All rows."""
    bare(place / "warm", packages)
    names = iter(range(10_000))
    ours_new = timed(lambda: ours(place / f"ours-{next(names)}", packages), rounds)
    bare_new = timed(lambda: bare(place / f"bare-{next(names)}", packages), rounds)
    cache = place / "shared"
    ours(cache, packages)
    second = ours(cache, [*packages, "iniconfig"])
    ready = timed(lambda: ours(cache, packages), max(rounds, 20))
    kernel = asyncio.run(
        PipBuilder(Cache(cache)).ensure(conda_wish({"pip": ["ipykernel"]}), build=Heard())
    )
    environment = kernel.on_top_of({})
    first_execution(kernel.interpreter, environment)
    in_ours = statistics.median(
        first_execution(kernel.interpreter, environment) for _ in range(rounds)
    )
    plain = statistics.median(first_execution(sys.executable, {}) for _ in range(rounds))
    return [
        Row("new environment, warm cache", f"{ours_new:.2f} s", f"{bare_new:.2f} s", "1 s, 2 x"),
        Row("a further one, its own disk", f"{second.size / 1e6:.1f} MB", "", "10 MB"),
        Row("a ready environment", f"{ready * 1e3:.1f} ms", "", "20 ms"),
        Row("kernel to first execution", f"{in_ours:.2f} s", f"{plain:.2f} s", "1.5 x"),
    ]


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="one round, one small package")
    smoke = parser.parse_args().smoke
    with tempfile.TemporaryDirectory(prefix="aml-bench-") as place:
        packages = ["iniconfig"] if smoke else PACKAGES
        rows = measure(Path(place), packages, 1 if smoke else 5)
    print("| what | ours | bare | target |\n| --- | --- | --- | --- |")
    for row in rows:
        print(f"| {row.what} | {row.ours} | {row.bare} | {row.target} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
