"""The files of models: found, stored, checked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any

import pytest

from jupyter_aml.domain.errors import Invalid, NotFound, Refused, StorageFailed
from jupyter_aml.domain.model import Model
from jupyter_aml.engine.models import contents
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.store.blobs import Blob, Blobs


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    run = RunFolder(tmp_path / "r_1")
    for name in ("outputs/m/a", "outputs/m/deep/b", "outputs/alone.pkl", "else/c"):
        path = run.locate(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return run


def paths(found: list[contents.Found]) -> list[str]:
    return sorted(file.path for file in found)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("outputs/alone.pkl", ["alone.pkl"]),
        ("./outputs/m/", ["m/a", "m/deep/b"]),
        ("outputs", ["outputs/alone.pkl", "outputs/m/a", "outputs/m/deep/b"]),
        ("else", ["else/c"]),
    ],
)
def test_files_of_a_run_keep_the_last_part_of_their_name(
    folder: RunFolder, name: str, found: list[str]
) -> None:
    assert paths(contents.in_run(folder, name, (), None)) == found


def test_links_in_a_run_lead_nowhere(folder: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (folder.outputs / "m" / "link").symlink_to(tmp_path / "secret")
    (folder.outputs / "out").symlink_to(tmp_path)
    (folder.outputs / "own").symlink_to(tmp_path / "secret")

    assert paths(contents.in_run(folder, "outputs/m", (), None)) == ["m/a", "m/deep/b"]
    for name in ("outputs/own", "outputs/out/secret", "outputs/out"):
        with pytest.raises(Refused, match="leads out of the run's folder"):
            contents.in_run(folder, name, (), None)
    for name in ("../r_1/run.json", "outputs/../../x"):
        with pytest.raises(Refused, match="is not a name of a file"):
            contents.in_run(folder, name, (), None)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_link_that_comes_between_look_and_open_is_not_followed(
    folder: RunFolder, tmp_path: Path, blobs: Blobs, what: str
) -> None:
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "a").write_text("secret")
    found = contents.in_run(folder, "outputs/m/a", (), None)

    if what == "file":
        folder.locate("outputs/m/a").unlink()
        folder.locate("outputs/m/a").symlink_to(tmp_path / "else" / "a")
    else:
        (folder.outputs / "m").rename(folder.outputs / "was")
        (folder.outputs / "m").symlink_to(tmp_path / "else")

    with pytest.raises(Invalid, match="cannot read"):
        contents.keep(found, blobs)
    assert not (tmp_path / "blobs").exists()


def test_parts_of_a_folder_of_a_run_are_no_links(folder: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (folder.outputs / "m" / "link").symlink_to(tmp_path / "secret")
    (folder.outputs / "m" / "deep" / "link").symlink_to(tmp_path)

    assert paths(contents.in_run(folder, "outputs/m", ["a", "deep"], "root")) == [
        "root/a", "root/deep/b",
    ]  # fmt: skip
    for name in ("link", "deep/link/secret"):
        with pytest.raises(Refused, match="is a link"):
            contents.in_run(folder, "outputs/m", [name], None)


def test_a_name_that_a_run_does_not_have_lists_those_that_it_has(folder: RunFolder) -> None:
    with pytest.raises(NotFound, match=r"did you mean 'outputs/alone.pkl'\?; it has 'else/c'"):
        contents.in_run(folder, "outputs/alone.pk", (), None)


def test_links_of_a_folder_are_followed_and_loops_end(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "blob").write_text("weights")
    model = tmp_path / "model"
    model.mkdir()
    (model / "weights").symlink_to(tmp_path / "store" / "blob")
    (model / "all").symlink_to(tmp_path / "store")
    (model / "loop").symlink_to(model)

    found = contents.on_disk(str(model), (), None)

    assert paths(found) == ["model/all/blob", "model/weights"]


def test_what_is_neither_file_nor_folder_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()
    for path, said in (
        ("nobody", "has no file or folder"), ("pipe", "neither a file nor a folder"),
        ("empty", "holds no file"),
    ):  # fmt: skip
        with pytest.raises(Invalid, match=said):
            contents.on_disk(str(tmp_path / path), (), None)
    with pytest.raises(Invalid, match="has no name"):
        contents.on_disk("/", (), None)


def test_a_file_that_is_another_one_to_its_caller_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_text("weights")
    stamp = contents.stamp_of(path)

    assert paths(contents.on_disk(str(path), (), None, stamp=stamp)) == ["model.pkl"]
    path.write_text("other weights")

    with pytest.raises(Invalid, match="is another file or folder on the engine's machine"):
        contents.on_disk(str(path), (), None, stamp=stamp)


def test_a_file_that_is_written_while_it_is_read_is_not_registered(
    tmp_path: Path, blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.pkl"
    path.write_text("weights")
    put = Blobs.put_stream

    def growing(self: Blobs, source: IO[bytes]) -> Blob:
        with path.open("a") as file:
            file.write("more")
        return put(self, source)

    monkeypatch.setattr(Blobs, "put_stream", growing)

    with pytest.raises(Invalid, match="changed while it was read"):
        contents.keep(contents.on_disk(str(path), (), None), blobs)


def test_a_content_that_was_damaged_is_mended_by_who_registers_it_again(
    tmp_path: Path, blobs: Blobs
) -> None:
    path = tmp_path / "model.pkl"
    path.write_text("weights")
    found = contents.on_disk(str(path), (), None)
    files = contents.keep(found, blobs)
    model = Model(name="m", version="1", key="k", root="model.pkl", files=files)
    place = contents.checked_place(model, "model.pkl", blobs)
    place.chmod(0o600)
    place.write_text("WEIGHTS")

    with pytest.raises(StorageFailed, match=r"'model.pkl' of model 'm:1' has changed on the disk"):
        contents.checked_place(model, "model.pkl", blobs)
    with pytest.raises(NotFound, match=r"did you mean 'model.pkl'"):
        contents.checked_place(model, "model.pk", blobs)

    assert contents.keep(found, blobs) == files
    assert contents.checked_place(model, "model.pkl", blobs).read_text() == "weights"


def test_nothing_of_a_model_is_loaded(tmp_path: Path, blobs: Blobs) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "unpickled"),)

    import pickle

    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(Evil()))

    files = contents.keep(contents.on_disk(str(path), (), None), blobs)
    model = Model(name="m", version="1", key="k", root="model.pkl", files=files)
    contents.checked_place(model, "model.pkl", blobs)

    assert not (tmp_path / "unpickled").exists()
