"""100,000 runs in the index: pages of 50 against the same query by bare sqlite3.

    python tests/benchmarks/bench_store.py [runs] [folder]

Prints a table in Markdown. "first" counts the total anew, as after every change of a run; "again"
is the same page while nothing changed. The limit is one bare query for keys in the order of the
page, the count of all that match and the JSON of the 50 runs, over a connection of its own with the
same cache.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from jupyter_aml.domain.ids import ExperimentName, RunId, WorkspaceName
from jupyter_aml.domain.run import Job, Run, RunStatus
from jupyter_aml.store.database import Database
from jupyter_aml.store.reindex import reindex
from jupyter_aml.store.runs import RunTable

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
WORKSPACE = WorkspaceName("default")
ROUNDS = 15
STATUSES = [RunStatus.COMPLETED] * 90 + [RunStatus.FAILED] * 9 + [RunStatus.RUNNING]

PAGES: dict[str, tuple[dict[str, str], str, str]] = {
    "newest 50": ({}, "runs r WHERE r.workspace = 'default'", "r.created_at DESC, r.pk DESC"),
    "sorted by a metric": (
        {"sort": "-metric.rmse"},
        "runs r JOIN run_metrics m ON m.run = r.pk AND m.key = 'rmse'"
        " WHERE r.workspace = 'default'",
        "m.value DESC, m.run DESC",
    ),
    "completed, metric below a value (half of all), sorted by it": (
        {"filter": "status:completed rmse<50", "sort": "metric.rmse"},
        "runs r JOIN run_metrics m ON m.run = r.pk AND m.key = 'rmse' AND m.value < 50"
        " WHERE r.workspace = 'default' AND r.status = 'Completed'",
        "m.value, m.run",
    ),
    "running (1 in 100), sorted by a metric": (
        {"filter": "status:running", "sort": "metric.rmse"},
        "runs r JOIN run_metrics m ON m.run = r.pk AND m.key = 'rmse'"
        " WHERE r.workspace = 'default' AND r.status = 'Running'",
        "m.value, m.run",
    ),
    "one experiment (1 in 20), sorted by a metric": (
        {"filter": "experiment:exp-7", "sort": "-metric.r2"},
        "runs r JOIN run_metrics m ON m.run = r.pk AND m.key = 'r2'"
        " WHERE r.workspace = 'default' AND r.experiment = 'exp-7'",
        "m.value DESC, m.run DESC",
    ),
    "a tag and a metric, newest": (
        {"filter": "tag.owner:owner-3 r2>90"},
        "runs r JOIN run_labels l ON l.run = r.pk AND l.kind = 'tag' AND l.key = 'owner'"
        " AND l.value = 'owner-3' JOIN run_metrics m ON m.run = r.pk AND m.key = 'r2'"
        " AND m.value > 90 WHERE r.workspace = 'default'",
        "r.created_at DESC, r.pk DESC",
    ),
    "a property (1 in 9), newest": (
        {"filter": "property.azureml.git.branch:branch-3"},
        "runs r JOIN run_labels l ON l.run = r.pk AND l.kind = 'property'"
        " AND l.key = 'azureml.git.branch' AND l.value = 'branch-3' WHERE r.workspace = 'default'",
        "r.created_at DESC, r.pk DESC",
    ),
    "failed or canceled, newest": (
        {"filter": "status:failed,canceled"},
        "runs r WHERE r.workspace = 'default' AND r.status IN ('Failed', 'Canceled')",
        "r.created_at DESC, r.pk DESC",
    ),
    "a plain word that 40 runs have": (
        {"filter": "abc9"},
        "runs r WHERE r.workspace = 'default' AND r.search LIKE '%abc9%'",
        "r.created_at DESC, r.pk DESC",
    ),
}  # fmt: skip


def main() -> None:
    """Fill an index, and print how long its pages take."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
        path = Path(folder) / "aml.db"
        database = Database.open(path)
        began = time.perf_counter()
        reindex(database, (a_run(number) for number in range(1, count + 1)), [], [])
        took = time.perf_counter() - began
        runs = RunTable(database, epoch=database.next_epoch("benchmark"))
        size = sum(file.stat().st_size for file in path.parent.iterdir()) / 1e6
        print(f"{count:,} runs with 5 metrics, 2 tags, 4 properties and 2 parameters each: "
              f"{took:.1f} s, {count / took:,.0f} runs/s, {size:.0f} MB on disk\n")  # fmt: skip
        print("| page | runs | first, ms | again, ms | bare sqlite3, ms | first : bare |")
        print("| --- | --: | --: | --: | --: | --: |")
        for name, (query, tables, order) in PAGES.items():
            report(name, runs, query, path, tables, order)
        print("\n| write | ms |\n| --- | --: |")
        for name, took in writes(runs, count, path).items():
            print(f"| {name} | {took * 1e3:.2f} |")
        database.close()


