"""`%aml data preview`: the first rows of a data set."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.data.one import OneDataset
from jupyter_aml.magics.table import Table
from jupyter_aml.magics.verb import Parser
from jupyter_aml.widgets.datasets import cells


class Preview(OneDataset):
    """Show the first rows of a data set, or its first files; the engine reads them."""

    name = "data preview"
    usage = "NAME[:VERSION] [-n N]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        super().arguments(parser)
        parser.add_argument(
            "-n", "--rows", type=parser.count, metavar="N", default=10, help="default: 10"
        )

    def __call__(self, args: Namespace, cell: str) -> Table[list[str | int | float | bool | None]]:
        """Return the table, whose items are the rows."""
        seen = self.found(args)
        client = self.session.workspace.client.datasets
        place = seen["workspace"], seen["name"], seen["version"]
        found = client.preview(*place, rows=min(args.rows, 1_000))
        for warning in found["warnings"]:
            print(f"warning: {warning}")
        heads = [each["name"] for each in found["columns"]]
        return Table(
            found["rows"], heads, cells(found), nothing="no rows",
            rest="and more (-n N shows them)" if found["more"] else "",
        )  # fmt: skip
