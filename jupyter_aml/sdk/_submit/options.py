"""The options of `%aml submit` and of `jupyter aml submit`: what both take, declared once."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, Protocol

OURS = ("--wait", "--follow", "--detach", "--if-changed", "--dry-run")
"""Options that few scripts have, and that are easily written too late."""

Read = Callable[[str], Any]


class Values(Protocol):
    """How the words of a line become values; for argparse."""

    @property
    def text(self) -> Read:
        """A text."""

    @property
    def pair(self) -> Read:
        """`K=V` as two texts."""

    @property
    def parameter(self) -> Read:
        """`K=V` with a typed value."""

    @property
    def span(self) -> Read:
        """A time limit."""


def declare(parser: argparse.ArgumentParser, values: Values, *, parameter: str) -> None:
    """Declare what is sent and how; `parameter` says what a parameter is there."""
    add = parser.add_argument
    add("-n", "--name", type=values.text, help="a name for the run")
    add("-d", "--desc", type=values.text, default="", metavar="TEXT", help="what it is about")
    _several(parser, "-t", "--tag", values.pair, "K=V", "a tag")
    add("-c", "--compute", type=values.text, default="local", metavar="TARGET",
        help="the target to run on")  # fmt: skip
    _several(parser, "-p", "--param", values.parameter, "K=V", f"a parameter: {parameter}")
    _several(
        parser, "--include", "--include", values.text, "GLOB",
        "files to send along, below the current folder; a name that is there goes first",
    )  # fmt: skip
    add("--source", type=values.text, metavar="DIR", help="a folder to send along")
    _environment(parser, values)
    _limits(parser, values)
    add("--priority", type=int, metavar="N", help="runs of a higher one go first; 0 by default")
    add("--timeout", type=values.span, metavar="2h", help="time limit: 90s, 30m, 2h, 1d")
    add(
        "--if-changed",
        action="store_true",
        help="take the newest completed run of the experiment where nothing has changed since: "
        "code, files, parameters, environment and target",
    )
    add("--dry-run", action="store_true", help="say what would be sent where, and send nothing")


def _limits(parser: argparse.ArgumentParser, values: Values) -> None:
    add = parser.add_argument
    add("--cpus", type=values.text, metavar="N", help="cores that the run may use, as 2 or 0.5")
    add(
        "--memory",
        type=values.text,
        metavar="4g",
        help="memory that it may have: 512m, 4g; a run that takes more is ended, and told so",
    )
    add("--gpus", type=values.text, metavar="N", help="GPUs of its own; 0 hides them all")
    add("--processes", type=values.text, metavar="N", help="processes and threads at a time")


def _environment(parser: argparse.ArgumentParser, values: Values) -> None:
    add = parser.add_argument
    add(
        "-e",
        "--env",
        type=values.text,
        metavar="NAME[:VERSION]",
        help="a registered environment to run in; default: the Python that sends it",
    )
    _several(
        parser, "--pip", "--pip", values.text, "'A B==2'",
        "an environment of these packages of the Python index",
    )  # fmt: skip
    _several(
        parser, "--conda", "--conda", values.text, "'python=3.11 A'",
        "conda packages of that environment, and its Python",
    )  # fmt: skip
    add(
        "--env-file",
        type=values.text,
        metavar="FILE",
        help="an environment of a conda specification (.yml) or requirements (.txt)",
    )


def _several(
    parser: argparse.ArgumentParser, short: str, long: str, read: Read, metavar: str, told: str
) -> None:
    parser.add_argument(
        *dict.fromkeys((short, long)),
        type=read,
        action="append",
        default=[],
        metavar=metavar,
        help=f"{told}; may be repeated",
    )
