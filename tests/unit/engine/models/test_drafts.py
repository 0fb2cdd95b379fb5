"""What a model becomes that is registered or changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jupyter_aml.domain.errors import IllegalMove, Invalid, Refused
from jupyter_aml.domain.ids import ExperimentName, RunId, WorkspaceName
from jupyter_aml.domain.model import DataUse, Maker, Model, ModelFile, from_json
from jupyter_aml.domain.run import Job, Run, RunStatus
from jupyter_aml.domain.run_data import Input, RunData
from jupyter_aml.engine.models.drafts import changed, draft, maker_of
from jupyter_aml.engine.registry import Registered
from jupyter_aml.wire.model_bodies import decode_model_change, decode_new_model

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HERE = WorkspaceName("default")


def known(**more: Any) -> Registered[Model]:
    files = (ModelFile("m.pkl", 1, "0" * 64),)
    model = Model(name="m", version="1", key="k", root="m.pkl", files=files, **more)
    return Registered(HERE, model, "2026", tags={"a": "1"})


def test_a_model_keeps_the_data_that_its_run_was_sent_with() -> None:
    job = Job(command=("train.py",), environment="sklearn:3", grace=timedelta(seconds=1))
    run = Run(
        id=RunId("r_1"), workspace=HERE, experiment=ExperimentName("e"),
        number=1, status=RunStatus.RUNNING, created_at=NOON, changed_at=NOON, job=job,
        snapshot_id="s",
    )  # fmt: skip
    inputs = (
        Input(name="train", dataset="rows", version="2"),
        Input(name="loose", definition={"kind": "file"}),
        Input(name="path", datastore="store", path="x"),
    )

    maker = maker_of(run, RunData(inputs=inputs))

    assert (maker.run, maker.experiment, maker.environment) == ("r_1", "e", "sklearn:3")
    assert maker.inputs == (
        DataUse(scenario="train", name="rows", version="2"),
        DataUse(scenario="loose", definition={"kind": "file"}),
    )


def test_data_that_are_named_come_before_those_of_the_run_and_none_twice() -> None:
    rows = DataUse(scenario="training", name="rows", version="2")
    again = DataUse(scenario="input", name="rows", version="2")
    other = DataUse(scenario="other", name="rows", version="3")
    maker = Maker(run="r_1", experiment="e", inputs=(again, other))

    assert known(datasets=(rows,), maker=maker).definition.data == (rows, other)


def test_a_definition_comes_back_as_it_went_into_its_file() -> None:
    rows = DataUse(scenario="training", id="0-1", name="my rows", version="2")
    loose = DataUse(scenario="sample", definition={"kind": "file"})
    asked = decode_new_model(
        {
            "name": "m", "source": {"path": "/m.pkl"}, "properties": {"AUC": "0.8"},
            "description": "d", "framework": "Onnx", "frameworkVersion": "1",
            "datasets": [
                {"scenario": "training", "id": "0-1", "name": "my rows", "version": "2"},
            ],
            "sampleInput": {"scenario": "sample", "definition": {"kind": "file"}},
            "resources": {"cpu": 0.5, "memoryInGb": 1, "gpu": 2},
        }
    )  # fmt: skip
    maker = Maker(run="r_1", experiment="e", environment="x:1", snapshot="s", inputs=(rows,))

    made = draft(asked, maker, root="m.pkl")

    assert (made.datasets, made.sample_input) == ((rows,), loose)
    assert from_json(made.to_json()) == made


def test_what_may_be_changed_is_and_what_may_not_is_told() -> None:
    one = known(properties={"p": "1"})

    def after(**changes: Any) -> Registered[Model]:
        return changed(one, decode_model_change(changes))

    assert after(tags={"b": "2"}).tags == {"a": "1", "b": "2"}
    assert after(tags={"a": None, "nobody": None}).tags == {}
    assert after(tags={"b": "2"}, replaceTags=True).tags == {"b": "2"}
    assert after(properties={"p": "1", "q": "2"}).definition.properties == {"p": "1", "q": "2"}
    assert after(description="d").definition.description == "d"
    rows = {"scenario": "training", "name": "rows", "version": "1"}
    assert len(after(datasets=[rows, rows]).definition.datasets) == 1
    with pytest.raises(IllegalMove, match="property 'p' of model 'm:1' is '1'"):
        after(properties={"p": "2"})
    with pytest.raises(Invalid, match="'files' of a model cannot be changed"):
        after(files=[])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"name": "../m"}, "cannot be the name of a model"),
        ({"name": None}, "cannot be the name of a model"),
        ({"source": {"path": "m.pkl"}}, "must be absolute"),
        ({"source": {}}, "source.path: expected text"),
        ({"source": "m.pkl"}, "expected an object"),
        ({"source": {"runId": "../r", "path": "x"}}, "is not a run id"),
        ({"source": {"path": "/m", "root": "a/m"}}, "no name of a file or folder"),
        ({"source": {"path": "/m", "root": "../m"}}, "is not a name of a file"),
        ({"source": {"path": "/m", "root": "a\0b"}}, "is not a name of a file"),
        ({"key": "a/b"}, "cannot be the name of a key"),
        ({"tags": {"a": 1}}, "an object of texts"),
        ({"datasets": {}}, "datasets: expected a list"),
        ({"datasets": [{"scenario": "x"}]}, "either a name or a definition"),
        ({"datasets": [{"scenario": "x", "name": "a/b"}]}, "cannot be the name of a data set"),
        ({"resources": {"cpu": -1}}, "expected a number above 0"),
        ({"resources": {"gpu": 0.5}}, "expected a whole number"),
        ({"resources": {"cpu": True}}, "expected a number above 0"),
    ],
)
def test_a_body_that_makes_no_sense_names_what_is_wrong(body: dict[str, Any], said: str) -> None:
    with pytest.raises((Invalid, Refused), match=said):
        decode_new_model({"name": "m", "source": {"path": "/m.pkl"}, **body})
