"""`%aml compute ls`: list the compute targets."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.table import Table
from jupyter_aml.magics.verb import Verb
from jupyter_aml.widgets import compute
from jupyter_aml.wire.compute import WireCompute


class Ls(Verb):
    """List the compute targets, and how busy they are."""

    name = "compute ls"

    def __call__(self, args: Namespace, cell: str) -> Table[WireCompute]:
        """Return the table, whose items are the targets as the engine tells them."""
        workspace = self.session.workspace
        there = workspace.client.compute.list(workspace.name)
        rows = [compute.row(each) for each in there]
        return Table(there, compute.HEADS, rows, nothing="no compute targets")
