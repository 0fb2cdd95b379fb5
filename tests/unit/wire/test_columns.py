"""Metrics say the same as columns of bytes and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.ids import RunId
from jupyter_aml.engine.feed.metrics import RunMetrics
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.packed import pack
from jupyter_aml.runfolder.records import RecordWriter
from jupyter_aml.server.base import dump
from jupyter_aml.wire.columns import unpack

RUN = RunId("run_1")


@pytest.fixture(params=["going on", "ended"])
def metrics(request: pytest.FixtureRequest, tmp_path: Path) -> RunMetrics:
    folder = RunFolder(tmp_path)
    writer = RecordWriter(folder.metrics)
    for number in range(200):
        writer.number("loss", 1 / (number + 1), number)
        writer.number("back", float(number), 200 - number)
        writer.number("epoch", number)
        writer.number("wild ✓\n", [float("inf"), float("-inf"), float("nan"), 1e308][number % 4])
    writer.number("once", 1e308)
    writer.value("text", "text", "a\nb", 2)
    writer.close()
    if request.param == "ended":
        pack(folder)
    return RunMetrics(folder)


@pytest.mark.parametrize("points", [0, 1, 50, 100_000])
def test_columns_say_what_json_says(metrics: RunMetrics, points: int) -> None:
    told = json.loads(dump(metrics.since(RUN, points=points)))

    found = unpack(metrics.columns(RUN, points=points))

    assert found == told
    assert [type(value) for value in found["series"]["epoch"]["y"]] == [
        type(value) for value in told["series"]["epoch"]["y"]
    ]


def test_only_what_is_asked_for_by_name_is_sent(metrics: RunMetrics) -> None:
    found = unpack(metrics.columns(RUN, points=0, names=["once", "text", "nonesuch"]))

    assert (list(found["series"]), list(found["values"])) == (["once"], ["text"])


@pytest.mark.parametrize("lost", [1, 8, 24])
def test_columns_that_are_cut_short_are_refused(metrics: RunMetrics, lost: int) -> None:
    with pytest.raises(Invalid, match="bytes, not"):
        unpack(metrics.columns(RUN, points=0)[:-lost])
