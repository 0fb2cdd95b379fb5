"""Profiles of tabular data sets, with the attributes that those of SDK v1 had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_aml.data.profile import profile

_QUARTILES = {"lower_quartile": "0.25", "median": "0.5", "upper_quartile": "0.75"}


class ColumnProfile:
    """What a column holds."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.name: str = told["name"]
        self.type: str = told["type"]
        self.count: int = told["count"]
        self.missing_count: int = told["missing"]
        self.not_missing_count = self.count - self.missing_count
        self.percent_missing = self.missing_count / self.count if self.count else 0.0
        self.unique_values: int | None = told["distinct"]
        self.min, self.max = told["min"], told["max"]
        self.mean: float | None = told["mean"]
        self.std: float | None = told["deviation"]
        self.variance = None if self.std is None else self.std**2
        self.quantiles = {float(key): value for key, value in told["quantiles"].items()}
        for name, key in _QUARTILES.items():
            setattr(self, name, told["quantiles"].get(key))
        self.histogram: list[Mapping[str, Any]] = told["histogram"]
        self.value_counts = {
            each["label"]: each["count"] for each in self.histogram if each["label"] is not None
        }


class DataProfile:
    """What the columns of a data set hold; as text and as HTML it is a table."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.row_count: int = told["rows"]
        self.columns = {each["name"]: ColumnProfile(each) for each in told["columns"]}
        self._told = told

    @property
    def _frame(self) -> Any:
        import pandas

        names = ("type", "min", "max", "count", "missing_count", "percent_missing",
                 "unique_values", "mean", "std", "lower_quartile", "median",
                 "upper_quartile")  # fmt: skip
        rows = [[getattr(each, name) for name in names] for each in self.columns.values()]
        return pandas.DataFrame(rows, index=list(self.columns), columns=list(names))

    def __repr__(self) -> str:
        return repr(self._frame)

    def _repr_html_(self) -> str:
        found: str = self._frame.to_html()
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DataProfile) and self._told == other._told

    __hash__ = None  # type: ignore[assignment]


def profile_of(tabular: Any) -> DataProfile:
    """Read all rows of a data set, in bounded memory, and say what they hold."""
    reader = tabular._reader()
    found = DataProfile(profile(reader))
    tabular._tell(reader)
    return found
