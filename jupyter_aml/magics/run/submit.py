"""`%%aml submit`: run the cell as a tracked experiment."""

from __future__ import annotations

from argparse import Namespace

from jupyter_aml.domain import ids
from jupyter_aml.magics import notebook
from jupyter_aml.magics.cells import checks as cells
from jupyter_aml.magics.run import environment
from jupyter_aml.magics.run.sends import Sends, declare_showing
from jupyter_aml.magics.verb import Parser
from jupyter_aml.sdk._submit import options, sending
from jupyter_aml.sdk.core import Run, ScriptRunConfig
from jupyter_aml.sdk.core.environment import Environment


class Submit(Sends):
    """Run this cell as a tracked experiment and go on at once.

    The cell runs as cell.py in a process of its own: it has the parameters of -p and
    nothing else of the notebook. `%%aml` is the first line of the cell but for comments;
    a backslash at its end continues it on the next line.
    $name in a value stands for a variable of the notebook, $$ for a dollar sign.
    """

    name = "submit"
    usage = "[EXPERIMENT] [options]"
    takes_cell = True

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "experiment",
            nargs="?",
            type=parser.text,
            metavar="EXPERIMENT",
            help="the experiment that the run belongs to; default: the notebook's name",
        )
        options.declare(
            parser,
            parser,
            parameter="a variable in the cell. V is a Python literal (1e-3, [1, 2], True), else "
            "text; $name gives a variable with its type",
        )
        parser.add_argument(
            "--auto-env",
            action="store_true",
            help="an environment of what the cell imports, in the versions of this kernel",
        )
        declare_showing(parser)

    def __call__(self, args: Namespace, cell: str) -> Run | None:
        """Check the cell, send it, and return its Run."""
        parameters = sending.unique(args.param, "-p")
        experiment = ids.experiment_name(args.experiment or self.session.default_experiment)
        offset = notebook.lines_above(self.session.raw_cell, cell)
        cells.check(
            cell,
            offset=offset,
            parameters=list(parameters),
            here=self.session.names,
            inputs=self.session.inputs,
        )
        config = ScriptRunConfig.from_cell(
            cell,
            parameters=parameters,
            include=args.include,
            base=None,
            line_offset=offset,
            source_directory=args.source,
            environment=self._environment(args, cell, experiment, offset),
        )
        self.note(sending.missing_note(config, cell, self.session.workspace))
        return self.send(config, args, experiment, cell)

    def _environment(
        self, args: Namespace, cell: str, experiment: str, offset: int
    ) -> Environment | None:
        if not args.auto_env:
            return sending.environment(args, self.session.workspace, experiment)
        sending.check_one(args)
        made = environment.of_imports(
            cell, args, name=sending.environment_name(experiment), offset=offset
        )
        return sending.checked(made, self.session.workspace)
