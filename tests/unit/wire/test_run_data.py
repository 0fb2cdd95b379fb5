"""Inputs and outputs come back from JSON as they went, and what is wrong is named."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run_data import Input, Output, Registration, RunData
from jupyter_aml.wire.run_data import asked_data, decode_data, encode_data
from jupyter_aml.wire.submissions import decode_submission

SCRIPT = {"experiment": "e", "job": {"command": ["train.py"], "interpreter": "python"}}
WHOLE = RunData(
    inputs=(
        Input(name="a", mode="mount", dataset="titanic", version="3", place="/x/a"),
        Input(name="b", definition={"kind": "file"}, path_on_compute="data/b"),
        Input(name="c", mode="download", datastore="blobs", path="in/c"),
    ),
    outputs=(
        Output(name="d", mode="upload", datastore="blobs", path="out/{run-id}", overwrite=True,
               globs=("*.csv",), path_on_compute="made", files=3, dataset="made", version="1",
               register=Registration(name="made", kind="tabular", description="of a run",
                                     tags={"k": "v"}, steps=({"do": "keep"},))),
        Output(name="e", is_reference=True),
    ),
)  # fmt: skip


def test_what_a_run_reads_and_writes_comes_back_from_json() -> None:
    assert decode_data(encode_data(WHOLE)) == WHOLE  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"inputs": 5}, "inputs: expected a list, got int"),
        ({"inputs": [5]}, "input: expected an object, got int"),
        ({"inputs": [{"name": "a"}]}, "'a': give either a data set or a datastore with a path"),
        ({"inputs": [{"name": "a", "dataset": {"name": "d"}, "datastore": "s"}]}, "give either"),
        ({"inputs": [{"name": "a", "datastore": "s"}]}, "is mounted or downloaded"),
        ({"inputs": [{"name": "a", "dataset": {"name": "d"}, "mode": "magic"}]},
         "mode 'magic' of 'a': there are direct, download, mount"),
        ({"inputs": [{"name": "a b", "dataset": {"name": "d"}}]}, "such as 'a_b'"),
        ({"outputs": [{"name": "a", "mode": "direct"}]}, "there are mount, upload"),
        ({"outputs": [{"name": "a", "pathOnCompute": "../x"}]}, "path_on_compute='../x'"),
        ({"outputs": [{"name": "a", "register": {"name": "x", "kind": "y"}}]}, "file, tabular"),
        ({"outputs": [{"name": "a"}, {"name": "a"}]}, "two inputs or outputs are called 'a'"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_named(told: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        decode_submission({**SCRIPT, **told}).read()


def test_a_client_cannot_say_where_an_input_lies() -> None:
    asked = asked_data({"inputs": [{"name": "a", "dataset": {"name": "d"}, "place": "/etc"}]})

    assert asked.inputs[0].place is None


def test_only_a_script_has_inputs() -> None:
    body = {"experiment": "e", "type": "azureml.interactive", "outputs": [{"name": "a"}]}

    with pytest.raises(Invalid, match="only a run with a script"):
        decode_submission(body).read()
