"""From a submit to the script's first line on Slurm, against `sbatch` by hand in the same cluster.

python tests/benchmarks/bench_slurm.py [--smoke]

It starts a Slurm of its own on this machine, as the tests do.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[2]))

from jupyter_aml.compute.protocol import BackendJob, Phase
from jupyter_aml.compute.slurm.backend import SlurmBackend
from jupyter_aml.compute.slurm.options import SlurmOptions
from tests.slurm_cluster import a_cluster

COMMAND = (sys.executable, "-I", "-S", "-c", "import time; print(time.time(), flush=True)")
BURST = 200


def by_hand(folder: Path, number: int) -> tuple[float, float]:
    """Milliseconds to the first line, and to the end as `squeue` tells it."""
    output = folder / f"hand-{number}.txt"
    script = "#!/bin/sh\nexec " + " ".join(f"'{word}'" for word in COMMAND) + "\n"
    asked = time.time()
    command = ["sbatch", "--parsable", "--mem=20M", f"--output={output}"]
    job = subprocess.run(command, input=script, capture_output=True, text=True, check=True).stdout
    while subprocess.run(
        ["squeue", "-h", "-j", job.strip()], capture_output=True, check=True
    ).stdout:
        time.sleep(0.02)
    ended = time.time()
    while not output.exists() or not output.read_text():
        time.sleep(0.02)
    return (float(output.read_text()) - asked) * 1e3, (ended - asked) * 1e3


async def ours(backend: SlurmBackend, folder: Path, number: int) -> tuple[float, float]:
    """The same as a job of ours, until `look` says that it is gone."""
    job = a_job(folder, number, COMMAND)
    asked = time.time()
    handle = await backend.submit(job)
    while (await backend.look(handle)).phase is not Phase.GONE:
        await backend.wait(handle)
    ended = time.time()
    said = float((job.folder / "logs" / "std_log.txt").read_text())
    return (said - asked) * 1e3, (ended - asked) * 1e3


async def burst(backend: SlurmBackend, folder: Path, count: int) -> float:
    """Jobs a second that are handed over, when many are at once."""
    command = (sys.executable, "-c", "pass")
    jobs = [a_job(folder, 10_000 + each, command) for each in range(count)]
    asked = time.monotonic()
    handles = await asyncio.gather(*(backend.submit(job) for job in jobs))
    rate = count / (time.monotonic() - asked)
    for handle in handles:
        await backend.stop(handle, grace=jobs[0].grace)
    return rate


def a_job(folder: Path, number: int, command: tuple[str, ...]) -> BackendJob:
    """A job in a run folder of its own."""
    place = folder / f"run-{number}"
    place.mkdir()
    return BackendJob(
        id=f"run-{number}.1", attempt=1, folder=place, command=command, cwd=place,
        environment={"PATH": os.environ["PATH"], "AML_RUN_ID": f"run-{number}"},
    )  # fmt: skip


async def main(rounds: int, count: int) -> None:
    """Print medians of both, taken in turn so that other load hits them alike."""
    plain, guarded = [], []
    with a_cluster() as cluster, tempfile.TemporaryDirectory() as folder:
        os.environ.update(cluster.environment)
        backend = SlurmBackend(SlurmOptions(memory=20 << 20))
        for number in range(rounds):
            plain.append(by_hand(Path(folder), number))
            guarded.append(await ours(backend, Path(folder), number))
        rate = await burst(SlurmBackend(SlurmOptions(partition="closed")), Path(folder), count)
        backend.close()
    hand, own = (
        [median(column) for column in zip(*some, strict=True)] for some in (plain, guarded)
    )
    print("| what | target | ours | by hand | more |\n| --- | --- | --- | --- | --- |")
    for what, target, at in (("first line", "by hand + 300 ms", 0), ("end is seen", "", 1)):
        more = own[at] - hand[at]
        print(f"| {what} | {target} | {own[at]:.0f} ms | {hand[at]:.0f} ms | {more:+.0f} ms |")
    print(f"| a burst of {count} is handed over | | {rate:.0f} jobs/s | | |")


if __name__ == "__main__":
    smoke = "--smoke" in sys.argv
    asyncio.run(main(2 if smoke else 20, 10 if smoke else BURST))
