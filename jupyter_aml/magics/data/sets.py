"""`%aml data sets`: list data sets."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.table import Table
from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.widgets import datasets
from jupyter_aml.wire.datasets import WireDataset


class Sets(Verb):
    """List the newest version of each data set, or all versions of one."""

    name = "data sets"
    usage = "[--name NAME]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--name", type=parser.text, metavar="NAME", help="all versions of this data set"
        )

    def complete_option(self, name: str, word: str) -> list[str] | None:
        """Data sets."""
        return self.session.dataset_names(word) if name == "name" else []

    def __call__(self, args: Namespace, cell: str) -> Table[WireDataset]:
        """Return the table, whose items are the data sets as the engine tells them."""
        workspace = self.session.workspace
        client = workspace.client.datasets
        found = client.list(workspace.name) if args.name is None \
            else client.versions(workspace.name, args.name)  # fmt: skip
        rows = [datasets.row(each) for each in found]
        return Table(found, datasets.HEADS, rows, nothing="no data sets")
