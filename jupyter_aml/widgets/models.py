"""Models as text: the rows of a list, and one model in full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from jupyter_aml.widgets.plain import clean, local, moment, size

if TYPE_CHECKING:
    from jupyter_aml.wire.models import WireDataUse, WireModel, WireModelFiles, WireModelLineage

HEADS = ("Model", "Version", "Aliases", "Framework", "Size", "Created", "Tags", "Run")
_SHOWN_FILES = 20


def row(model: WireModel) -> tuple[str, ...]:
    """A model as the texts below HEADS."""
    return (
        model["name"], model["version"], ", ".join(model["aliases"]), framework(model),
        size(model["size"]), local(model["createdAt"]), _pairs(model["tags"]),
        model["runId"] or "",
    )  # fmt: skip


def framework(model: WireModel) -> str:
    """The framework and its version; empty where none is said."""
    return " ".join(part for part in (model["framework"], model["frameworkVersion"]) if part)


def describe(model: WireModel, files: WireModelFiles, lineage: WireModelLineage) -> str:
    """All that is known of a model."""
    return clean("\n".join(_lines(model, files, lineage)))


def _lines(model: WireModel, files: WireModelFiles, lineage: WireModelLineage) -> Iterator[str]:
    by = f" by {model['createdBy']}" if model["createdBy"] else ""
    yield f"{model['id']}: registered {moment(model['createdAt'])}{by}"
    if model["description"]:
        yield f"  {model['description']}"
    for what, text in (
        ("aliases", ", ".join(model["aliases"])),
        ("framework", framework(model)),
        ("tags", _pairs(model["tags"])),
        ("properties", _pairs(model["properties"])),
        *_origin(lineage),
    ):
        if text:
            yield f"{what}: {text}"
    many = "1 file" if model["fileCount"] == 1 else f"{model['fileCount']} files"
    yield f"files: {many}, {size(model['size'])}"
    for file in files["files"][:_SHOWN_FILES]:
        yield f"  {file['path']}  {size(file['size'])}"
    if model["fileCount"] > _SHOWN_FILES:
        yield f"  and {model['fileCount'] - _SHOWN_FILES} more"


def _origin(lineage: WireModelLineage) -> Iterator[tuple[str, str]]:
    maker = lineage["maker"]
    if maker is not None:
        gone = "" if maker["isThere"] else ", which was deleted"
        yield "run", f"{maker['runId']} of experiment {maker['experiment']}{gone}"
        yield "environment", maker["environment"] or ""
    yield "data", ", ".join(map(_data, lineage["datasets"]))
    yield "used by", ", ".join(f"{use['kind']} {use['id']}" for use in lineage["usedBy"])


def _data(use: WireDataUse) -> str:
    version = f":{use['version']}" if use["version"] else ""
    return f"{use['name'] or 'a data set without a name'}{version} ({use['scenario']})"


def _pairs(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in labels.items())
