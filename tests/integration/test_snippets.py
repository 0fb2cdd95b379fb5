"""Every snippet of the README and of the documentation does what its page says.

A page is run from top to bottom, as a reader would: its cells in one kernel, its shell commands in
a shell. What a page presumes (a script, a run) is made before.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel
from traitlets.config import Config

from jupyter_aml.server.config import AmlConfig
from jupyter_aml.testing.engines import end_engine
from tests.conftest import REPOSITORY
from tests.index import Index, serving

PAGES = sorted(["README.md", *(str(path.relative_to(REPOSITORY)) for path in
                               (REPOSITORY / "docs").rglob("*.md"))])  # fmt: skip
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DEADLINE = 120.0

ELSEWHERE: Mapping[tuple[str, str], str] = {
    ("README.md", "pip install '.[data]'"): "tests/integration/test_packaging.py",
    ("README.md", "make demo"): ".ci/headless.py",
    ("README.md", "make test"): ".ci/run",
    ("docs/how-to/compute_targets.md", "%aml kernel add tutorial-env"):
        "tests/integration/test_kernels_cluster.py",
    ("docs/how-to/spread_a_run.md", "from azureml.core import Experiment, Scr"):
        "tests/integration/test_several_nodes.py",
    ("docs/how-to/spread_a_run.md", "import torch.distributed"):
        "tests/integration/test_several_nodes.py",
    ("docs/how-to/start_runs_at_once.md", "c.AmlConfig.warm_runners"):
        "tests/integration/test_warm_setting.py",
    ("docs/reference/data.md", "from azureml.core import Dataset, Experiment, Scr"):
        "tests/integration/test_run_data.py",
    ("docs/reference/data.md", "c.AmlConfig.storage_endpoints"):
        "tests/integration/test_datastores.py",
    ("docs/reference/sdk.md", "from azureml.train.sklearn"):
        "tests/integration/test_tutorial_estimators.py",
    ("docs/how-to/keep_secrets.md", "$ jupyter aml secret set"):
        "tests/integration/test_cli_json.py",
    ("docs/how-to/keep_secrets.md", "from getpass"): "tests/integration/test_vault.py",
    ("docs/how-to/keep_secrets.md", "from azureml.core import Run"):
        "tests/integration/test_vault.py",
    ("docs/how-to/binder.md", "lab/tree/"): "tests/integration/test_binder.py",
    ("docs/reference/compute_plugins.md", "[project.entry-points"):
        "tests/integration/test_target_plugins.py",
    ("docs/how-to/slurm.md", "from azureml.core import Workspace"):
        "tests/integration/test_slurm_runs.py",
    ("docs/how-to/run_on_dask.md", "pip install"): "tests/integration/test_packaging.py",
    ("docs/how-to/run_on_dask.md", "from azureml.core.compute"): "tests/integration/test_dask.py",
    ("docs/how-to/share_an_index_on_postgresql.md", "pip install"):
        "tests/integration/test_postgres.py",
    ("docs/how-to/share_an_index_on_postgresql.md", "# jupyter_aml_config.py"):
        "tests/integration/test_postgres.py",
    ("docs/how-to/ssh.md", "from azureml.core import Workspace"):
        "tests/integration/test_ssh_runs.py",
    ("docs/how-to/work_from_elsewhere.md", "import os"): "tests/integration/test_elsewhere.py",
    ("docs/how-to/work_from_elsewhere.md", "jupyter aml token"):
        "tests/integration/test_token_verbs.py",
    ("docs/how-to/work_from_elsewhere.md", "ssh -N -L"): "tests/integration/test_elsewhere.py",
    ("docs/reference/kernels.md", "%aml kernel add"): "tests/integration/test_kernels.py",
    ("docs/reference/sidebar.md", "sidebar.add("): "tests/browser/test_nouns.py",
}  # fmt: skip
"""Snippets that this file does not run, by page and beginning, and what runs the like."""

TRAIN = "from azureml.core import Run\nRun.get_context().log('loss', 1.5)\n"
NOTEBOOK = (
    '{"cells": [{"cell_type": "code", "id": "a", "metadata": {"tags": ["parameters"]}, '
    '"source": "alpha = 1", "outputs": [], "execution_count": null}], '
    '"metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}}, '
    '"nbformat": 4, "nbformat_minor": 5}'
)


@dataclass(frozen=True)
class Page:
    """What a page presumes, and what becomes of its snippets."""

    files: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    """Cells that a reader of the page has run already."""
    saved: Mapping[str, str] = field(default_factory=dict)
    """Beginnings of snippets that are files, each with its name."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Beginnings of cells that are shown because they are refused, with the words."""
    settings: bool = False
    stopped: bool = False
    """Whether its reader stops the engine before the shell commands."""


