"""The environment of what a cell imports: `%%aml submit --auto-env`."""

from __future__ import annotations

import glob
from argparse import Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path

from IPython.core.error import UsageError

from jupyter_aml.domain.cell import names
from jupyter_aml.magics.env import installed
from jupyter_aml.sdk._submit.command_line import of_packages
from jupyter_aml.sdk.core.environment import Environment

_OURS = ("azureml", "jupyter_aml")
"""Modules that every run can import, whatever its environment."""


def of_imports(cell: str, args: Namespace, *, name: str, offset: int) -> Environment:
    """An environment of what the cell imports, in the versions of this kernel.

    `offset` lines stand above the cell in the editor. Raises UsageError for what is not there.
    """
    return of_packages(name, pip=_imported(cell, args, offset), conda=())


def _imported(cell: str, args: Namespace, offset: int) -> Sequence[str]:
    """What brings the modules that the cell imports; says what it chose."""
    found = [each for each in names.imports(cell) if not _is_sent(each.top, args)]
    wanted = [each for each in found if each.top not in _OURS]
    there, missing = installed.of_modules([each.module for each in wanted])
    lines = {each.module: each.line + offset for each in wanted if not each.is_optional}
    unknown = {module.partition(".")[0]: lines[module] for module in missing if module in lines}
    if unknown:
        raise UsageError(_advice(unknown))
    if there.left_out:
        told = "; ".join(f"{name} was installed {why}" for name, why in there.left_out.items())
        raise UsageError(
            f"--auto-env: {told}, where an environment cannot get it: send the code with "
            "--source or --include, and name its packages with --pip"
        )
    listed = ", ".join(there.requirements) or "no packages"
    print(f"Environment of this cell's imports: Python {installed.PYTHON}, {listed}")
    return there.requirements


def _advice(unknown: dict[str, int]) -> str:
    said = ", ".join(f"{name!r} (line {line})" for name, line in unknown.items())
    local = [name for name in unknown if Path(f"{name}.py").is_file() or Path(name).is_dir()]
    cures = [
        f"{name}: send it along with --include "
        + (f"{name}.py" if Path(f"{name}.py").is_file() else f"'{name}/**'")
        for name in local
    ]
    if len(local) < len(unknown):
        cures.append("install them here first, or name the packages with --pip instead")
    return f"--auto-env: the cell imports {said}, not installed in this kernel. {'; '.join(cures)}"


def _is_sent(module: str, args: Namespace) -> bool:
    """Whether the module is a file or folder that goes with the cell."""
    parts = (module, f"{module}.py")
    if args.source is not None and any((Path(args.source) / part).exists() for part in parts):
        return True
    return any(
        Path(path).parts[:1] in [(part,) for part in parts]
        for pattern in args.include
        for path in _found(pattern)
    )


def _found(pattern: str) -> Iterable[str]:
    """The files that are meant: one of that very name goes before the pattern."""
    return [pattern] if Path(pattern).exists() else glob.iglob(pattern, recursive=True)
