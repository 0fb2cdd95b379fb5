"""The way of a run, against a bare Python that does the same, through a real engine process.

python tests/benchmarks/bench_flow.py [--smoke]

Times are wall clock on one machine; what ends in "bare" is the limit measured in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tornado.websocket import WebSocketClientConnection

from jupyter_aml.client import Client, find
from jupyter_aml.compute.proc import of_run
from jupyter_aml.runfolder.layout import CONSOLE
from jupyter_aml.server import forward, holder
from jupyter_aml.testing.engines import end_engine

STAMP = "import time; print(time.time(), flush=True)"
LINES = """
import sys, time
for _ in range({count}):
    print(time.time(), flush=True)
    time.sleep({pause})
"""
POINTS = """
from azureml.core import Run
run = Run.get_context()
run.log("warm", 0.0)
import time
began = time.perf_counter()
for step in range({count}):
    run.log("loss", step * 0.5, step=step)
took = time.perf_counter() - began
import os
fd = os.open("bare", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
line = b'["m","loss",1795236674.6108051,123456,61728.0]\\n'
began = time.perf_counter()
for step in range({count}):
    os.write(fd, line)
bare = time.perf_counter() - began
print(took / {count} * 1e9, bare / {count} * 1e9)
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    ours: str
    bare: str
    target: str


@contextmanager
def an_engine() -> Iterator[Client]:
    """A headless engine of its own process on a root of its own."""
    with tempfile.TemporaryDirectory(prefix="aml-", dir="/tmp") as place:
        root = Path(place) / "root"
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        client = find(root)
        try:
            yield client
        finally:
            end_engine(root)


def submit(client: Client, script: str, **job: Any) -> str:
    """Send a script off; return the id of its run."""
    body = {
        "experiment": "bench",
        "script": "main.py",
        "source": {"files": {"main.py": script}},
        "job": {"command": ["main.py"], "interpreter": sys.executable, "target": "local", **job},
    }
    return str(client.runs.submit(body)["runId"])


def ended(client: Client, run_id: str) -> dict[str, Any]:
    """Wait for the end of a run."""
    while True:
        run = client.runs.get(run_id)
        if run["endedAt"] is not None:
            return dict(run)
        time.sleep(0.005)


def median(values: list[float]) -> float:
    """The median in milliseconds."""
    return statistics.median(values) * 1e3


def first_line(client: Client, rounds: int) -> Row:
    """From the call that submits to the moment in which the script prints."""
    ours, bare = [], []
    for _ in range(rounds):
        began = time.time()
        run_id = submit(client, STAMP)
        ended(client, run_id)
        ours.append(float(client.runs.log(run_id, CONSOLE).data) - began)
        began = time.time()
        printed = subprocess.run([sys.executable, "-c", STAMP], capture_output=True, check=True)
        bare.append(float(printed.stdout) - began)
    return Row("submit to first line in the log", f"{median(ours):.0f} ms",
               f"{median(bare):.0f} ms", "100 ms")  # fmt: skip


async def events(client: Client) -> WebSocketClientConnection:
    """The event socket of the engine."""
    told = holder.read(Path(client.status()["root"]))
    assert told is not None
    return await forward.open_socket(told)


async def line_to_page(client: Client, count: int, pause: float) -> list[float]:
    """Seconds from the print of each line to its arrival at a listener."""
    socket = await events(client)
    run_id = submit(client, LINES.format(count=count, pause=pause))
    await socket.write_message(
        json.dumps({"type": "subscribe", "topic": "run", "runId": run_id, "logs": {CONSOLE: 0}})
    )
    late: list[float] = []
    while len(late) < count:
        event = json.loads(await socket.read_message() or "{}")
        if event.get("type") == "log":
            now = time.time()
            late += [now - float(line) for line in event["text"].split()]
    socket.close()
    await asyncio.to_thread(ended, client, run_id)
    return late


def lines(client: Client, count: int, pause: float, what: str) -> Row:
    """The delay of printed lines."""
    late = sorted(asyncio.run(line_to_page(client, count, pause)))
    p99 = late[int(len(late) * 0.99)] * 1e3
    told = f"p50 {median(late):.1f} ms, p99 {p99:.1f} ms"
    return Row(f"printed line to the event socket, {what}", told, "", "p50 10 ms, p99 50 ms")


def metrics(client: Client, count: int) -> list[Row]:
    """Logging many points in a run, and asking for them."""
    run_id = submit(client, POINTS.format(count=count))
    ended(client, run_id)
    ours, bare = map(float, client.runs.log(run_id, CONSOLE).data.split())
    began = time.perf_counter()
    answer = client.runs.metrics(run_id, points=1000, names=["loss"])
    first = time.perf_counter() - began
    began = time.perf_counter()
    client.runs.metrics(run_id, points=1000, names=["loss"])
    again = time.perf_counter() - began
    size = len(json.dumps(answer, separators=(",", ":")))
    assert answer["series"]["loss"]["count"] == count
    return [
        Row("Run.log of a number, in a run", f"{ours:.0f} ns ({1e9 / ours:,.0f}/s)",
            f"{bare:.0f} ns: {ours / bare:.2f} x", "3 x; 100,000/s"),
        Row(f"a series of {count:,}, first and again", f"{first * 1e3:.0f}, {again * 1e3:.0f} ms",
            "", "300 ms"),
        Row("the same over the wire", f"{size / 1000:.0f} kB", "", "64 kB"),
    ]  # fmt: skip


def cancel(client: Client, rounds: int) -> Row:
    """From the call that cancels to the moment in which nothing of the run is left."""
    took = []
    for _ in range(rounds):
        run_id = submit(client, "import time\nprint(1, flush=True)\ntime.sleep(600)", grace=1.0)
        while not client.runs.log(run_id, CONSOLE).data:
            time.sleep(0.005)
        began = time.perf_counter()
        client.runs.cancel(run_id)
        while of_run(run_id, "1", []):
            time.sleep(0.002)
        took.append(time.perf_counter() - began)
    return Row("cancel to all gone", f"{median(took):.0f} ms", "", "grace + 1 s")


def imports(rounds: int) -> list[Row]:
    """What importing costs over a bare Python."""

    def best(code: str, python: list[str] | None = None) -> float:
        took = []
        for _ in range(rounds):
            began = time.perf_counter()
            subprocess.run([*(python or [sys.executable]), "-c", code], check=True)
            took.append(time.perf_counter() - began)
        return min(took)

    bare = best("pass")
    rows = [("import jupyter_aml", "60 ms"), ("from jupyter_aml.sdk.core import Run", "25 ms")]
    return [
        Row(code, f"+{(best(code) - bare) * 1e3:.0f} ms", f"{bare * 1e3:.0f} ms", target)
        for code, target in rows
    ]


def rows(*, smoke: bool) -> Iterator[Row]:
    """Measure, row by row."""
    few: Callable[[int, int], int] = lambda many, one: one if smoke else many  # noqa: E731
    yield from imports(few(15, 2))
    with an_engine() as client:
        submit_warm = submit(client, STAMP)
        ended(client, submit_warm)
        yield first_line(client, few(25, 2))
        yield lines(client, few(300, 20), 0.01, "100 a second")
        yield lines(client, few(6000, 100), 0.0006, "about 1,500 a second")
        yield from metrics(client, few(1_000_000, 10_000))
        yield cancel(client, few(10, 1))


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="small sizes, to see that it works")
    smoke = parser.parse_args().smoke
    print("| what | ours | bare limit | target |\n| --- | --- | --- | --- |")
    for row in rows(smoke=smoke):
        print(f"| {row.what} | {row.ours} | {row.bare} | {row.target} |", flush=True)


if __name__ == "__main__":
    main()
