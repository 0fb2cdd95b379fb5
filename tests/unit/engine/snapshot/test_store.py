"""A plan is stored once and laid out for the script."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path
from uuid import UUID

import pytest

from jupyter_aml.domain.errors import Invalid, NotFound, Refused, StorageFailed
from jupyter_aml.engine.snapshot import (
    Limits,
    Manifest,
    StatCache,
    encode_snapshot,
    lay_out,
    plan,
    plan_files,
    read_list,
    stored_file,
    take,
)
from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.trees import remove_tree
from jupyter_aml.store.blobs import Blobs

ROOMY = Limits()


def later() -> int:
    """A clock by which no file of the test has changed lately."""
    return time.time_ns() + 10_000_000_000


class Counting(Blobs):
    """Blobs that know how many files were read."""

    reads = 0

    def put_stream(self, source):
        self.reads += 1
        return super().put_stream(source)


@pytest.fixture
def source(tmp_path):
    for name, text in {"train.py": "import lib", "lib/__init__.py": "", "lib/a.sh": "ls"}.items():
        place = tmp_path / "source" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    (tmp_path / "source" / "lib" / "a.sh").chmod(0o755)
    return tmp_path / "source"


@pytest.fixture
def blobs(tmp_path):
    return Counting(tmp_path / "blobs")


@pytest.fixture
def cache(tmp_path):
    return StatCache(tmp_path / "cache")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "run").mkdir()
    return RunFolder(tmp_path / "run")


def taken(source: Path, blobs: Blobs, cache: StatCache | None = None) -> Manifest:
    return take(plan(source, limits=ROOMY), blobs, cache, now=later)


def stored(blobs: Blobs, manifest: Manifest) -> dict[str, bytes]:
    return {file.path: blobs.path(file.hash).read_bytes() for file in manifest.files}


# ---- take -----------------------------------------------------------------------------------


def test_a_manifest_names_every_file_and_its_content(source, blobs):
    manifest = taken(source, blobs)

    assert stored(blobs, manifest) == {
        "lib/__init__.py": b"", "lib/a.sh": b"ls", "train.py": b"import lib",
    }  # fmt: skip
    assert [file.executable for file in manifest.files] == [False, True, False]
    assert str(UUID(manifest.snapshot_id)) == manifest.snapshot_id


def test_equal_contents_have_equal_ids(source, blobs, tmp_path):
    first = taken(source, blobs).snapshot_id
    os.utime(source / "train.py", (1, 1))
    assert taken(source, blobs).snapshot_id == first

    (source / "train.py").rename(source / "train2.py")
    assert taken(source, blobs).snapshot_id != first


def test_an_executable_bit_makes_another_id(source, blobs):
    first = taken(source, blobs).snapshot_id
    (source / "train.py").chmod(0o755)

    assert taken(source, blobs).snapshot_id != first


def test_nothing_has_no_id(blobs):
    assert take(plan_files({}, limits=ROOMY), blobs).snapshot_id == ""


def test_inline_texts_are_stored_too(blobs):
    manifest = take(plan_files({"cell.py": "print(1)"}, limits=ROOMY), blobs)

    assert stored(blobs, manifest) == {"cell.py": b"print(1)"}


def test_what_did_not_change_is_not_read_again(source, blobs, cache, tmp_path):
    first = taken(source, blobs, cache)
    assert blobs.reads == 3

    again = taken(source, blobs, StatCache(tmp_path / "cache"))

    assert (again, blobs.reads) == (first, 3)


def test_what_changed_is_read_again(source, blobs, cache):
    taken(source, blobs, cache)
    (source / "train.py").write_text("import bib")

    manifest = taken(source, blobs, cache)

    assert stored(blobs, manifest)["train.py"] == b"import bib"
    assert blobs.reads == 4


def test_a_file_that_changed_just_now_is_not_trusted(source, blobs, cache):
    planned = plan(source, limits=ROOMY)

    take(planned, blobs, cache, now=time.time_ns)
    take(planned, blobs, cache, now=time.time_ns)

    assert blobs.reads == 6


def test_a_torn_cache_is_as_good_as_none(source, blobs, cache, tmp_path):
    first = taken(source, blobs, cache)
    for file in (tmp_path / "cache" / "snapshots").iterdir():
        file.write_text(file.read_text()[:50])

    assert taken(source, blobs, StatCache(tmp_path / "cache")) == first


@pytest.mark.parametrize("text", ["null", "3", "[[1]]", '[["a", 1, 2, 3, 4]]', "{}"])
def test_a_cache_of_another_shape_is_as_good_as_none(source, blobs, cache, tmp_path, text):
    first = taken(source, blobs, cache)
    for file in (tmp_path / "cache" / "snapshots").iterdir():
        file.write_text(text)

    assert taken(source, blobs, StatCache(tmp_path / "cache")) == first


def test_a_cache_that_cannot_be_written_only_costs_time(source, blobs, tmp_path):
    (tmp_path / "cache").write_text("in the way")

    assert taken(source, blobs, StatCache(tmp_path / "cache")).files


def test_a_blob_that_was_deleted_is_stored_again(source, blobs, cache, tmp_path):
    first = taken(source, blobs, cache)
    remove_tree(tmp_path / "blobs")

    again = taken(source, Blobs(tmp_path / "blobs"), StatCache(tmp_path / "cache"))

    assert again == first
    assert stored(blobs, again)["train.py"] == b"import lib"


def test_folder_and_globs_share_what_is_known(source, blobs, cache):
    taken(source, blobs, cache)
    some = plan_files({"cell.py": ""}, include=["*.py"], base=source, limits=ROOMY)
    take(some, blobs, cache, now=later)

    taken(source, blobs, cache)

    assert blobs.reads == 3


def test_a_file_that_is_gone_or_locked_is_invalid(source, blobs):
    planned = plan(source, limits=ROOMY)
    (source / "train.py").unlink()

    with pytest.raises(Invalid, match=r"cannot read .*train\.py"):
        take(planned, blobs)


def test_a_file_that_became_a_link_is_invalid(source, blobs):
    planned = plan(source, limits=ROOMY)
    (source / "train.py").unlink()
    (source / "train.py").symlink_to("/etc/passwd")

    with pytest.raises(Invalid, match=r"cannot read .*train\.py"):
        take(planned, blobs)


class Restless(Counting):
    """Blobs whose reading is disturbed by a writer, so many times."""

    times = 0
    victim: Path

    def put_stream(self, source):
        blob = super().put_stream(source)
        if self.times and os.path.samestat(os.fstat(source.fileno()), self.victim.stat()):
            self.times -= 1
            with open(self.victim, "a") as file:
                file.write("more")
        return blob


@pytest.mark.parametrize(("times", "content"), [(1, b"import libmore"), (2, None)])
def test_a_file_that_changes_while_it_is_read_gets_one_more_chance(
    source, tmp_path, times, content
):
    blobs = Restless(tmp_path / "blobs")
    blobs.times, blobs.victim = times, source / "train.py"
    planned = plan(source, limits=ROOMY)

    if content is None:
        with pytest.raises(Invalid, match=r"train\.py changed while being read"):
            take(planned, blobs)
    else:
        assert stored(blobs, take(planned, blobs))["train.py"] == content


# ---- lay_out --------------------------------------------------------------------------------


def test_a_run_gets_list_snapshot_and_work(source, blobs, folder):
    manifest = taken(source, blobs)

    lay_out(manifest, blobs, folder)

    assert json.loads(folder.snapshot_list.read_text()) == encode_snapshot(manifest)
    assert read_list(folder) == encode_snapshot(manifest)
    for top in (folder.snapshot, folder.work):
        assert (top / "train.py").read_text() == "import lib"
        assert os.access(top / "lib" / "a.sh", os.X_OK)
    assert folder.outputs.is_dir()
    assert (folder.work / "logs").is_dir()
    assert not (folder.snapshot / "outputs").exists()


def test_the_snapshot_is_read_only(source, blobs, folder):
    lay_out(taken(source, blobs), blobs, folder)

    for path in (folder.snapshot, *folder.snapshot.rglob("*")):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o222


def test_a_script_that_spoils_its_files_touches_neither_snapshot_nor_blobs(source, blobs, folder):
    manifest = taken(source, blobs)
    lay_out(manifest, blobs, folder)
    before = stored(blobs, manifest)

    (folder.work / "train.py").write_text("spoiled")
    with open(folder.work / "lib" / "a.sh", "r+") as file:
        file.truncate()
    (folder.work / "lib" / "__init__.py").unlink()
    os.chmod(folder.work / "lib" / "a.sh", 0o777)

    assert stored(blobs, manifest) == before
    assert (folder.snapshot / "train.py").read_text() == "import lib"
    assert (folder.snapshot / "lib" / "__init__.py").exists()


def test_many_files_are_laid_out_like_few(tmp_path, blobs, folder):
    texts = {f"d{number % 7}/{number}.txt": str(number) for number in range(100)}
    manifest = take(plan_files(texts, limits=ROOMY), blobs)

    lay_out(manifest, blobs, folder)

    assert {path: (folder.work / path).read_text() for path in texts} == texts


def test_no_source_makes_empty_folders(blobs, folder):
    lay_out(take(plan_files({}, limits=ROOMY), blobs), blobs, folder)

    assert sorted(path.name for path in folder.work.iterdir()) == ["logs", "outputs"]
    assert read_list(folder)["files"] == []


def test_nothing_half_laid_out_stays(source, blobs, folder):
    manifest = taken(source, blobs)
    lost = manifest.files[-1].hash
    blobs.path(lost).unlink()

    with pytest.raises(StorageFailed, match="submit again"):
        lay_out(manifest, blobs, folder)

    assert list(folder.path.iterdir()) == []


def test_a_run_without_a_list_has_an_empty_one(folder):
    assert read_list(folder) == {"snapshotId": "", "files": [], "excluded": []}


def test_a_stored_file_is_found_and_nothing_else(source, blobs, folder):
    lay_out(taken(source, blobs), blobs, folder)

    assert stored_file(folder, "lib/a.sh").read_text() == "ls"
    with pytest.raises(NotFound):
        stored_file(folder, "lib/b.sh")
    for path in ("../run.json", "/etc/passwd", "", "lib/../../x"):
        with pytest.raises(Refused):
            stored_file(folder, path)


# ---- remove_tree ----------------------------------------------------------------------------


def test_a_read_only_snapshot_can_be_removed(source, blobs, folder):
    lay_out(taken(source, blobs), blobs, folder)

    remove_tree(folder.path)

    assert not folder.path.exists()
    assert (source / "train.py").exists()


def test_removing_never_follows_a_link(tmp_path):
    (tmp_path / "other" / "kept").mkdir(parents=True)
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "link").symlink_to(tmp_path / "other")
    (tmp_path / "alias").symlink_to(tmp_path / "other")

    remove_tree(tmp_path / "gone")
    remove_tree(tmp_path / "alias")

    assert (tmp_path / "other" / "kept").is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other"]


@pytest.mark.parametrize("was_closed", [False, True])
def test_a_folder_that_becomes_a_link_while_it_is_removed_is_not_followed(
    tmp_path, monkeypatch, was_closed
):
    (tmp_path / "other" / "kept").mkdir(parents=True)
    inner = tmp_path / "gone" / "inner"
    inner.mkdir(parents=True)
    real, refusals = os.open, [PermissionError(13, "Permission denied")] * was_closed

    def late(path, flags, *more, **where):
        if path == "inner":
            if refusals:
                raise refusals.pop()
            inner.rmdir()
            inner.symlink_to(tmp_path / "other")
        return real(path, flags, *more, **where)

    monkeypatch.setattr(os, "open", late)
    with pytest.raises(StorageFailed, match="cannot delete"):
        remove_tree(tmp_path / "gone")

    assert (tmp_path / "other" / "kept").is_dir()


def test_removing_what_is_not_there_is_fine(tmp_path):
    remove_tree(tmp_path / "nowhere" / "at all")
    remove_tree(tmp_path / "nowhere")


def test_a_tree_of_any_depth_can_be_removed(tmp_path):
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        with open(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=here), "w"):
            pass
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)

    remove_tree(tmp_path / "d")

    assert not (tmp_path / "d").exists()
