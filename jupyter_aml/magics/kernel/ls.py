"""`%aml kernel ls`: list the kernels of environments."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from jupyter_aml.magics.table import Table
from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.widgets import environments


class Ls(Verb):
    """List the kernels that were made of environments, or with --running all that run."""

    name = "kernel ls"
    usage = "[--running]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--running",
            action="store_true",
            help="the kernels that run, with what they take, and those that wait for a target",
        )

    def __call__(self, args: Namespace, cell: str) -> Table[Any]:
        """Return the table, whose items are the kernels as the server tells them."""
        client = self.session.workspace.client
        found = client.kernels.list()
        if args.running:
            running = found["running"]
            known = {each["kernelId"] for each in running}
            others = [each for each in client.target_kernels.list() if each["id"] not in known]
            rows = [environments.running_row(each) for each in running]
            rows += [environments.target_row(each) for each in others]
            heads = environments.RUNNING_HEADS
            return Table([*running, *others], heads, rows, nothing="no kernel runs")
        specs = found["specs"]
        rows = [environments.spec_row(each) for each in specs]
        nothing = "no kernels of environments"
        return Table(specs, environments.SPEC_HEADS, rows, nothing=nothing)
