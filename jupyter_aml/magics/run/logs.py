"""`%aml logs`: print what a run printed."""

from __future__ import annotations

import re
from argparse import Namespace
from collections import deque
from collections.abc import Callable

from IPython.core.error import UsageError

from jupyter_aml.magics.verb import Parser, Verb
from jupyter_aml.runfolder.layout import CONSOLE
from jupyter_aml.sdk._run.log import Log

_LONGEST_LINE = 2000
_MOST_REPEATS = 2
_REPEAT = re.compile(r"[*+]|\{\d*,?\d*\}")


class Logs(Verb):
    """Print the console of a run."""

    name = "logs"
    usage = "RUN [-f] [--tail N] [--grep RE] [--log NAME]"

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments."""
        add = parser.add_argument
        parser.name_run()
        add("-f", "--follow", action="store_true", help="go on until the run ends; interrupt stops")
        add("--tail", type=parser.count, metavar="N", help="the last N lines only")
        add(
            "--grep",
            type=parser.text,
            metavar="RE",
            help="only lines that hold this text or regular expression",
        )
        add(
            "--log",
            type=parser.text,
            metavar="NAME",
            default=CONSOLE,
            help=f"another log; default: {CONSOLE}",
        )

    def complete(self, word: str, before: list[str]) -> list[str]:
        """Runs."""
        return [] if before else self.session.run_names()

    def __call__(self, args: Namespace, cell: str) -> None:
        """Print the lines."""
        wanted = matcher(args.grep)
        run = self.session.find(args.run)
        follow = Log(run, args.log)
        if args.tail is not None and args.grep is None:
            follow.skip_to_the_last(args.tail)
        lines = (line for line in follow.lines() if wanted(line))
        for line in lines if args.tail is None else deque(lines, maxlen=args.tail):
            print(line)
        if args.follow:
            self._follow(follow, wanted)

    def _follow(self, log: Log, wanted: Callable[[str], bool]) -> None:
        try:
            for line in log.coming():
                if wanted(line):
                    print(line)
        except KeyboardInterrupt:
            print(f"Stopped following; the run goes on (%aml cancel {log.run.id} ends it).")


def matcher(pattern: str | None) -> Callable[[str], bool]:
    """Return a test for lines; an expression that could run away is a UsageError.

    Groups may not be repeated, nothing may look around or back, and lines are cut at 2,000
    characters, so the time a line takes is bounded.
    """
    if pattern is None:
        return lambda line: True
    if re.escape(pattern) == pattern.replace(" ", "\\ "):
        return lambda line: pattern in line
    plain = re.sub(r"\\.|\[\]?[^\]]*\]", "x", pattern)
    if re.search(r"\)\s*(?:[*+?]|\{)|\(\?(?!:)", plain) or re.search(r"\\[1-9]", pattern):
        raise UsageError(
            f"--grep {pattern!r}: repeated groups, look-around and back-references are not taken"
        )
    if len(_REPEAT.findall(plain)) > _MOST_REPEATS:
        raise UsageError(f"--grep {pattern!r}: at most {_MOST_REPEATS} repeats (* + {{n,m}})")
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"--grep {pattern!r} is not a regular expression: {error}") from None
    return lambda line: compiled.search(line[:_LONGEST_LINE]) is not None
