"""Reads tracebacks in a console, and tells the one that ended the script from those it survived."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

HEAD = "Traceback (most recent call last):"
_STARTS = re.compile(rf"^{re.escape(HEAD)}\s*$", re.MULTILINE)
_FRAME = re.compile(r'  File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<name>.*))?')
_ERROR = re.compile(r"(?P<type>[^\W\d][\w.<>]*)(?:: ?(?P<text>.*))?\Z", re.DOTALL)
_SURVIVED = ("Exception in thread ", "Exception ignored in", "Task exception was never retrieved")
"""What stands above a traceback that ends a thread or a task, and not the script."""
_OTHER = re.compile("^(?:" + "|".join(map(re.escape, _SURVIVED)) + ")", re.MULTILINE)
_OF_NOTEBOOK = re.compile(r" \(in cell \[\d+\]\)\Z")
"""How the runner of notebooks ends what it says last."""
_MOST_LINES, _MOST = 12, 2000
_LOOKED_AT = 20


@dataclass(frozen=True)
class Traceback:
    """A traceback as Python prints it, with what the console says below it."""

    text: str
    above: str = ""
    """The line above it."""
    is_newest: bool = True
    """Whether no other one stands below it."""

    @cached_property
    def _rows(self) -> tuple[list[str], list[str]]:
        """The frames with their code, and what begins with the exception."""
        rows = self.text.splitlines()[1:]
        end = next((i for i, row in enumerate(rows) if row and not row[0].isspace()), len(rows))
        return rows[:end], rows[end:]

    @cached_property
    def error(self) -> re.Match[str] | None:
        """The exception: its type, and its message in one line or several."""
        said = "\n".join(self._rows[1][:_MOST_LINES]).rstrip()
        return _ERROR.match(said[:_MOST])

    @property
    def is_last_word(self) -> bool:
        """Whether nothing stands below the line with the exception."""
        return self.is_newest and not any(row.strip() for row in self._rows[1][1:])

    @property
    def first_frame(self) -> re.Match[str] | None:
        """The outermost frame."""
        return next((found for row in self._rows[0] if (found := _FRAME.match(row))), None)

    def ended(self, script: str | None, code: str | None) -> bool:
        """Whether this one ended the script, which the run knows by that name and sent as `code`.

        Python prints an exception that nobody catches from the module on, and a handler prints it
        from the function that has the handler on. Only where that is the module itself nothing
        but the end of the console can tell.
        """
        if self.above.startswith(_SURVIVED):
            return False
        if script is None or self.is_last_word or _OF_NOTEBOOK.search(self.text):
            return True
        frame = self.first_frame
        if frame is None or frame["name"] != "<module>" or not _is_file(frame["file"], script):
            return False
        return code is None or not _is_guarded(code, int(frame["line"]))


def last(console: str) -> Iterator[Traceback]:
    """The tracebacks of the console, the last first."""
    starts = [found.start() for found in _STARTS.finditer(console)]
    end = len(console)
    for start in starts[: -_LOOKED_AT - 1 : -1]:
        above = console[:start].rstrip().rpartition("\n")[2]
        yield Traceback(_own(console[start:end]), above, is_newest=end == len(console))
        end = start


def _own(text: str) -> str:
    """The text up to where Python begins to tell of something else."""
    found = _OTHER.search(text)
    return (text if found is None else text[: found.start()]).rstrip()


def _is_file(path: str, script: str) -> bool:
    return path == script or path.endswith(f"/work/{script}")


def _is_guarded(code: str, line: int) -> bool:
    """Whether the line of the module stands where an exception may be caught."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(
        statement.lineno <= line <= (statement.end_lineno or line)
        for node in ast.walk(tree)
        if isinstance(node, ast.Try | ast.TryStar) and node.handlers
        for statement in node.body
    )
