"""`%aml compute kinds`: what can be created or attached."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.table import Table
from jupyter_aml.magics.verb import Verb
from jupyter_aml.widgets import compute
from jupyter_aml.wire.compute import WireComputeKind


class Kinds(Verb):
    """List what can be created or attached, with the settings of each kind (* is needed)."""

    name = "compute kinds"

    def __call__(self, args: Namespace, cell: str) -> Table[WireComputeKind]:
        """Return the table, whose items are the kinds as the engine tells them."""
        there = self.session.workspace.client.compute.kinds()
        rows = [compute.kind_row(each) for each in there]
        return Table(there, compute.KIND_HEADS, rows, nothing="no kinds")
