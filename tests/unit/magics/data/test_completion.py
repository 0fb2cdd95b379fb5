"""What is offered where a line names a data set."""

from __future__ import annotations

import pytest

from jupyter_aml.testing.wires import a_wire_dataset


@pytest.fixture
def known(notebook, engine):
    engine.add()
    engine.datasets = [a_wire_dataset(versions=["2", "1"]), a_wire_dataset(name="a b")]
    cache = notebook.shell._jupyter_aml.session.cache
    cache.refresh()
    assert cache.settled(10)


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("%aml data pr", ["preview"]),
        ("%aml data show ", ["iris"]),
        ("%aml data rm iris:", ["iris:2", "iris:1"]),
        ("%aml data sets --name i", ["iris"]),
    ],
)
def test_data_sets_are_completed(notebook, known, line, offered):
    assert notebook.complete(line) == offered
