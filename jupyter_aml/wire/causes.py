"""Says why and where a run failed, in the one form that page, shell and exceptions share."""

from __future__ import annotations

from jupyter_aml.domain.run import CELL_RUNNER
from jupyter_aml.wire.runs import WireRun


def cause(run: WireRun) -> str:
    """What went wrong, with the place in parentheses; empty for a run without an error."""
    error, where = run["error"], place(run)
    if error is None:
        return ""
    return f"{error['message']} ({where})" if where else error["message"]


def place(run: WireRun) -> str:
    """`cell line 3` as the editor counts, `line 3 of train.py`; empty where it is not known."""
    error = run["error"]
    if error is None or not error["line"]:
        return ""
    if error["file"] in (None, run["script"]) and is_cell(run):
        return f"cell line {error['line']}"
    return f"line {error['line']} of {error['file'] or 'the script'}"


def is_cell(run: WireRun) -> bool:
    """Whether the script of the run is a cell of a notebook."""
    job = run["job"]
    return job is not None and CELL_RUNNER in job["command"]
