"""`%aml kernel add`: make an environment a kernel of notebooks."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.domain.environment import read_label
from jupyter_aml.magics.env.one import OneEnvironment
from jupyter_aml.magics.verb import Parser


class Add(OneEnvironment):
    """Make an environment a kernel that notebooks can choose.

    Without a version the kernel follows the newest one. It is built when it first starts.
    """

    name = "kernel add"
    usage = "NAME[:VERSION] [--compute TARGET] [--name NAME]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        super().arguments(parser)
        parser.add_argument(
            "-c",
            "--compute",
            type=parser.text,
            help="where it runs: local (default), docker, or a compute target",
        )
        parser.add_argument("-n", "--name", type=parser.text, help="how the kernel is called")

    def complete_option(self, name: str, word: str) -> list[str] | None:
        """Where kernels can run."""
        if name != "compute":
            return []
        known = self.session.cache.get().computes
        targets = (each["name"] for each in known if each["takesKernels"])
        return list(dict.fromkeys(("local", "docker", *targets)))

    def __call__(self, args: Namespace, cell: str) -> None:
        """Make it, and say how it is called."""
        name, version = read_label(args.environment)
        asked = {"environment": name, "version": version, "compute": args.compute,
                 "name": args.name}  # fmt: skip
        workspace = self.session.workspace
        given = {key: value for key, value in asked.items() if value is not None}
        made = workspace.client.kernels.add({"workspace": workspace.name, **given})
        self.session.cache.refresh()
        print(
            f"Notebooks can choose the kernel {made['displayName']!r} now "
            f"(`%aml kernel rm {made['spec']}` removes it)."
        )
