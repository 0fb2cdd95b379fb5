"""`%aml retry`: the same run once more, as it was or with other parameters."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.magics import line
from jupyter_aml.magics.verb import Parser, Verb, unique
from jupyter_aml.sdk.core import Run


class Retry(Verb):
    """Send a run once more: the same code, environment and target, other parameters if given."""

    name = "retry"
    usage = "RUN [-p K=V...] [-n NAME] [-o VAR]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        add = parser.add_argument
        parser.name_run()
        add(
            "-p",
            "--param",
            type=parser.parameter,
            action="append",
            default=[],
            metavar="K=V",
            help="a parameter that is to be another one; may be repeated",
        )
        add("-n", "--name", type=parser.text, help="a name for the new run")
        add("-o", "--out", type=parser.text, metavar="VAR", help="variable that receives the Run")

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Runs."""
        return [] if before else self.session.run_names()

    def complete_option(self, name: str, word: str) -> list[str]:
        """The names of parameters that runs have."""
        if name != "param":
            return []
        known = self.session.cache.get().runs
        return sorted({f"{key}=" for run in known for key in run["parameters"]})

    def __call__(self, args: Namespace, cell: str) -> Run:
        """Send it and return the new run, which draws itself."""
        out = None if args.out is None else line.identifier(args.out)
        parameters = unique(args.param, "-p")
        run = self.session.find(args.run).retry(parameters, display_name=args.name)
        self.session.keep(run, out)
        return run
