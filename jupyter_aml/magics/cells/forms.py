"""Reads a cell as it is meant where `%%aml` is not quite the first line, or lacks a sign."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

from jupyter_aml.magics.completion import positionals
from jupyter_aml.magics.line import join_continued
from jupyter_aml.magics.verb import Parser
from jupyter_aml.sdk._submit.sending import names_a_file

_OURS = re.compile(r"%%aml(?!\w)")
_SUBMIT = re.compile(r"%aml[ \t]+submit(?!\w)")

Lines = list[str]


class Forms:
    """A transformation of IPython's input, which calls it with the lines of each cell."""

    def __init__(self, parser: Callable[[], Parser]) -> None:
        """`parser` reads the line of `%aml submit`."""
        self._parser = parser

    def __call__(self, lines: Lines) -> Lines:
        """The lines with `%%aml` first; `%aml submit` above code is meant as `%%aml submit`."""
        start = next((i for i, line in enumerate(lines) if not _says_nothing(line)), len(lines))
        head, below = "".join(lines[start : start + 1]), lines[start + 1 :]
        if _OURS.match(head):
            # IPython asks whether a line magic was meant where nothing stands below.
            return [head, *(below or ["\n"])]
        if _SUBMIT.match(head) and self._is_of_a_cell(head, below):
            return [f"%{head}", *below]
        return lines

    def _is_of_a_cell(self, head: str, below: Lines) -> bool:
        """Whether code stands below a line that names no script and no notebook."""
        line, code = join_continued(head, "".join(below))
        if all(map(_says_nothing, code.splitlines())):
            return False
        try:
            words = shlex.split(line)[2:]
        except ValueError:
            return True
        if "-h" in words or "--help" in words:
            return False
        return not any(map(names_a_file, positionals(self._parser(), words)))


def _says_nothing(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")
