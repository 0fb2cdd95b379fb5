"""Data sets by SDK v1's names over a real engine: read, registered, found, changed on disk."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas
import pytest

from jupyter_aml.domain.errors import AmlError
from jupyter_aml.sdk.core import Dataset, Datastore, Workspace
from jupyter_aml.sdk.data.datapath import DataPath
from jupyter_aml.sdk.data.dataset_error_handling import (
    DatasetExecutionError,
    DatasetValidationError,
)
from jupyter_aml.sdk.data.dataset_factory import DataType
from jupyter_aml.sdk.exceptions import UserErrorException
from tests.conftest import a_folder, a_root, jupyter_folders


@pytest.fixture(scope="module")
def home() -> Iterator[Workspace]:
    """A workspace of one engine for the tests of this module, which use names of their own."""
    with a_root() as root, a_folder() as folder, pytest.MonkeyPatch.context() as patch:
        for name, value in jupyter_folders(folder, root).items():
            patch.setenv(name, value)
        yield Workspace.from_config()


@pytest.fixture
def ws(home: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    return home


@pytest.fixture
def store(ws: Workspace, request: pytest.FixtureRequest) -> Any:
    return ws.get_default_datastore()


def put(store: Any, files: Mapping[str, str]) -> None:
    """Write files to a datastore."""
    for path, text in files.items():
        with store._store().open(path, "wb") as file:
            file.write(text.encode())


def test_the_lines_of_the_tutorials_register_and_find_data_sets(ws: Workspace, store: Any) -> None:
    put(store, {
        "data/files/current_data.csv": "id,kind\n1,a\n2,b\n",
        "data/files/archive/2019.csv": "id,kind\n3,c\n",
        "data/files/images/one.jpg": "1", "data/files/images/two.jpg": "2",
    })  # fmt: skip

    csv_paths = [(store, "data/files/current_data.csv"), (store, "data/files/archive/*.csv")]
    tab_ds = Dataset.Tabular.from_delimited_files(path=csv_paths)
    tab_ds = tab_ds.register(workspace=ws, name="csv_table")
    file_ds = Dataset.File.from_files(path=(store, "data/files/images/*.jpg"))
    file_ds = file_ds.register(workspace=ws, name="img_files")

    assert ws.datasets["csv_table"].to_pandas_dataframe()["id"].tolist() == [1, 2, 3]
    assert Dataset.get_by_name(ws, "img_files").to_path() == ["/one.jpg", "/two.jpg"]
    again = Dataset.File.from_files(path=[(store, "data/files/images/*.jpg"),
                                          (store, "data/files/*.csv")])  # fmt: skip
    again = again.register(workspace=ws, name="img_files", create_new_version=True)
    assert (again.name, again.version) == ("img_files", 2)
    assert Dataset.get_by_name(workspace=ws, name="img_files", version=1).version == 1
    assert Dataset.get_by_id(ws, again.id).version == 2
    assert {"csv_table", "img_files"} <= set(ws.datasets)
    assert Dataset.get_all(ws)["csv_table"].description == ""


def table(store: Any, folder: str, **files: str) -> Any:
    """A data set of small tables on a datastore, that is not registered."""
    put(store, {f"{folder}/{name}.csv": text for name, text in files.items()})
    return Dataset.Tabular.from_delimited_files((store, f"{folder}/*.csv"))


def test_a_name_that_is_taken_by_another_is_refused(ws: Workspace, store: Any) -> None:
    one = table(store, "taken/one", a="x\n1\n").register(ws, "taken", tags={"a": "1"})
    other = table(store, "taken/other", a="x\n1\n")

    with pytest.raises(UserErrorException, match=r"a data set 'taken' already.*create_new_version"):
        other.register(ws, "taken")
    assert other.register(ws, "taken", create_new_version=True).version == 2
    again = table(store, "taken/one", a="x\n1\n").register(ws, "taken", create_new_version=True)
    assert (again.version, again.id, again.tags) == (1, one.id, {"a": "1"})


def test_what_is_not_there_names_what_is(ws: Workspace, store: Any) -> None:
    table(store, "near", a="x\n1\n").register(ws, "nearest one")

    with pytest.raises(UserErrorException, match=r"no data set 'nearest on'; .* 'nearest one'"):
        Dataset.get_by_name(ws, "nearest on")
    with pytest.raises(UserErrorException, match=r"no version '7' of data set .*there is 1"):
        Dataset.get_by_name(ws, "nearest one", version=7)
    with pytest.raises(KeyError, match="no data set"):
        ws.datasets["nowhere"]
    assert ws.datasets.get("nowhere") is None
    with pytest.raises(UserErrorException, match="no data set with the id"):
        Dataset.get_by_id(ws, "0")


@pytest.mark.parametrize(
    "name", ["diabetes dataset", "Zufriedenheit größer 'ja'", "日本語", "a.b-c_d"]
)
def test_names_of_any_alphabet_are_names(ws: Workspace, store: Any, name: str) -> None:
    table(store, "names", a="x\n1\n").register(ws, name)

    assert ws.datasets[name].to_pandas_dataframe()["x"].tolist() == [1]
    Dataset.get_by_name(ws, name).unregister_all_versions()
    assert name not in ws.datasets


@pytest.mark.parametrize("name", ["a/b", "a\\b", "../a", ".a", "", " a", "a\n", "-a", "x" * 300])
def test_names_that_no_folder_can_have_are_refused(ws: Workspace, store: Any, name: str) -> None:
    with pytest.raises(UserErrorException, match="cannot be the name of a data set"):
        table(store, "names", a="x\n1\n").register(ws, name)


@pytest.mark.parametrize("path", ["../../x.csv", "a/../../x.csv", "a/b/../../../x", "a\0b"])
def test_a_path_that_climbs_out_of_its_datastore_is_refused(
    ws: Workspace, store: Any, path: str
) -> None:
    with pytest.raises(UserErrorException, match="leads out of the datastore"):
        Dataset.File.from_files((store, path))
    body = {
        "workspace": ws.name, "name": "climbing",
        "definition": {
            "kind": "file", "sources": [{"datastore": store.name, "path": path}],
            "steps": [{"do": "read", "form": "files"}],
        },
    }  # fmt: skip
    with pytest.raises(Exception, match=r"climbs out|holds a NUL|leads out"):
        ws.client.datasets.add(body)


def test_a_link_that_leads_out_of_a_datastore_is_not_followed(
    ws: Workspace, store: Any, tmp_path: Path
) -> None:
    (tmp_path / "secret.csv").write_text("x\n1\n")
    put(store, {"links/own.csv": "x\n2\n"})
    folder = store._store().local_path("links")
    (folder / "leads_out.csv").symlink_to(tmp_path / "secret.csv")
    os.mkfifo(folder / "pipe.csv")

    found = Dataset.Tabular.from_delimited_files((store, "links/*.csv"))

    assert found.to_pandas_dataframe()["x"].tolist() == [2]
    with pytest.raises(UserErrorException, match=r"leads out|no file"):
        Dataset.Tabular.from_delimited_files((store, "links/leads_out.csv"))


def test_files_that_changed_since_are_told_and_named(ws: Workspace, store: Any) -> None:
    first = table(store, "moving", a="x\n1\n", b="x\n2\n").register(ws, "moving")
    put(store, {"moving/a.csv": "x\n10\n", "moving/c.csv": "x\n3\n"})
    store._store().remove("moving/b.csv")

    later = Dataset.get_by_name(ws, "moving")

    with pytest.warns(UserWarning, match="moving:1 is not what was registered: of its files 1 "
                      "changed, 1 new, 1 gone"):  # fmt: skip
        assert later.to_pandas_dataframe()["x"].tolist() == [10, 3]
    assert later.changes() == {
        "added": ["workspaceblobstore/moving/c.csv"],
        "changed": ["workspaceblobstore/moving/a.csv"],
        "removed": ["workspaceblobstore/moving/b.csv"], "count": 3,
    }  # fmt: skip
    assert first.register(ws, "moving").version == 1
    assert first.register(ws, "moving", create_new_version=True).version == 2
    assert Dataset.get_by_name(ws, "moving").to_pandas_dataframe()["x"].tolist() == [10, 3]


def test_a_file_that_was_only_touched_has_not_changed(ws: Workspace, store: Any) -> None:
    table(store, "touched", a="x\n1\n").register(ws, "touched")
    os.utime(store._store().local_path("touched/a.csv"), (1, 1))

    found = Dataset.get_by_name(ws, "touched")

    assert found.to_pandas_dataframe()["x"].tolist() == [1]
    assert found.changes()["count"] == 0


def test_what_is_said_of_a_version_can_be_changed(ws: Workspace, store: Any) -> None:
    made = table(store, "said", a="x\n1\n").register(ws, "said", description="a", tags={"k": "1"})

    made.add_tags({"n": "2"})
    made.remove_tags(["k"])
    made.update(description="b")

    found = Dataset.get_by_name(ws, "said")
    assert (found.description, found.tags, found.version) == ("b", {"n": "2"}, 1)
    assert found.update(tags={"z": "3"}).tags == {"z": "3"}


REGISTERS = """
import sys
from jupyter_aml.sdk.core import Dataset, Workspace

