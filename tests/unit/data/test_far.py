"""Files on stores that are not on this machine, and files that go while they are read."""

from __future__ import annotations

import gc
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pandas
import pytest

from jupyter_aml.data import copies
from jupyter_aml.data.reading import files
from jupyter_aml.data.rows import Reader
from jupyter_aml.data.scan import Unreadable
from jupyter_aml.domain.dataset import Dataset, Source
from jupyter_aml.domain.errors import AmlError
from tests.unit.data.tables import no_store, read, texts, write


@pytest.fixture
def far() -> Iterator[Any]:
    """A store in memory, which fsspec opens."""
    system = fsspec.filesystem("memory")
    yield system
    system.rm("/bucket", recursive=True)
    gc.collect()  # A file that was left open would be told of now.


def of(path: str, form: str) -> Dataset:
    step = {"do": "read", "form": form}
    kind: Any = "file" if form == "files" else "tabular"
    return Dataset(kind=kind, sources=(Source(f"memory://bucket/{path}"),), steps=(step,))


def test_tables_of_all_forms_are_read_from_far(far: Any) -> None:
    packed = io.BytesIO()
    pandas.DataFrame({"x": [1, 2]}).to_parquet(packed)
    far.pipe({
        "/bucket/a/1.csv": b"x\n1\n", "/bucket/a/2.csv": b"x\n2\n",
        "/bucket/b/1.parquet": packed.getvalue(), "/bucket/c/1.jsonl": b'{"x": 1}\n{"x": 2}\n',
    })  # fmt: skip

    for path, form in (("a/*.csv", "delimited"), ("b", "parquet"), ("c/*", "lines")):
        assert read(of(path, form))["x"].tolist() == [1, 2]
        assert read(of(path, form).then(do="take", count=1))["x"].tolist() == [1]


def test_far_files_are_copied(far: Any, tmp_path: Path) -> None:
    far.pipe({"/bucket/d/a.txt": b"a", "/bucket/d/deep/b.txt": b"b"})
    found = files(of("d", "files"), no_store)

    paths = copies.copy(found, tmp_path, overwrite=False, ignore_missing=False)

    assert [Path(path).read_text() for path in paths] == ["a", "b"]
    assert copies.own_folder(found) is None
    (tmp_path / "laid").mkdir()
    copies.lay(found, tmp_path / "laid")
    assert (tmp_path / "laid/deep/b.txt").read_text() == "b"


@pytest.mark.parametrize("form", ["delimited", "parquet", "lines"])
def test_a_file_that_goes_meanwhile_is_named(tmp_path: Path, form: str) -> None:
    write(tmp_path, a_csv="x\n1\n")
    step = {"do": "read", "form": form}
    definition = Dataset(kind="tabular", sources=(Source(f"{tmp_path}/a.csv"),), steps=(step,))
    reader = Reader(definition, no_store)
    assert reader.files
    (tmp_path / "a.csv").unlink()

    with pytest.raises(Exception, match=r"a\.csv") as told:
        reader.table()
    assert hasattr(told.value, "_render_traceback_")  # One of ours: a sentence.


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: Any) -> None:
    write(tmp_path, a_csv="x\n1\n")
    refusal = PermissionError(13, "Permission denied", f"{tmp_path}/a.csv")

    def refuse(*args: Any) -> Any:
        raise refusal

    monkeypatch.setattr("jupyter_aml.data.layout._beginning", refuse)

    with pytest.raises(Unreadable, match=r"cannot be read: .*Permission denied.*a\.csv"):
        read(texts(tmp_path))


def test_a_pyarrow_that_is_too_old_is_named(tmp_path: Path, monkeypatch: Any) -> None:
    write(tmp_path, a_csv="x\n1\n")
    monkeypatch.setattr("pyarrow.__version__", "10.0.1")

    with pytest.raises(AmlError, match=r"needs pyarrow 14 or newer, .* has 10\.0\.1"):
        read(texts(tmp_path))
