"""A notebook that is run without a browser ends, whatever becomes of its kernel."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import nbformat
import pytest

from jupyter_aml.testing.jupyter import JupyterServer, KernelDied

DIES = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


def test_a_kernel_that_dies_is_told_at_once(jupyter_env: Mapping[str, str], tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(text) for text in ("a = 1", DIES, "a")]
    nbformat.write(notebook, tmp_path / "dies.ipynb")
    runtime = Path(jupyter_env["JUPYTER_RUNTIME_DIR"])

    with (
        JupyterServer(tmp_path, runtime=runtime) as server,
        pytest.raises(KernelDied, match=r"the kernel died in code cell 2 of dies.ipynb"),
    ):
        server.execute(tmp_path / "dies.ipynb", timeout=250)


def test_a_notebook_that_ends_has_its_outputs(
    jupyter_env: Mapping[str, str], tmp_path: Path
) -> None:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell("6 * 7")]
    nbformat.write(notebook, tmp_path / "ends.ipynb")
    runtime = Path(jupyter_env["JUPYTER_RUNTIME_DIR"])

    with JupyterServer(tmp_path, runtime=runtime) as server:
        executed = server.execute(tmp_path / "ends.ipynb", timeout=250)

    assert executed.cells[0].outputs[0]["data"]["text/plain"] == "42"
