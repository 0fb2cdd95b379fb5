"""`%%aml submit`: run the cell as a tracked experiment."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from IPython.core.displayhook import DisplayHook

from jupyter_aml.domain import ids
from jupyter_aml.magics import line, notebook
from jupyter_aml.magics.cells import checks as cells
from jupyter_aml.magics.run import environment, waiting
from jupyter_aml.magics.verb import Parser, Verb, unique
from jupyter_aml.sdk.core import Run, ScriptRunConfig
from jupyter_aml.sdk.core.environment import Environment
from jupyter_aml.widgets.plain import moment, size
from jupyter_aml.wire.contents import WireDryRun

_SHOWN_FILES = 20


class Submit(Verb):
    """Run this cell as a tracked experiment and go on at once.

    The cell runs as cell.py in a process of its own: it has the parameters of -p and
    nothing else of the notebook. `%%aml` must be the first line of the cell, with no
    comment above it; a backslash at its end continues it on the next line.
    $name in a value stands for a variable of the notebook, $$ for a dollar sign.
    """

    name = "submit"
    usage = "[EXPERIMENT] [options]"
    takes_cell = True

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        add = parser.add_argument
        add(
            "experiment",
            nargs="?",
            type=parser.text,
            metavar="EXPERIMENT",
            help="the experiment that the run belongs to; default: the notebook's name",
        )
        add("-n", "--name", type=parser.text, help="a name for the run")
        add("-d", "--desc", type=parser.text, default="", metavar="TEXT", help="what it is about")
        add(
            "-t",
            "--tag",
            type=parser.pair,
            action="append",
            default=[],
            metavar="K=V",
            help="a tag; may be repeated",
        )
        add("-c", "--compute", type=parser.text, default="local", help="the target to run on")
        add(
            "-p",
            "--param",
            type=parser.parameter,
            action="append",
            default=[],
            metavar="K=V",
            help="a parameter, which is a variable in the cell; may be repeated. V is a Python "
            "literal (1e-3, [1, 2], True), else text; $name gives a variable with its type",
        )
        add(
            "--include",
            type=parser.text,
            action="append",
            default=[],
            metavar="GLOB",
            help="files to send along, below the current folder; may be repeated",
        )
        add("--source", type=parser.text, metavar="DIR", help="a folder to send along")
        environment.arguments(parser)
        add("--timeout", type=parser.span, metavar="2h", help="time limit: 90s, 30m, 2h, 1d")
        rest = parser.add_mutually_exclusive_group()
        rest.add_argument(
            "--wait",
            action="store_true",
            help="wait for the end; a run that fails raises RunFailed. An interrupt detaches, "
            "a second one within 2 s cancels the run",
        )
        rest.add_argument("--detach", action="store_true", help="go on at once (the default)")
        add(
            "--show",
            choices=("full", "mini", "none"),
            default="full",
            help="what to show below the cell",
        )
        add(
            "--if-changed",
            action="store_true",
            help="take the newest completed run of the experiment where nothing has changed since: "
            "code, files, parameters, environment and target",
        )
        add("--dry-run", action="store_true", help="say what would be sent, and send nothing")
        add("-o", "--out", type=parser.text, metavar="VAR", help="variable that receives the Run")

    def complete(self, word: str, before: list[str]) -> list[str]:
        """The experiments that there are."""
        if before:
            return []
        return [self.session.default_experiment, *self.session.cache.get().experiments]

    def complete_option(self, name: str, word: str) -> list[str] | None:
        """Compute targets and environments; file names are for others to complete."""
        if name == "env":
            return self.session.environment_names(word)
        if name == "compute":
            return list(self.session.cache.get().computes) or ["local"]
        return None if name in ("include", "source", "env_file") else []

    def __call__(self, args: Namespace, cell: str) -> Run | None:
        """Check the cell, send it, and return its Run."""
        out = None if args.out is None else line.identifier(args.out)
        parameters = unique(args.param, "-p")
        tags = unique(args.tag, "-t")
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
            compute_target=args.compute,
            source_directory=args.source,
            timeout=args.timeout,
            environment=self._environment(args, cell, experiment, offset),
        )
        environment.check(config, args, self.session)
        target = self.session.experiment(experiment)
        told = {
            "display_name": args.name,
            "description": args.desc,
            "origin": notebook.origin(self.session.shell),
        }
        if args.dry_run:
            print(plan(target.dry_run(config, tags=tags, **told)))
            return None
        run = target.submit(config, tags=tags, if_changed=args.if_changed, **told)
        self.session.keep(run, out)
        if args.if_changed and run.seen["endedAt"] is not None:
            print(
                f"Nothing has changed since {experiment} #{run.number} ({run.id}) of "
                f"{moment(run.seen['endedAt'])}: that is the run. No new one was sent."
            )
        return self._shown(run, args, cell)

    def _environment(
        self, args: Namespace, cell: str, experiment: str, offset: int
    ) -> Environment | None:
        name = f"{experiment[:250]}-env"
        return environment.chosen(args, cell, session=self.session, name=name, offset=offset)

    def _shown(self, run: Run, args: Namespace, cell: str) -> Run:
        views = self.session.views
        if not args.wait:
            views.prefer(run, args.show)
            return run
        view = None if is_silenced(cell) else views.open(run, args.show)
        ended = waiting.wait(run, run.look)
        if view is not None:
            view.refresh()
        views.prefer(run, "none")
        if ended is not None:
            waiting.raise_unless_completed(run, ended)
        return run


def is_silenced(cell: str) -> bool:
    """Whether the cell ends with the semicolon that hides its value."""
    hook: Any = DisplayHook
    return bool(hook.semicolon_at_end_of_expression(cell))


def plan(dry: WireDryRun) -> str:
    """What a dry run found, as text."""
    files = dry["files"]
    listed = [f"  {file['path']}  {size(file['size'])}" for file in files[:_SHOWN_FILES]]
    if len(files) > _SHOWN_FILES:
        listed.append(f"  and {len(files) - _SHOWN_FILES} more")
    rows = [
        f"Nothing was sent. It would go to {dry['target']!r}: {dry['reason']}",
        f"Command: {' '.join(dry['command'])}",
        f"Files ({len(files)}, {size(dry['totalSize'])}):",
        *listed,
    ]
    # Each note says for itself what was left out, and how to send it all the same.
    rows += dry["excluded"][:_SHOWN_FILES]
    return "\n".join(rows)
