"""`jupyter aml compare`: runs side by side, or all in which two of them differ."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from jupyter_aml.cli import asking, codes
from jupyter_aml.domain.errors import Invalid
from jupyter_aml.widgets.labels import told_apart
from jupyter_aml.widgets.plain import cell, columns, duration
from jupyter_aml.wire.runs import WireRun

_STRONG, _PLAIN = "\x1b[1;33m", "\x1b[0m"
_MARK = "*"
_EPILOG = """\
Rows in which the runs differ are marked with `*`, and in a terminal coloured unless NO_COLOR is
set.

  jupyter aml compare digits#3 digits#4 last
  jupyter aml compare --diff digits#3 digits#4
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.epilog = _EPILOG
    asking.options(parser)
    asking.name_run(parser, several=True)
    parser.add_argument(
        "--diff", action="store_true", help="of two runs also packages, git and code"
    )
    parser.add_argument("--changed", action="store_true", help="only rows in which they differ")


def run(args: argparse.Namespace) -> int:
    """Print the table, or the difference."""
    space = asking.workspace(args)
    meant = asking.meant(space, args.runs)
    if len(meant) < 2:
        raise Invalid("name at least two different runs to compare")
    if args.diff:
        if len(meant) != 2:
            raise Invalid(f"--diff is about two runs, and these are {len(meant)}")
        from jupyter_aml.widgets import difference

        found = space.client.runs.difference(meant[0].id, meant[1].id)
        asking.answer(args, found, difference.text(found))
        return codes.DONE
    seen = [each.look() for each in meant]
    rows = [row for row in _rows(seen) if not args.changed or _differs(row)]
    if args.json:
        told = [{"name": name, "values": values, "differs": _differs((name, values))}
                for name, values in rows]  # fmt: skip
        asking.answer(args, {"runs": seen, "rows": told}, "")
    else:
        print("\n".join(_lines(seen, rows)))
    return codes.DONE


Row = tuple[str, list[Any]]


def _rows(seen: Sequence[WireRun]) -> list[Row]:
    rows: list[Row] = [
        ("status", [run["status"] for run in seen]),
        ("duration", [duration(run) or None for run in seen]),
        ("target", [run["target"] for run in seen]),
        ("environment", [run["job"]["environment"] if run["job"] else None for run in seen]),
        ("script", [run["script"] for run in seen]),
        ("arguments", [" ".join(run["arguments"]) or None for run in seen]),
        ("snapshot", [(run["snapshotId"] or "")[:12] or None for run in seen]),
    ]
    kinds: tuple[tuple[str, list[dict[str, Any]]], ...] = (
        ("param.", [run["parameters"] for run in seen]),
        ("metric.", [dict(run["metrics"]) for run in seen]),
        ("tag.", [dict(run["tags"]) for run in seen]),
    )
    for kind, held in kinds:
        for name in dict.fromkeys(name for each in held for name in each):
            rows.append((f"{kind}{name}", [each.get(name) for each in held]))
    return [row for row in rows if any(value is not None for value in row[1])]


def _differs(row: Row) -> bool:
    return any(value != row[1][0] for value in row[1])


def _lines(seen: Sequence[WireRun], rows: Sequence[Row]) -> list[str]:
    names = [f"{run['experiment']} #{run['number']}" for run in seen]
    heads = [cell(name) for name in told_apart(seen, names)]
    texts = [
        [_MARK if _differs(row) else " ", cell(row[0]), *(_shown(value) for value in row[1])]
        for row in rows
    ]
    lines = columns([["", "", *heads], *texts])
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return lines
    return [f"{_STRONG}{line}{_PLAIN}" if line.startswith(_MARK) else line for line in lines]


def _shown(value: Any) -> str:
    return "" if value is None else cell(asking.number(value))
