"""`%aml env ls`: list environments."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.table import Table
from jupyter_aml.magics.verb import Verb
from jupyter_aml.widgets import environments
from jupyter_aml.wire.environments import WireEnvironment


class Ls(Verb):
    """List the newest version of each environment, those that come with jupyter_aml last."""

    name = "env ls"

    def __call__(self, args: Namespace, cell: str) -> Table[WireEnvironment]:
        """Return the table, whose items are the environments as the engine tells them."""
        workspace = self.session.workspace
        found = workspace.client.environments.list(workspace.name)
        rows = [environments.row(each) for each in found]
        return Table(found, environments.HEADS, rows, nothing="no environments")
