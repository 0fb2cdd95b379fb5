"""`%aml compute kinds`: what can be created or attached."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.table import Table
from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.sdk._compute import command_line
from jupyter_aml.widgets import compute
from jupyter_aml.wire.compute import WireComputeKind


class Kinds(Verb):
    """List what can be created or attached (* marks settings that are needed), or print one kind.

    With KIND every setting of it is told.
    """

    name = "compute kinds"
    usage = "[KIND]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "kind", nargs="?", type=parser.text, metavar="KIND", help="tell all of its settings"
        )

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Kinds."""
        return [] if before else [kind["name"] for kind in self.session.cache.get().kinds]

    def __call__(self, args: Namespace, cell: str) -> Table[WireComputeKind] | None:
        """Return the table, whose items are the kinds as the engine tells them; print one."""
        there = self.session.workspace.client.compute.kinds()
        if args.kind is not None:
            print(compute.describe_kind(command_line.kind_of(there, args.kind)))
            return None
        rows = [compute.kind_row(each) for each in there]
        return Table(there, compute.KIND_HEADS, rows, nothing="no kinds")
