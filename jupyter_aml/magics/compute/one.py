"""A verb about one compute target that is there."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.sdk._compute import command_line
from jupyter_aml.wire.compute import WireCompute


class OneTarget(Verb):
    """One positional argument, completed and found."""

    takes_local = False
    """Whether it may be a target that nobody created, such as `local`."""

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.add_argument("name", type=parser.text, metavar="NAME", help="a compute target")

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Targets."""
        return [] if before else self.session.compute_names(made=not self.takes_local)

    def found(self, args: Namespace) -> WireCompute:
        """The target that is meant; NotFound names the nearest."""
        workspace = self.session.workspace
        return workspace.client.compute.get(workspace.name, args.name)

    def made(self, args: Namespace, what: str) -> WireCompute:
        """The same; Invalid for one that nobody created."""
        seen = self.found(args)
        command_line.need_registered(seen, what)
        return seen
