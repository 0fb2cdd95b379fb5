"""Write labextension/src/wire.ts from the wire and the moves of runs; --check: fail if stale."""

from __future__ import annotations

import inspect
import sys
import types
from pathlib import Path
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from jupyter_aml.domain.run import CELL_RUNNER, MOVES, RunStatus  # noqa: E402
from jupyter_aml.wire import (  # noqa: E402
    asked,
    compute,
    contents,
    datasets,
    datastores,
    environments,
    events,
    facts,
    kernels,
    models,
    protocol,
    run_data,
    runs,
    secrets,
    stored,
)

MODULES = (
    protocol,
    run_data,
    runs,
    contents,
    facts,
    compute,
    environments,
    datastores,
    datasets,
    secrets,
    kernels,
    models,
    asked,
    events,
    stored,
)

TARGET = ROOT / "labextension" / "src" / "wire.ts"
HEAD = "/** The wire as types, never edited: .ci/wire_ts.py writes it from jupyter_aml/wire/. */\n"
PRIMITIVES = {str: "string", int: "number", float: "number", bool: "boolean"}
WIDTH = 100


def typescript(hint: Any) -> str:
    """Spell a type hint in TypeScript."""
    if hint is Any:
        return "unknown"
    if hint == runs.Status:
        return "Status"
    if hint == environments.EnvironmentState:
        return "EnvironmentState"
    if hint is type(None):
        return "null"
    if hint in PRIMITIVES:
        return PRIMITIVES[hint]
    if inspect.isclass(hint) and hasattr(hint, "__total__"):
        return hint.__name__
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return alternatives(hint)
    if origin in (Union, types.UnionType):
        return " | ".join(dict.fromkeys(typescript(one) for one in arguments))
    if origin is list:
        inner = typescript(arguments[0])
        return f"({inner})[]" if " | " in inner and inner[-1] != "]" else f"{inner}[]"
    if origin is dict:
        return f"Record<{typescript(arguments[0])}, {typescript(arguments[1])}>"
    raise TypeError(f"jupyter_aml/wire uses {hint!r}, for which .ci/wire_ts.py has no TypeScript")


def alternatives(hint: Any) -> str:
    """A Literal as a union of texts."""
    return " | ".join(f"'{value}'" for value in get_args(hint))


def comment(text: str | None) -> str:
    """A docstring as a comment block, nothing for none."""
    lines = inspect.cleandoc(text or "").splitlines()
    if not lines:
        return ""
    if len(lines) == 1:
        return f"/** {lines[0]} */\n"
    return "/**\n" + "".join(f" * {line}".rstrip() + "\n" for line in lines) + " */\n"


def declaration(name: str, spelled: str) -> str:
    """A type alias, one alternative a line where it is long."""
    line = f"export type {name} = {spelled};\n"
    if len(line) <= WIDTH:
        return line
    return f"export type {name} =\n  | " + spelled.replace(" | ", "\n  | ") + ";\n"


def moves() -> str:
    """The table of moves between states, and the states that no move leads out of."""
    order = list(RunStatus)
    rows = [
        f"  {status}: [{', '.join(repr(str(one)) for one in order if one in MOVES[status])}]"
        for status in order
    ]
    final = ", ".join(repr(str(status)) for status in order if status.is_final)
    return (
        "/** Which states a run may come to from each. */\n"
        "export const MOVES: Readonly<Record<Status, readonly Status[]>> = {\n"
        + ",\n".join(rows)
        + "\n};\n\n/** The states that no move leads out of. */\n"
        f"export const FINAL: ReadonlySet<Status> = new Set<Status>([{final}]);\n"
    )


def member(key: str, hint: Any, *, total: bool) -> str:
    """One field of an interface."""
    optional = not total
    if get_origin(hint) is NotRequired:
        optional, hint = True, get_args(hint)[0]
    mark, spelled = "?" if optional else "", typescript(hint)
    line = f"  {key}{mark}: {spelled};\n"
    if len(line) <= WIDTH:
        return line
    return f"  {key}{mark}:\n    | " + spelled.replace(" | ", "\n    | ") + ";\n"


def interface(kind: Any) -> str:
    """A TypedDict as an interface."""
    hints, required = get_type_hints(kind, include_extras=True), kind.__required_keys__
    body = "".join(member(key, hint, total=key in required) for key, hint in hints.items())
    return f"{comment(kind.__doc__)}export interface {kind.__name__} {{\n{body}}}\n"


def generate() -> str:
    """The whole of wire.ts, in the order of its modules."""
    parts = [
        HEAD,
        f"/** Grows when a page of one version cannot talk to a server of another. */\n"
        f"export const PROTOCOL = {protocol.PROTOCOL};\n",
        f"export const RUN_MIME = '{stored.RUN_MIME}';\n",
        f"/** The module that runs a cell as a script. */\n"
        f"export const CELL_RUNNER = {CELL_RUNNER!r};\n",
        declaration("Status", alternatives(runs.Status)),
        moves(),
        declaration("EnvironmentState", alternatives(environments.EnvironmentState)),
    ]
    for module in MODULES:
        for name, value in vars(module).items():
            if not name.startswith("Wire"):
                continue
            if not inspect.isclass(value):
                parts.append(declaration(name, typescript(value)))
            elif value.__module__ == module.__name__:
                parts.append(interface(value))
    return "\n".join(parts)


def main() -> int:
    """Write the file, or with --check say whether it is fresh."""
    text = generate()
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(text)
        return 0
    if TARGET.exists() and TARGET.read_text() == text:
        return 0
    print("labextension/src/wire.ts is stale: run python .ci/wire_ts.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