made = Dataset.Tabular.from_delimited_files(sys.argv[1])
print(made.register(Workspace.from_config(), "raced", create_new_version=True).version)
"""


def test_of_eight_processes_each_registers_a_version_of_its_own(
    ws: Workspace, tmp_path: Path
) -> None:
    for place in range(8):
        (tmp_path / f"{place}.csv").write_text(f"x\n{place}\n")

    at_once = [
        subprocess.Popen(
            [sys.executable, "-c", REGISTERS, str(tmp_path / f"{place}.csv")],
            stdout=subprocess.PIPE, text=True,
        )
        for place in range(8)
    ]  # fmt: skip
    versions = [int(process.communicate(timeout=120)[0]) for process in at_once]

    assert sorted(versions) == list(range(1, 9))
    read = {
        Dataset.get_by_name(ws, "raced", version).to_pandas_dataframe()["x"][0]
        for version in versions
    }
    assert read == set(range(8))


# ---- DataFrames and folders ----------------------------------------------------------------------


def test_a_dataframe_becomes_a_registered_data_set(ws: Workspace, store: Any, capsys: Any) -> None:
    frame = pandas.DataFrame({"x": [1, 2], "at": pandas.to_datetime(["2020-01-01", "2020-01-02"])})

    made = Dataset.Tabular.register_pandas_dataframe(frame, (store, "frames"), "from a frame")

    assert "Successfully created and registered" in capsys.readouterr().out
    pandas.testing.assert_frame_equal(
        ws.datasets["from a frame"].to_pandas_dataframe(), frame, check_dtype=False
    )
    assert made.version == 1
    odd = pandas.DataFrame({"x": [1, "a", object()]})
    with pytest.raises(UserErrorException, match="cannot be kept as Parquet"):
        Dataset.Tabular.register_pandas_dataframe(odd, store, "odd")
    with pytest.raises(UserErrorException, match="give a DataFrame, not a list"):
        Dataset.Tabular.register_pandas_dataframe([1], store, "odd")


def test_a_folder_is_uploaded_and_comes_back(ws: Workspace, store: Any, tmp_path: Path) -> None:
    for name in ("a.txt", "deep/b.txt", "deep/c.log"):
        (tmp_path / "src" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "src" / name).write_text(name)

    made = Dataset.File.upload_directory(tmp_path / "src", DataPath(store, "up"), pattern="*.txt")

    assert made.to_path() == ["/a.txt", "/deep/b.txt"]
    there = made.download(tmp_path / "back")
    assert there == [f"{tmp_path}/back/a.txt", f"{tmp_path}/back/deep/b.txt"]
    assert Path(there[1]).read_text() == "deep/b.txt"
    with pytest.raises(UserErrorException, match=r"a\.txt and 1 more would be overwritten"):
        made.download(tmp_path / "back")
    assert made.download(tmp_path / "back", overwrite=True) == there
    assert len(Dataset.File.upload_directory(tmp_path / "src", (store, "up")).to_path()) == 3
    (tmp_path / "src/a.txt").write_text("other")
    with pytest.raises(
        UserErrorException, match=r"a\.txt is on the datastore already, with another"
    ):
        Dataset.File.upload_directory(tmp_path / "src", DataPath(store, "up"))
    with pytest.raises(UserErrorException, match="there is no folder"):
        Dataset.File.upload_directory(tmp_path / "nowhere", store)


def test_a_mounted_data_set_is_its_folder_or_one_with_links(
    ws: Workspace, store: Any, tmp_path: Path
) -> None:
    put(store, {"mounted/a.txt": "1", "mounted/b/c.txt": "2", "beside/x.txt": "3"})
    whole = Dataset.File.from_files((store, "mounted"))
    some = Dataset.File.from_files((store, "mounted/**")).take(1)

    with whole.mount() as mounted:
        assert mounted.mount_point == str(store._store().local_path("mounted"))
    with some.mount() as mounted:
        there = Path(mounted.mount_point)
        assert [path.name for path in there.iterdir()] == ["a.txt"]
    assert not there.exists() and store._store().exists("mounted/a.txt")
    mount = whole.mount(tmp_path / "here")
    mount.start()
    assert (tmp_path / "here/b/c.txt").read_text() == "2"
    mount.stop()
    assert list((tmp_path / "here").iterdir()) == []
    (tmp_path / "here/mine").touch()
    with pytest.raises(UserErrorException, match="is not empty"):
        whole.mount(tmp_path / "here").start()


def test_files_are_chosen_by_what_is_known_of_them(ws: Workspace, store: Any) -> None:
    put(store, {f"chosen/{kind}/{n}.txt": "x" * n for kind in "ab" for n in range(5)})
    every = Dataset.File.from_files((store, "chosen"), partition_format="{kind}/{n}.txt")

    assert len(every.filter(every.file_metadata("Size") > 2).to_path()) == 4
    assert every.filter((every["kind"] == "b") & (every["n"] == "3")).to_path() == ["/b/3.txt"]
    assert every.skip(8).to_path() == ["/b/3.txt", "/b/4.txt"]
    halves = every.random_split(0.5, seed=1)
    assert sorted(halves[0].to_path() + halves[1].to_path()) == sorted(every.to_path())
    assert every.partition_keys == ["kind", "n"]
    assert every.get_partition_key_values(["kind"]) == [{"kind": "a"}, {"kind": "b"}]


def test_rows_become_files_again(ws: Workspace, store: Any, tmp_path: Path) -> None:
    rows = table(store, "again", a="x,y\n1,a\n2,b\n").filter(
        table(store, "again", a="x,y\n1,a\n2,b\n")["x"] > 1
    )

    (csv,) = rows.to_csv_files(separator=";").download(tmp_path / "csv")
    (parquet,) = rows.to_parquet_files().download(tmp_path / "parquet")

    assert Path(csv).read_text() == '"x";"y"\n2;"b"\n'
    assert pandas.read_parquet(parquet).to_dict("list") == {"x": [2], "y": ["b"]}


def test_rows_are_written_in_folders_by_their_values(ws: Workspace, store: Any) -> None:
    rows = table(store, "to part", a="x,kind\n1,a\n2,b\n3,a\n")

    parted = rows.partition_by(["kind"], (store, "parted"), name="parted", show_progress=False)

    assert parted.partition_keys == ["kind"] and parted.version == 1
    chosen = parted.filter(parted["kind"] == "a")
    assert chosen.to_pandas_dataframe()["x"].tolist() == [1, 3]


# ---- times ---------------------------------------------------------------------------------------


def test_rows_are_chosen_by_their_times(ws: Workspace, store: Any) -> None:
    put(store, {
        f"weather/{day:%Y/%m/%d}/w.csv": f"at,t\n{day:%F} 06:00:00,1\n{day:%F} 18:00:00,2\n"
        for day in (datetime(2020, 1, day) for day in (1, 2, 3))
    })  # fmt: skip
    weather = Dataset.Tabular.from_delimited_files(
        (store, "weather"), partition_format="{day:yyyy/MM/dd}/w.csv"
    ).with_timestamp_columns("at", "day", validate=True)
    noon = datetime(2020, 1, 2, 12)

    after = weather.time_after(noon)

    assert weather.timestamp_columns == ("at", "day")
    assert after.to_pandas_dataframe()["at"].dt.day.tolist() == [2, 3, 3]
    assert len(after._reader().parts) == 2
    assert len(weather.time_before(noon).to_pandas_dataframe()) == 3
    assert len(weather.time_between(datetime(2020, 1, 1, 18), noon).to_pandas_dataframe()) == 2
    edge = datetime(2020, 1, 1, 18)
    assert len(weather.time_between(edge, noon, include_boundary=False).to_pandas_dataframe()) == 1
    with pytest.raises(UserErrorException, match="no column is said to hold times"):
        weather.drop_columns(["at", "day"]).time_after(noon)
    with pytest.raises(UserErrorException, match="'t' is of int64 and holds no times"):
        weather.with_timestamp_columns("t", validate=True)


# ---- queries -------------------------------------------------------------------------------------


@pytest.fixture
def shop(ws: Workspace, tmp_path: Path) -> Any:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE sales (id INTEGER, price REAL, kind TEXT)")
        connection.executemany(
            "INSERT INTO sales VALUES (?, ?, ?)", [(1, 0.5, "a"), (2, None, "b"), (3, 2.5, None)]
        )
    connection.close()
    return Datastore.register(ws, "shop", f"sqlite:///{path}", overwrite=True)


def test_the_rows_of_a_query_are_a_data_set(ws: Workspace, shop: Any) -> None:
    query = DataPath(shop, "SELECT id, price, kind FROM sales WHERE id > 1")
    rows = Dataset.Tabular.from_sql_query(query, query_timeout=10)

    assert rows.to_pandas_dataframe()["id"].tolist() == [2, 3]
    rows.register(ws, "sales")
    again = ws.datasets["sales"].keep_columns("price")
    assert again.to_pandas_dataframe()["price"].isna().tolist() == [True, False]
    assert ws.client.datasets.preview(ws.name, "sales")["rows"] == [[2, None, "b"], [3, 2.5, None]]


@pytest.mark.parametrize(
    "query",
    [
        "DROP TABLE sales", "SELECT 1; DROP TABLE sales", "ATTACH '/tmp/x.db' AS x",
        "PRAGMA query_only = 0", "WITH x AS (SELECT 1) DELETE FROM sales",
        "SELECT load_extension('x')", "/* */ INSERT INTO sales VALUES (1, 1, 'a')",
        "EXPLAIN SELECT 1", "",
    ],
)  # fmt: skip
def test_a_query_that_does_more_than_read_is_refused(shop: Any, query: str) -> None:
    with pytest.raises(UserErrorException, match=r"only|read|no word|query:|refuse"):
        Dataset.Tabular.from_sql_query((shop, query))

    assert (
        len(Dataset.Tabular.from_sql_query((shop, "SELECT * FROM sales")).to_pandas_dataframe())
        == 3
    )


def test_a_query_that_takes_too_long_is_ended(shop: Any) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"

    with pytest.raises(UserErrorException, match=r"longer than 0\.2 seconds"):
        Dataset.Tabular.from_sql_query((shop, endless), query_timeout=0.2)  # type: ignore[arg-type]


# ---- looks ---------------------------------------------------------------------------------------


def test_a_preview_and_a_profile_are_made_by_the_engine(ws: Workspace, store: Any) -> None:
    rows = "".join(f"{n},{'ab'[n % 2]},2020-01-0{n % 9 + 1}\n" for n in range(100))
    table(store, "seen", a=f"n,kind,day\n{rows}").register(ws, "seen")

    preview = ws.client.datasets.preview(ws.name, "seen", rows=2)
    profile = ws.client.datasets.profile(ws.name, "seen")

    assert preview["columns"][2] == {"name": "day", "type": "datetime"}
    assert preview["rows"] == [[0, "a", "2020-01-01T00:00:00"], [1, "b", "2020-01-02T00:00:00"]]
    assert preview["more"] and preview["warnings"] == []
    assert (profile["rows"], profile["whole"]) == (100, True)
    n, kind, day = profile["columns"]
    assert (n["min"], n["max"], n["mean"], n["missing"], n["distinct"]) == (0, 99, 49.5, 0, 100)
    assert sum(each["count"] for each in n["histogram"]) == 100
    assert {each["label"]: each["count"] for each in kind["histogram"]} == {"a": 50, "b": 50}
    assert (day["min"], day["max"]) == ("2020-01-01T00:00:00", "2020-01-09T00:00:00")
    own = ws.datasets["seen"].get_profile()
    assert own.columns["n"].median == 49.5 and "kind" in own._repr_html_()


def test_a_look_into_what_cannot_be_read_says_why(ws: Workspace, store: Any) -> None:
    put(store, {"broken/a.parquet": "oops"})
    bad = Dataset.Tabular.from_parquet_files((store, "broken/*.parquet"), validate=False)
    bad.register(ws, "broken")

    with pytest.raises(Exception, match=r"a\.parquet is no Parquet file"):
        ws.client.datasets.preview(ws.name, "broken")
    with pytest.raises(DatasetExecutionError, match=r"a\.parquet is no Parquet file"):
        bad.to_pandas_dataframe()
    with pytest.raises(DatasetValidationError, match=r"a\.parquet is no Parquet file"):
        Dataset.Tabular.from_parquet_files((store, "broken/*.parquet"))


def test_the_files_of_a_version_are_listed_as_they_were(ws: Workspace, store: Any) -> None:
    put(store, {f"listed/{n:04}.txt": str(n) for n in range(1200)})
    Dataset.File.from_files((store, "listed")).register(ws, "listed")

    first = ws.client.datasets.files(ws.name, "listed")
    rest = ws.client.datasets.files(ws.name, "listed", after=first["files"][-1]["path"])

    assert (len(first["files"]), len(rest["files"]), first["total"]) == (1000, 200, 1200)
    assert str(first["files"][0]["hash"]).startswith("sha256:")
    assert ws.client.datasets.preview(ws.name, "listed", rows=1)["rows"] == [["0000.txt", 1]]
    assert ws.client.datasets.get(ws.name, "listed")["files"]["count"] == 1200  # type: ignore[index]


# ---- bad input -----------------------------------------------------------------------------------


texts_of = Dataset.Tabular.from_delimited_files


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda s: texts_of((s, "nowhere/*.csv")), r"at 'workspaceblobstore/nowhere/\*\.csv'"),
        (lambda s: texts_of("nowhere.csv"), r"there is no file at '/.*nowhere\.csv'"),
        (lambda s: texts_of([]), "the list is empty"),
        (lambda s: texts_of(3), "3 is no path"),
        (lambda s: texts_of((s, 3)), "3 beside a datastore is no text"),
        (lambda s: texts_of("x.csv", separator="::"), "one character"),
        (lambda s: texts_of("x.csv", encoding="klingon"), "'klingon' is not known"),
        (lambda s: texts_of("x.csv", partition_format="{a"), "write a column as"),
        (lambda s: texts_of("x.csv", set_column_types={"a": int}), "give a DataType"),
        (lambda s: DataType.to_float("x"), "decimal_mark"),
        (lambda s: DataType.to_datetime("yyyy"), "no form of a time"),
        (lambda s: Dataset("x"), "not made by hand"),
        (lambda s: Dataset.File.from_files((s, "one.csv"), is_file=True), "no file at"),
        (lambda s: Dataset.Tabular.from_sql_query("SELECT 1"), "give a database's datastore"),
        (lambda s: Dataset.Tabular.from_sql_query((s, "SELECT 1")), "cannot be asked in SQL"),
        (lambda s: Dataset.File.from_files("http://169.254.169.254/latest"), "is refused"),
        (lambda s: Dataset.File.from_files("gopher://x/y"), "gopher"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(store: Any, call: Any, told: str) -> None:
    with pytest.raises(UserErrorException, match=told):
        found = call(store)
        found.download()


def test_conditions_are_combined_by_signs_and_not_by_words(ws: Workspace, store: Any) -> None:
    rows = table(store, "signs", a="x\n1\n")

    with pytest.raises(UserErrorException, match=r"combine conditions with & \| ~"):
        rows.filter(rows["x"] > 1 and rows["x"] < 3)
    with pytest.raises(UserErrorException, match="is no condition"):
        rows.filter("x > 1")  # type: ignore[arg-type]
    for wrong in (-1, 1.5, "2", True):
        with pytest.raises(UserErrorException, match="count must be a whole number"):
            rows.take(wrong)  # type: ignore[arg-type]
    with pytest.raises(UserErrorException, match="percentage must be a number from 0 to 1"):
        rows.random_split(70)
    with pytest.raises(DatasetValidationError, match="there is no column 'y'"):
        rows.keep_columns(["y"], validate=True)


def test_what_a_library_is_missing_for_says_which(
    ws: Workspace, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = table(store, "libraries", a="x\n1\n")
    for name in ("pyspark", "dask", "pyarrow.dataset"):
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(UserErrorException, match=r"to_spark_dataframe needs pyspark"):
        rows.to_spark_dataframe()
    with pytest.raises(UserErrorException, match=r"to_dask_dataframe needs dask"):
        rows.to_dask_dataframe()
    with pytest.raises(AmlError, match=r"needs pandas and pyarrow.*pip install pandas pyarrow"):
        rows.to_pandas_dataframe()
    assert Dataset.File.from_files((store, "libraries")).to_path() == ["/a.csv"]
