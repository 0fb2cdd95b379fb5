"""What the verbs that ask an engine share: where it is, how they answer, when they ask back."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_aml.domain.errors import Refused
from jupyter_aml.sdk._run.references import FORMS, References
from jupyter_aml.sdk.core import Workspace
from jupyter_aml.widgets.plain import cell, clean, columns

if TYPE_CHECKING:
    from jupyter_aml.sdk.core.run import Run

Do = Callable[[argparse.Namespace], int]

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([hdw])\Z")
_DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0}


def options(parser: argparse.ArgumentParser) -> None:
    """Declare what every verb that asks an engine takes."""
    parser.add_argument(
        "--workspace",
        metavar="NAME",
        help="default: the one that config.json names here or above, else `default`",
    )
    as_json(parser)


def as_json(parser: argparse.ArgumentParser) -> None:
    """Declare `--json`, which every verb takes; `answer` obeys it."""
    parser.add_argument("--json", action="store_true", help="print JSON")


class Verbs:
    """The verbs below a verb, such as `ls` and `show` below `env`."""

    def __init__(
        self,
        parser: argparse.ArgumentParser,
        *,
        takes: Callable[[argparse.ArgumentParser], None] = options,
        otherwise: Mapping[str, Any] | None = None,
    ) -> None:
        """`takes` declares what every one of them takes.

        With `otherwise` none has to be said: that is what its arguments then are, `do` among them.
        """
        self._takes = takes
        self._verbs = parser.add_subparsers(
            dest="inner", metavar="VERB", required=otherwise is None
        )
        parser.set_defaults(**otherwise or {})

    def add(self, name: str, do: Do, told: str) -> argparse.ArgumentParser:
        """Declare one; what every such verb takes is declared with it."""
        parser = self._verbs.add_parser(name, help=told, description=told)
        self._takes(parser)
        parser.set_defaults(do=do, parser=parser)
        return parser


def name_run(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """Declare the run, or the runs, that the verb is about."""
    parser.add_argument(
        "runs" if several else "run", metavar="RUN", nargs="+" if several else None, help=FORMS
    )
    if several:
        parser.set_defaults(several="runs")


def meant(space: Workspace, texts: Sequence[str]) -> list[Run]:
    """The runs that are named, each once; NotFound tells what comes near."""
    from jupyter_aml.sdk.core.run import Run

    references = References(space.client, space.name)
    found = {seen["runId"]: seen for seen in map(references.find, texts)}
    return [Run.from_wire(space, seen) for seen in found.values()]


def one(args: argparse.Namespace) -> Run:
    """The run that is named."""
    return meant(workspace(args), [args.run])[0]


def workspace(args: argparse.Namespace) -> Workspace:
    """The workspace that is meant; starts an engine for the root where none answers."""
    return Workspace.from_config() if args.workspace is None else Workspace.get(args.workspace)


def answer(args: argparse.Namespace, found: Any, text: str) -> None:
    """Print what was found: as JSON where that is asked, else as text for people."""
    print(json.dumps(found, indent=2) if args.json else clean(text))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], nothing: str) -> str:
    """Rows below their heads; what to say where there are none."""
    if not rows:
        return nothing
    return "\n".join(columns([heads, *([cell(text) for text in row] for row in rows)]))


def number(value: Any) -> str:
    """A number as people read it; anything else as it is."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return "nan" if value is None else str(value)


def days(text: str) -> float:
    """Read a time such as `12h`, `30d` or `4w` as days; for argparse."""
    found = _SPAN.match(text.strip().lower())
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time: write 12h, 30d or 4w")
    return float(found[1]) * _DAYS[found[2]]


def tell(text: str) -> None:
    """Say something that is no part of the answer."""
    print(clean(text), file=sys.stderr)


def confirm(question: str) -> bool:
    """Whether the user says yes; Refused where nobody can be asked."""
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if not sys.stdin.isatty():
        print(file=sys.stderr)
        raise Refused("nobody can be asked here: add --yes")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


class Progress:
    """What is done now, on stderr: written over in a terminal, else a line for each step."""

    def __init__(self) -> None:
        self._length = 0
        self._is_terminal = sys.stderr.isatty()

    def say(self, text: str) -> None:
        """Tell the next step."""
        if not self._is_terminal:
            tell(text)
            return
        shown = cell(text)
        print(f"\r{shown.ljust(self._length)}", end="", file=sys.stderr, flush=True)
        self._length = len(shown)

    def clear(self) -> None:
        """Leave nothing of it in a terminal."""
        if self._length:
            print(f"\r{' ' * self._length}\r", end="", file=sys.stderr, flush=True)
        self._length = 0
