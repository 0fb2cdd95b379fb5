"""The diabetes data of Efron, Hastie, Johnstone and Tibshirani, as scikit-learn ships them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from jupyter_aml.sdk.data.dataset_factory import FileDatasetFactory, TabularDatasetFactory
from jupyter_aml.sdk.data.file_dataset import FileDataset
from jupyter_aml.sdk.data.tabular_dataset import TabularDataset
from jupyter_aml.sdk.exceptions import UserErrorException

_NAMES = ("AGE", "SEX", "BMI", "BP", "S1", "S2", "S3", "S4", "S5", "S6", "Y")
_WHOLE = ("AGE", "SEX", "S1", "S6", "Y")
_told: list[bool] = []


class Diabetes:
    """442 people, ten measurements of each, and how their disease was a year later (`Y`)."""

    def __init__(self, enable_telemetry: bool = True) -> None:
        self.enable_telemetry = enable_telemetry

    @classmethod
    def get_tabular_dataset(cls, enable_telemetry: bool = True) -> TabularDataset:
        """It as a data set; nothing is sent anywhere, whatever is wished."""
        return TabularDatasetFactory.from_delimited_files(str(_file()))

    @classmethod
    def get_file_dataset(cls, enable_telemetry: bool = True) -> FileDataset:
        """Its file as a data set."""
        return FileDatasetFactory.from_files(str(_file()))

    def to_pandas_dataframe(self) -> Any:
        """It as a DataFrame."""
        return self.get_tabular_dataset().to_pandas_dataframe()

    def to_spark_dataframe(self) -> Any:
        """It as a Spark DataFrame; needs pyspark."""
        return self.get_tabular_dataset().to_spark_dataframe()


def _file() -> Path:
    """The table as a file of this user, which stays: a registered version points to it."""
    if not _told:
        _told.append(True)
        print("azureml.opendatasets.Diabetes: these are the data that scikit-learn ships")
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    path = Path(home, "jupyter-aml", "opendatasets", "diabetes.csv")
    if not path.is_file():
        _write(path)
    return path


def _write(path: Path) -> None:
    try:
        from sklearn.datasets import load_diabetes
    except ImportError:
        raise UserErrorException(
            "azureml.opendatasets.Diabetes needs scikit-learn, which ships these data and is not "
            "installed in this environment: pip install scikit-learn pandas"
        ) from None
    frame = load_diabetes(as_frame=True, scaled=False).frame.set_axis(list(_NAMES), axis=1)
    whole = {name: "int64" for name in _WHOLE if (frame[name] % 1 == 0).all()}
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        frame.astype(whole).to_csv(file, index=False)
    os.replace(part, path)
