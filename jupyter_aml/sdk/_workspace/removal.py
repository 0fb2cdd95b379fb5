"""Deletes a workspace with its runs."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from jupyter_aml.domain import ids
from jupyter_aml.domain.errors import IllegalMove, NotFound
from jupyter_aml.domain.workspace import check_deletable
from jupyter_aml.sdk._run import filters

if TYPE_CHECKING:
    from jupyter_aml.client import Client


def check(
    client: Client, name: str, *, with_runs: bool, cure: str = "delete_dependent_resources=True"
) -> int:
    """Say how many runs would go with a workspace; raises IllegalMove for one that must stay.

    `cure` is what the caller gives to delete runs as well.
    """
    # Before its runs are deleted, which would be done for nothing.
    check_deletable(ids.workspace_name(name))
    client.workspaces.get(name)
    runs = count(client, name)
    if runs and not with_runs:
        many = "1 run" if runs == 1 else f"{runs} runs"
        raise IllegalMove(f"workspace {name!r} has {many}: {cure} deletes them, too")
    active = count(client, name, "status:active")
    if active:
        raise IllegalMove(f"{active} of the runs of workspace {name!r} go on: cancel them first")
    return runs


def count(client: Client, workspace: str, words: str = "") -> int:
    """The runs of a workspace for which the words hold, children among them."""
    return client.runs.page(workspace=workspace, filter=words or None, limit=1)["total"]


def remove(client: Client, name: str) -> list[str]:
    """Delete the runs of a workspace, and then the workspace; returns the ids of the runs.

    Raises IllegalMove where a run was sent meanwhile: then the workspace stays.
    """
    pages = list(filters.pages(client, workspace=name))
    gone = [seen["runId"] for page in pages for seen in page["runs"]]
    for run_id in gone:
        with suppress(NotFound):  # Children go with their parents; others may be quicker.
            client.runs.delete(run_id)
    with suppress(NotFound):
        client.workspaces.remove(name)
    return gone
