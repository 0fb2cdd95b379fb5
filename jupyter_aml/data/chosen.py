"""Which files of a data set its steps leave: of a file data set all that it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from jupyter_aml.data import chance
from jupyter_aml.data.listing import DataFile
from jupyter_aml.data.partitions import partition
from jupyter_aml.domain import expression
from jupyter_aml.domain.dataset import Dataset
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.near import did_you_mean

METADATA = ("Size", "LastModifiedTime", "CreationTime", "CanSeek", "FileName", "FilePath")
"""What SDK v1 knew of a file."""


def chosen(definition: Dataset, found: Sequence[DataFile]) -> list[DataFile]:
    """The files that the steps of a file data set leave; raises Invalid."""
    kept = list(found)
    for step in definition.steps[1:]:
        match step["do"]:
            case "skip":
                kept = kept[step["count"] :]
            case "take":
                kept = kept[: step["count"]]
            case "sample":
                kept = _by_chance(kept, step["seed"], 0.0, step["probability"])
            case "split":
                kept = _by_chance(kept, step["seed"], step["from"], step["to"])
            case "filter":
                kept = _fitting(definition, kept, step["where"])
            case other:
                raise Invalid(f"a file data set has no columns: {other!r} cannot be done with it")
    return kept


def _by_chance(kept: Sequence[DataFile], seed: int, low: float, high: float) -> list[DataFile]:
    shares = ((chance.share(place, seed), each) for place, each in enumerate(kept))
    return [each for share, each in shares if low <= share < high]


def _fitting(definition: Dataset, kept: Iterable[DataFile], where: Sequence[Any]) -> list[DataFile]:
    known = path_columns(definition)
    for column in expression.columns(where):
        if column not in known:
            raise Invalid(
                f"there is no column {column!r} in a file data set{did_you_mean(column, known)}; "
                "file_metadata('Size') asks for what is known of a file"
            )
    return [each for each in kept if expression.holds(where, facts(definition, each))]


def path_columns(definition: Dataset) -> tuple[str, ...]:
    """The columns that stand in the paths of files."""
    text = definition.reading.get("partition")
    return partition(text).keys if text else ()


def path_values(definition: Dataset, each: DataFile) -> dict[str, Any]:
    """What the path of a file says of its rows."""
    text = definition.reading.get("partition")
    return partition(text).values(f"/{each.shown}") if text else {}


def facts(definition: Dataset, each: DataFile) -> Mapping[Any, Any]:
    """All that is known of a file without opening it."""
    at = each.modified
    changed = None if at is None else expression.naive(datetime.fromtimestamp(at, timezone.utc))
    return {
        **path_values(definition, each),
        ("file", "Size"): each.size,
        ("file", "LastModifiedTime"): changed,
        ("file", "CreationTime"): changed,
        ("file", "CanSeek"): True,
        ("file", "FileName"): each.name.rpartition("/")[2],
        ("file", "FilePath"): each.shown,
    }
