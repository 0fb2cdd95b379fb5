"""`%aml compare`: runs side by side."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from itertools import islice

from IPython.core.error import UsageError

from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.sdk._run.comparison import Comparison
from jupyter_aml.sdk._run.place import RunPlace
from jupyter_aml.sdk.core import Experiment, Run

_NEWEST = 10


class Compare(Verb):
    """Put runs side by side: a table in which what differs is marked, and their curves.

    A variable may also hold several runs or an experiment. Without any RUN: the newest 10 of
    this notebook.
    """

    name = "compare"
    usage = "[RUN...]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.name_run("runs", nargs="*")

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Runs that are not named yet."""
        return [name for name in self.session.run_names() if name not in before]

    def __call__(self, args: Namespace, cell: str) -> Comparison:
        """Return the comparison, which draws itself."""
        if not args.runs:
            newest = list(islice(self.session.experiment(None).get_runs(), _NEWEST))
            if not newest:
                raise UsageError("this notebook has sent no runs yet: name those to compare")
            return Comparison(newest)
        return Comparison([run for word in args.runs for run in self._meant(word)])

    def _meant(self, word: str) -> Sequence[RunPlace]:
        held = self.session.names.get(word)
        if isinstance(held, Experiment):
            return list(islice(held.get_runs(), _NEWEST))
        if isinstance(held, Comparison):
            return held.runs
        if isinstance(held, list | tuple) and held and all(isinstance(each, Run) for each in held):
            return list(held)
        return [self.session.find(word)]
