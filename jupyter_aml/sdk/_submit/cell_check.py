"""Looks at a cell as `%%aml submit` does, for the engine: one JSON object in, another one out."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_aml.domain.cell import checks
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.sdk._submit import modules

_MAGIC = re.compile(r"^([ \t]*)[%!?].*$", re.MULTILINE)


def main() -> None:
    """Read what is asked on stdin, and print what there is to say about it."""
    print(json.dumps(look(**json.load(sys.stdin))))


def look(
    code: str,
    *,
    offset: int,
    parameters: Sequence[str],
    cells: Mapping[str, str],
    sent: Sequence[str],
    keeps_pythonpath: bool,
) -> dict[str, Any]:
    """Say why a cell cannot run by itself (`refusal`), or what is doubtful about it (`notes`).

    `cells` are the notebook's cells by execution count, `sent` the files that go with the run.
    """
    inputs = {int(number): _plain(cell) for number, cell in cells.items()}
    try:
        doubt = checks.examine(
            code, offset=offset, parameters=parameters, cure=lambda name: _cure(name, inputs)
        )
    except Invalid as error:
        return {"refusal": str(error), "notes": []}
    except SyntaxError as error:
        return {"refusal": checks.syntax_sentence(error, offset=offset), "notes": []}
    unreached = {} if keeps_pythonpath else modules.of_pythonpath(code)
    notes = (doubt, modules.note(unreached, sent=sent))
    return {"refusal": None, "notes": [note for note in notes if note]}


def _plain(cell: str) -> str:
    """What defines names in a cell as the page has it, where magics still stand."""
    return "" if cell.lstrip().startswith("%%") else _MAGIC.sub(r"\1pass", cell)


def _cure(name: str, inputs: Mapping[int, str]) -> str:
    known = checks.known_cure(name, inputs)
    if known is not None:
        return known
    return (
        f"{name}: import it, make it in this cell, or send the cell by %%aml submit -p {name}=VALUE"
    )
