"""What a script logs stands in a record that can be read, or is refused at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.runfolder.reading import read_all
from jupyter_aml.runfolder.records import RecordWriter
from jupyter_aml.sdk._run.logging import RunLogging
from jupyter_aml.sdk.exceptions import UserErrorException


class Logging(RunLogging):
    """The logging part of a run, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._writer = folder, RecordWriter(folder)

    @property
    def _records(self) -> RecordWriter:
        return self._writer


class Scalar:
    """A number as numpy and torch have them: its repr is not that of a number."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def item(self) -> Any:
        return self.value

    def __repr__(self) -> str:
        return f"np.int64({self.value})"


def test_what_is_no_list_and_no_table_is_refused(tmp_path: Path) -> None:
    run: Any = Logging(tmp_path)

    with pytest.raises(UserErrorException, match="a list of values, not 5"):
        run.log_list("x", 5)
    with pytest.raises(UserErrorException, match="a dict of columns, not a list"):
        run.log_table("x", [1])


@pytest.mark.parametrize("kind", ["confusion_matrix", "accuracy_table", "residuals", "predictions"])
def test_a_form_that_does_not_fit_is_refused_as_sdk_v1_does(tmp_path: Path, kind: str) -> None:
    log = getattr(Logging(tmp_path), f"log_{kind}")

    with pytest.raises(UserErrorException, match=f"{kind.replace('_', ' ')}: data is missing"):
        log("x", {"schema_type": kind})


@pytest.mark.parametrize("step", [Scalar(3), Scalar(3.0), 3, 3.0])
@pytest.mark.parametrize("value", [0.5, Scalar(0.5)])
def test_a_step_may_be_a_number_of_any_library(tmp_path: Path, step: Any, value: Any) -> None:
    Logging(tmp_path).log("loss", value, step=step)

    batch = read_all(tmp_path)

    assert (list(batch.series["loss"].step), batch.torn) == ([3.0], 0)


@pytest.mark.parametrize("step", ["x", float("nan"), float("inf"), [1]])
def test_a_step_that_is_no_number_is_refused(tmp_path: Path, step: Any) -> None:
    with pytest.raises(UserErrorException, match="step must be a finite number"):
        Logging(tmp_path).log("loss", 0.5, step=step)
