"""Data sets as text: the rows of a list, one in full, and its first rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_aml.domain.dataset import Source
from jupyter_aml.widgets.plain import clean, local, moment, size

if TYPE_CHECKING:
    from jupyter_aml.wire.datasets import (
        WireDataset,
        WireDatasetChanges,
        WireDatasetLineage,
        WirePreview,
    )

HEADS = ("Data set", "Version", "Kind", "Files", "Size", "Created", "Tags", "Source")
_SHOWN = 20


def row(seen: WireDataset) -> tuple[str, ...]:
    """A data set as the texts below HEADS."""
    files = seen["files"]
    return (
        seen["name"], seen["version"], seen["kind"], "" if files is None else f"{files['count']:,}",
        "" if files is None else size(files["size"]), local(seen["createdAt"]),
        _pairs(seen["tags"]), seen["source"],
    )  # fmt: skip


def describe(seen: WireDataset, lineage: WireDatasetLineage) -> str:
    """All that is known of a data set."""
    return clean("\n".join([*_lines(seen), *_origin(lineage)]))


def _origin(lineage: WireDatasetLineage) -> Iterator[str]:
    for what, names in (
        ("written by", [f"run {run['runId']}" for run in lineage["writtenBy"]]),
        ("read by", [f"run {run['runId']}" for run in lineage["readBy"]]),
        ("models", [model["id"] for model in lineage["models"]]),
    ):
        if names:
            yield f"{what}: {', '.join(names)}"
    if lineage["readers"] > len(lineage["readBy"]):
        yield f"  and {lineage['readers'] - len(lineage['readBy'])} more runs read it"


def _lines(seen: WireDataset) -> Iterator[str]:
    yield f"{seen['name']}:{seen['version']}: {seen['kind']}, registered " \
          f"{moment(seen['createdAt'])}"  # fmt: skip
    if seen["description"]:
        yield f"  {seen['description']}"
    yield f"id: {seen['id']}"
    if len(seen["versions"]) > 1:
        yield f"versions: {', '.join(seen['versions'][:_SHOWN])}"
    if seen["tags"]:
        yield f"tags: {_pairs(seen['tags'])}"
    files = seen["files"]
    if files is not None:
        yield f"files: {files['count']:,}, {size(files['size'])}"
    yield from _some("sources", [_place(each) for each in seen["sources"]])
    yield from _some("steps", [_step(step) for step in seen["steps"]])


def changes(seen: WireDataset, found: WireDatasetChanges) -> str:
    """What is other than it was when a version was registered."""
    label = f"{seen['name']}:{seen['version']}"
    if not found["count"]:
        return clean(f"{label} is what was registered")
    lines = [f"{label} is not what was registered:"]
    for sign, paths in (("+", found["added"]), ("-", found["removed"]), ("~", found["changed"])):
        lines += [f"  {sign} {path}" for path in paths]
    return clean("\n".join(lines))


def cells(preview: WirePreview) -> list[tuple[str, ...]]:
    """The first rows as texts."""
    return [tuple("" if cell is None else str(cell) for cell in row) for row in preview["rows"]]


def _place(source: Mapping[str, Any]) -> str:
    return str(Source(source["path"], source["datastore"]))


def _step(step: Mapping[str, Any]) -> str:
    said = ", ".join(f"{key}={value!r}" for key, value in step.items() if key != "do")
    return f"{step['do']} {said}"


def _some(what: str, found: Sequence[str]) -> Iterator[str]:
    if not found:
        return
    yield f"{what}:"
    yield from (f"  {each}" for each in found[:_SHOWN])
    if len(found) > _SHOWN:
        yield f"  and {len(found) - _SHOWN} more"


def _pairs(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in labels.items())
