"""Profiles that are kept by runs."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from jupyter_aml.sdk._core import given
from jupyter_aml.sdk.data._profiles import profile_of
from jupyter_aml.sdk.data.dataset_profile_run import FILE, DatasetProfileRun
from jupyter_aml.sdk.exceptions import UserErrorException

_PROPERTY = "aml.profile_of"


def submit(
    tabular: Any, compute_target: Any, experiment: Any, cache_datastore_name: str | None
) -> DatasetProfileRun:
    """Compute a profile on this machine, and keep it as a run of the experiment."""
    given.refuse("nothing is cached for it", cache_datastore_name=cache_datastore_name)
    target = getattr(compute_target, "name", compute_target)
    if target != "local":
        raise UserErrorException(
            f"compute_target={target!r}: profiles are computed on this machine; pass 'local'"
        )
    if not hasattr(experiment, "start_logging"):
        raise UserErrorException(f"experiment: give an Experiment, not {experiment!r:.80}")
    run = experiment.start_logging(outputs=False, snapshot_directory=None)
    try:
        found = profile_of(tabular)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "profile.json")
            path.write_text(json.dumps(found._told), encoding="utf-8")
            run.upload_file(FILE, str(path))
        run.add_properties({_PROPERTY: tabular.id})
    except BaseException as error:
        run.fail(str(error))
        raise
    run.complete()
    return DatasetProfileRun(experiment.workspace, tabular, run)


def runs_of(tabular: Any, workspace: Any) -> list[DatasetProfileRun]:
    """The runs that computed the profile of a data set, the newest first."""
    place = workspace or tabular._stores.workspace
    if place is None:
        raise UserErrorException("nothing says in which workspace to look: pass workspace=")
    return [
        DatasetProfileRun(place, tabular, run)
        for experiment in place.experiments.values()
        for run in experiment.get_runs(properties={_PROPERTY: tabular.id})
    ]
