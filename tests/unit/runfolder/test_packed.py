"""What a run has recorded is the same packed as unpacked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_aml.domain.errors import StorageFailed
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.packed import pack, packed
from jupyter_aml.runfolder.reading import read_all
from jupyter_aml.runfolder.records import RecordWriter
from tests.disk import journal_of


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path)
    writer = RecordWriter(folder.metrics)
    for number in range(100):
        writer.number("loss", number / 3, number)
        writer.number("other <b>", float("inf") if number % 2 else -number)
    writer.value("text", "text", "hello", 2)
    writer.record("tag", "k", "v", 1.0)
    writer.close()
    return folder


def test_a_run_comes_back_as_it_was_recorded(folder: RunFolder) -> None:
    pack(folder)

    found, records = packed(folder), read_all(folder.metrics)
    assert found is not None
    assert found.names == list(records.series)
    for name, columns in records.series.items():
        points = found.series(name)
        assert points.time.tolist() == columns.time.tolist()
        assert repr(points.step.tolist()) == repr(columns.step.tolist())
        assert points.value.tolist() == columns.value.tolist()
    assert (found.values, found.others, found.torn) == (records.values, records.others, 0)


def test_what_was_not_packed_is_none(folder: RunFolder) -> None:
    assert packed(folder) is None


def test_a_run_that_recorded_nothing_can_be_packed(tmp_path: Path) -> None:
    pack(RunFolder(tmp_path))

    found = packed(RunFolder(tmp_path))
    assert found is not None and found.names == []


def test_an_unknown_series_is_a_key_error(folder: RunFolder) -> None:
    pack(folder)

    found = packed(folder)
    assert found is not None
    with pytest.raises(KeyError):
        found.series("nonesuch")


@pytest.mark.parametrize("index", ["", "{", "[]", "null", '{"version":2}', '{"version":1}'])
def test_an_index_that_is_damaged_counts_as_none(index: str, folder: RunFolder) -> None:
    pack(folder)
    (folder.metrics / "packed.json").write_text(index)

    assert packed(folder) is None


def test_columns_that_are_cut_short_count_as_none(folder: RunFolder) -> None:
    pack(folder)
    columns = folder.metrics / "packed.bin"
    columns.write_bytes(columns.read_bytes()[:-8])

    assert packed(folder) is None


def test_packing_again_takes_in_what_came_since(folder: RunFolder) -> None:
    pack(folder)
    writer = RecordWriter(folder.metrics)
    writer.number("late", 1.0)
    writer.close()
    pack(folder)

    found = packed(folder)
    assert found is not None
    assert found.series("late").value.tolist() == [1.0]
    assert not list(folder.metrics.glob("*.tmp"))


def test_packing_that_breaks_off_leaves_no_index_of_other_columns(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index of before would find its series in columns that were not written for it."""
    pack(folder)
    writer = RecordWriter(folder.metrics)
    writer.number("loss", 1.0, 100)
    writer.close()
    replace = Path.replace

    def breaks_off(draft: Path, target: Path) -> Path:
        if target.name == "packed.json":
            raise OSError(5, "Input/output error")
        return replace(draft, target)

    monkeypatch.setattr(Path, "replace", breaks_off)
    with pytest.raises(StorageFailed, match=r"cannot pack the records in .*: Input/output error"):
        pack(folder)

    assert packed(folder) is None


def test_columns_are_on_the_disk_before_their_index_and_both_before_their_names(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that loses power keeps names whose content was never written."""
    told = journal_of(monkeypatch)

    pack(folder)

    assert [(what, path.name.partition(f".{os.getpid()}")[0]) for what, path in told] == [
        ("written", "packed.bin"), ("named", "packed.bin"),
        ("written", "packed.json"), ("named", "packed.json"),
    ]  # fmt: skip


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")

    with pytest.raises(StorageFailed, match="cannot pack"):
        pack(RunFolder(tmp_path / "run"))
