"""Which variables of a server are no business of the processes that it starts."""

from __future__ import annotations

from collections.abc import Mapping

_OF_ANOTHER_PYTHON = frozenset({
    "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV",
    "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "CONDA_SHLVL", "CONDA_PROMPT_MODIFIER",
})  # fmt: skip
_OF_ONE_RUN = frozenset({"MLFLOW_RUN_ID"})
_SECRETS = frozenset({"JPY_API_TOKEN", "JUPYTER_TOKEN", "JUPYTERHUB_API_TOKEN"})
_OF_NOTEBOOKS = frozenset({
    "MPLBACKEND", "IPYTHONDIR", "PYDEVD_USE_FRAME_EVAL", "CLICOLOR", "FORCE_COLOR", "GIT_PAGER",
    "PAGER", "TERM",
})  # fmt: skip
_NOT_OF_SCRIPTS = ("JUPYTERHUB_", "JPY_", "AML_", "AZUREML_", "KERNEL_")
_NOT_OF_KERNELS = ("JUPYTERHUB_", "AML_", "AZUREML_", "CONDA_PREFIX_")
OLD_LIBRARIES = "AML_OLD_LIBRARIES"
"""`0` keeps runs and kernels from answering names that numpy, pandas and others have lost."""

PAGE = "AML_PAGE"
"""Where a browser finds the Jupyter server, so that scripts can name the page of a run."""

_OF_CONTAINERS = frozenset({
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "LANG",
    "LC_ALL", "TZ", OLD_LIBRARIES, PAGE,
})  # fmt: skip
_OF_KERNELS = frozenset({"AML_WIDGET", OLD_LIBRARIES, PAGE})
_OF_SCRIPTS = frozenset({OLD_LIBRARIES, PAGE})


def by_script(variables: Mapping[str, str]) -> dict[str, str]:
    """What a script inherits: nothing of another Python, of notebooks, and no token."""
    denied = _OF_ANOTHER_PYTHON | _OF_ONE_RUN | _SECRETS | _OF_NOTEBOOKS
    return {
        name: value
        for name, value in variables.items()
        if name in _OF_SCRIPTS or (name not in denied and not name.startswith(_NOT_OF_SCRIPTS))
    }


def by_kernel(variables: Mapping[str, str]) -> dict[str, str]:
    """What a kernel of an environment inherits: nothing of another Python, and no token."""
    denied = _OF_ANOTHER_PYTHON | _OF_ONE_RUN | _SECRETS
    return {
        name: value
        for name, value in variables.items()
        if name in _OF_KERNELS or (name not in denied and not name.startswith(_NOT_OF_KERNELS))
    }


def by_container(variables: Mapping[str, str]) -> dict[str, str]:
    """What a container inherits: where the world is, and nothing of this machine."""
    return {name: value for name, value in variables.items() if name in _OF_CONTAINERS}
