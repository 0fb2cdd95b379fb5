"""Many children of one run: made by its script, entered by the engine, listed, deleted.

python tests/benchmarks/bench_children.py [--smoke]

The limit is as many folders with a file of two records, made and removed by bare calls.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable

from bench_flood import an_engine
from bench_rest import pss

from jupyter_aml.client import Client

MAKES = """
import time
from azureml.core import Run
run = Run.get_context()
began = time.perf_counter()
for number in range({count}):
    with run.child_run() as child:
        child.log("loss", 1.0 / (number + 1))
run.log("made", time.perf_counter() - began)
run.log("finished", time.time())
"""


def bare(count: int) -> tuple[float, float]:
    """Seconds to make as many folders with two records in each, and to remove them."""
    with tempfile.TemporaryDirectory(prefix="aml-", dir="/tmp") as place:
        began = time.perf_counter()
        for number in range(count):
            folder = f"{place}/{number}/metrics"
            os.makedirs(folder)
            file = os.open(f"{folder}/1.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(file, b'["m","loss",1795269859.1234,null,0.5]\n')
            os.write(file, b'["complete",1795269859.1234]\n')
            os.close(file)
        made = time.perf_counter() - began
        for number in range(count):
            folder = f"{place}/{number}"
            os.unlink(f"{folder}/metrics/1.jsonl")
            os.rmdir(f"{folder}/metrics")
            os.rmdir(folder)
        return made, time.perf_counter() - began - made


def until(is_so: Callable[[], bool]) -> float:
    """Wait, and return the time at which it was so."""
    while not is_so():
        time.sleep(0.02)
    return time.time()


def listed(client: Client, query: str, **more: str) -> int:
    """How many runs a filter finds."""
    return int(client.runs.page(workspace="default", filter=query, limit=50, **more)["total"])


def timed(work: Callable[[], object]) -> float:
    """Seconds that the work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def family(count: int) -> list[tuple[str, str]]:
    """What was measured, and how much it is."""
    with an_engine(1) as (client, pid):
        client.status()
        at_rest = pss(pid)
        sent = client.runs.submit({
            "experiment": "family", "script": "main.py",
            "source": {"files": {"main.py": MAKES.format(count=count)}},
            "job": {"command": ["main.py"], "interpreter": sys.executable, "target": "local"},
        })["runId"]  # fmt: skip
        of_it = f"parent:{sent}"
        entered = until(lambda: listed(client, of_it) == count)
        memory = pss(pid)
        ended = until(lambda: client.runs.get(sent)["endedAt"] is not None)
        assert listed(client, f"{of_it} status:completed") == count
        last = client.runs.get(sent)["metrics"]
        made, finished = float(str(last["made"])), float(str(last["finished"]))
        page = timed(lambda: listed(client, of_it, sort="number"))
        by_metric = timed(lambda: listed(client, of_it, sort="metric.loss"))
        gone = timed(lambda: client.runs.delete(sent))
    least, least_gone = bare(count)
    return [
        ("made by the script", f"{made:.1f} s ({made / count * 1e3:.2f} ms each)"),
        ("as many folders by bare calls", f"{least:.1f} s ({made / least:.1f} x)"),
        ("all entered, after the last was made", f"{max(0.0, entered - finished):.1f} s"),
        ("all ended, after the last was made", f"{max(0.0, ended - finished):.1f} s"),
        ("a page of 50, by number", f"{page * 1e3:.1f} ms"),
        ("a page of 50, by a metric", f"{by_metric * 1e3:.1f} ms"),
        ("deleted with their parent", f"{gone:.1f} s"),
        ("as many folders by bare calls", f"{least_gone:.1f} s ({gone / least_gone:.1f} x)"),
        ("engine at rest, and with all of them", f"{at_rest:.0f} MB, {memory:.0f} MB"),
    ]


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="small sizes, to see that it works")
    count = 200 if parser.parse_args().smoke else 10_000
    print(f"| {count:,} children of one run | |\n| --- | --- |")
    for what, much in family(count):
        print(f"| {what} | {much} |")


if __name__ == "__main__":
    main()
