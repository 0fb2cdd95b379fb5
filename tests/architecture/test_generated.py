"""Generated files are committed, and fresh."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from jupyter_aml import __version__
from jupyter_aml.domain.run import RunStatus
from jupyter_aml.widgets import plain

REPOSITORY = Path(__file__).parents[2]
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))


def test_the_types_of_the_front_end_are_those_of_the_wire() -> None:
    command = [sys.executable, str(REPOSITORY / ".ci" / "wire_ts.py"), "--check"]

    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_of_names_tells_what_the_code_has() -> None:
    command = [sys.executable, str(REPOSITORY / ".ci" / "names_page.py"), "--check"]

    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_defined_elsewhere_is_defined_once() -> None:
    homes = json.loads((REPOSITORY / "jupyter_aml" / "azureml_homes.json").read_text())

    assert not {name for name, home in homes.items() if home in homes}


def test_the_table_of_old_names_holds_what_is_compared_with_v1() -> None:
    # Its source, the surface of SDK v1, is not part of the repository; signatures of it are.
    table = json.loads((REPOSITORY / "jupyter_aml" / "azureml_names.json").read_text())
    compared = json.loads((REPOSITORY / "tests" / "compat" / "signatures.json").read_text())

    for name in compared:
        module, _, kind = name.rpartition(".")
        assert kind in table[module]
    assert all(names == sorted(set(names)) for names in table.values())


def test_a_list_and_a_card_have_the_same_words_for_states() -> None:
    page = REPOSITORY / "labextension" / "src" / "models" / "common" / "words.ts"
    _, _, after = page.read_text(encoding="utf-8").partition("const FACES")
    table, _, _ = after.partition("\n};")
    faces = re.findall(r"(\w+): \{ glyph: '(.)', tone: '\w+', word: '([\w ]+)' \}", table)
    drawn = {status: f"{glyph} {word}" for status, glyph, word in faces}
    assert drawn == plain.FACES
    assert set(drawn) == {status.value for status in RunStatus}


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
