"""Which environment a submitted cell is to run in: the options of `%%aml submit`."""

from __future__ import annotations

import glob
from argparse import Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path

from IPython.core.error import UsageError

from jupyter_aml.domain.cell import names
from jupyter_aml.domain.environment import read_label
from jupyter_aml.magics.env import installed
from jupyter_aml.magics.session import Session
from jupyter_aml.magics.verb import Parser
from jupyter_aml.sdk._submit.command_line import of_file, of_packages
from jupyter_aml.sdk.core import ScriptRunConfig
from jupyter_aml.sdk.core.environment import Environment
from jupyter_aml.widgets.plain import clean

_OURS = ("azureml", "jupyter_aml")
"""Modules that every run can import, whatever its environment."""


def arguments(parser: Parser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add(
        "-e",
        "--env",
        type=parser.text,
        metavar="NAME[:VERSION]",
        help="a registered environment to run in; default: this kernel's own Python",
    )
    add(
        "--pip",
        type=parser.text,
        action="append",
        default=[],
        metavar="'A B==2'",
        help="an environment of these packages of the Python index; may be repeated",
    )
    add(
        "--conda",
        type=parser.text,
        action="append",
        default=[],
        metavar="'python=3.11 A'",
        help="conda packages of that environment, and its Python; may be repeated",
    )
    add(
        "--env-file",
        type=parser.text,
        metavar="FILE",
        help="an environment of a conda specification (.yml) or requirements (.txt)",
    )
    add(
        "--auto-env",
        action="store_true",
        help="an environment of what the cell imports, in the versions of this kernel",
    )


def chosen(
    args: Namespace, cell: str, *, session: Session, name: str, offset: int
) -> Environment | None:
    """The environment that the options ask for, `name` where they describe it; None without any.

    `offset` lines stand above the cell in the editor.
    """
    _check_one(args)
    if args.env is not None:
        return Environment.get(session.workspace, *read_label(args.env))
    if args.env_file is not None:
        return of_file(args.env_file, name)
    if args.auto_env:
        return of_packages(name, pip=_imported(cell, args, offset), conda=())
    if args.pip or args.conda:
        return of_packages(name, pip=args.pip, conda=args.conda)
    return None


def check(config: ScriptRunConfig, args: Namespace, session: Session) -> None:
    """Raise UsageError where the packages of the line or file can be no environment.

    Asked before the run is sent, so that a slip of the pen is neither a failed run nor a version.
    """
    if not (args.pip or args.conda or args.env_file or args.auto_env):
        return
    workspace = session.workspace
    asked = {"workspace": workspace.name, "definition": config.request()["environment"]}
    looked = workspace.client.environments.check(asked)
    if looked["mistakes"]:
        raise UsageError("; ".join(clean(each["message"]) for each in looked["mistakes"]))


def _check_one(args: Namespace) -> None:
    given = {
        "-e": args.env is not None,
        "--pip": bool(args.pip),
        "--conda": bool(args.conda),
        "--env-file": args.env_file is not None,
        "--auto-env": args.auto_env,
    }
    said = [option for option, is_given in given.items() if is_given]
    if len(said) > 1 and said != ["--pip", "--conda"]:
        raise UsageError(
            f"{' and '.join(said)} exclude each other: each says all of the environment "
            "(only --pip and --conda go together)"
        )


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
