"""A long queue of runs that do nothing: changes of the index and processor of the engine, a run.

python tests/benchmarks/bench_queue.py [--smoke]

All runs are sent before the first may end, so nearly all of them wait. The limit of a move is
the same five statements and the commit by bare `sqlite3`, on an index of its own.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median

from bench_flood import an_engine
from bench_rest import seconds
from bench_store import BEGIN, WORKSPACE

from jupyter_aml.client import Client
from jupyter_aml.domain.ids import ExperimentName, RunId
from jupyter_aml.domain.run import Job, Run, RunStatus
from jupyter_aml.store.database import Database
from jupyter_aml.store.runs import RunTable

PLACES = 2
ROUNDS = 300
S = RunStatus


def send(client: Client) -> str:
    """Send one run off, and return its id."""
    sent = client.runs.submit({
        "experiment": "queue", "script": "main.py", "source": {"files": {"main.py": "pass"}},
        "job": {"command": ["main.py"], "interpreter": sys.executable, "target": "local"},
    })  # fmt: skip
    return str(sent["runId"])


def changes(root: Path) -> int:
    """How often the index was changed so far."""
    with sqlite3.connect(root / "aml.db") as index:
        return int(index.execute("SELECT seq FROM engine").fetchone()[0])


def queue(count: int) -> str:
    """One row of the table."""
    with an_engine(PLACES) as (client, pid):
        root = Path(client.status()["root"])
        before, used, began = changes(root), seconds(pid), time.monotonic()
        for _ in range(count):
            send(client)
        while (page := client.runs.page(workspace="default", filter="status:active", limit=1))[
            "runs"
        ]:
            time.sleep(0.2 if page["total"] > PLACES else 0.02)
        took = time.monotonic() - began
        used, made = seconds(pid) - used, changes(root) - before
    return (
        f"| {count} runs of `pass` on {PLACES} places | {made / count:.1f} "
        f"| {used / count * 1e3:.0f} ms | {took / count * 1e3:.0f} ms |"
    )


def a_run(number: int) -> Run:
    """A run as it waits."""
    return Run(
        id=RunId(f"queue_{number}"), workspace=WORKSPACE, experiment=ExperimentName("queue"),
        number=number, status=S.QUEUED, created_at=BEGIN, changed_at=BEGIN, script="main.py",
        tags={"a": "1"}, properties={"b": "2"}, job=Job(command=("main.py",)),
    )  # fmt: skip


def timed(work: Callable[[int], object]) -> float:
    """Processor seconds of one call, in the middle of many."""
    spent = []
    for number in range(1, ROUNDS + 1):
        began = time.thread_time()
        work(number)
        spent.append(time.thread_time() - began)
    return median(spent)


def ours(folder: Path) -> float:
    """A move, as the engine makes it."""
    database = Database.open(folder / "ours.db")
    table = RunTable(database, epoch=database.next_epoch("bench"))
    runs = table.add_many([a_run(number) for number in range(1, ROUNDS + 1)])
    at = BEGIN + timedelta(seconds=1)
    spent = timed(lambda number: table.move(runs[number - 1], S.STARTING, at=at))
    database.close()
    return spent


def bare(folder: Path) -> float:
    """The least that a move asks of the database."""
    index = sqlite3.connect(folder / "ours.db", isolation_level=None)
    index.execute("PRAGMA synchronous = NORMAL")

    def move(number: int) -> None:
        index.execute("BEGIN IMMEDIATE")
        index.execute("UPDATE engine SET seq = seq + 1 WHERE epoch = 1 RETURNING seq").fetchone()
        found = "SELECT pk, seq, body FROM runs JOIN run_bodies ON run = pk WHERE id = ?"
        pk, seq, body = index.execute(found, [f"queue_{number}"]).fetchone()
        index.execute("SELECT key, value, text FROM run_metrics WHERE run = ?", [pk]).fetchall()
        change = "UPDATE runs SET status = 'Running', seq = ? WHERE pk = ? AND status = 'Starting'"
        index.execute(change, [seq + ROUNDS, pk])
        index.execute("UPDATE run_bodies SET body = ? WHERE run = ?", [body, pk])
        index.execute("COMMIT")

    spent = timed(move)
    index.close()
    return spent


def main() -> None:
    """Print both tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="small sizes, to see that it works")
    parser.add_argument("--count", type=int, help="one queue of this length")
    given = parser.parse_args()
    counts = [given.count] if given.count else [6] if given.smoke else [200, 500]
    print("| queue | changes a run | engine's processor a run | time a run |")
    print("| --- | --- | --- | --- |")
    for count in counts:
        print(queue(count), flush=True)
    with tempfile.TemporaryDirectory(prefix="aml-", dir="/tmp") as place:
        moved, least = ours(Path(place)), bare(Path(place))
    print("\n| a move in the index | bare `sqlite3` | ratio |\n| --- | --- | --- |")
    print(f"| {moved * 1e3:.2f} ms | {least * 1e3:.2f} ms | {moved / least:.1f} |")


if __name__ == "__main__":
    main()
