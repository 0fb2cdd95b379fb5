"""What a model becomes that is registered or changed, before it is written."""

from __future__ import annotations

import getpass
import os
from dataclasses import replace
from uuid import uuid4

from jupyter_aml.domain import limits, model
from jupyter_aml.domain.errors import IllegalMove
from jupyter_aml.domain.model import DataUse, Maker, Model
from jupyter_aml.domain.run import Run
from jupyter_aml.domain.run_data import RunData
from jupyter_aml.engine.registry import Registered
from jupyter_aml.wire.model_bodies import ModelChange, NewModel

Known = Registered[Model]


def draft(asked: NewModel, maker: Maker | None, *, root: str) -> Model:
    return Model(
        name=asked.name,
        key=asked.key or uuid4().hex,
        root=root,
        files=(),
        description=asked.description,
        framework=asked.framework,
        framework_version=asked.framework_version,
        properties=asked.properties,
        maker=maker,
        datasets=asked.datasets,
        sample_input=asked.sample_input,
        sample_output=asked.sample_output,
        resources=asked.resources,
        created_by=_user(),
        is_packed=asked.source.run is None,
    )


def maker_of(run: Run, data: RunData) -> Maker:
    return Maker(
        run=run.id,
        experiment=run.experiment,
        environment=None if run.job is None else run.job.environment,
        snapshot=run.snapshot_id,
        inputs=tuple(
            DataUse(
                scenario=each.name,
                name=each.dataset,
                version=each.version,
                definition=None if each.dataset else each.definition,
            )
            for each in data.inputs
            if not each.is_reference
        ),
    )


def changed(known: Known, asked: ModelChange) -> Known:
    of = known.definition
    new = {key: value for key, value in asked.properties.items() if key not in of.properties}
    for key, value in asked.properties.items():
        if of.properties.get(key, value) != value:
            raise IllegalMove(
                f"property {key!r} of model {of.label!r} is {of.properties[key]!r}: "
                "properties can be added and stay what they are; use a tag for what changes"
            )
    there = {} if asked.replaces_tags else known.tags
    limits.labels("tag", asked.tags, there)
    tags = {**there, **asked.tags}
    datasets = list(of.datasets)
    for use in asked.datasets:
        if use not in datasets:
            datasets.append(use)
    amended = replace(
        of,
        description=of.description if asked.description is None else asked.description,
        properties={**of.properties, **new},
        datasets=tuple(datasets),
        sample_input=asked.sample_input or of.sample_input,
        sample_output=asked.sample_output or of.sample_output,
        resources=asked.resources or of.resources,
    )
    model.check(amended)
    kept = {key: value for key, value in tags.items() if value is not None}
    return replace(known, definition=amended, tags=kept)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
