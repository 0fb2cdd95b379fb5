"""`%aml ls`: list runs."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from IPython.core.error import UsageError

from jupyter_aml.domain.run import RunStatus
from jupyter_aml.magics.table import RunTable
from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.sdk._run import filters

_MOST = 500
_STATES = {"active": "active", **{status.value.lower(): status.value for status in RunStatus}}


class Ls(Verb):
    """List runs, newest first.

    The filter is a line of words that must all hold: status:failed, experiment:NAME,
    tag.KEY:VALUE, param.KEY:VALUE, parent:RUNID, rmse<50, and plain words for id, name and script.
    """

    name = "ls"
    usage = "[--exp E] [--state S] [--limit N] [--filter F] [--children]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        add = parser.add_argument
        add("--exp", type=parser.text, metavar="E", help="runs of this experiment only")
        add(
            "--state",
            type=parser.text,
            metavar="S",
            help="active, or states such as running or failed,canceled",
        )
        add("--limit", type=parser.count, metavar="N", default=20, help="how many; default: 20")
        add("--children", action="store_true", help="also runs that are children of others")
        add("--filter", type=parser.text, metavar="F", help="see above")

    def complete_option(self, name: str, word: str) -> list[str] | None:
        """Experiments and states."""
        if name == "exp":
            return list(self.session.cache.get().experiments)
        return list(_STATES) if name == "state" else []

    def __call__(self, args: Namespace, cell: str) -> RunTable:
        """Return the table."""
        if args.limit > _MOST:
            raise UsageError(f"--limit {args.limit}: at most {_MOST} runs are listed at once")
        words = [] if args.state is None else [f"status:{_states(args.state)}"]
        words += [] if args.filter is None else [args.filter]
        if not args.children and "parent:" not in (args.filter or ""):
            words.append(filters.line(parent="none"))
        query: dict[str, Any] = {"limit": args.limit}
        if args.exp is not None:
            query["experiment"] = args.exp
        if words:
            query["filter"] = " ".join(words)
        page = self.session.runs(**query)
        runs = [self.session.as_run(run) for run in page["runs"]]
        return RunTable(page["runs"], runs, page["total"])


def _states(text: str) -> str:
    states = []
    for word in text.split(","):
        state = _STATES.get(word.strip().lower())
        if state is None:
            raise UsageError(f"{word!r} is not a state of a run: {', '.join(_STATES.values())}")
        states.append(state)
    return ",".join(states)
