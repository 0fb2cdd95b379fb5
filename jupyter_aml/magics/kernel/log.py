"""`%aml kernel log`: what a kernel on a compute target wrote outside of cells."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.client.kernels import id_of, whole_log
from jupyter_aml.magics.verb import Parser, Verb


class Log(Verb):
    """Print what a kernel on a compute target and its keeper wrote; kept for 7 days."""

    name = "kernel log"
    usage = "KERNEL"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "kernel", type=parser.text, metavar="KERNEL",
            help="its id, the beginning of it, or its notebook",
        )  # fmt: skip

    def __call__(self, args: Namespace, cell: str) -> None:
        """Print it."""
        kernels = self.session.workspace.client.target_kernels
        print(whole_log(kernels, id_of(kernels, args.kernel)), end="")
