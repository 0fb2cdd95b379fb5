"""The environment variables that a script starts with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from jupyter_aml.domain import inherited, run_data, secrets, tracking
from jupyter_aml.domain.run import Run
from jupyter_aml.domain.run_data import RunData
from jupyter_aml.environments.protocol import Materialised
from jupyter_aml.runfolder import secrets as secret_files
from jupyter_aml.runfolder.layout import RunFolder


def for_script(
    run: Run,
    folder: RunFolder,
    *,
    root: Path,
    root_id: str,
    socket: str | None,
    pythonpath: tuple[Path, ...],
    environment: Materialised | None,
    data: RunData = run_data.NOTHING,
    keep_pythonpath: bool = False,
    old_libraries: bool = True,
    elsewhere: bool = False,
) -> dict[str, str]:
    """The variables of the server less what is not the script's business, plus the run's own.

    Secrets are still hidden: the shim puts their values in, so that no command line, container or
    process but the script's shows them. Raises Invalid where one is not known here.
    """
    assert run.job is not None
    is_image = environment is not None and environment.image is not None
    is_far = is_image or elsewhere
    kept = (inherited.by_container if is_far else inherited.by_script)(os.environ)
    if not old_libraries:
        kept[inherited.OLD_LIBRARIES] = "0"
    own = {
        "AML_RUN_DIR": str(folder.path),
        "AML_RUN_ID": run.id,
        "AML_RUN_NUMBER": str(run.number),
        "AML_WORKSPACE": run.workspace,
        "AML_EXPERIMENT": run.experiment,
        "AML_ATTEMPT": str(run.attempt),
        "AML_ROOT": str(root),
        "AML_ROOT_ID": root_id,
        "AZUREML_RUN_ID": run.id,
        "PYTHONPATH": os.pathsep.join(str(path) for path in pythonpath),
        "PYTHONUNBUFFERED": "1",
        "MPLBACKEND": "Agg",
    }
    if socket is not None:
        own["AML_SOCKET"] = socket
    # The last word has the run: a user may set PYTHONUNBUFFERED=0, but not the AML_ variables.
    wished = dict(run.job.environment_variables)
    secrets.check(secrets.revealed(wished, secret_files.read(folder.secrets)))
    extra = [wished.pop("PYTHONPATH", "")]
    if keep_pythonpath and not is_far:
        extra += _of_the_server()
    own["PYTHONPATH"] = os.pathsep.join([own["PYTHONPATH"], *filter(None, extra)])
    shared = {"PYTHONUNBUFFERED", "MPLBACKEND"} & wished.keys()
    if environment is not None:
        kept = environment.on_top_of(kept)
    kept = kept | _of_mlflow(run, kept | wished) | wished
    own |= run_data.variables(data, taken=kept.keys() | own.keys())
    return kept | {name: value for name, value in own.items() if name not in shared}


def _of_mlflow(run: Run, there: Mapping[str, str]) -> dict[str, str]:
    """What makes `mlflow.start_run()` this very run; nothing for who has a server of MLflow's."""
    elsewhere = there.get("MLFLOW_TRACKING_URI")
    if elsewhere is not None and not tracking.is_ours(elsewhere):
        return {}
    own = {"MLFLOW_TRACKING_URI": tracking.tracking_uri(run.workspace), "MLFLOW_RUN_ID": run.id}
    if not {"MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"} & there.keys():
        own |= {"MLFLOW_EXPERIMENT_ID": run.experiment, "MLFLOW_EXPERIMENT_NAME": run.experiment}
    return own


def _of_the_server() -> list[str]:
    """The folders of the server's PYTHONPATH, but not that of the alias, which a run has."""
    folders = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return [path for path in folders if not os.path.exists(f"{path}/azureml/__init__.py")]
