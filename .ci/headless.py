"""Run a notebook without a browser, against a real Jupyter server, and say what became of its runs.

Prints one line a run (experiment, number, status, duration, metrics, folder of outputs) and exits 0
only if the notebook ran to its end and every run that it made is Completed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from nbclient.exceptions import CellExecutionError

from jupyter_aml.testing.jupyter import JupyterServer, KernelDied


def main() -> int:
    """Run the notebook and report; 0 if all went well."""
    args = _arguments()
    with tempfile.TemporaryDirectory(prefix="aml-") as scratch, open(args.log, "wb") as log:
        folder = Path(scratch, "notebooks")
        # A copy, so that what the notebook writes beside itself does not litter the checkout.
        shutil.copytree(args.notebook.parent, folder)
        with JupyterServer(folder, runtime=Path(scratch, "runtime"), log=log) as server:
            return report(server, folder / args.notebook.name)


def report(server: JupyterServer, notebook: Path) -> int:
    """Execute the notebook on this server, print its runs, and return the exit code."""
    before = {run["runId"] for run in runs_of(server)}
    finished = True
    try:
        server.execute(notebook)
    except (CellExecutionError, KernelDied) as error:
        finished = False
        print(error, file=sys.stderr)
    made = [run for run in runs_of(server) if run["runId"] not in before]
    root = Path(server.get("aml/status")["root"])
    for run in made:
        print(line(run, root))
    return 0 if finished and made and all(run["status"] == "Completed" for run in made) else 1


def runs_of(server: JupyterServer) -> list[dict[str, Any]]:
    """Every run of the server's default workspace, oldest first."""
    found: list[dict[str, Any]] = []
    query = {"sort": "createdAt", "limit": "500"}
    while True:
        page = server.get(f"aml/runs?{urlencode(query)}")
        found += page["runs"]
        if page["next"] is None:
            return found
        query["after"] = page["next"]


def line(run: dict[str, Any], root: Path) -> str:
    """One run as `experiment #number status duration metrics folder-of-outputs`."""
    outputs = root / "workspaces" / run["workspace"] / "runs" / run["runId"] / "work" / "outputs"
    metrics = " ".join(f"{name}={_shown(value)}" for name, value in sorted(run["metrics"].items()))
    return f"{run['experiment']} #{run['number']} {run['status']} {_span(run)} {metrics} {outputs}"


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else str(value)


def _span(run: dict[str, Any]) -> str:
    if run["startedAt"] is None:
        return "-"
    start = datetime.fromisoformat(run["startedAt"])
    end = datetime.now(UTC) if run["endedAt"] is None else datetime.fromisoformat(run["endedAt"])
    return f"{(end - start).total_seconds():.1f}s"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", type=lambda given: Path(given).resolve())
    parser.add_argument("--log", metavar="FILE", default=os.devnull, help="the server's log")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
