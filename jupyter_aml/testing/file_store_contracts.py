"""What every store of files promises. Subclass it and provide a `store` fixture, which is empty."""

from __future__ import annotations

import importlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import ClassVar

import pytest

from jupyter_aml.data.stores import Store
from jupyter_aml.domain.errors import Invalid, NotFound


class StoreContract:
    """Files go in and come out as they were, whatever they are called."""

    NAMES: ClassVar[tuple[str, ...]] = (
        "a.csv", "deep/er/b.csv", "with space.txt", "quote'\".txt", "ünïcödé/数据.csv", "a%20b.txt",
        "a#b?c.txt", "a+b&c=d.txt", "[x].csv", "~tilde", "semi;colon",
    )  # fmt: skip

    @pytest.mark.parametrize("name", NAMES)
    def test_a_file_comes_back_as_it_went(self, store: Store, tmp_path: Path, name: str) -> None:
        source, back = tmp_path / "source", tmp_path / "back"
        source.write_bytes(b"\x00\r\n" * 1000)

        store.put(source, name)
        store.get(name, back)

        assert back.read_bytes() == source.read_bytes()
        assert [entry.path for entry in store.walk()] == [name]
        assert [entry.path for entry in store.glob(name)] == [name]
        with store.open(name) as file:
            assert file.read(3) == b"\x00\r\n"

    def test_files_are_listed_by_path_with_size_and_time(
        self, store: Store, tmp_path: Path
    ) -> None:
        for name in ("b", "a/z", "a.b", "a/b/c"):
            self.put(store, tmp_path, name, name.encode())

        entries = [*store.walk()]

        assert [entry.path for entry in entries] == ["a.b", "a/b/c", "a/z", "b"]
        assert [entry.size for entry in entries] == [3, 5, 3, 1]
        assert all(entry.modified is not None and entry.modified > 1e9 for entry in entries)

    def test_a_folder_means_what_is_below_it_and_nothing_beside_it(
        self, store: Store, tmp_path: Path
    ) -> None:
        for name in ("data/a", "data/b/c", "data2/d", "data.csv"):
            self.put(store, tmp_path, name)

        assert [entry.path for entry in store.walk("data")] == ["data/a", "data/b/c"]
        assert [entry.path for entry in store.glob("/data/")] == ["data/a", "data/b/c"]
        assert [entry.path for entry in store.walk("data.csv")] == ["data.csv"]
        assert [*store.walk("nothing")] == []

    def test_a_folder_is_listed_without_what_is_below_its_folders(
        self, store: Store, tmp_path: Path
    ) -> None:
        for name in ("d/e/1", "d/f/2", "d/3", "d/b", "4"):
            self.put(store, tmp_path, name)

        found, top = store.listing("d"), store.listing()

        assert (found.folders, [file.path for file in found.files]) == (("e", "f"), ["d/3", "d/b"])
        assert (top.folders, [file.path for file in top.files]) == (("d",), ["4"])
        assert store.listing("missing").folders == () == store.listing("missing").files
        with pytest.raises(Invalid, match="leads out"):
            store.listing("..")

    def test_patterns_mean_files(self, store: Store, tmp_path: Path) -> None:
        for name in ("d/1.csv", "d/2.csv", "d/3.txt", "d/e/4.csv", "5.csv"):
            self.put(store, tmp_path, name)

        def paths(pattern: str) -> list[str]:
            return [entry.path for entry in store.glob(pattern)]

        assert paths("d/*.csv") == ["d/1.csv", "d/2.csv"]
        assert paths("d/**/*.csv") == ["d/1.csv", "d/2.csv", "d/e/4.csv"]
        assert paths("**/[45].csv") == ["5.csv", "d/e/4.csv"]
        assert paths("*/*/4.csv") == ["d/e/4.csv"]
        assert paths("x/*.csv") == []

    def test_a_file_is_replaced_and_removed(self, store: Store, tmp_path: Path) -> None:
        self.put(store, tmp_path, "a", b"old")
        self.put(store, tmp_path, "a", b"newer")

        assert [entry.size for entry in store.walk()] == [5]
        assert store.exists("a")
        store.remove("a")
        assert not store.exists("a")
        assert [*store.walk()] == []

    def test_what_is_not_there_is_said(self, store: Store, tmp_path: Path) -> None:
        with pytest.raises(NotFound, match="missing"):
            store.get("missing", tmp_path / "x")
        with pytest.raises(NotFound, match="missing"):
            store.remove("missing")
        with pytest.raises(NotFound, match="missing"):
            store.open("missing")
        assert not (tmp_path / "x").exists()
        assert not store.exists("missing")

    def test_a_path_that_climbs_out_is_refused(self, store: Store, tmp_path: Path) -> None:
        (tmp_path / "x").write_bytes(b"")

        for path in ("../x", "a/../../x"):
            with pytest.raises(Invalid, match="leads out"):
                store.put(tmp_path / "x", path)
            with pytest.raises(Invalid, match="leads out"):
                store.get(path, tmp_path / "y")
            with pytest.raises(Invalid, match="leads out"):
                list(store.walk(path))

    def test_what_is_written_is_there_once_it_is_closed(self, store: Store) -> None:
        with store.open("w/x.bin", "wb") as file:
            file.write(b"ab")
            file.write(b"cd")

        with store.open("w/x.bin") as file:
            assert file.read() == b"abcd"

    def test_another_process_opens_it_by_what_it_tells(self, store: Store, tmp_path: Path) -> None:
        self.put(store, tmp_path, "a/x.txt", b"told")
        told = json.loads(json.dumps(asdict(store.recipe())))
        module, name = told["maker"].split(":")

        there: Store = getattr(importlib.import_module(module), name)(*told["arguments"])

        with there.open("a/x.txt") as file:
            assert file.read() == b"told"

    def put(self, store: Store, folder: Path, name: str, content: bytes = b"x") -> None:
        """Put a file with this content."""
        (folder / ".content").write_bytes(content)
        store.put(folder / ".content", name)
