"""What is offered where a line names a model."""

from __future__ import annotations

import pytest

from jupyter_aml.testing.wires import a_wire_model


@pytest.fixture
def known(notebook, engine):
    engine.add()
    engine.models = [a_wire_model(version="2"), a_wire_model(name="tree", aliases=[])]
    cache = notebook.shell._jupyter_aml.session.cache
    cache.refresh()
    assert cache.settled(10)


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("%aml reg", ["register"]),
        ("%aml models do", ["download"]),
        ("%aml models show ", ["ridge", "tree"]),
        ("%aml models rm ridge:", ["ridge:2"]),
        ("%aml models alias ridge@", ["ridge@champion"]),
        ("%aml models ls --name t", ["tree"]),
        ("%aml register exp", ["exp_1_abc1"]),
        ("%aml register last outputs/m.pkl --model r", ["ridge"]),
        ("%aml register last outputs/m.pkl --framework O", ["Onnx"]),
    ],
)
def test_models_and_runs_are_completed(notebook, known, line, offered):
    assert notebook.complete(line) == offered
