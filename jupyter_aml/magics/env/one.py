"""A verb about one environment that is there, given as NAME or NAME:VERSION."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.wire.environments import WireEnvironment


class OneEnvironment(Verb):
    """One positional argument, completed and found."""

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "environment",
            type=parser.text,
            metavar="NAME[:VERSION]",
            help="an environment; without a version its newest",
        )

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Environments."""
        return [] if before else self.session.environment_names(word)

    def found(self, args: Namespace) -> WireEnvironment:
        """The environment that is meant."""
        return self.session.environment(args.environment)
