"""Data sets by SDK v1's names over a real engine: read, registered, found, changed on disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.sdk.core import Dataset, Workspace
from tests.conftest import a_folder, a_root, jupyter_folders

pytestmark = pytest.mark.xdist_group("datasets")


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
