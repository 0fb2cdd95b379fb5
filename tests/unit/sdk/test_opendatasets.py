"""The open data sets of Azure: what scikit-learn has, and where the rest can be had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_aml import azureml
from jupyter_aml.sdk import opendatasets
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.sdk.opendatasets import Diabetes, _diabetes


def test_the_diabetes_data_have_the_columns_of_v1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(_diabetes, "_told", [])

    x: Any = Diabetes.get_tabular_dataset().to_pandas_dataframe().dropna()
    y = x.pop("Y")

    assert list(x.columns) == ["AGE", "SEX", "BMI", "BP", "S1", "S2", "S3", "S4", "S5", "S6"]
    assert (len(x), y.iloc[0], x["AGE"].iloc[0], x["AGE"].dtype) == (442, 151, 59, "int64")
    assert Diabetes.get_file_dataset().to_path() == ["/diabetes.csv"]
    assert capsys.readouterr().out.count("these are the data that scikit-learn ships") == 1


@pytest.mark.parametrize("name", sorted(opendatasets._ELSEWHERE))
def test_what_azure_served_says_where_it_is(name: str) -> None:
    azureml.install()
    found: dict[str, Any] = {}
    exec(f"from azureml.opendatasets import {name} as it", found)

    with pytest.raises(UserErrorException, match=f"{name} was served by Azure and is not here"):
        found["it"].get_tabular_dataset()
    with pytest.raises(UserErrorException, match=name):
        found["it"]()
