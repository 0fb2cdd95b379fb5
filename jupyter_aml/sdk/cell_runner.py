"""Runs a cell as a script: parameters are variables, lines are the editor's, `await` works."""

from __future__ import annotations

import ast
import asyncio
import builtins
import inspect
import json
import linecache
import os
import sys
import traceback
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_AGAIN = "jupyter_aml.sdk._cell"
"""What child processes import in place of the cell, and what launchers start again."""


def main(path: str) -> int:
    """Run the file as `__main__`; return the exit code."""
    where = os.path.abspath(path)
    sys.argv = [path]
    # A module of its own, so that nothing of this runner is to be seen from the cell.
    cell = sys.modules["__main__"] = ModuleType("__main__")
    return _run(cell.__dict__, where)


def again(names: dict[str, Any]) -> None:
    """Run the cell of this run once more, in the names of a module that was made for it.

    A child process of multiprocessing calls it `__mp_main__`, as it does with a script.
    """
    where = os.path.join(os.environ.get("AML_RUN_DIR", ".."), "work", "cell.py")
    if names["__name__"] != "__main__":
        _execute(names, where)
        return
    sys.argv[0] = "cell.py"
    sys.exit(_run(names, where))


def _run(names: dict[str, Any], where: str) -> int:
    try:
        _execute(names, where)
    except SystemExit:
        raise
    except BaseException as error:
        _print(error, where)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _execute(names: dict[str, Any], where: str) -> None:
    run = _record()
    source = _as_edited(where, run)
    # The flags of this very module, `annotations` among them, are not the cell's.
    code = compile(source, where, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    names.update(
        __annotations__={}, __builtins__=builtins, __cached__=None, __doc__=None, __file__=where,
        __package__="", __spec__=ModuleSpec(_AGAIN, None), **run.get("parameters", {}),
    )  # fmt: skip
    result = eval(code, names)
    if inspect.iscoroutine(result):
        asyncio.run(result)


def _as_edited(where: str, run: dict[str, Any]) -> str:
    """The cell with as many lines above it as the editor shows, `%%aml` and what is before it.

    So its errors, its warnings and whatever else counts its lines say the number that the user
    sees. Who looks for the text of a line finds it there.
    """
    with open(where, encoding="utf-8") as file:
        source = "\n" * ((run.get("job") or {}).get("lineOffset") or 0) + file.read()
    # Without a time of change it is not read anew from the file, whose lines have other numbers.
    linecache.cache[where] = (len(source), None, source.splitlines(keepends=True), where)
    return source


def _record() -> dict[str, Any]:
    folder = os.environ.get("AML_RUN_DIR")
    if folder is None:
        return {}
    with open(os.path.join(folder, "run.json"), encoding="utf-8") as file:
        return dict(json.load(file))


def _print(error: BaseException, where: str) -> None:
    # The frames of this runner above the cell are nobody's business.
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename != where:
        frames = frames.tb_next
    if frames is not None:
        error = error.with_traceback(frames)
    elif isinstance(error, SyntaxError):
        error = error.with_traceback(None)
    sys.stdout.flush()
    traceback.print_exception(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
