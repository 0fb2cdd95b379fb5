"""A model as the server tells it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from jupyter_aml.domain import model
from jupyter_aml.domain.model import DataUse, Model
from jupyter_aml.engine.registry import Registered
from jupyter_aml.wire.models import WireDataUse, WireModel, WireModelFiles, WireResources


def shown(known: Registered[Model], aliases: Sequence[str]) -> WireModel:
    """One version of a model with the aliases that it has."""
    of = known.definition
    return {
        "workspace": known.workspace,
        "name": known.name,
        "version": known.version,
        "id": of.label,
        "createdAt": known.created_at,
        "createdBy": of.created_by,
        "description": of.description,
        "framework": of.framework,
        "frameworkVersion": of.framework_version,
        "tags": dict(known.tags),
        "properties": dict(of.properties),
        "aliases": list(aliases),
        "root": of.root,
        "size": of.size,
        "fileCount": len(of.files),
        "runId": None if of.maker is None else of.maker.run,
        "experiment": None if of.maker is None else of.maker.experiment,
        "datasets": [data(each) for each in of.datasets],
        "sampleInput": None if of.sample_input is None else data(of.sample_input),
        "sampleOutput": None if of.sample_output is None else data(of.sample_output),
        "resources": None
        if of.resources is None
        else cast("WireResources", model.resources_json(of.resources)),
        "isPacked": of.is_packed,
    }


def files(known: Registered[Model]) -> WireModelFiles:
    """The files of a version."""
    of = known.definition
    return {
        "name": known.name,
        "version": known.version,
        "root": of.root,
        "files": [{"path": file.path, "size": file.size, "hash": file.hash} for file in of.files],
    }


def data(use: DataUse) -> WireDataUse:
    """A use of data."""
    return cast("WireDataUse", model.data_json(use))
