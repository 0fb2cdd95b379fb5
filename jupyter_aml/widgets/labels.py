"""What runs are called where several stand side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from jupyter_aml.wire.runs import WireRun


def labels(found: Sequence[WireRun]) -> list[str]:
    """How runs are called where there are several: as shortly as they can be told apart."""
    is_one = len({run["experiment"] for run in found}) <= 1
    return told_apart(found, [
        f"{'' if is_one else run['experiment']} #{run['number']} {run['displayName'] or ''}".strip()
        for run in found
    ])  # fmt: skip


def told_apart(found: Sequence[WireRun], names: Sequence[str]) -> list[str]:
    """These names, and ids where one would stand for two: children begin again from #1."""
    count = Counter(names)
    return [
        name if count[name] == 1 else run["runId"] for run, name in zip(found, names, strict=True)
    ]
