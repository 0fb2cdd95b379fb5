"""Every notebook that we ship runs in a real Jupyter server, as a reader would run it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, a_folder, a_root, jupyter_folders

LINE = re.compile(
    r"(?P<experiment>\S+) #(?P<number>\d+) (?P<status>\w+) (?P<span>[\d.]+)s (?P<metrics>.*) "
    r"(?P<outputs>/\S+)"
)


@dataclass(frozen=True, slots=True)
class Executed:
    """What became of a notebook, while the root with its runs is still there."""

    folder: Path
    code: int
    stdout: str
    stderr: str

    @property
    def runs(self) -> list[dict[str, str]]:
        """The lines that were printed, taken apart."""
        found = [LINE.fullmatch(line) for line in self.stdout.splitlines()]
        assert all(found), self.stdout
        return [line.groupdict() for line in found if line]


def execute(notebook: Path, scratch: Path, root: Path) -> Executed:
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / ".ci" / "headless.py"), str(notebook)],
        env={**os.environ, **jupyter_folders(scratch, root)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return Executed(notebook.parent, done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def quickstart() -> Iterator[Executed]:
    with a_folder() as scratch, a_root() as root:
        folder = scratch / "notebooks"
        folder.mkdir()
        shutil.copy(REPOSITORY / "notebooks" / "01_quickstart.ipynb", folder)
        yield execute(folder / "01_quickstart.ipynb", scratch, root)


def test_all_runs_of_the_quickstart_complete(quickstart: Executed) -> None:
    assert quickstart.code == 0, quickstart.stdout + quickstart.stderr
    assert [run["status"] for run in quickstart.runs] == ["Completed", "Completed"]


def test_the_quickstart_leaves_what_it_promises(quickstart: Executed) -> None:
    cell, script = quickstart.runs

    assert (cell["experiment"], cell["number"]) == ("diabetes", "1")
    assert (script["experiment"], script["number"]) == ("diabetes", "2")
    for run in (cell, script):
        assert {"alpha", "rmse", "r2"} <= set(re.findall(r"(\w+)=", run["metrics"]))
        assert (Path(run["outputs"]) / "ridge.joblib").stat().st_size > 0


def test_running_a_notebook_headless_writes_nothing_beside_it(quickstart: Executed) -> None:
    assert [path.name for path in quickstart.folder.iterdir()] == ["01_quickstart.ipynb"]


def test_the_notebook_of_environments_builds_them_and_runs_in_them() -> None:
    with a_folder() as scratch, a_root() as root:
        folder = scratch / "notebooks"
        folder.mkdir()
        shutil.copy(REPOSITORY / "notebooks" / "02_environments_and_kernels.ipynb", folder)

        done = execute(folder / "02_environments_and_kernels.ipynb", scratch, root)

        assert done.code == 0, done.stdout + done.stderr
        assert [run["status"] for run in done.runs] == ["Completed"] * 3
        assert "rmse=" in done.runs[0]["metrics"]


def test_the_notebook_of_tracking_logs_everything_compares_and_repeats() -> None:
    with a_folder() as scratch, a_root() as root:
        folder = scratch / "notebooks"
        folder.mkdir()
        shutil.copy(REPOSITORY / "notebooks" / "03_tracking.ipynb", folder)

        done = execute(folder / "03_tracking.ipynb", scratch, root)

        assert done.code == 0, done.stdout + done.stderr
        named = [run["experiment"] for run in done.runs]
        assert named.count("digits") == 2
        assert named.count("diabetes-folds") == 6
        assert named.count("digits-known") == 1


def test_the_notebook_of_data_and_models_trains_on_both_versions_of_its_data() -> None:
    with a_folder() as scratch, a_root() as root:
        folder = scratch / "notebooks"
        folder.mkdir()
        shutil.copy(REPOSITORY / "notebooks" / "04_data_and_models.ipynb", folder)

        done = execute(folder / "04_data_and_models.ipynb", scratch, root)

        assert done.code == 0, done.stdout + done.stderr
        assert [run["status"] for run in done.runs] == ["Completed"] * 2
        first, second = (run["metrics"] for run in done.runs)
        assert "r2=" in first
        assert first != second
        assert [path.name for path in folder.iterdir()] == ["04_data_and_models.ipynb"]


def test_the_notebook_of_compute_targets_sends_its_runs_to_a_cluster() -> None:
    with a_folder() as scratch, a_root() as root:
        folder = scratch / "notebooks"
        folder.mkdir()
        shutil.copy(REPOSITORY / "notebooks" / "05_compute_targets.ipynb", folder)

        done = execute(folder / "05_compute_targets.ipynb", scratch, root)

        assert done.code == 0, done.stdout + done.stderr
        assert [run["status"] for run in done.runs] == ["Completed"] * 5
        assert [run["experiment"] for run in done.runs].count("cluster-grid") == 4


def test_a_notebook_that_fails_is_told_and_fails_the_command(tmp_path: Path) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / "sad.ipynb").write_text(
        a_notebook_of(
            "%load_ext jupyter_aml",
            "%%aml submit sad -o run\nraise ValueError('no')",
            "run.wait_for_completion()",
        )
    )

    with a_root() as root:
        done = execute(folder / "sad.ipynb", tmp_path, root)

    assert done.code == 1
    assert [run["status"] for run in done.runs] == ["Failed"]
    assert "ValueError" in done.stderr


def a_notebook_of(*sources: str) -> str:
    cells = [
        {
            "id": f"cell-{place}",
            "cell_type": "code",
            "source": source,
            "metadata": {},
            "outputs": [],
            "execution_count": None,
        }
        for place, source in enumerate(sources)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    form = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}}
    return json.dumps({**form, "cells": cells})
