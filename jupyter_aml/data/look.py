"""Looks into a data set in a process of its own, which may take so much memory and no more.

A JSON object comes in on stdin: the definition, its datastores with their secrets, and what is
asked. One goes out on stdout: the answer, or the error. `python -m jupyter_aml.data.look`
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from jupyter_aml.data.stores import Store, open_store
from jupyter_aml.domain import dataset, datastore
from jupyter_aml.domain.dataset import Dataset
from jupyter_aml.domain.datastore import Datastore
from jupyter_aml.domain.errors import AmlError

MEMORY = 4 << 30
"""Bytes of addresses; what pyarrow maps and never touches counts, too."""
_LONGEST_CELL = 500


class Known:
    """Datastores that were handed over, opened by their names."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._told = told

    def __call__(self, name: str) -> Store:
        """Open one."""
        return open_store(*self.database(name))

    def database(self, name: str) -> tuple[Datastore, Callable[[str], str]]:
        """What is known of one, and how its secrets are had."""
        told = self._told[name]
        return datastore.read(told["definition"]), told["secrets"].__getitem__


def main() -> int:
    """Read what is asked, and answer."""
    asked = json.load(sys.stdin)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (asked.get("memory", MEMORY),) * 2)
    try:
        answer = {"answer": _answer(asked)}
    except AmlError as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    except (MemoryError, OSError) as error:
        if not _is_memory(error):
            raise
        answer = {"error": "Invalid", "message": "looking into this data set takes more memory "
                  "than a preview may have; take(10) in a notebook reads some of it"}  # fmt: skip
    json.dump(answer, sys.stdout, allow_nan=False, default=str)
    return 0


def _is_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or "memory" in str(error).lower()


def _answer(asked: Mapping[str, Any]) -> Any:
    definition, known = dataset.read(asked["definition"]), Known(asked["datastores"])
    if definition.kind == "file":
        return _files(definition, known, asked["rows"])
    import pyarrow as pa

    from jupyter_aml.data.profile import profile
    from jupyter_aml.data.reading import Reader, import_needed

    import_needed("a look into a tabular data set")
    pa.set_cpu_count(2)
    pa.set_io_thread_count(2)
    if asked["what"] == "profile":
        return _plain(profile(Reader(definition, known), asked["seconds"]))
    return _rows(Reader(_first(definition, asked["rows"]), known), asked["rows"])


def _first(definition: Dataset, rows: int) -> Dataset:
    return replace(definition, steps=(*definition.steps, {"do": "take", "count": rows + 1}))


def _rows(reader: Any, rows: int) -> dict[str, Any]:
    from jupyter_aml.data.profile import type_name

    table = reader.table()
    columns = [{"name": each.name, "type": type_name(each.type)} for each in table.schema]
    cells = [[_cell(value) for value in column.to_pylist()] for column in table.columns]
    return {
        "columns": columns,
        "rows": [list(row) for row in zip(*cells)][:rows],  # noqa: B905
        "more": table.num_rows > rows,
        "warnings": list(reader.report.sentences),
    }


def _files(definition: Dataset, known: Known, rows: int) -> dict[str, Any]:
    from jupyter_aml.data.reading import files

    found = files(definition, known)
    return {
        "columns": [{"name": "path", "type": "string"}, {"name": "size", "type": "integer"}],
        "rows": [[each.name, each.size] for each in found[:rows]],
        "more": len(found) > rows,
        "warnings": [],
    }


def _cell(value: Any) -> Any:
    if isinstance(value, float) and value - value != 0:
        return None if value != value else str(value)
    if value is None or isinstance(value, bool | int | float):
        # JavaScript has no larger whole numbers.
        return str(value) if isinstance(value, int) and abs(value) > 1 << 53 else value
    text = value.isoformat() if isinstance(value, datetime | date) else str(value)
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 1] + "…"


def _plain(value: Any) -> Any:
    """JSON has no NaN and no infinity."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, float) and value - value != 0:
        return None
    return value


if __name__ == "__main__":
    sys.exit(main())
