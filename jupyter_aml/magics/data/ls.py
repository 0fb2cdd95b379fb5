"""`%aml data ls`: list datastores, or the files of one."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from jupyter_aml.magics.table import Table
from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.sdk._named import places
from jupyter_aml.widgets import datastores

_MOST = 1_000
"""Files that are drawn; the table holds all."""


class Ls(Verb):
    """List the datastores, or the files of one."""

    name = "data ls"
    usage = f"[{places.FORM}]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "place", nargs="?", type=parser.text, metavar=places.FORM,
            help=f"{places.HELP}; `*` and `**` work",
        )  # fmt: skip

    def __call__(self, args: Namespace, cell: str) -> Table[Any]:
        """Return the table, whose items are what the engine, or the store, tells."""
        workspace = self.session.workspace
        if args.place is None:
            stores = workspace.client.datastores.list(workspace.name)
            rows = [datastores.row(each) for each in stores]
            return Table(stores, datastores.HEADS, rows, nothing="no datastores")
        found = places.entries(workspace, args.place)
        rows = [datastores.file_row(each) for each in found[:_MOST]]
        more = len(found) - len(rows)
        rest = f"and {more} more (the value of this line has them)" if more else ""
        return Table(found, datastores.FILE_HEADS, rows, nothing="no files", rest=rest)
