"""`%aml metrics`: all that a run logged."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from jupyter_aml.magics.verb import Parser, Verb


class Metrics(Verb):
    """Return the metrics of a run: a value, or the list of values, by name."""

    name = "metrics"
    usage = "RUN"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.name_run()

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Runs."""
        return [] if before else self.session.run_names()

    def __call__(self, args: Namespace, cell: str) -> dict[str, Any]:
        """Return what `Run.get_metrics` returns."""
        return dict(self.session.find(args.run).get_metrics())
