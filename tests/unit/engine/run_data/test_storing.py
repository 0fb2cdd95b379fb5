"""Outputs come to their datastore; what was there stays, unless it is this run's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.data.stores import LocalStore
from jupyter_aml.domain.errors import AlreadyExists, StorageFailed
from jupyter_aml.domain.run_data import Output
from jupyter_aml.engine.run_data.laying import Work
from jupyter_aml.engine.run_data.storing import place, take
from jupyter_aml.runfolder.layout import RunFolder


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path / "run")
    made.work.mkdir(parents=True)
    return made


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


def taken(output: Output, store: Any, folder: RunFolder) -> int:
    return take(output, store, folder, "run_1", Work(lambda line: None))


def written(folder: RunFolder, *names: str) -> Output:
    """An output into whose folder a script has written these files."""
    for name in names:
        path = folder.results / "o" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return Output(name="o", mode="upload", path="to", place=str(folder.results / "o"))


def test_a_mounted_output_is_the_datastore_itself(folder: RunFolder, store: LocalStore) -> None:
    there = place(Output(name="o"), store, folder, "run_1", far=False)

    assert there == str(store.folder / "dataset" / "run_1" / "o")
    assert Path(there).is_dir()


@pytest.mark.parametrize(("mode", "far"), [("mount", True), ("upload", False)])
def test_what_cannot_be_written_there_is_written_in_the_run(
    folder: RunFolder, store: LocalStore, mode: str, far: bool
) -> None:
    there = place(Output(name="o", mode=mode), store, folder, "run_1", far=far)

    assert there == str(folder.results / "o")


def test_a_source_is_a_path_of_the_script(folder: RunFolder, store: LocalStore) -> None:
    there = place(Output(name="o", path_on_compute="a/b"), store, folder, "run_1", far=False)

    assert there == str(folder.work / "a" / "b")
    assert not Path(there).exists()


def test_all_files_come_or_those_that_fit(folder: RunFolder, store: LocalStore) -> None:
    output = written(folder, "a.csv", "deep/b.csv", "c.txt")

    assert taken(output, store, folder) == 3
    some = Output(name="o", mode="upload", path="some", place=output.place, globs=("**/*.csv",))
    assert taken(some, store, folder) == 2
    assert [each.path for each in store.walk("some")] == ["some/a.csv", "some/deep/b.csv"]


def test_a_file_is_an_output_too(folder: RunFolder, store: LocalStore) -> None:
    (folder.work / "model.pkl").write_text("m")
    output = Output(name="o", mode="upload", path="to", place=str(folder.work / "model.pkl"))

    assert taken(output, store, folder) == 1
    assert [each.path for each in store.walk()] == ["to/model.pkl"]


def test_what_others_have_left_there_stays(folder: RunFolder, store: LocalStore) -> None:
    output = written(folder, "a")
    with store.open("to/a", "wb") as file:
        file.write(b"theirs")

    with pytest.raises(AlreadyExists, match=r"'to/a' is on the datastore .* overwrite=True"):
        taken(output, store, folder)

    with store.open("to/a") as file:
        assert file.read() == b"theirs"


class Breaking(LocalStore):
    """A store that refuses one file."""

    refused = "to/b"

    def put(self, local: Path, path: str) -> None:
        super().put(local, path)
        if path == self.refused:
            raise StorageFailed("the disk is full")


def test_an_upload_that_was_broken_off_goes_on(folder: RunFolder, tmp_path: Path) -> None:
    output, breaking = written(folder, "a", "b"), Breaking(tmp_path / "store")

    with pytest.raises(StorageFailed):
        taken(output, breaking, folder)
    breaking.refused = ""

    assert taken(output, breaking, folder) == 2
    assert [each.path for each in breaking.walk()] == ["to/a", "to/b"]