RUN = (
    "from jupyter_aml import Experiment, ScriptRunConfig, Workspace",
    "ws = Workspace.from_config()\nexperiment = Experiment(ws, 'digits')",
    "run = experiment.start_logging()\nrun.log('rmse', 3.5, step=1)\n"
    "[run.log('loss', 1 / step, step=step) for step in (1, 2)]\nrun.complete()",
)
EXPORT = (
    "import time",
    *RUN,
    *RUN[2:],
    *RUN[2:],
    "assert [one.number for one in experiment.get_runs()] == [3, 2, 1]",
)
WRITTEN: Mapping[str, Page] = {
    "README.md": Page(),
    "docs/tutorials/first_run.md": Page(
        refused={"%%aml submit hello\nprint(data": "data"},
    ),
    "docs/how-to/compute_targets.md": Page(),
    "docs/how-to/doctor.md": Page(),
    "docs/how-to/export_runs.md": Page(before=EXPORT),
    "docs/how-to/run_from_the_notebook.md": Page(files={"train.ipynb": NOTEBOOK}, before=RUN),
    "docs/how-to/where_runs_are.md": Page(before=RUN, stopped=True),
    "docs/reference/data.md": Page(files={"data/diabetes.csv": "Age,BMI\n60,21.5\n40,30\n"}),
    "docs/reference/environments.md": Page(
        files={"requirements.txt": "scikit-learn\n"},
        before=("from azureml.core import Environment\nenv = Environment('torch')",),
        saved={"name: ridge": "ridge.yml"},
    ),
    "docs/reference/magics.md": Page(
        files={"data/a.csv": "1\n", "train.py": TRAIN, "train.ipynb": NOTEBOOK},
        before=("rate = 0.25",),
    ),
    "docs/reference/mlflow.md": Page(
        before=("import os, sys\nfrom pathlib import Path\n"
                "from jupyter_aml.runtime.runtime import ensure_runtime\n"
                # The path of a kernel that a server has started.
                "sys.path.append(str(ensure_runtime(Path(os.environ['AML_ROOT'])).pythonpath[1]))",
                ),
        saved={"import mlflow\n\nwith": "train.py"},
    ),
    "docs/reference/models.md": Page(
        files={"model.pkl": "weights"},
        before=("from azureml.core import Experiment, Workspace\nws = Workspace.from_config()",
                "run = Experiment(ws, 'training').start_logging()"),
    ),
    "docs/reference/run_details.md": Page(before=RUN),
    "docs/reference/sdk.md": Page(
        files={"my_dir/script.py": TRAIN},
        before=("folds = [(1, 2), (2, 1)]\nfit = lambda train, test: test / train",
                "from jupyter_aml import Run, Workspace\nws = Workspace.from_config()"),
    ),
    "docs/reference/settings.md": Page(settings=True),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Snippet:
    """A block of code of a page."""

    page: str
    language: str
    text: str

    @property
    def elsewhere(self) -> str | None:
        """What runs the like of it, if not this file."""
        here = {start: place for (page, start), place in ELSEWHERE.items() if page == self.page}
        return beginning(self, here)


def beginning(snippet: Snippet, told: Mapping[str, str]) -> str | None:
    """What is told of the snippet that begins so."""
    return next((what for start, what in told.items() if snippet.text.startswith(start)), None)


def snippets(page: str) -> list[Snippet]:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    return [Snippet(page, *found) for found in FENCE.findall(text)]


class Reader:
    """Does what a page says."""

    def __init__(self, kernel: BlockingKernelClient, folder: Path, other: Path) -> None:
        self._kernel, self._folder, self._other = kernel, folder, other

    def cell(self, code: str) -> str:
        """Run a cell; returns the words of its failure, or nothing."""
        said: list[str] = []
        reply = self._kernel.execute_interactive(
            code, timeout=DEADLINE, allow_stdin=False,
            output_hook=lambda message: said.append(words(message)),
        )  # fmt: skip
        failed = reply["content"]["status"] != "ok"
        return "\n".join(said) or "it failed" if failed else ""

    def shell(self, lines: str) -> None:
        """Run shell commands as they stand; the first that fails is named."""
        lines = lines.replace("/other/root", str(self._other))
        done = subprocess.run(
            ["bash", "-euxc", lines], cwd=self._folder, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=DEADLINE,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def words(message: Mapping[str, Any]) -> str:
    content = message["content"]
    if message["msg_type"] == "error":
        return f"{content['ename']}: {content['evalue']}"
    return str(content.get("text", ""))


@pytest.fixture
def reader(
    tmp_path: Path, aml_root: Path, jupyter_env: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Reader]:
    folder, other = tmp_path / "work", tmp_path / "other"
    folder.mkdir()
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", programs)
    monkeypatch.setenv("CONDA_EXE", "")
    monkeypatch.setenv("MPLBACKEND", "agg")
    with serving(tmp_path / "index") as index:
        fill(index)
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        manager, kernel = start_new_kernel(cwd=str(folder))
        try:
            yield Reader(kernel, folder, other)
        finally:
            kernel.stop_channels()
            manager.shutdown_kernel(now=True)


def fill(index: Index) -> None:
    for name in ("numpy", "pandas", "pyarrow", "ipykernel", "matplotlib"):
        index.add(name)
    index.add("lightgbm", "4.1")
    index.add("scikit-learn", module="sklearn")


@pytest.mark.parametrize("page", WRITTEN)
def test_a_page_does_what_it_says(
    page: str, reader: Reader, tmp_path: Path, aml_root: Path
) -> None:
    written = WRITTEN[page]
    for name, text in written.files.items():
        (tmp_path / "work" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "work" / name).write_text(text)
    for code in ("%load_ext jupyter_aml", *written.before):
        assert not reader.cell(code)
    if written.stopped:
        end_engine(aml_root)

    for snippet in snippets(page):
        if snippet.elsewhere is None:
            follow(snippet, written, reader, tmp_path / "work")


def follow(snippet: Snippet, written: Page, reader: Reader, folder: Path) -> None:
    file = beginning(snippet, written.saved)
    wrong = beginning(snippet, written.refused)
    if file is not None:
        (folder / file).write_text(snippet.text)
    elif snippet.language in ("sh", "bash"):
        reader.shell(snippet.text)
    elif written.settings:
        config = Config()
        exec(snippet.text, {"c": config})
        assert AmlConfig(config=config).settings()
    elif wrong is not None:
        assert wrong in reader.cell(snippet.text)
    else:
        assert not reader.cell(snippet.text), snippet.text


def test_no_snippet_is_left_out() -> None:
    left_out = [
        f"{page}: {one.text.splitlines()[0]}"
        for page in PAGES
        for one in snippets(page)
        if page not in WRITTEN and one.elsewhere is None
    ]

    assert left_out == []
    assert all((REPOSITORY / place).exists() for place in ELSEWHERE.values())
