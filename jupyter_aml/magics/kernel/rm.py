"""`%aml kernel rm`: take kernels of environments away."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.verb import Parser, Verb


class Rm(Verb):
    """Take a kernel out of the choice of notebooks; its environment stays, and so do notebooks.

    Kernels of it that run go on.
    """

    name = "kernel rm"
    usage = "KERNEL"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "kernel",
            type=parser.text,
            metavar="KERNEL",
            help="as `%%aml kernel ls` lists it in the first or second column",
        )

    def complete(self, word: str, before: list[str]) -> list[str]:
        """The kernels that there are."""
        return [] if before else list(self.session.cache.get().kernels)

    def __call__(self, args: Namespace, cell: str) -> None:
        """Remove it."""
        client = self.session.workspace.client
        shown = {each["displayName"]: each["spec"] for each in client.kernels.list()["specs"]}
        spec = shown.get(args.kernel, args.kernel)
        client.kernels.remove(spec)
        self.session.cache.refresh()
        print(f"Removed the kernel {spec}.")
