"""All in which two runs differ: what was asked, what came out, and the code of both."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from jupyter_aml.domain.errors import AmlError
from jupyter_aml.domain.run import Run
from jupyter_aml.domain.run_data import Input
from jupyter_aml.engine import snapshot
from jupyter_aml.engine.root import Root
from jupyter_aml.engine.run_data import kept
from jupyter_aml.wire.coding import encode_run, finite
from jupyter_aml.wire.facts import WireChange, WireFacts, WireFileChange, WireRunDifference

_LONGEST_TEXT = 1_000_000
"""Bytes of a file beyond which it is not compared line by line."""
_LONGEST_DIFF = 200_000
"""Characters of one diff that are sent."""
_MOST_PAIRS = 25_000_000
"""Lines of one text times lines of the other, beyond which comparing could take minutes."""
_MOST_DIFFS = 200
"""Files whose lines are compared; of the others only their names are told."""


def compare(
    left: Run, right: Run, facts: tuple[WireFacts, WireFacts], *, root: Root
) -> WireRunDifference:
    """Tell in what two runs differ. Reads the files of both; blocks."""
    one, other = facts
    return {
        "left": encode_run(left),
        "right": encode_run(right),
        "facts": _changes(_told(left, one, root), _told(right, other, root)),
        "parameters": _changes(left.parameters, right.parameters),
        "metrics": _changes(_finite(left.metrics), _finite(right.metrics)),
        "packages": _packages_that_differ(one, other),
        "files": list(_files(left, right, root)),
    }


def _changes(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[WireChange]:
    names = dict.fromkeys((*left, *right))
    return [
        {"name": name, "left": left.get(name), "right": right.get(name)}
        for name in names
        if name not in left or name not in right or left[name] != right[name]
    ]


def _finite(metrics: Mapping[str, Any]) -> dict[str, Any]:
    return {name: finite(value) for name, value in metrics.items()}


def _packages_that_differ(one: WireFacts, other: WireFacts) -> list[WireChange]:
    if not one["packages"] or not other["packages"]:
        return []  # Of one of them they are not known.
    return _changes(_packages(one), _packages(other))


def _packages(facts: WireFacts) -> dict[str, str]:
    return {each["name"]: each["version"] for each in facts["packages"]}


def _told(run: Run, facts: WireFacts, root: Root) -> dict[str, Any]:
    """What is known of a run, without what differs between any two runs."""
    git, host = facts["git"], facts["host"]
    told: dict[str, Any] = {
        "status": run.status.value,
        "script": run.script,
        "arguments": " ".join(run.arguments),
        "compute target": None if run.job is None else run.job.target,
        "environment": None if run.job is None else run.job.environment,
        "python": facts["python"],
        "git commit": None if git is None else git["commit"],
        "git branch": None if git is None else git["branch"],
        "git has uncommitted changes": None if git is None else git["isDirty"],
        "host": None if host is None else host["name"],
        "processor": None if host is None else host["processor"],
        "seconds": _seconds(run),
    }
    variables = {} if run.job is None else run.job.environment_variables
    told |= {f"variable {name}": value for name, value in variables.items()}
    told |= {f"tag {name}": value for name, value in run.tags.items()}
    told |= {f"input {each.name}": each.shown for each in _inputs(run, root)}
    return {name: value for name, value in told.items() if value not in (None, "")}


def _inputs(run: Run, root: Root) -> tuple[Input, ...]:
    try:
        return kept.read(root.folder(run)).inputs
    except AmlError:
        return ()


def _seconds(run: Run) -> float | None:
    if run.started_at is None or run.ended_at is None:
        return None
    return round((run.ended_at - run.started_at).total_seconds(), 3)


def _files(left: Run, right: Run, root: Root) -> Iterator[WireFileChange]:
    if left.snapshot_id == right.snapshot_id:
        return
    one, other = _listed(left, root), _listed(right, root)
    compared = 0
    for path in sorted(one.keys() | other.keys()):
        if one.get(path) == other.get(path):
            continue
        state: Literal["added", "removed", "changed", "binary"] = "changed"
        if path not in one:
            state = "added"
        elif path not in other:
            state = "removed"
        compared += 1
        if compared > _MOST_DIFFS:
            yield {"path": path, "state": state, "diff": None}
            continue
        texts = [_text(run, path, root) if path in listed else "" for run, listed in
                 ((left, one), (right, other))]  # fmt: skip
        if texts[0] is None or texts[1] is None:
            yield {"path": path, "state": "binary", "diff": None}
        else:
            yield {"path": path, "state": state, "diff": _diff(path, texts[0], texts[1])}


def _listed(run: Run, root: Root) -> dict[str, str]:
    if run.snapshot_id is None:
        return {}
    manifest = snapshot.read_list(root.folder(run))
    return {each["path"]: each["hash"] for each in manifest["files"]}


def _text(run: Run, path: str, root: Root) -> str | None:
    """The text of a file as it was sent; None for what is no text, or too long to compare."""
    try:
        place: Path = snapshot.stored_file(root.folder(run), path)
        data = place.read_bytes() if place.stat().st_size <= _LONGEST_TEXT else b"\0"
    except (AmlError, OSError):
        return None
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _diff(path: str, left: str, right: str) -> str:
    one, other = left.splitlines(), right.splitlines()
    if _pairs(one, other) > _MOST_PAIRS:
        return f"... too many of its {len(one):,} and {len(other):,} lines differ to compare them"
    lines: list[str] = []
    size = 0
    for line in difflib.unified_diff(one, other, f"left/{path}", f"right/{path}", lineterm=""):
        size += len(line) + 1
        if size > _LONGEST_DIFF:
            lines.append(f"... cut: this diff is longer than {_LONGEST_DIFF:,} characters")
            break
        lines.append(line)
    return "\n".join(lines)


def _pairs(left: list[str], right: list[str]) -> int:
    """How many lines stand against how many, without what both begin and end with."""
    begin = _alike(left, right)
    end = min(_alike(left[::-1], right[::-1]), len(left) - begin, len(right) - begin)
    return (len(left) - begin - end) * (len(right) - begin - end)


def _alike(left: list[str], right: list[str]) -> int:
    pairs = zip(left, right, strict=False)
    differing = (index for index, (one, other) in enumerate(pairs) if one != other)
    return next(differing, min(len(left), len(right)))
