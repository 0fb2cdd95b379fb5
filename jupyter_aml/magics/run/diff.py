"""`%aml diff`: all in which two runs differ."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.sdk._run.comparison import Difference


class Diff(Verb):
    """Show in what two runs differ: parameters, metrics, code, packages, what was recorded.

    A and B are ids or their beginnings, #number, experiment#number, last, or variables.
    """

    name = "diff"
    usage = "A B"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.add_argument("left", type=parser.text, metavar="A", help="a run")
        parser.add_argument("right", type=parser.text, metavar="B", help="another run")

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Runs, each but the one that is named already."""
        names = self.session.run_names() if len(before) < 2 else []
        return [name for name in names if name not in before]

    def __call__(self, args: Namespace, cell: str) -> Difference:
        """Return the difference, which draws itself."""
        left, right = self.session.find(args.left), self.session.find(args.right)
        return left.difference(right)
