"""`%aml env build`: build an environment."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.env import building
from jupyter_aml.magics.env.one import OneEnvironment
from jupyter_aml.magics.verb import Parser


class Build(OneEnvironment):
    """Build an environment and say what is done until it is ready; one that fails says why.

    An interrupt detaches: the build goes on. One that is built already is left as it is.
    """

    name = "env build"
    usage = "NAME[:VERSION] [--again] [--detach]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        super().arguments(parser)
        parser.add_argument(
            "--again",
            action="store_true",
            help="resolve it anew, for the newest packages that meet the definition",
        )
        parser.add_argument("--detach", action="store_true", help="start, and go on at once")

    def __call__(self, args: Namespace, cell: str) -> None:
        """Build it."""
        client = self.session.workspace.client
        building.build(client, self.found(args), again=args.again, detach=args.detach)
