"""`%aml cancel`: ask runs to stop."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.verb import Parser, Verb


class Cancel(Verb):
    """Ask one or more runs to stop; one that has ended is left as it is."""

    name = "cancel"
    usage = "RUN..."

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.name_run("runs", nargs="+")

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Runs that are not named yet."""
        return [name for name in self.session.run_names() if name not in before]

    def __call__(self, args: Namespace, cell: str) -> None:
        """Find all of them first, so that a mistake in one name cancels none."""
        for run in [self.session.find(name) for name in args.runs]:
            run.cancel()
            print(f"{run.id}: {run.get_status()}")
