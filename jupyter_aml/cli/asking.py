"""What the verbs that ask an engine share: where it is, how they answer, when they ask back."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from jupyter_aml.domain.errors import Refused
from jupyter_aml.sdk.core import Workspace
from jupyter_aml.widgets.plain import cell, clean, columns

Do = Callable[[argparse.Namespace], int]


class Verbs:
    """The verbs below a verb, such as `ls` and `show` below `env`."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._verbs = parser.add_subparsers(dest="inner", metavar="VERB", required=True)

    def add(self, name: str, do: Do, told: str) -> argparse.ArgumentParser:
        """Declare one; what every such verb takes is declared with it."""
        parser = self._verbs.add_parser(name, help=told, description=told)
        parser.add_argument(
            "--workspace",
            metavar="NAME",
            help="default: the one that config.json names here or above, else `default`",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.set_defaults(do=do, parser=parser)
        return parser


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
