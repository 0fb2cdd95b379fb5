"""Options of SDK v1 that do something, tried on a real engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from jupyter_aml.sdk.core import Experiment, Workspace
from jupyter_aml.sdk.exceptions import UserErrorException


@pytest.fixture
def experiment(
    jupyter_env: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Experiment]:
    monkeypatch.chdir(tmp_path)
    space = Workspace()
    with closing(space.client):
        yield Experiment(space, "options")


def test_the_outputs_of_an_interactive_run_are_what_stands_in_its_folder(
    experiment: Experiment, tmp_path: Path
) -> None:
    run = experiment.start_logging(outputs=tmp_path / "out")
    (tmp_path / "out/deep").mkdir()
    (tmp_path / "out/deep/model.txt").write_text("model")
    with run.child_run("fold", outputs=tmp_path / "out") as child:
        pass

    run.complete()

    for each in (run, child):
        names = [name for name in each.get_file_names() if name.startswith("outputs/")]
        assert names == ["outputs/deep/model.txt"]


def test_outputs_that_are_a_file_are_refused_before_there_is_a_run(
    experiment: Experiment, tmp_path: Path
) -> None:
    (tmp_path / "out").touch()

    with pytest.raises(UserErrorException, match="is a file: name a folder"):
        experiment.start_logging(outputs=tmp_path / "out")

    assert list(experiment.get_runs()) == []


def test_what_a_metric_means_is_kept_with_the_run(experiment: Experiment) -> None:
    run = experiment.start_logging()
    run.log("rmse", 0.5, description="root mean square error")
    run.log("rmse", 0.4, description="root mean square error")
    run.complete()

    assert run.get_properties()["metric.description:rmse"] == "root mean square error"


def test_what_goes_to_a_datastore_is_refused(experiment: Experiment, tmp_path: Path) -> None:
    run = experiment.start_logging()
    (tmp_path / "a").touch()

    with pytest.raises(
        UserErrorException, match="datastore_name='blob': files of a run lie in its own folder"
    ):
        run.upload_file("a", tmp_path / "a", datastore_name="blob")
    with pytest.raises(UserErrorException, match="timeout_seconds=0 are over"):
        run.upload_files(["a"], [str(tmp_path / "a")], timeout_seconds=0)

    run.complete()
