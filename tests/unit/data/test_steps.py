"""Steps: which rows and columns are left, and which files are opened for it."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas
import pytest

from jupyter_aml.data.rows import Reader
from jupyter_aml.data.scan import Unreadable
from jupyter_aml.domain.dataset import Dataset
from jupyter_aml.domain.errors import Invalid
from tests.unit.data.tables import made, no_store, read, texts, told, write

X, Y = ["column", "x"], ["column", "y"]


def over(column: Any, value: Any) -> list[Any]:
    return ["gt", column, ["value", value]]


@pytest.fixture
def numbers(tmp_path: Path) -> Dataset:
    """Two files with x from 0 to 999, and y, which tells a word of it."""
    for place in (0, 1):
        rows = (
            f"{x},{'even' if x % 2 == 0 else 'odd'}" for x in range(place * 500, 500 + place * 500)
        )
        (tmp_path / f"{place}.csv").write_text("x,y\n" + "\n".join(rows) + "\n")
    return texts(tmp_path)


def xs(definition: Dataset) -> list[int]:
    found: list[int] = read(definition)["x"].tolist()
    return found


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        (over(X, 996), [997, 998, 999]),
        (["le", X, ["value", 1]], [0, 1]),
        (["eq", X, ["value", 7]], [7]),
        (["and", over(X, 990), ["eq", Y, ["value", "odd"]]], [991, 993, 995, 997, 999]),
        (["or", ["lt", X, ["value", 1]], over(X, 998)], [0, 999]),
        (["not", over(X, 1)], [0, 1]),
        (["isin", X, [["value", 3], ["value", 600]]], [3, 600]),
        (["and", ["begins", Y, "ev"], ["lt", X, ["value", 3]]], [0, 2]),
        (["and", ["contains", Y, "d"], ["lt", X, ["value", 4]]], [1, 3]),
        (["null", X], []),
    ],
)
def test_a_condition_chooses_rows(numbers: Dataset, where: list[Any], wanted: list[int]) -> None:
    assert xs(numbers.then(do="filter", where=where)) == wanted


def test_steps_are_done_in_their_order(numbers: Dataset) -> None:
    first = numbers.then(do="take", count=10).then(do="filter", where=over(X, 7))
    last = numbers.then(do="filter", where=over(X, 7)).then(do="take", count=3)

    assert (xs(first), xs(last)) == ([8, 9], [8, 9, 10])
    assert xs(numbers.then(do="skip", count=498).then(do="take", count=4)) == [498, 499, 500, 501]
    assert xs(numbers.then(do="skip", count=5000)) == []
    assert xs(numbers.then(do="take", count=0)) == []


def test_columns_come_in_the_order_they_are_asked_for(numbers: Dataset) -> None:
    kept = numbers.then(do="keep", columns=["y", "x"]).then(do="take", count=1)

    assert list(read(kept).columns) == ["y", "x"]
    assert list(read(numbers.then(do="drop", columns=["x"])).columns) == ["y"]


def test_a_condition_may_look_at_a_column_that_is_dropped_afterwards(numbers: Dataset) -> None:
    found = read(numbers.then(do="filter", where=over(X, 998)).then(do="keep", columns=["y"]))

    assert found.to_dict("list") == {"y": ["odd"]}
    gone = numbers.then(do="drop", columns=["x"]).then(do="filter", where=over(X, 998))
    with pytest.raises(Invalid, match="there is no column 'x'"):
        read(gone)


def test_a_column_of_another_kind_is_named(numbers: Dataset) -> None:
    with pytest.raises(Invalid, match="column 'y' is of string and cannot be compared with 3"):
        read(numbers.then(do="filter", where=over(Y, 3)))


def test_a_split_shares_nothing_has_all_and_can_be_repeated(numbers: Dataset) -> None:
    halves = [
        xs(numbers.then(do="split", seed=42, **{"from": low, "to": high}))
        for low, high in ((0.0, 0.7), (0.7, 1.0))
    ]

    assert sorted(halves[0] + halves[1]) == list(range(1000)) and not {*halves[0]} & {*halves[1]}
    assert 650 < len(halves[0]) < 750
    assert halves[0] == xs(numbers.then(do="split", seed=42, **{"from": 0.0, "to": 0.7}))
    assert halves[0] != xs(numbers.then(do="split", seed=43, **{"from": 0.0, "to": 0.7}))
    inner = numbers.then(do="split", seed=42, **{"from": 0.0, "to": 0.5})
    assert 200 < len(xs(inner.then(do="split", seed=42, **{"from": 0.0, "to": 0.5}))) < 300


def test_a_sample_is_a_share(numbers: Dataset) -> None:
    assert 50 < len(xs(numbers.then(do="sample", probability=0.1, seed=1))) < 150


def test_a_split_is_the_same_in_pieces_as_in_one(numbers: Dataset) -> None:
    half = numbers.then(do="split", seed=42, **{"from": 0.0, "to": 0.5})

    pieces = Reader(half, no_store).stream(
        lambda tables: [x for t in tables for x in t["x"].to_pylist()]
    )

    assert pieces == xs(half)


PARTED = "{region}/{day:yyyy/MM}/*.csv"


@pytest.fixture
def parted(tmp_path: Path) -> Dataset:
    for place, number in (("north/2020/01", 1), ("north/2020/02", 2), ("south/2021/01", 3)):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "a.csv").write_text(f"x\n{number}\n")
    return texts(tmp_path, "**/*.csv", partition=PARTED)


def test_columns_of_paths_come_first(parted: Dataset, tmp_path: Path) -> None:
    found = read(parted)

    assert list(found.columns) == ["region", "day", "x"]
    assert found["region"].tolist() == ["north", "north", "south"]
    assert found["day"][1] == datetime(2020, 2, 1)
    with_path = read(texts(tmp_path, "**/*.csv", partition=PARTED, paths=True))
    assert with_path["Path"][2] == f"{tmp_path}/south/2021/01/a.csv"


@pytest.mark.parametrize(
    ("where", "left"),
    [
        (["eq", ["column", "region"], ["value", "south"]], {3}),
        (["lt", ["column", "day"], ["time", "2020-02-01T00:00:00"]], {1}),
        (["and", ["eq", ["column", "region"], ["value", "north"]], over(X, 1)], {2}),
        (["not", ["eq", ["column", "region"], ["value", "south"]]], {1, 2}),
    ],
)
def test_files_that_a_condition_on_their_paths_excludes_are_not_opened(
    parted: Dataset, tmp_path: Path, where: list[Any], left: set[int]
) -> None:
    for path in tmp_path.rglob("*.csv"):
        if int(path.read_text().split()[1]) not in left | {1}:
            path.chmod(0)
    opened = Reader(parted.then(do="filter", where=where), no_store)

    assert set(opened.table()["x"].to_pylist()) == left
    if where[0] != "and":
        assert len(opened.parts) == len(left)


def test_where_all_are_excluded_the_columns_are_still_there(parted: Dataset) -> None:
    found = read(parted.then(do="filter", where=["eq", ["column", "region"], ["value", "east"]]))

    assert (len(found), list(found.columns)) == (0, ["region", "day", "x"])


def test_a_path_that_does_not_fit_its_form_is_named(tmp_path: Path) -> None:
    write(tmp_path, north__a_csv="x\n1\n")

    with pytest.raises(Invalid, match=r"north/a\.csv' does not fit partition_format="):
        read(texts(tmp_path, "**/*.csv", partition="{day:yyyy}/*.csv"))


def test_a_column_in_file_and_path_is_refused(tmp_path: Path) -> None:
    write(tmp_path, north__a_csv="region\n1\n")

    with pytest.raises(Invalid, match="column 'region' is in the files and in their paths"):
        read(texts(tmp_path, "**/*.csv", partition="{region}/*.csv"))


# ---- Parquet -----------------------------------------------------------------------------------


def parquet(folder: Path, **frames: Any) -> Dataset:
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet", row_group_size=100)
    return made(folder, "*.parquet", form="parquet")


def test_parquet_files_with_columns_of_wider_types_fit(tmp_path: Path) -> None:
    found = read(parquet(
        tmp_path, a=pandas.DataFrame({"x": [1], "t": ["a"]}), b=pandas.DataFrame({"x": [0.5]}),
    ))  # fmt: skip

    assert found["x"].tolist() == [1.0, 0.5] and found["t"].isna().tolist() == [False, True]


def test_a_parquet_file_of_another_schema_is_named(tmp_path: Path) -> None:
    definition = parquet(
        tmp_path, a=pandas.DataFrame({"x": [1]}), b=pandas.DataFrame({"x": ["text"]})
    )

    with pytest.raises(Unreadable, match=r"b\.parquet is of another schema: its column 'x' is of "
                       r"\w*string, that of .*a\.parquet is of int64"):  # fmt: skip
        read(definition)


@pytest.mark.parametrize("content", [b"", b"PAR1 not really PAR1", b"x,y\n1,2\n"])
def test_what_is_no_parquet_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(content)

    with pytest.raises(Unreadable, match=r"a\.parquet is no Parquet file"):
        read(made(tmp_path, "*.parquet", form="parquet"))


def test_only_columns_and_row_groups_that_are_needed_are_read(tmp_path: Path) -> None:
    frame = pandas.DataFrame(
        {"x": range(1000), "big": [os.urandom(2000).hex() for _ in range(1000)]}
    )
    definition = parquet(tmp_path, a=frame).then(do="keep", columns=["x"])

    class Counting:
        def __init__(self, file: Any) -> None:
            self.file = file

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

        def read(self, size: int = -1) -> bytes:
            found: bytes = self.file.read(size)
            count.append(len(found))
            return found

    count: list[int] = []
    reader = Reader(definition.then(do="filter", where=["gt", X, ["value", 990]]), no_store)
    (file,) = reader.files

    class Far:
        """A store whose files are not on this machine."""

        def local_path(self, path: str) -> None:
            return None

        def open(self, path: str, mode: str) -> Any:
            return Counting(open(f"/{path}", "rb"))

    object.__setattr__(file, "store", Far())
    found = reader.table()

    assert found.num_rows == 9
    assert sum(count) < os.path.getsize(tmp_path / "a.parquet") / 3


# ---- JSON lines --------------------------------------------------------------------------------


def lines(folder: Path, **how: Any) -> Dataset:
    return made(folder, "*.jsonl", form="lines", **how)


def test_each_line_is_a_row_whatever_its_columns(tmp_path: Path) -> None:
    write(tmp_path, a_jsonl='{"x": 1}\n{"x": 2, "y": "a"}\n', b_jsonl='{"x": 0.5}\n')

    found = read(lines(tmp_path))

    assert found["x"].tolist() == [1.0, 2.0, 0.5] and found["y"].isna().tolist() == [
        True,
        False,
        True,
    ]


def test_a_line_that_is_none_is_an_error_or_left_out_and_told(tmp_path: Path) -> None:
    write(tmp_path, a_jsonl='{"x": 1}\noops\n[3]\n{"x": 2}\n')

    with pytest.raises(Unreadable, match=r"a\.jsonl, line 2 \(oops\): this is no JSON object"):
        read(lines(tmp_path))
    found, sentences = told(lines(tmp_path, broken="drop"))
    assert found["x"].tolist() == [1, 2]
    assert sentences[0].startswith("2 lines are not JSON objects and were left out: ")


def test_a_column_that_is_of_another_type_in_another_file_is_one_of_texts(tmp_path: Path) -> None:
    write(tmp_path, a_jsonl='{"x": 1}\n', b_jsonl='{"x": "a"}\n', c_jsonl='{"x": null}\n')

    found = read(lines(tmp_path))["x"]

    assert found[:2].tolist() == ["1", "a"] and found.isna().tolist() == [False, False, True]


def test_a_column_of_several_types_is_one_of_texts(tmp_path: Path) -> None:
    write(tmp_path, a_jsonl='{"x": 1}\n{"x": "a"}\n')

    assert read(lines(tmp_path))["x"].tolist() == ["1", "a"]


def test_the_first_rows_of_parquet_files_are_as_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    pandas.DataFrame({"x": [1, 2], "t": ["a", "b"]}).to_parquet(tmp_path / "a/1.parquet")
    pandas.DataFrame({"x": [0.5], "u": [True]}).to_parquet(tmp_path / "b/1.parquet")
    definition = made(tmp_path, "*/*.parquet", form="parquet", partition="{kind}/*.parquet")

    whole, first = read(definition), read(definition.then(do="take", count=2))

    assert whole["x"].tolist() == [1.0, 2.0, 0.5] and whole["kind"].tolist() == ["a", "a", "b"]
    assert first["kind"].tolist() == ["a", "a"] and first["t"].tolist() == ["a", "b"]
    pieces = Reader(definition, no_store).stream(lambda tables: [t.to_pydict() for t in tables])
    assert [each["kind"] for each in pieces] == [["a", "a"], ["b"]]
    assert pieces[1]["t"] == [None] and pieces[0]["u"] == [None, None]


def test_lines_are_read_in_pieces_with_the_columns_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_aml.data.lines._BLOCK", 20)
    write(tmp_path, a_jsonl='{"x": 1}\n{"x": 2}\n{"x": 3}\n{"x": 4, "y": "é"}\n{"x": 5}')

    pieces = Reader(lines(tmp_path), no_store).stream(lambda found: [t.to_pydict() for t in found])

    assert len(pieces) > 1 and [x for each in pieces for x in each["x"]] == [1, 2, 3, 4, 5]
    assert [y for each in pieces for y in each["y"]] == [None, None, None, "é", None]
    assert read(lines(tmp_path))["x"].tolist() == [1, 2, 3, 4, 5]
    (tmp_path / "a.jsonl").write_bytes('{"x": "é"}\n{"x": "ü"}\nö\n'.encode("utf16"))
    with pytest.raises(Unreadable, match=r"a\.jsonl, line 3 \(ö\): this is no JSON object"):
        read(lines(tmp_path, encoding="utf16"))
