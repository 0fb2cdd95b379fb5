"""Commands are run in this process, against an engine that answers over a real socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from jupyter_aml import cli
from tests.unit.magics.engine import FakeEngine, an_engine


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Call = Callable[..., Done]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeEngine]:
    """The engine of the root that the commands find."""
    monkeypatch.chdir(tmp_path)
    for name in ("AML_SOCKET", "AML_URL"):
        monkeypatch.delenv(name, raising=False)
    with an_engine(monkeypatch) as engine:
        yield engine


@pytest.fixture
def call(engine: FakeEngine, capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs a command line; a line that is not understood exits with 2."""

    def run(*words: str) -> Done:
        try:
            code = cli.main(list(words))
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Done(code, *capsys.readouterr())

    return run
