"""From a submit to the script's first line on the kinds of targets, and many short runs at once.

python tests/benchmarks/bench_targets.py [--smoke]

It starts docker (where none runs), a Dask cluster and a headless engine of its own.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench_flood import an_engine
from bench_rest import pss

sys.path.insert(0, str(Path(__file__).parents[2]))

from jupyter_aml.client import Client
from jupyter_aml.runfolder.layout import CONSOLE
from tests import docker_engine

SAYS = "import time; print(time.time(), flush=True)"
BOXED = {
    "name": "boxed",
    "python": {"userManagedDependencies": True, "interpreterPath": "python3"},
    "docker": {"enabled": True, "baseImage": docker_engine.BASE},
}
HEAD = "| what | target | ours | bare limit | ratio |\n| --- | --- | --- | --- | --- |"


def send(client: Client, script: str, target: str = "local", **more: Any) -> str:
    """Send a run; returns its id."""
    interpreter = "python" if "environment" in more else sys.executable
    sent = client.runs.submit({
        "experiment": "bench", "script": "main.py", "source": {"files": {"main.py": script}},
        "job": {"command": ["main.py"], "interpreter": interpreter, "target": target}, **more,
    })  # fmt: skip
    return str(sent["runId"])


def first_line(client: Client, target: str = "local", **more: Any) -> float:
    """Milliseconds from the submit to the moment at which the script spoke."""
    asked = time.time()
    run = send(client, SAYS, target, **more)
    while not (said := client.runs.log(run, CONSOLE).data):
        time.sleep(0.01)
    while client.runs.get(run)["endedAt"] is None:
        time.sleep(0.01)
    return (float(said) - asked) * 1e3


def in_turns(
    ours: Callable[[], float], bare: Callable[[], float], rounds: int
) -> tuple[float, float]:
    """Medians of both, the first round left out."""
    both = [(ours(), bare()) for _ in range(rounds + 1)][1:]
    own, limit = zip(*both, strict=True)
    return median(own), median(limit)


def docker_run() -> float:
    """The same by docker's own command."""
    asked = time.time()
    command = ["docker", "run", "--rm", docker_engine.BASE, "python3", "-c", SAYS]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return (float(said) - asked) * 1e3


def from_zero(client: Client) -> float:
    """On a cluster without a node, once the last one has gone."""
    while client.compute.get("default", "zero")["nodes"]:
        time.sleep(0.02)
    return first_line(client, "zero")


@contextlib.contextmanager
def a_dask_cluster() -> Iterator[Any]:
    """A cluster by Dask's own means, and a client of it."""
    from distributed import Client as Dask
    from distributed import LocalCluster

    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        Dask(cluster) as client,
    ):
        yield client


def short_runs(count: int) -> list[str]:
    """Runs of 10 ms through the queue of this machine, and what a page waits meanwhile."""
    waits: list[float] = []
    with an_engine(2) as (client, _):
        done = threading.Event()

        def look() -> None:
            while not done.is_set():
                begun = time.monotonic()
                client.runs.page(workspace="default", limit=50)
                waits.append((time.monotonic() - begun) * 1e3)
                time.sleep(0.05)

        begun = time.monotonic()
        looking = threading.Thread(target=look)
        looking.start()
        for _ in range(count):
            send(client, "import time; time.sleep(0.01)")
        while client.runs.page(workspace="default", filter="status:active", limit=1)["runs"]:
            time.sleep(0.05)
        rate = count / (time.monotonic() - begun)
        done.set()
        looking.join()
    began = time.monotonic()
    for _ in range(50):
        subprocess.run([sys.executable, "-c", "import time; time.sleep(0.01)"], check=True)
    bare = 2 * 50 / (time.monotonic() - began)
    late = quantiles(waits, n=100)[98]
    return [
        f"| {count} runs of 10 ms on 2 places | 20 runs/s | {rate:.0f} runs/s "
        f"| {bare:.0f}/s (bare processes, two at a time) | {bare / rate:.1f} |",
        f"| a page of runs meanwhile | p99 100 ms | p50 {median(waits):.0f} ms, p99 {late:.0f} ms "
        "| | |",
    ]


def waiting(count: int) -> str:
    """What a run costs that waits."""
    with an_engine(1) as (client, pid):
        head = send(client, "import signal; signal.pause()")
        send(client, "pass")
        before = pss(pid)
        for _ in range(count):
            send(client, "pass")
        cost = (pss(pid) - before) / count * 1000
        client.runs.cancel(head)
        while client.runs.page(workspace="default", filter="status:active", limit=1)["runs"]:
            time.sleep(0.1)
    return f"| memory of one of {count:,} runs that wait | 20 kB | {cost:.1f} kB | | |"


def row(what: str, target: str, own: float, bare: str, ratio: str = "") -> str:
    """A line of the table."""
    return f"| {what} | {target} | {own:.0f} ms | {bare} | {ratio} |"


def main(rounds: int, count: int) -> None:
    """Print the table."""
    rows = []
    with docker_engine.an_engine() as docker, an_engine(2) as (client, _):
        docker_engine.make_image(docker)
        own, bare = in_turns(lambda: first_line(client, environment=BOXED), docker_run, rounds)
        ratio = f"{own / bare:.2f}"
        rows.append(row("docker", "1.5 times", own, f"{bare:.0f} ms (`docker run`)", ratio))
        client.compute.add({"name": "zero", "kind": "cluster", "maxNodes": 1, "idleSeconds": 0})
        own, bare = in_turns(lambda: from_zero(client), lambda: first_line(client), rounds)
        rows.append(row("local nodes, from none", "1,500 ms", own, f"{bare:.0f} ms (`local`)"))
        with a_dask_cluster() as dask:
            settings = {"address": dask.scheduler.address}
            body = {"name": "dask", "kind": "dask", "maxNodes": 1, "settings": settings}
            client.compute.add(body)
            own, bare = in_turns(lambda: first_line(client, "dask"), lambda: task(dask), rounds)
        rows.append(row("a worker of Dask that waits", "300 ms", own, f"{bare:.0f} ms (bare task)"))
    print(HEAD, *rows, *short_runs(count), waiting(2 * count), sep="\n")


def task(dask: Any) -> float:
    """A bare task of Dask, in milliseconds."""
    asked = time.time()
    said: float = dask.submit(time.time, pure=False).result()
    return (said - asked) * 1e3


if __name__ == "__main__":
    main(1, 20) if "--smoke" in sys.argv else main(15, 1000)
