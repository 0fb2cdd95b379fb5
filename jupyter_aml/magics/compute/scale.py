"""`%aml compute scale`: other numbers of nodes."""

from __future__ import annotations

from argparse import Namespace

from IPython.core.error import UsageError

from jupyter_aml.magics.compute.one import OneTarget
from jupyter_aml.magics.verb import Parser
from jupyter_aml.sdk._compute import command_line
from jupyter_aml.widgets.compute import scaled


class Scale(OneTarget):
    """Give a compute target other numbers of nodes, or another time to idle; runs go on."""

    name = "compute scale"
    usage = "NAME [--min N] [--max N] [--idle 30m]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        super().arguments(parser)
        command_line.nodes(parser, parser)

    def __call__(self, args: Namespace, cell: str) -> None:
        """Resize it."""
        asked = command_line.scale(args)
        if not any(value is not None for value in asked.values()):
            raise UsageError(f"{self.program}: say --min, --max or --idle")
        seen, workspace = self.made(args, "resized"), self.session.workspace
        body = {"workspace": workspace.name, **asked}
        print(scaled(workspace.client.compute.change(seen["name"], body)))
