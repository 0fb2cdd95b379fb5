"""Runs a cell as a script: parameters are variables, line numbers stay, `await` works."""

from __future__ import annotations

import ast
import asyncio
import builtins
import inspect
import json
import os
import sys
import traceback
from types import ModuleType
from typing import Any


def main(path: str) -> int:
    """Run the file as `__main__`; return the exit code."""
    where = os.path.abspath(path)
    sys.argv = [path]
    # A module of its own, so that nothing of this runner is to be seen from the cell.
    cell = ModuleType("__main__")
    names = cell.__dict__
    names.update(_parameters(), __file__=where, __builtins__=builtins)
    sys.modules["__main__"] = cell
    try:
        with open(where, encoding="utf-8") as file:
            code = compile(file.read(), where, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        result = eval(code, names)
        if inspect.iscoroutine(result):
            asyncio.run(result)
    except SystemExit:
        raise
    except BaseException as error:
        _print(error, where)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _parameters() -> dict[str, Any]:
    folder = os.environ.get("AML_RUN_DIR")
    if folder is None:
        return {}
    with open(os.path.join(folder, "run.json"), encoding="utf-8") as file:
        return dict(json.load(file)["parameters"])


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
