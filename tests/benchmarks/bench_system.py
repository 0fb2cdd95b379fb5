"""What it costs to measure what a run takes of its machine, as a part of one core.

python tests/benchmarks/bench_system.py [--smoke]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jupyter_aml.shim import sampling, shim

MINUTE = 60.0
THREADS = """
import threading, time
for _ in range({}):
    threading.Thread(target=time.sleep, args=(600,)).start()
"""
TREE = """
import subprocess, sys
for _ in range({1}):
    subprocess.Popen([sys.executable, "-I", "-S", "-c", {0!r}])
print(flush=True)
sys.stdin.read()
"""


def sampled(processes: int, threads: int, samples: int) -> tuple[float, int]:
    """CPU seconds of one sample of such a tree, and how many processes it had."""
    code = TREE.format(THREADS.format(threads - 1), processes)
    script = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", code],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert script.stdin is not None and script.stdout is not None
    try:
        script.stdout.readline()
        sampler = sampling.Sampler(os.getpid())
        until_there = time.monotonic() + 20
        while _threads() < processes * threads and time.monotonic() < until_there:
            time.sleep(0.05)
        begun = time.process_time()
        for _ in range(samples):
            sampler.sample()
        cost = (time.process_time() - begun) / samples
        return cost, len(sampling.tree(os.getpid())) - 1
    finally:
        os.killpg(script.pid, 9)
        script.stdin.close()
        script.stdout.close()
        script.wait()


def _threads() -> int:
    found = 0
    for pid in sampling.tree(os.getpid())[2:]:
        try:
            found += len(os.listdir(f"/proc/{pid}/task"))
        except OSError:
            continue
    return found


def guarded(seconds: float, *, measured: bool) -> float:
    """CPU seconds of a whole shim beside a script that does nothing for so long."""
    with tempfile.TemporaryDirectory() as folder:
        status = Path(folder, "status")
        status.mkdir()
        words = [sys.executable, "-I", "-S", shim.__file__, str(status), "1", f"{folder}/log"]
        process = subprocess.Popen(
            [*words, folder, "1", "0", "--", "sleep", str(seconds)],
            env={**os.environ, "AML_SYSTEM_METRICS": str(int(measured))},
        )
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        # The script's own time is among its children's, which are not counted here.
        return usage.ru_utime + usage.ru_stime - _of_children(status)


def _of_children(status: Path) -> float:
    end = json.loads((status / "exit.1").read_text())
    return float(end["userSeconds"]) + float(end["systemSeconds"])


def main(smoke: bool) -> None:
    """Print the table."""
    print("| what | CPU | of one core |")
    print("| --- | --: | --: |")
    trees = ((1, 1), (8, 4)) if smoke else ((1, 1), (8, 16), (64, 4))
    for processes, threads in trees:
        cost, there = sampled(processes, threads, 3 if smoke else int(MINUTE / sampling.RATE))
        pause = max(sampling.RATE, cost / sampling.SHARE)
        name = f"a sample of {there} processes, {threads} threads each, every {pause:.1f} s"
        print(f"| {name} | {cost * 1e3:.2f} ms | {cost / pause:.3%} |")
    seconds = 2.0 if smoke else 30.0
    with_samples, without = guarded(seconds, measured=True), guarded(seconds, measured=False)
    extra = max(0.0, with_samples - without)
    name = f"a shim for {seconds:.0f} s, what sampling adds"
    print(f"| {name} | {extra * 1e3:.0f} ms | {extra / seconds:.3%} |")


if __name__ == "__main__":
    main("--smoke" in sys.argv)
