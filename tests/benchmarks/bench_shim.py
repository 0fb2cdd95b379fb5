"""From a submit to the script's first line and exit record, against a bare subprocess.

python tests/benchmarks/bench_shim.py [ROUNDS]
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

from jupyter_aml.compute.local import LocalBackend
from jupyter_aml.compute.protocol import BackendJob, Phase

# The script says when it began to speak, so that no reader's polling is measured.
COMMAND = (sys.executable, "-I", "-S", "-c", "import time; print(time.time(), flush=True)")


def bare() -> tuple[float, float]:
    """Milliseconds to the first line and to the end, with nothing in between."""
    asked = time.time()
    done = subprocess.run(COMMAND, stdout=subprocess.PIPE, check=True)
    ended = time.time()
    return (float(done.stdout) - asked) * 1e3, (ended - asked) * 1e3


async def guarded(backend: LocalBackend, folder: Path, attempt: int) -> tuple[float, float]:
    """The same under a shim, until `look` says that it is gone."""
    job = BackendJob(
        id=f"bench.{attempt}",
        attempt=attempt,
        folder=folder,
        command=COMMAND,
        cwd=folder,
        environment={**os.environ, "AML_RUN_ID": "bench"},
    )
    (folder / "logs" / "std_log.txt").unlink(missing_ok=True)
    asked = time.time()
    handle = await backend.submit(job)
    while (await backend.look(handle)).phase is not Phase.GONE:
        await backend.wait(handle)
    ended = time.time()
    said = float((folder / "logs" / "std_log.txt").read_text())
    return (said - asked) * 1e3, (ended - asked) * 1e3


async def main(rounds: int) -> None:
    """Print medians of both, taken in turn so that other load hits them alike."""
    backend, plain, shimmed = LocalBackend(), [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, rounds + 1):
            plain.append(bare())
            shimmed.append(await guarded(backend, Path(folder), number))
    print(f"{'median of ' + str(rounds):<24}{'first line':>12}{'end seen':>12}")
    for name, times in (("bare subprocess", plain), ("shim", shimmed)):
        first, end = (median(column) for column in zip(*times, strict=True))
        print(f"{name:<24}{first:>9.1f} ms{end:>9.1f} ms")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
