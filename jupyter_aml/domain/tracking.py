"""The addresses by which MLflow knows a workspace and the files of its runs.

They have the form of SDK v1, with a host of our own; addresses of the cloud are read, too.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.ids import RunId, WorkspaceName

SCHEME = "azureml"
_HOST = "jupyter-aml"
_PROVIDER = "providers/Microsoft.MachineLearningServices/workspaces"
_NO_LABEL = "local"
"""What stands for a subscription or a group that a workspace has none of."""


class FilePlace(NamedTuple):
    """A file or folder of a run; the path is empty for all of its files."""

    workspace: WorkspaceName
    run_id: RunId
    path: str


def tracking_uri(workspace: str, subscription: str = "", group: str = "") -> str:
    """The address of a workspace; the labels are those that it was made with."""
    return (
        f"{SCHEME}://{_HOST}/mlflow/v1.0/subscriptions/{_quoted(subscription)}"
        f"/resourceGroups/{_quoted(group)}/{_PROVIDER}/{_quoted(workspace)}"
    )


def is_ours(uri: str) -> bool:
    """Whether an address names no cloud."""
    parts = urlsplit(uri)
    return parts.scheme == SCHEME and parts.netloc == _HOST


def workspace_of(uri: str) -> WorkspaceName:
    """The workspace that an address names; raises Invalid."""
    return ids.workspace_name(_after(uri, "workspaces"))


def artifact_uri(workspace_uri: str, experiment: str, run_id: str) -> str:
    """The address of the files of a run."""
    return f"{workspace_uri}/experiments/{_quoted(experiment)}/runs/{_quoted(run_id)}/artifacts"


def file_place(uri: str) -> FilePlace:
    """What an address of files names; raises Invalid."""
    path = unquote(urlsplit(uri).path.partition("/artifacts")[2].strip("/"))
    return FilePlace(workspace_of(uri), ids.run_id(_after(uri, "runs")), path)


def _after(uri: str, word: str) -> str:
    parts = urlsplit(uri)
    words = parts.path.split("/")
    if parts.scheme != SCHEME or word not in words[:-1]:
        raise Invalid(
            f"{uri[:200]!r} names no workspace; `ws.get_mlflow_tracking_uri()` gives its address"
        )
    return unquote(words[words.index(word) + 1])


def _quoted(text: str) -> str:
    return quote(text or _NO_LABEL, safe="")