def report(
    name: str, runs: RunTable, query: dict[str, str], path: Path, tables: str, order: str
) -> None:
    """Print the row of one page."""
    page = runs.page(workspace=WORKSPACE, **query)
    first = middle(lambda: runs.page(workspace=WORKSPACE, **query), runs._counts.clear)
    again = middle(lambda: runs.page(workspace=WORKSPACE, **query))
    bare = sqlite3.connect(path)
    bare.execute("PRAGMA cache_size = -32000")

    def limit() -> None:
        rows = bare.execute(f"SELECT r.pk FROM {tables} ORDER BY {order} LIMIT 50").fetchall()
        total = bare.execute(f"SELECT count(*) FROM {tables}").fetchone()[0]
        assert (len(rows), total) == (len(page.runs), page.total), (name, total, page.total)
        for row in rows:
            body = bare.execute("SELECT body FROM run_bodies WHERE run = ?", row).fetchone()[0]
            json.loads(body)

    least = middle(limit)
    bare.close()
    print(f"| {name} | {page.total:,} | {first * 1e3:.1f} | {again * 1e3:.1f} "
          f"| {least * 1e3:.1f} | {first / least:.1f} |")  # fmt: skip


def writes(runs: RunTable, count: int, path: Path) -> dict[str, float]:
    """What the engine pays for a change, in a full index."""
    fresh = iter(range(count + 1, count + 10_000))
    new: list[Run] = []
    tick = iter(range(10_000))

    def add() -> None:
        run = a_run(next(fresh), status=RunStatus.NOT_STARTED, number=0)
        new.append(runs.add(run))

    def log() -> None:
        new[-1] = runs.set_metrics(new[-1], {"rmse": float(next(tick)), "r2": 1.0})

    def move() -> None:
        seen = new.pop(0)
        runs.move(seen, RunStatus.PREPARING, at=BEGIN)

    took = {
        "add a run": middle(add),
        "two metrics of a run": middle(log),
        "move a run": middle(move, rounds=ROUNDS - 1),
    }
    bare = sqlite3.connect(path, isolation_level=None)
    bare.execute("PRAGMA synchronous = NORMAL")
    took["the statements of a move by bare sqlite3"] = middle(lambda: bare_move(bare))
    bare.close()
    return took


def bare_move(bare: sqlite3.Connection) -> None:
    """Count a change, read a run, and write its status and its text."""
    bare.execute("BEGIN IMMEDIATE")
    bare.execute("UPDATE engine SET seq = seq + 1")
    newest = "SELECT pk, body, status FROM runs JOIN run_bodies ON run = pk ORDER BY pk DESC"
    pk, body, status = bare.execute(f"{newest} LIMIT 1").fetchone()
    bare.execute("SELECT key, value, text FROM run_metrics WHERE run = ?", (pk,)).fetchall()
    to = "Queued" if status == "Preparing" else "Preparing"
    changed = "UPDATE runs SET status = ?, seq = (SELECT seq FROM engine) WHERE pk = ?"
    bare.execute(changed, (to, pk))
    bare.execute("UPDATE run_bodies SET body = ? WHERE run = ?", (body, pk))
    bare.execute("COMMIT")


def middle(
    work: Callable[[], object],
    before: Callable[[], object] = lambda: None,
    *,
    rounds: int = ROUNDS,
) -> float:
    """The median time of some rounds, in seconds."""
    times = []
    for _ in range(rounds):
        before()
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return median(times)


def a_run(place: int, *, status: RunStatus | None = None, number: int | None = None) -> Run:
    """A run like those of a notebook, other for each place and always the same for one."""
    chance = random.Random(place)
    at = BEGIN + timedelta(seconds=place)
    experiment = f"exp-{place % 20}"
    return Run(
        id=RunId(f"{experiment}_{1767225600 + place}_{chance.getrandbits(32):08x}"),
        workspace=WORKSPACE,
        experiment=ExperimentName(experiment),
        number=place if number is None else number,
        status=chance.choice(STATUSES) if status is None else status,
        created_at=at,
        changed_at=at,
        started_at=at,
        script="train.py",
        job=Job(command=("train.py", "--alpha", "0.1"), interpreter="/usr/bin/python3"),
        arguments=("--alpha", "0.1"),
        tags={"owner": f"owner-{place % 7}", "stage": "sweep"},
        properties={
            "azureml.git.branch": f"branch-{place % 9}",
            "azureml.git.commit": f"{chance.getrandbits(160):040x}",
            "azureml.git.dirty": "False",
            "ContentSnapshotId": f"{chance.getrandbits(128):032x}",
        },
        parameters={"alpha": chance.random(), "depth": place % 12},
        metrics={name: chance.random() * 100 for name in ("rmse", "r2", "alpha", "loss", "acc")},
    )


if __name__ == "__main__":
    main()
