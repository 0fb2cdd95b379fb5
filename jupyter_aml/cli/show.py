"""`jupyter aml show`: one run in full."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from jupyter_aml.cli import asking, codes, following
from jupyter_aml.domain.run_limits import Limits
from jupyter_aml.widgets.plain import clean, columns, moment
from jupyter_aml.wire.runs import WireRun


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    asking.options(parser)
    asking.name_run(parser)


def run(args: argparse.Namespace) -> int:
    """Print it."""
    found = asking.one(args)
    # What its script said a moment ago is taken in first.
    seen = found.look()
    asking.answer(args, seen, _text(seen))
    return codes.DONE


def _text(seen: WireRun) -> str:
    job = seen["job"]
    rows = [
        ("name", seen["displayName"]),
        ("about", seen["description"]),
        ("created", moment(seen["createdAt"])),
        ("started", moment(seen["startedAt"])),
        ("ended", moment(seen["endedAt"])),
        ("target", seen["target"]),
        ("limits", Limits.from_json(job.get("limits")).words() if job else None),
        ("priority", str(job["priority"]) if job and job.get("priority") else None),
        ("environment", job["environment"] if job else None),
        ("command", " ".join(job["command"]) if job else None),
        ("parent", seen["parentId"]),
        ("reason", seen["reason"]),
        ("exit code", None if seen["exitCode"] is None else str(seen["exitCode"])),
        *(("warning", each) for each in seen["warnings"]),
    ]
    parts = [following.sentence(seen), *columns([[f"  {k}", clean(v)] for k, v in rows if v])]
    for title, held in (("parameters", seen["parameters"]), ("metrics", seen["metrics"]),
                        ("tags", seen["tags"]), ("properties", seen["properties"])):  # fmt: skip
        parts += _section(title, held)
    error = seen["error"]
    if error is not None:
        parts += [error["traceback"].rstrip()] if error["traceback"] else []
        parts += [f"hint: {error['hint']}"] if error["hint"] else []
    return "\n".join(parts)


def _section(title: str, held: Mapping[str, Any]) -> list[str]:
    if not held:
        return []
    return [f"{title}:", *columns([[f"  {k}", asking.number(v)] for k, v in held.items()])]
