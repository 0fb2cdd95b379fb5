"""Inputs and outputs of a run have names that a variable can have, and stay inside its folder."""

from __future__ import annotations

import pytest

from jupyter_aml.domain import run_data
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.run_data import Input, Output, RunData


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("my data", "my_data"), ("data-1", "data_1"), ("", "data"),
        ("a/../b", "a_b"), ("données", "donn_es"), ("x\n", "x"), ("$(rm)", "rm"), ("'", "data"),
    ],
)  # fmt: skip
def test_a_name_that_no_variable_can_have_is_refused_with_one_that_it_could(name, meant):
    with pytest.raises(Invalid, match=f"cannot be the name of an input or output.*'{meant}'"):
        run_data.check(RunData(inputs=(Input(name=name, dataset="d"),)))


def test_a_name_is_given_once_among_inputs_and_outputs():
    twice = RunData(inputs=(Input(name="a", dataset="d"),), outputs=(Output(name="a"),))

    with pytest.raises(Invalid, match="two inputs or outputs are called 'a'"):
        run_data.check(twice)


@pytest.mark.parametrize("path", ["../x", "a/../../x", "..", ".", "", "/tmp/../x", "~/x", "c:\\x",
                                  "a\\..\\..\\x", "a\0b"])  # fmt: skip
def test_a_path_on_compute_lies_below_the_working_folder(path):
    with pytest.raises(Invalid, match=r"path_on_compute.*of 'a'"):
        run_data.check(RunData(inputs=(Input(name="a", dataset="d", path_on_compute=path),)))


def test_an_input_may_name_a_mount_point_and_an_output_may_not():
    run_data.check(RunData(inputs=(Input(name="a", dataset="d", path_on_compute="/tmp/x"),)))

    with pytest.raises(Invalid, match="give it relative to the folder"):
        run_data.check(RunData(outputs=(Output(name="a", path_on_compute="/tmp/x"),)))


def test_a_word_gets_the_place_of_what_it_names_and_of_nothing_else():
    places = {"train": "/r/inputs/train", "made": "/s/made"}

    words = [
        "DatasetConsumptionConfig:train", "--out=DatasetOutputConfig:made",
        "$AZUREML_DATAREFERENCE_train/a.csv", "${AZUREML_DATAREFERENCE_made}",
        "DatasetConsumptionConfig:other", "train", "$HOME",
    ]  # fmt: skip

    assert [run_data.filled(word, places) for word in words] == [
        "/r/inputs/train", "--out=/s/made", "/r/inputs/train/a.csv", "/s/made",
        "DatasetConsumptionConfig:other", "train", "$HOME",
    ]  # fmt: skip


def test_a_place_is_told_by_a_variable_once_it_is_known():
    data = RunData(
        inputs=(Input(name="a", dataset="d", place="/r/a"), Input(name="b", dataset="d")),
    )

    assert run_data.variables(data) == {"AZUREML_DATAREFERENCE_a": "/r/a", "a": "/r/a"}
    assert run_data.variables(data, taken={"a"}) == {"AZUREML_DATAREFERENCE_a": "/r/a"}
    home = RunData(inputs=(Input(name="PYTHONHOME", dataset="d", place="/r/a"),))
    assert run_data.variables(home) == {"AZUREML_DATAREFERENCE_PYTHONHOME": "/r/a"}


def test_a_line_for_the_shell_gets_places_as_one_word_and_reads_variables_itself():
    line = ["/bin/sh", "-c", "cat DatasetConsumptionConfig:a/x $AZUREML_DATAREFERENCE_a"]

    filled = run_data.command(line, {"a": "/my data"})

    assert filled == ("/bin/sh", "-c", "cat '/my data'/x $AZUREML_DATAREFERENCE_a")
    assert run_data.command(["cat", "DatasetConsumptionConfig:a"], {"a": "/my data"}) == (
        "cat", "/my data"
    )  # fmt: skip


def test_a_run_says_which_versions_it_reads_and_has_written():
    inputs = [Input(name=name, dataset="d", version=name) for name in ("1", "2")]
    data = RunData(
        inputs=(*inputs, Input(name="x", datastore="s")),
        outputs=(Output(name="o", dataset="e", version="3"), Output(name="p")),
    )

    said = run_data.properties(data)

    assert said == {"aml.dataset.d": "1", "aml.dataset.d:2": "2", "aml.written.e": "3"}
    assert all(run_data.names(said, run_data.READ, "d", version) for version in "12")
    assert run_data.names(said, run_data.WRITTEN, "e", "3")
    assert not run_data.names(said, run_data.WRITTEN, "d", "1")
    assert not run_data.names(said, run_data.READ, "d", "3")
