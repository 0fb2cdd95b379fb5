"""Memory and processor of the engine while many runs write a lot, with and without a listener.

python tests/benchmarks/bench_flood.py [--smoke]

Runs and engine share the cores, so a run may write a little less than it was asked to.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench_flow import events
from bench_rest import pss, seconds

from jupyter_aml.client import Client, find
from jupyter_aml.runfolder.layout import CONSOLE
from jupyter_aml.testing.engines import end_engine

WRITES = """
import os, time
from azureml.core import Run
run = Run.get_context()
line = b"epoch 12  step 3456  loss 0.123456  accuracy 0.987654  lr 0.000100  12.3 samples/s\\n"
began = time.monotonic()
for part in range({seconds} * 100):
    os.write(1, line * ({rate} // 100))
    run.log("loss", 1.0 / (part + 1))
    ahead = began + part / 100 - time.monotonic()
    if ahead > 0:
        time.sleep(ahead)
"""


@contextmanager
def an_engine(runs: int) -> Iterator[tuple[Client, int]]:
    """A headless engine with a place for each of the runs, and its process."""
    with tempfile.TemporaryDirectory(prefix="aml-", dir="/tmp") as place:
        root = Path(place) / "root"
        program = [sys.executable, "-m", "jupyter_aml.cli", "--root", str(root), "serve"]
        server = subprocess.Popen([*program, "--set", f"max_runs={runs}"])
        try:
            while not (root / "engine.json").exists():
                assert server.poll() is None
                time.sleep(0.01)
            yield find(root), server.pid
        finally:
            end_engine(root)
            server.wait()


def begin(client: Client, runs: int, rate: int, lasts: int) -> list[str]:
    """Send the runs off, and return when all of them write."""
    script = WRITES.format(seconds=lasts, rate=rate)
    job = {"command": ["main.py"], "interpreter": sys.executable, "target": "local"}
    sent = [
        client.runs.submit({
            "experiment": "flood", "script": "main.py", "source": {"files": {"main.py": script}},
            "job": job,
        })["runId"]
        for _ in range(runs)
    ]  # fmt: skip
    while not all(client.runs.log(each, CONSOLE).size for each in sent):
        time.sleep(0.05)
    return sent


async def listen(client: Client, sent: list[str]) -> int:
    """Follow all logs as one page would, until all runs have ended; returns the bytes heard."""
    socket = await events(client)
    for each in sent:
        wanted = {"type": "subscribe", "topic": "run", "runId": each, "logs": {CONSOLE: 0}}
        await socket.write_message(json.dumps(wanted))
    heard, open_runs = 0, set(sent)
    while open_runs:
        event = json.loads(await socket.read_message() or "{}")
        if event.get("type") == "log":
            heard += event["end"] - event["offset"]
        elif event.get("type") == "run" and event["run"]["endedAt"]:
            open_runs.discard(event["run"]["runId"])
    socket.close()
    return heard


def flood(runs: int, rate: int, lasts: int, *, listening: bool) -> str:
    """One row of the table."""
    with an_engine(runs) as (client, pid):
        client.status()
        at_rest = pss(pid)
        sent = begin(client, runs, rate, lasts)
        listener = None
        if listening:
            code = (
                "import asyncio, json, sys; sys.path.insert(0, sys.argv[3]); import bench_flood; "
                "from pathlib import Path; from jupyter_aml.client import find; "
                "print(asyncio.run(bench_flood.listen(find(Path(sys.argv[1])), "
                "json.loads(sys.argv[2]))))"
            )
            root = client.status()["root"]
            here = str(Path(__file__).parent)
            listener = subprocess.Popen(
                [sys.executable, "-c", code, root, json.dumps(sent), here], stdout=subprocess.PIPE
            )
        begun, before = time.monotonic(), seconds(pid)
        memory, asked = [], []
        while any(client.runs.get(each)["endedAt"] is None for each in sent[:1]):
            memory.append(pss(pid))
            began = time.monotonic()
            client.runs.page(workspace="default", limit=50)
            asked.append(time.monotonic() - began)
            time.sleep(0.2)
        took = time.monotonic() - begun
        used = (seconds(pid) - before) / took
        while any(client.runs.get(each)["endedAt"] is None for each in sent):
            time.sleep(0.05)
        size = sum(client.runs.log(each, CONSOLE).size for each in sent)
        heard = ""
        if listener is not None:
            out, _ = listener.communicate()
            heard = f", {int(out) / size:.0%} heard"
    return (
        f"| {runs} runs of {rate:,} lines/s{', all followed' if listening else ''} "
        f"| {size / 1e6:.0f} MB{heard} | {at_rest:.0f} MB | {max(memory):.0f} MB | {used:.0%} "
        f"| {statistics.median(asked) * 1e3:.1f} ms, at most {max(asked) * 1e3:.0f} ms |"
    )


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="small sizes, to see that it works")
    smoke = parser.parse_args().smoke
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    runs, rate, lasts = (2, 500, 1) if smoke else (20, 5000, 15)
    print("| what | written | engine at rest | at most | of a core | a page of runs |")
    print("| --- | --- | --- | --- | --- | --- |")
    for listening in (False, True):
        print(flood(runs, rate, lasts, listening=listening), flush=True)


if __name__ == "__main__":
    main()
