"""Says in a sentence why a script failed, from its exit record and the end of its console."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from jupyter_aml.domain.run import Failure, Run
from jupyter_aml.runfolder.plain import NotPlain, plain

_TAIL = 64 * 1024
_TRACEBACK = "Traceback (most recent call last):"
_GROUP = f"  + Exception Group {_TRACEBACK}"
_OUTSIDE = re.compile(rf"^{re.escape(_TRACEBACK)}", re.MULTILINE)
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LAST_LINE = 2000
_FRAME = re.compile(r'\s+File "(?P<file>[^"]+)", line (?P<line>\d+)')
_ERROR = re.compile(r"(?P<type>[A-Za-z_][\w.]*)(?:: (?P<text>.*))?\Z")
_MODULE = re.compile(r"No module named '([^']+)'")
_FILE = re.compile(r"No such file or directory: '([^']+)'")


def read_end(console: Path) -> str:
    """Return the last 64 KB of the console as text; empty where there is none."""
    try:
        with open(console, "rb", opener=plain) as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL))
            return file.read().decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError, NotPlain):
        return ""


def explain(run: Run, *, exit_code: int | None, why: str | None, console: str) -> Failure:
    """Say why the run failed: the exception of the script where there is one."""
    if why == "timeout":
        limit = run.job.timeout if run.job else None
        return Failure(message=f"ended after its time limit of {limit}", code="Timeout")
    if why and why != "canceled":
        return Failure(message=why, code="ServiceError")
    told = _exception(run, console)
    if told is not None and _may_be_uncaught(run, exit_code):
        return told
    if exit_code is not None and exit_code < 0:
        return Failure(message=_signal(-exit_code), code="Killed")
    if exit_code is None:
        return Failure(message="nobody saw how the script ended", code="ServiceError")
    said = _last_line(console)
    tail = f"; its last line: {said}" if said else ""
    return Failure(message=f"the script ended with exit code {exit_code}{tail}")


def _may_be_uncaught(run: Run, exit_code: int | None) -> bool:
    """Whether a traceback in the console can be the end: Python ends with 1 after one.

    A cell that was interrupted ends with 130, as a shell says it.
    """
    if run.script is None:
        return exit_code is None or exit_code > 0
    return exit_code in (None, 1, 130)


def _last_line(console: str) -> str:
    lines = _CONTROL.sub("", console[-_LAST_LINE:]).splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")[:200]


def _signal(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    if name == "SIGKILL":
        return "the script was killed (SIGKILL): often the machine ran out of memory"
    return f"the script was ended by {name}"


def _exception(run: Run, console: str) -> Failure | None:
    traceback = _traceback(console)
    if not traceback:
        return _syntax_error(run, console)
    last = _last_words(traceback)
    found = _ERROR.match(last)
    if not found:
        return None
    file, line = _place(run, traceback)
    return Failure(
        message=last,
        type=found["type"],
        line=line,
        file=file,
        hint=_hint(run, last),
        traceback=traceback,
    )


def _traceback(console: str) -> str:
    """The last traceback; a group of exceptions as if it were one, without its frame."""
    group = console.rfind(_GROUP)
    if group >= 0 and not _OUTSIDE.search(console, group + len(_GROUP)):
        lines = console[group:].splitlines()
        inner = (line.removeprefix("  | ") for line in lines[1:] if line.startswith("  | "))
        return "\n".join([_TRACEBACK, *inner])
    start = console.rfind(_TRACEBACK)
    return console[start:].rstrip() if start >= 0 else ""


def _syntax_error(run: Run, console: str) -> Failure | None:
    lines = console.rstrip().splitlines()
    if not lines or not re.match(r"(Syntax|Indentation|Tab)Error: ", lines[-1]):
        return None
    file, line = _place(run, "\n".join(lines[-5:]))
    kind = lines[-1].split(":", 1)[0]
    return Failure(message=lines[-1], type=kind, line=line, file=file)


def _last_words(traceback: str) -> str:
    # The exception stands on the first line after the frames that is not indented.
    lines = traceback.splitlines()[1:]
    for line in lines:
        if line and not line[0].isspace():
            return line.strip()
    return lines[-1].strip() if lines else ""


def _place(run: Run, traceback: str) -> tuple[str | None, int | None]:
    """The innermost frame in a file of the run; the runner of cells counts as the editor does."""
    place: tuple[str | None, int | None] = (None, None)
    for line in traceback.splitlines():
        frame = _FRAME.match(line)
        if frame is None:
            continue
        path = frame["file"]
        marker = f"/{run.id}/work/"
        inside = path.split(marker, 1)[1] if marker in path else path
        if marker in path or (run.script and path == run.script):
            place = (inside, int(frame["line"]))
    return place


def _hint(run: Run, message: str) -> str | None:
    module, file = _MODULE.search(message), _FILE.search(message)
    if module:
        name = module[1].split(".")[0]
        return (
            f"if {name!r} is a file of yours, {_send(run, name + '.py')}; "
            "else install it in the run's environment"
        )
    if file and not file[1].startswith("/"):
        return f"a run sees only what is sent with it: {_send(run, file[1], 'add')}"
    if message == "EOFError: EOF when reading a line":
        return "a run has no keyboard: give it what it asks for as a parameter or an argument"
    return None


def _send(run: Run, path: str, word: str = "send it along with") -> str:
    is_cell = run.job is not None and run.job.line_offset > 0
    return f"{word} --include {path}" if is_cell else f"put {path} into the source_directory"
