"""The environment variables that a script starts with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from jupyter_aml.domain.run import Run
from jupyter_aml.runfolder.layout import RunFolder

_DENIED = frozenset({
    "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV",
    "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "CONDA_SHLVL", "CONDA_PROMPT_MODIFIER",
    "JPY_PARENT_PID", "JPY_SESSION_NAME", "JPY_API_TOKEN", "JUPYTER_TOKEN", "JUPYTERHUB_API_TOKEN",
    "MPLBACKEND", "IPYTHONDIR", "PYDEVD_USE_FRAME_EVAL", "CLICOLOR", "FORCE_COLOR", "GIT_PAGER",
    "PAGER", "TERM",
})  # fmt: skip
_DENIED_PREFIXES = ("JUPYTERHUB_", "JPY_", "AML_", "AZUREML_", "KERNEL_")


def for_script(
    run: Run,
    folder: RunFolder,
    *,
    root: Path,
    socket: str | None,
    pythonpath: tuple[Path, ...],
    environment: Mapping[str, str],
) -> dict[str, str]:
    """The variables of the server less what is not the script's business, plus the run's own."""
    assert run.job is not None
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _DENIED and not name.startswith(_DENIED_PREFIXES)
    }
    own = {
        "AML_RUN_DIR": str(folder.path),
        "AML_RUN_ID": run.id,
        "AML_RUN_NUMBER": str(run.number),
        "AML_WORKSPACE": run.workspace,
        "AML_EXPERIMENT": run.experiment,
        "AML_ATTEMPT": str(run.attempt),
        "AML_ROOT": str(root),
        "AZUREML_RUN_ID": run.id,
        "PYTHONPATH": os.pathsep.join(str(path) for path in pythonpath),
        "PYTHONUNBUFFERED": "1",
        "MPLBACKEND": "Agg",
    }
    if socket is not None:
        own["AML_SOCKET"] = socket
    # The last word has the run: a user may set PYTHONUNBUFFERED=0, but not the AML_ variables.
    wished = {**environment, **run.job.environment_variables}
    extra = wished.pop("PYTHONPATH", None)
    if extra:
        own["PYTHONPATH"] += os.pathsep + extra
    shared = {"PYTHONUNBUFFERED", "MPLBACKEND"} & wished.keys()
    return kept | wished | {name: value for name, value in own.items() if name not in shared}
