"""What the two verbs `submit` share: how a run is sent, kept and shown."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from IPython.core.displayhook import DisplayHook

from jupyter_aml.magics import line, notebook
from jupyter_aml.magics.run import waiting
from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.sdk._submit import sending
from jupyter_aml.sdk.core import Run, ScriptRunConfig
from jupyter_aml.widgets.plain import moment


class Sends(Verb):
    """A verb that makes a run."""

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
            return self.session.compute_names() or ["local"]
        return None if name in ("include", "source", "env_file") else []

    def note(self, text: str) -> None:
        """Say something that keeps nothing from being sent."""
        if text:
            print(text, file=sys.stderr)

    def send(
        self, config: ScriptRunConfig, args: Namespace, experiment: str, cell: str
    ) -> Run | None:
        """Send it as the options say, and return its Run; None for a dry run."""
        out = None if args.out is None else line.identifier(args.out)
        tags = sending.unique(args.tag, "-t")
        sending.apply(config, args)
        target = self.session.experiment(experiment)
        told = {
            "display_name": args.name,
            "description": args.desc,
            "origin": notebook.origin(self.session.shell),
        }
        if args.dry_run:
            print(sending.plan(target.dry_run(config, tags=tags, **told)))
            return None
        run = target.submit(config, tags=tags, if_changed=args.if_changed, **told)
        self.session.keep(run, out)
        if args.if_changed and run.seen["endedAt"] is not None:
            print(
                f"Nothing has changed since {experiment} #{run.number} ({run.id}) of "
                f"{moment(run.seen['endedAt'])}: that is the run. No new one was sent."
            )
        return self._shown(run, args, cell)

    def _shown(self, run: Run, args: Namespace, cell: str) -> Run:
        views = self.session.views
        if not args.wait:
            views.prefer(run, args.show)
            if args.show != "none":
                views.expect(run)
            return run
        view = None if is_silenced(cell) else views.open(run, args.show)
        ended = waiting.wait(run, run.look)
        if view is not None:
            view.refresh()
        views.prefer(run, "none")
        if ended is not None:
            waiting.raise_unless_completed(run, ended)
        return run


def declare_showing(parser: Parser) -> None:
    """Declare how long the cell waits, what it shows, and what it leaves behind."""
    rest = parser.add_mutually_exclusive_group()
    rest.add_argument(
        "--wait",
        action="store_true",
        help="wait for the end; a run that fails raises RunFailed. An interrupt detaches, "
        "a second one within 2 s cancels the run",
    )
    rest.add_argument("--detach", action="store_true", help="go on at once (the default)")
    parser.add_argument(
        "--show", choices=("full", "mini", "none"), default="full",
        help="what to show below the cell",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--out", type=parser.text, metavar="VAR", help="variable that receives the Run"
    )


def is_silenced(cell: str) -> bool:
    """Whether the cell ends with the semicolon that hides its value."""
    hook: Any = DisplayHook
    return bool(hook.semicolon_at_end_of_expression(cell))
