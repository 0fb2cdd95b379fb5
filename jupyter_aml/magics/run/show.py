"""`%aml show`: show a run, live."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.sdk.core import Run


class Show(Verb):
    """Show a run, live where the front end can."""

    name = "show"
    usage = "RUN [mini]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.name_run()
        parser.add_argument(
            "how",
            nargs="?",
            choices=("full", "mini"),
            default="full",
            help="how much of it; default: full",
        )

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Runs, then how much."""
        return self.session.run_names() if not before else ["full", "mini"]

    def __call__(self, args: Namespace, cell: str) -> Run:
        """Return the run, which draws itself."""
        run = self.session.find(args.run)
        self.session.views.prefer(run, args.how)
        return run
