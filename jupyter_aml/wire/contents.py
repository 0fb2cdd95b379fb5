"""What a run has logged, written and was sent with."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from jupyter_aml.wire.run_data import WireInput, WireOutput


class WireSeries(TypedDict):
    """One scalar metric, thinned out for drawing; x is the step (ascending), t the time in s."""

    x: list[float]
    y: list[float | None]
    t: list[float]
    count: int
    last: float | None


class WireValue(TypedDict):
    """One logged thing that is not a number."""

    kind: Literal["text", "list", "row", "table", "image", "confusion_matrix", "accuracy_table",
                  "predictions", "residuals"]  # fmt: skip
    value: Any
    time: float
    step: float | None


class WireMetrics(TypedDict):
    """Metrics of a run. `cursor` is opaque: give it back to receive only what is newer.

    It is null in all but the last of several messages that together say what there is.
    """

    runId: str
    series: dict[str, WireSeries]
    values: dict[str, list[WireValue]]
    cursor: int | None


class WireFile(TypedDict):
    """A file of a run under the name SDK v1 gave it; size in bytes, modified in epoch seconds."""

    name: str
    size: int
    modified: float


class WireFiles(TypedDict):
    """Files of a run, sorted by name; `total` counts all, `next` is given back as `after`."""

    runId: str
    files: list[WireFile]
    total: int
    next: str | None


class WireSnapshotFile(TypedDict):
    """A file of the stored source; hash is blake3 in hex."""

    path: str
    size: int
    hash: str


class WireSnapshot(TypedDict):
    """What was sent with a run."""

    snapshotId: str
    files: list[WireSnapshotFile]
    excluded: list[str]


class WireWanted(TypedDict):
    """The files of a source that a snapshot would hold, so that no others need to be sent."""

    wanted: list[str]


class WireDryRun(TypedDict):
    """What a submission would send, and nothing done; sizes in bytes.

    `reason` is a sentence on when it would probably start on that target, where runs of a higher
    `priority` go first.
    """

    files: list[WireSnapshotFile]
    excluded: list[str]
    totalSize: int
    command: list[str]
    inputs: list[WireInput]
    outputs: list[WireOutput]
    target: str
    priority: int
    reason: str
