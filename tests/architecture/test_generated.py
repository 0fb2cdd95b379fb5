"""Generated files are committed, and fresh."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from jupyter_aml import __version__

REPOSITORY = Path(__file__).parents[2]
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("generator", ["wire_ts.py", "azureml_table.py"])
def test_generated_sources_are_fresh(generator: str) -> None:
    command = [sys.executable, str(REPOSITORY / ".ci" / generator), "--check"]

    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_page_and_package_have_one_version() -> None:
    package = json.loads((REPOSITORY / "labextension" / "package.json").read_text())

    assert package["version"] == __version__


def test_the_lock_of_the_front_end_names_no_host() -> None:
    assert "://" not in (REPOSITORY / "labextension" / "yarn.lock").read_text()


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_stored_without_outputs(notebook: Path) -> None:
    cells = nbformat.read(notebook, as_version=4).cells

    code = [cell for cell in cells if cell.cell_type == "code"]
    assert code
    assert not any(cell.outputs or cell.execution_count for cell in code)
