"""`%aml clone`: a run as a cell that can be edited and sent again."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.verb import Parser, Verb


class Clone(Verb):
    """Put a cell below that repeats a run, with its parameters, to be edited and run."""

    name = "clone"
    usage = "RUN"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.name_run()

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Runs."""
        return [] if before else self.session.run_names()

    def __call__(self, args: Namespace, cell: str) -> None:
        """Ask the front end for the cell; nothing is sent."""
        text = self.session.find(args.run).to_cell()
        self.session.shell.set_next_input(text, replace=False)
