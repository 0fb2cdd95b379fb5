"""`%aml wait`: wait for a run."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics.run import waiting
from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.sdk.core import Run


class Wait(Verb):
    """Wait until a run has ended; one that failed raises RunFailed.

    An interrupt detaches from the run, a second one within 2 s cancels it.
    """

    name = "wait"
    usage = "RUN"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.name_run()

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Runs."""
        return [] if before else self.session.run_names()

    def __call__(self, args: Namespace, cell: str) -> Run:
        """Return the run as it ended."""
        run = self.session.find(args.run)
        ended = waiting.wait(run, run.look)
        if ended is not None:
            waiting.raise_unless_completed(run, ended)
        self.session.views.prefer(run, "mini")
        return run
