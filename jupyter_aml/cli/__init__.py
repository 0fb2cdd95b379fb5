"""`jupyter aml VERB`: one file per verb, imported when it is used."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Protocol, cast

from jupyter_aml._version import __version__
from jupyter_aml.cli import codes
from jupyter_aml.domain.errors import AmlError, Unreachable

VERBS: Mapping[str, str] = {
    "submit": "send a script off as a tracked run",
    "ls": "list runs, newest first",
    "show": "print what a run is and what became of it",
    "logs": "print what a run printed, and go on until it ends",
    "wait": "wait until runs have ended",
    "cancel": "ask runs to end",
    "metrics": "print what a run logged",
    "files": "list or fetch the files of a run",
    "compare": "print runs side by side, or all in which two differ",
    "export": "write runs as plain files and tables",
    "rm": "delete runs that have ended",
    "prune": "delete old runs and what was built for them",
    "run": "run a script here, with the names of SDK v1",
    "doctor": "check all that runs need, and say how to mend it",
    "config": "list the settings, read or write one",
    "env": "list, show, build, compare, register, delete and prune environments",
    "compute": "list, show, create, attach, resize, start, stop and delete compute targets",
    "models": "list, show, register, fetch, name and delete models",
    "register": "register a file of a run as a model",
    "data": "list datastores, copy files to and from them; list and show data sets",
    "secret": "set, list and forget secrets of the vault",
    "workspace": "make, list and delete workspaces",
    "token": "make, list and revoke tokens of plain HTTP clients",
    "az": "do what notebooks ask of the retired `az ml`",
    "kernel": "make environments kernels of notebooks",
    "serve": "answer for a root where no Jupyter server runs",
    "reindex": "write the database again from the run folders alone",
}
"""Every verb with its one line of help; the verb `x` lives in `jupyter_aml/cli/x.py`."""


class Verb(Protocol):
    """What the module of a verb holds."""

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare what the verb takes."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it, and return the exit code; raises AmlError for what the user can cure."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; return its exit code. An AmlError is one line on stderr."""
    for stream in (sys.stdout, sys.stderr):
        # What a terminal cannot show is no reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if argv is None else argv)
    args = _read(given)
    if args.root is not None:
        args.root = os.environ["AML_ROOT"] = os.path.abspath(os.path.expanduser(args.root))
        # What is said on the command line goes before the way that a run or kernel was given.
        for name in ("AML_SOCKET", "AML_URL"):
            os.environ.pop(name, None)
    try:
        code = _verb(args.verb).run(args)
        sys.stdout.flush()
        return code
    except AmlError as error:
        print(f"jupyter aml: {error}", file=sys.stderr)
        return codes.UNREACHABLE if isinstance(error, Unreachable) else codes.FAULT
    except KeyboardInterrupt:
        return codes.INTERRUPTED
    except BrokenPipeError:
        # Python would flush what is left once more at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return codes.PIPE_CLOSED


def _read(given: Sequence[str]) -> argparse.Namespace:
    parser = _parser(given)
    args, others = parser.parse_known_args(_joined(given))
    if others:
        # Words behind an option belong to those before it, which argparse does not see.
        several: str | None = getattr(args, "several", None)
        if several is None or any(word.startswith("-") for word in others):
            parser.error(f"unrecognized arguments: {' '.join(others)}")
        getattr(args, several).extend(others)
    return args


def _joined(given: Sequence[str]) -> list[str]:
    """The words with `--sort -created` as one, which argparse would take for two options."""
    words: list[str] = []
    for word in given:
        if words and words[-1] == "--sort" and word.startswith("-"):
            words[-1] = f"--sort={word}"
        else:
            words.append(word)
    return words


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jupyter aml",
        description="Tracked experiments inside Jupyter.",
        epilog="`jupyter aml VERB --help` tells more of a verb.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument(
        "--root", metavar="FOLDER", help="where the runs are kept (default: $AML_ROOT)"
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, help_line in VERBS.items():
        verb = verbs.add_parser(
            name,
            help=help_line,
            description=help_line,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        # Only the verb at hand is imported: `--help` and `--version` answer at once.
        if name in given:
            _verb(name).arguments(verb)
    return parser


def _verb(name: str) -> Verb:
    return cast(Verb, import_module(f"jupyter_aml.cli.{name}"))
