"""`%aml env diff`: how the packages of two environments differ."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.client.packages import compare
from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.widgets.plain import clean


class Diff(Verb):
    """Print which packages B has that A has not (+), the other way round (-), or otherwise (~).

    Where both are built their packages are compared, else their definitions.
    """

    name = "env diff"
    usage = "A B"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        for name in ("before", "after"):
            parser.add_argument(
                name,
                type=parser.text,
                metavar="NAME[:VERSION]",
                help="an environment; without a version its newest",
            )

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Environments."""
        return [] if len(before) > 1 else self.session.environment_names(word)

    def __call__(self, args: Namespace, cell: str) -> None:
        """Print the difference."""
        one, other = (self.session.environment(text) for text in (args.before, args.after))
        compared = compare(self.session.workspace.client, one, other)
        print(f"{one['name']}:{one['version']} -> {other['name']}:{other['version']}: "
              f"{compared.what}")  # fmt: skip
        print(clean("\n".join(compared.difference.lines())) or "no package differs")
