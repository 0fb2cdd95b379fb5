"""Records of files: what tells one content from another, and what is read for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_aml.data import manifest
from jupyter_aml.data.listing import DataFile, files
from jupyter_aml.data.manifest import Recorded, compare, load, record, save, sha256
from tests.unit.data.tables import made, no_store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.csv").write_text(f"x\n{name}\n")
    return tmp_path


def there(folder: Path) -> list[DataFile]:
    return files(made(folder, "*.csv", form="delimited"), no_store)


def test_what_is_saved_is_loaded(folder: Path) -> None:
    told, rows = record(there(folder), sha256)
    save(rows, folder / "kept" / "record.gz")

    assert load(folder / "kept" / "record.gz") == rows
    assert (told.count, told.size, len(rows)) == (3, 12, 3)
    assert rows[0].hash == sha256(str(folder / "a.csv"))


def test_only_files_of_another_time_or_size_are_read_again(folder: Path) -> None:
    _, rows = record(there(folder), sha256)
    os.utime(folder / "a.csv", (1, 1))
    (folder / "b.csv").write_text("x\nB\n")
    (folder / "c.csv").unlink()
    (folder / "d.csv").write_text("x\n")
    read: list[str] = []

    def noting(path: str) -> str:
        read.append(path)
        return sha256(path)

    found = compare(rows, there(folder), noting)

    names = [[path.rpartition("/")[2] for path in paths]
             for paths in (found.added, found.removed, found.changed)]  # fmt: skip
    assert names == [["d.csv"], ["c.csv"], ["b.csv"]] and bool(found)
    assert sorted(read) == [str(folder / "a.csv"), str(folder / "b.csv")]


def test_of_very_much_only_the_ends_are_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "HASHED", 5)

    _, rows = record(there(folder), sha256)

    assert [str(row.hash).partition(":")[0] for row in rows] == ["sha256", "ends", "ends"]
    (folder / "b.csv").write_text("x\nB\n")
    assert len(compare(rows, there(folder), sha256).changed) == 1


def test_a_digest_is_of_the_content_and_not_of_the_time(folder: Path) -> None:
    before, _ = record(there(folder), sha256)
    os.utime(folder / "a.csv", (1, 1))
    after, _ = record(there(folder), sha256)

    assert before.digest == after.digest and before.seen != after.seen


def test_a_file_without_a_hash_is_told_by_its_time() -> None:
    row = Recorded("x/a", 1, 1.0, None)
    same = DataFile(None, "a", "x/a", "a", 1, 1.0)  # type: ignore[arg-type]
    later = DataFile(None, "a", "x/a", "a", 1, 2.0)  # type: ignore[arg-type]

    assert not compare([row], [same], sha256) and compare([row], [later], sha256).changed
