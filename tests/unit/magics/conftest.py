"""A real IPython shell whose runs are answered from memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.utils.capture import capture_output
from traitlets.config import Config

from tests.shells import an_ipython
from tests.unit.magics.engine import an_engine


@dataclass
class Said:
    """What a cell did: its value, its text, what it displayed, and its error."""

    value: Any
    text: str
    shown: list[dict[str, Any]] = field(default_factory=list)
    error: BaseException | None = None


class Notebook:
    """Runs cells as a notebook does."""

    def __init__(self, shell):
        self.shell, self.names = shell, shell.user_ns

    def run(self, cell) -> Said:
        with capture_output() as caught:
            result = self.shell.run_cell(cell, store_history=True)
        shown = [output.data for output in caught.outputs]
        error = result.error_before_exec or result.error_in_exec
        return Said(result.result, caught.stdout + caught.stderr, shown, error)

    def complete(self, text):
        with provisionalcompleter():
            found = self.shell.Completer.completions(text, len(text))
            return [completion.text for completion in found]


@pytest.fixture
def engine(monkeypatch):
    """A server on a root of its own; the client finds it as it finds any."""
    with an_engine(monkeypatch) as fake:
        yield fake


@pytest.fixture
def notebook(engine, tmp_path, monkeypatch):
    """A notebook named "My ridge.ipynb" in an empty folder, with the magics loaded."""
    monkeypatch.chdir(tmp_path)
    with a_shell(tmp_path, monkeypatch) as notebook:
        yield notebook


@contextmanager
def a_shell(folder, monkeypatch) -> Iterator[Notebook]:
    """A shell that takes itself for "My ridge.ipynb" of the folder, with the magics loaded."""
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "My ridge.ipynb"))
    monkeypatch.setenv("AML_WIDGET", "0")
    for name in ("AML_RUN_DIR", "AML_RUN_ID", "AML_SOCKET", "VSCODE_PID"):
        monkeypatch.delenv(name, raising=False)
    config = Config(
        {"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}}
    )
    with an_ipython(config) as shell:
        shell.run_line_magic("load_ext", "jupyter_aml")
        yield Notebook(shell)
        shell.run_line_magic("unload_ext", "jupyter_aml")
