"""`%aml compute rm`: delete or detach a compute target."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.asking import agreed
from jupyter_aml.magics.compute.one import OneTarget
from jupyter_aml.magics.verb import Parser


class Rm(OneTarget):
    """Delete a compute target with its nodes, or forget one that was attached. Asks first.

    One on which runs are stays.
    """

    name = "compute rm"
    usage = "NAME [--yes]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        super().arguments(parser)
        parser.add_argument("-y", "--yes", action="store_true", help="do not ask")

    def __call__(self, args: Namespace, cell: str) -> None:
        """Delete it."""
        seen, workspace = self.made(args, "deleted"), self.session.workspace
        if not args.yes and not agreed(f"Delete compute target {seen['name']}?"):
            print("Nothing was deleted.")
            return
        workspace.client.compute.remove(workspace.name, seen["name"])
        self.session.cache.refresh()
        print(f"Deleted {seen['name']}.")
