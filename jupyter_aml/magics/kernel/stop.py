"""`%aml kernel stop`: end kernels on compute targets."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.client.kernels import meant, need_stoppable
from jupyter_aml.magics.verb import Parser, Verb


class Stop(Verb):
    """End a kernel on a compute target that has no Jupyter server, or give one up that waits.

    A kernel that a Jupyter server has is shut down there, as any.
    """

    name = "kernel stop"
    usage = "KERNEL"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "kernel", type=parser.text, metavar="KERNEL",
            help="its id, the beginning of it, or its notebook",
        )  # fmt: skip

    def __call__(self, args: Namespace, cell: str) -> None:
        """End it."""
        kernels = self.session.workspace.client.target_kernels
        kernel = meant(kernels.list(), args.kernel)
        need_stoppable(kernel)
        kernels.end(kernel["id"])
        print(f"Stopped the kernel {kernel['id']} on {kernel['compute']!r}.")
