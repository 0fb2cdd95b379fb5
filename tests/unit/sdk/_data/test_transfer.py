"""Files are copied several at a time, and what goes wrong is told with what was done."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from jupyter_aml.data.local import LocalStore
from jupyter_aml.data.stores import Entry
from jupyter_aml.domain.errors import Invalid, StorageFailed
from jupyter_aml.sdk._data import transfer


class Meeting(LocalStore):
    """A store in which copies wait for each other: with one at a time none would end."""

    def __init__(self, folder: Path, parties: int) -> None:
        super().__init__(folder)
        self._all_here = threading.Barrier(parties, timeout=30)

    def put(self, local: Path, path: str) -> None:
        self._all_here.wait()
        super().put(local, path)


class Full(LocalStore):
    """A store that has room for no file of this name."""

    def put(self, local: Path, path: str) -> None:
        if path.endswith("3"):
            raise StorageFailed(f"cannot write {path}: No space left on device")
        super().put(local, path)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    made = tmp_path / "source"
    made.mkdir()
    for number in range(transfer.AT_ONCE):
        (made / str(number)).write_text(str(number))
    return made


def test_as_many_copies_go_on_at_once(source: Path, tmp_path: Path) -> None:
    store = Meeting(tmp_path / "store", transfer.AT_ONCE)
    lines: list[str] = []

    count = transfer.upload(
        store, transfer.below(str(source), "x"), overwrite=False, say=lines.append
    )

    assert count == transfer.AT_ONCE
    assert lines[0] == f"Uploading an estimated of {count} files"
    assert [line.split(", ")[1] for line in lines if line.startswith("Uploaded /")] == [
        f"{n} files out of an estimated total of {count}" for n in range(1, count + 1)
    ]
    assert lines[-1] == f"Uploaded {count} files"


def test_the_first_failure_is_told_with_what_is_done_and_the_call_may_be_repeated(
    source: Path, tmp_path: Path
) -> None:
    pairs = transfer.below(str(source), "x")

    with pytest.raises(StorageFailed, match=r"No space left on device \(\d of 8 files are uploade"):
        transfer.upload(Full(tmp_path / "s"), pairs, overwrite=False, say=lambda line: None)
    transfer.upload(LocalStore(tmp_path / "s"), pairs, overwrite=False, say=lambda line: None)

    assert sum(1 for _ in LocalStore(tmp_path / "s").walk()) == 8


@pytest.mark.parametrize("path", ["../out", "a/../../out", "a\0b"])
def test_a_name_of_a_store_that_climbs_out_is_written_nowhere(tmp_path: Path, path: str) -> None:
    store, folder = LocalStore(tmp_path / "store"), tmp_path / "into"

    with pytest.raises(Invalid, match="leads out"):
        transfer.download(
            store, [Entry("good"), Entry(path)], folder, overwrite=True, say=lambda line: None
        )

    assert [path.name for path in tmp_path.iterdir()] == []


def test_a_prefix_means_a_folder_or_file_and_else_how_paths_begin(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    for name in ("data/a", "data2/b", "dat.csv", "other"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")

    def paths(prefix: str | None) -> list[str]:
        return [entry.path for entry in transfer.matching(store, prefix)]

    assert paths("data") == paths("/data/") == ["data/a"]
    assert paths("dat") == ["dat.csv", "data/a", "data2/b"]
    assert paths("dat/") == []
    assert len(paths(None)) == len(paths("")) == 4
