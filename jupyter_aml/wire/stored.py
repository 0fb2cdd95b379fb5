"""What the output of a cell holds of runs, so that it can be drawn with no server."""

from __future__ import annotations

from typing import Literal, TypedDict

from jupyter_aml.wire.contents import WireFile, WireMetrics
from jupyter_aml.wire.runs import WireRun

RUN_MIME = "application/vnd.jupyter-aml.run+json"
COMPARISON_MIME = "application/vnd.jupyter-aml.comparison+json"


class WireLogTail(TypedDict):
    """The end of a log, kept in a notebook; `offset` is the byte where `text` starts."""

    name: str
    offset: int
    text: str
    size: int


class WireCard(TypedDict):
    """What a stored output holds of a run, enough to draw it with no server."""

    run: WireRun
    metrics: WireMetrics | None
    log: WireLogTail | None
    files: list[WireFile]
    images: dict[str, str]
    savedAt: str


class WireBundle(TypedDict):
    """The data of MIME type `application/vnd.jupyter-aml.run+json`."""

    version: int
    runId: str
    workspace: str
    show: Literal["full", "mini"]
    snapshot: WireCard | None


class WireComparisonCard(TypedDict):
    """What a stored output holds of runs that are compared; `metrics` by run id, thinned out."""

    runs: list[WireRun]
    metrics: dict[str, WireMetrics]
    savedAt: str


class WireComparison(TypedDict):
    """The data of MIME type `application/vnd.jupyter-aml.comparison+json`."""

    version: int
    runIds: list[str]
    workspace: str
    snapshot: WireComparisonCard | None
