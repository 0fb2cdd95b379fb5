"""Lets the Python of a run look at its cell before the run is made, as the magic does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_aml.domain import inherited
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.engine.submit.drafts import Draft
from jupyter_aml.wire.submissions import CellCheck

_LOOK = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from jupyter_aml.sdk._submit.cell_check import main; main()"
)
_PATIENCE = 10.0


def checked(
    drafted: Draft,
    check: CellCheck,
    *,
    python: str | None,
    library: Path,
    keeps_pythonpath: bool,
) -> Draft:
    """The draft, with what is doubtful about its cell as warnings. Blocks.

    Raises Invalid, in the words of the magic, for a cell that cannot run. `python` is that of the
    run where it is known, for only it knows its grammar. A process of its own looks: no code
    stops this one, however deep or long.
    """
    job = drafted.run.job
    assert job is not None
    python = python or sys.executable
    asked = {
        "code": check.code,
        "offset": job.line_offset,
        "parameters": list(drafted.run.parameters),
        "cells": check.cells,
        "sent": [file.path for file in drafted.plan.files],
        "keeps_pythonpath": keeps_pythonpath,
    }
    told = _ask(python, asked, library, _variables(drafted))
    if told is None:
        notes = [f"Note: nobody looked at the cell before: {python} does not answer"]
    elif told["refusal"] is not None:
        raise Invalid(told["refusal"])
    else:
        notes = told["notes"]
    return replace(drafted, run=replace(drafted.run, warnings=(*drafted.run.warnings, *notes)))


def _variables(drafted: Draft) -> dict[str, str]:
    """What a kernel of this Python has; in an environment none of the server's modules."""
    variables = inherited.by_kernel(os.environ)
    if drafted.environment is None and "PYTHONPATH" in os.environ:
        variables["PYTHONPATH"] = os.environ["PYTHONPATH"]
    return variables


def _ask(
    python: str, asked: Mapping[str, Any], library: Path, variables: Mapping[str, str]
) -> dict[str, Any] | None:
    try:
        said = subprocess.run(
            [python, "-c", _LOOK, library],
            input=json.dumps(asked).encode(),
            env=variables,
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=True,
        ).stdout
        told = json.loads(said.splitlines()[-1])
        return {"refusal": told["refusal"], "notes": [str(note) for note in told["notes"]]}
    except (OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError):
        return None
