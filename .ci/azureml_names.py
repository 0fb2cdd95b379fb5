"""Writes jupyter_aml/azureml_names.json, the names of SDK v1 by module, from its surface file.

    python .ci/azureml_names.py SURFACE.json [--check]

The surface file lists public names and signatures of SDK v1 and is not part of this repository;
what is committed is the table of names alone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "jupyter_aml" / "azureml_names.json"

# Courses import these from where SDK v1 did not have them.
EXTRA = {"azureml.core": ["Estimator"]}


def names(module: dict[str, Any]) -> list[str]:
    """Every name that can be imported from the module."""
    found: set[str] = set()
    for key, value in module.items():
        if key in ("reexports", "functions", "module_constants", "incidental_imports"):
            found.update(value)
        else:
            found.add(key)
    return sorted(name for name in found if name.isidentifier())


def table(surface: dict[str, Any]) -> str:
    """The table as JSON, a module a line."""
    rows = [
        f"{json.dumps(name)}: {json.dumps(sorted({*names(surface[name]), *EXTRA.get(name, [])}))}"
        for name in sorted(surface)
    ]
    return "{\n" + ",\n".join(rows) + "\n}\n"


def main(arguments: list[str]) -> int:
    """Write the table, or say whether it is stale."""
    surface = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    fresh = table(surface)
    if "--check" in arguments:
        if TARGET.read_text(encoding="utf-8") != fresh:
            print(f"{TARGET} is stale: run {Path(__file__).name} with the surface file")
            return 1
        return 0
    TARGET.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
