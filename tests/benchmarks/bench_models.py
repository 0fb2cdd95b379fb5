"""What it costs to list 10,000 registered versions, beside the bare reading of their files.

python tests/benchmarks/bench_models.py [--smoke]
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from jupyter_aml.client import Client, find
from jupyter_aml.domain.model import Model, ModelFile
from jupyter_aml.testing.engines import end_engine

NAMES, VERSIONS = (10, 5) if "--smoke" in sys.argv else (100, 100)
WORKSPACE = "default"


def seeded(root: Path) -> list[Path]:
    """Write the files of so many versions as the registry writes them."""
    written = []
    for name in (f"model-{number:03}" for number in range(NAMES)):
        folder = root / "workspaces" / WORKSPACE / "models" / name
        folder.mkdir(parents=True)
        for number in range(1, VERSIONS + 1):
            of = Model(
                name=name, key=f"{name}-{number}", root="model.pkl",
                files=(ModelFile("model.pkl", 7, "0" * 64),), properties={"AUC": "0.84"},
            )  # fmt: skip
            at = f"2026-01-01T12:{number % 60:02}:00.{number:06}Z"
            data = {"definition": of.to_json(), "createdAt": at, "tags": {"stage": str(number % 7)}}
            path = folder / f"{number}.json"
            path.write_text(json.dumps(data, indent=1))
            os.utime(path, (1_000_000, 1_000_000))
            written.append(path)
        os.utime(folder, (1_000_000, 1_000_000))
    return written


def timed(call: Callable[[], object], times: int = 9) -> float:
    """Milliseconds that a call takes, the median of some."""
    spent = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        spent.append((time.perf_counter() - begun) * 1000)
    return statistics.median(spent)


def bare(paths: list[Path]) -> float:
    """Milliseconds for reading all files, once."""
    return timed(lambda: [json.loads(path.read_text()) for path in paths], 1)


def measured(client: Client) -> dict[str, float]:
    """Milliseconds over HTTP of each question."""
    models = client.models
    first = timed(lambda: models.page(WORKSPACE), 1)
    changed = []
    for number in range(3):
        client.models.change("model-001", {"version": "1", "tags": {"x": str(number)}})
        changed.append(timed(lambda: models.page(WORKSPACE), 1))
    after = models.page(WORKSPACE)["next"]
    return {
        "newest 255, first in an engine": first,
        "newest 255, again": timed(lambda: models.page(WORKSPACE)),
        "newest 255, right after a change": statistics.median(changed),
        "the next 255": timed(lambda: models.page(WORKSPACE, after=after)) if after else 0.0,
        "the newest of each name": timed(lambda: models.page(WORKSPACE, newest=1)),
        "those with a tag": timed(lambda: models.page(WORKSPACE, tag="stage=3")),
        "one version": timed(lambda: models.get(WORKSPACE, "model-001", "3")),
        "all, page by page": timed(lambda: list(models.list(WORKSPACE)), 1),
    }


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="aml-", dir="/tmp") as folder:
        root = Path(folder)
        paths = seeded(root)
        reading = bare(paths)
        with closing(find(root)) as client:
            client.status()
            found = measured(client)
        end_engine(root)
    print(f"| {len(paths):,} versions of {NAMES} names | ms |\n| --- | --: |")
    print(f"| reading the files, bare | {reading:.1f} |")
    for what, spent in found.items():
        print(f"| {what} | {spent:.1f} |")


if __name__ == "__main__":
    main()
