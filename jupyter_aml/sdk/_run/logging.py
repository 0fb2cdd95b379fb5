"""What a script says of its run: every `log_*` of SDK v1, one append each."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from time import time
from typing import Any

from jupyter_aml.domain import limits
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.limits import LONGEST_TEXT
from jupyter_aml.sdk._core import given
from jupyter_aml.sdk._run.place import RunPlace
from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.wire.values import as_step, plain

DESCRIPTION = "metric.description:"
"""What the property of a run begins with that tells what a metric means."""

_HUGE = 2**1023
"""A whole number beyond this fits no float; it is kept as text."""


class RunLogging(RunPlace):
    """The part of Run that logs; a description of a metric becomes a property of the run."""

    def log(self, name: str, value: Any, description: str = "", step: float | None = None) -> None:
        """Log a number, a text or a truth value; a name logged again becomes a series."""
        if description or type(name) is not str or len(name) > LONGEST_TEXT:
            name = str(name)
            self._describe(name, description)
        kind = type(value)
        if step is not None and type(step) is not int:
            step = _as_step(step)
        if kind is float or (kind is int and -_HUGE < value < _HUGE):
            self._records.number(name, value, step)
        else:
            self._log_other(name, value, step)

    def log_list(self, name: str, value: Sequence[Any], description: str = "") -> None:
        """Log a list of values at once."""
        self._describe(name, description)
        if not isinstance(value, Iterable):
            raise UserErrorException(f"log_list needs a list of values, not {plain(value)!r}")
        self._records.value(name, "list", [plain(item) for item in value])

    def log_row(self, name: str, description: str | None = None, **kwargs: Any) -> None:
        """Log a row of named values; rows of one name make a table."""
        self._describe(name, description)
        self._records.value(name, "row", {key: plain(item) for key, item in kwargs.items()})

    def log_table(self, name: str, value: Mapping[str, Any], description: str = "") -> None:
        """Log a table: a mapping of column names to lists of values."""
        self._describe(name, description)
        if not hasattr(value, "items"):
            kind = type(value).__name__
            raise UserErrorException(f"log_table needs a dict of columns, not a {kind}")
        table = {
            str(key): [plain(item) for item in column]
            if isinstance(column, list | tuple) or hasattr(column, "tolist")
            else plain(column)
            for key, column in value.items()
        }
        self._records.value(name, "table", table)

    def log_confusion_matrix(self, name: str, value: Any, description: str = "") -> None:
        """Log a confusion matrix in SDK v1's JSON form, as text or as an object."""
        self._describe(name, description)
        self._shape(name, "confusion_matrix", value)

    def log_accuracy_table(self, name: str, value: Any, description: str = "") -> None:
        """Log an accuracy table in SDK v1's JSON form, as text or as an object."""
        self._describe(name, description)
        self._shape(name, "accuracy_table", value)

    def log_residuals(self, name: str, value: Any, description: str = "") -> None:
        """Log residuals in SDK v1's JSON form, as text or as an object."""
        self._describe(name, description)
        self._shape(name, "residuals", value)

    def log_predictions(self, name: str, value: Any, description: str = "") -> None:
        """Log predictions in SDK v1's JSON form, as text or as an object."""
        self._describe(name, description)
        self._shape(name, "predictions", value)

    def log_image(
        self, name: str, path: str | None = None, plot: Any = None, description: str = ""
    ) -> None:
        """Log an image: a file, or a matplotlib figure or `pyplot`, which is saved as PNG."""
        self._describe(name, description)
        if (path is None) == (plot is None):
            raise UserErrorException("give log_image either path= or plot=")
        import io

        if plot is not None:
            drawn = io.BytesIO()
            plot.savefig(drawn, format="png")
            drawn.seek(0)
            self._put_image(name, drawn, ".png")
            return
        assert path is not None
        if not os.path.isfile(path):
            raise UserErrorException(f"there is no file {os.fspath(path)!r} to log as an image")
        with open(path, "rb") as file:
            self._put_image(name, file, os.path.splitext(path)[1].lower() or ".png")

    def _describe(self, name: str, description: str | None) -> None:
        """Keep what a metric means as a property of the run, the first time it is said.

        Raises UserErrorException for a name or a description that is too long.
        """
        with given.within_limits():
            limits.metric(name)
            limits.description(description or "")
        if description and name not in self._described:
            self._described.add(name)
            self._records.record("property", f"{DESCRIPTION}{name}", str(description), time())

    def _shape(self, name: str, kind: str, value: Any) -> None:
        from jupyter_aml.wire.shapes import checked

        try:
            self._records.value(name, kind, checked(kind, value))
        except Invalid as wrong:
            raise UserErrorException(str(wrong)) from None

    def _put_image(self, name: str, content: Any, suffix: str) -> None:
        raise NotImplementedError

    def _log_other(self, name: str, value: Any, step: float | None) -> None:
        value = plain(value)
        if isinstance(value, bool) or value is None or isinstance(value, str):
            self._records.value(name, "text", value, step)
        elif isinstance(value, float) or (isinstance(value, int) and -_HUGE < value < _HUGE):
            self._records.number(name, value, step)
        else:
            # What SDK v1 refused we keep, readable, rather than lose it.
            self._records.value(name, "text", repr(value), step)


def _as_step(step: Any) -> float:
    try:
        return as_step(step)
    except Invalid as wrong:
        raise UserErrorException(str(wrong)) from None
