"""What was logged comes back in the order in which it was logged."""

from __future__ import annotations

from pathlib import Path

from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.packed import pack
from jupyter_aml.runfolder.records import RecordWriter
from jupyter_aml.sdk._run.metrics import from_folder, from_wire


def test_values_are_in_the_order_of_their_times_whatever_their_steps() -> None:
    series = {"x": [1, 2, 3], "y": [10.0, 20.0, 30.0], "t": [3.0, 1.0, 2.0], "count": 3, "last": 10}

    assert from_wire({"series": {"loss": series}, "values": {}}) == {"loss": [20.0, 30.0, 10.0]}


def test_numbers_and_texts_of_one_name_are_told_together(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    writer = RecordWriter(folder.metrics)
    writer.number("score", 1)
    writer.value("score", "text", "good")
    writer.number("score", 2)
    writer.number("loss", 0.5)
    writer.close()

    live = from_folder(folder)
    pack(folder)

    assert live == from_folder(folder) == {"score": [1, "good", 2], "loss": 0.5}
