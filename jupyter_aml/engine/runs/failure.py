"""Says in a sentence why a script failed, from its exit record and the end of its console."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from jupyter_aml.domain.errors import Invalid, Refused
from jupyter_aml.domain.run import Failure, Run
from jupyter_aml.domain.run_limits import amount
from jupyter_aml.engine.runs import traceback as tracebacks
from jupyter_aml.engine.runs.traceback import HEAD, Traceback
from jupyter_aml.runfolder.layout import RunFolder, checked
from jupyter_aml.runfolder.plain import NotPlain, plain, read_plain

_TAIL = 64 * 1024
_GROUP = f"  + Exception Group {HEAD}"
_OUTSIDE = re.compile(rf"^{re.escape(HEAD)}", re.MULTILINE)
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LAST_LINE = 2000
_NEARLY = 0.95
_MORE = "give it more with --memory, or let it hold less at a time"
NOTHING: Mapping[str, float] = {}
_FRAME = re.compile(r'\s+File "(?P<file>[^"]+)", line (?P<line>\d+)')
_MODULE = re.compile(r"No module named '([^']+)'")
_NO_MEMORY = re.compile(r"([\w.]+\.)?_?(Array)?MemoryError\b")
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


def read_script(run: Run, folder: RunFolder) -> str | None:
    """Return the run's script, with the lines of a cell as the editor counts them; None without."""
    if run.script is None:
        return None
    try:
        place = folder.snapshot.joinpath(*checked(run.script).split("/"))
        above = "\n" * (run.job.line_offset if run.job else 0)
        return above + read_plain(place).decode("utf-8", "replace")
    except (OSError, Invalid, Refused):
        return None


def explain(
    run: Run,
    *,
    exit_code: int | None,
    why: str | None,
    console: str,
    code: str | None = None,
    resources: Mapping[str, float] = NOTHING,
) -> Failure:
    """Say why the run failed: the exception that ended the script, where there is one.

    `code` is the script, with the lines that tracebacks tell; `resources` what its backend tells
    that it took.
    """
    if why == "memory":
        return Failure(
            message=f"the script was ended {out_of_memory(resources)}",
            code="OutOfMemory",
            hint=_MORE,
        )
    failure = _explained(run, exit_code=exit_code, why=why, console=console, code=code)
    if resources.get("oomKills"):
        told = f"a process of the script was ended {out_of_memory(resources)}: {_MORE}"
        return replace(failure, hint=told)
    return failure


def out_of_memory(resources: Mapping[str, float]) -> str:
    """Say what memory was used up, and how much of it there was, as far as that is known."""
    limit, peak = resources.get("memoryLimit"), resources.get("memoryPeak")
    # Somebody else may have used up what both had together.
    is_own = limit is not None and (peak is None or peak >= limit * _NEARLY)
    said = "because there was no memory left on its machine"
    if limit is not None and is_own:
        said = f"for using more than {amount(limit)} of memory"
    return said if peak is None else f"{said}; its peak was {amount(peak)}"


def _explained(
    run: Run, *, exit_code: int | None, why: str | None, console: str, code: str | None
) -> Failure:
    if why == "timeout":
        limit = run.job.timeout if run.job else None
        return Failure(message=f"ended after its time limit of {limit}", code="Timeout")
    if why and why != "canceled":
        return Failure(message=why, code="ServiceError")
    told = _exception(run, console, code)
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


def _exception(run: Run, console: str, code: str | None) -> Failure | None:
    group = _group(console)
    found = [group] if group is not None else tracebacks.last(console)
    ended = (each for each in found if each.error and each.ended(run.script, code))
    traceback = next(ended, None)
    if traceback is None or traceback.error is None:
        return _syntax_error(run, console)
    message = _message(traceback.error)
    file, line = _place(run, traceback.text)
    return Failure(
        message=message,
        type=traceback.error["type"],
        line=line,
        file=file,
        hint=_hint(run, message),
        traceback=traceback.text,
    )


def _message(error: re.Match[str]) -> str:
    """The exception in the words of Python, without the empty lines around them."""
    text = (error["text"] or "").strip()
    return f"{error['type']}: {text}" if text else error["type"]


def _group(console: str) -> Traceback | None:
    """A group of exceptions at the end as if it were one traceback, without its frame."""
    group = console.rfind(_GROUP)
    if group < 0 or _OUTSIDE.search(console, group + len(_GROUP)):
        return None
    lines = console[group:].splitlines()
    inner = (line.removeprefix("  | ") for line in lines[1:] if line.startswith("  | "))
    return Traceback("\n".join([HEAD, *inner]))


def _syntax_error(run: Run, console: str) -> Failure | None:
    lines = console.rstrip().splitlines()
    if not lines or not re.match(r"(Syntax|Indentation|Tab)Error: ", lines[-1]):
        return None
    file, line = _place(run, "\n".join(lines[-5:]))
    kind = lines[-1].split(":", 1)[0]
    return Failure(message=lines[-1], type=kind, line=line, file=file)


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
    limit = None if run.job is None else run.job.limits.memory
    if limit is not None and _NO_MEMORY.match(message):
        return f"it may have {amount(limit)} of memory: {_MORE}"
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
