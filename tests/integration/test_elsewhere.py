"""Who reaches the engine over the network alone sends it files, and reads those it has."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from jupyter_aml.client.door import PIECE
from jupyter_aml.domain.errors import Refused
from jupyter_aml.sdk._data.through_engine import EngineStore
from jupyter_aml.sdk.core import Dataset, Datastore, Model, Workspace
from jupyter_aml.testing.file_store_contracts import StoreContract
from jupyter_aml.testing.jupyter import JupyterServer
from tests.conftest import a_folder, a_root, jupyter_folders
from tests.elsewhere import OWN, ran


@pytest.fixture
def server(aml_root: Path, jupyter_env: Mapping[str, str], tmp_path: Path) -> Iterator[Any]:
    os.chdir(tmp_path)
    with JupyterServer(tmp_path, runtime=Path(jupyter_env["JUPYTER_RUNTIME_DIR"])) as server:
        yield server
    os.chdir("/")


@pytest.fixture
def home(server: JupyterServer) -> Workspace:
    """The same workspace on the engine's machine."""
    return Workspace.from_config()


MODEL = """
import os
from azureml.core import Model, Workspace
ws = Workspace.get("default")
os.makedirs("net/deep")
open("net/w.bin", "wb").write(os.urandom(20 << 20))
open("net/deep/empty", "wb").close()
open("net/left_out", "w").write("x")
model = Model.register(ws, "net", "net", child_paths=["w.bin", "deep"])
one = Model.register(ws, "net/w.bin", "one", tags={"from": "afar"})
there = one.download("back")
print(model.id, one.id, open(there, "rb").read() == open("net/w.bin", "rb").read())
"""


def test_a_model_of_another_machine_is_sent_and_registered(
    server: JupyterServer, home: Workspace, aml_root: Path
) -> None:
    said = ran(f"import jupyter_aml.azureml\n{MODEL}", server, aml_root)

    assert said.splitlines()[-1] == "net:1 one:1 True"
    files = home.client.models.files("default", "net")["files"]
    assert [(each["path"], each["size"]) for each in files] == [
        ("net/deep/empty", 0), ("net/w.bin", 20 << 20),
    ]  # fmt: skip
    assert Model(home, "one").tags == {"from": "afar"}
    assert [*(aml_root / "uploads").iterdir()] == []


NOTHING = """
import os
from azureml.core import Model, Workspace
ws = Workspace.get("default")
os.mkdir("empty")
for path, more in (("empty", {}), ("missing", {}), ("x", {"tags": {"t" * 30_000: ""}})):
    open("x", "w").write("x")
    try:
        Model.register(ws, path, "m", **more)
    except Exception as error:
        print(type(error).__name__, error)
"""


def test_what_cannot_be_registered_from_afar_leaves_nothing(
    server: JupyterServer, home: Workspace, aml_root: Path
) -> None:
    said = ran(f"import jupyter_aml.azureml\n{NOTHING}", server, aml_root).splitlines()

    assert said[1] == f"WebserviceException the folder {OWN}/empty holds no file"
    assert "cannot be found" in said[2]
    assert "has 30,000 characters" in said[4]
    assert Model.list(home) == []
    assert not (aml_root / "uploads").exists()


DATA = """
import os
from azureml.core import Dataset, Datastore, Workspace
ws = Workspace.get("default")
store = ws.get_default_datastore()
os.makedirs("src/deep")
open("src/a.csv", "w").write("x,y\\n1,2\\n")
open("src/deep/b.csv", "w").write("x,y\\n3,4\\n")
store.upload("src", "sent", show_progress=False)
files = Dataset.File.upload_directory("src", (store, "folder"), show_progress=False)
table = Dataset.Tabular.from_delimited_files((store, "sent/**/*.csv")).register(ws, "sent-table")
print(table.to_pandas_dataframe()["x"].tolist(), len(files.to_path()))
print(len(files.download("back")), sorted(os.listdir("back")))
"""


def test_files_of_another_machine_go_to_a_datastore_and_are_read_from_it(
    server: JupyterServer, home: Workspace, aml_root: Path
) -> None:
    said = ran(f"import jupyter_aml.azureml\n{DATA}", server, aml_root).splitlines()

    assert said[-2:] == ["[1, 3] 2", "2 ['a.csv', 'deep']"]
    inner = home.get_default_datastore()._store()
    assert [each.path for each in inner.walk("sent")] == ["sent/a.csv", "sent/deep/b.csv"]
    assert Dataset.get_by_name(home, "sent-table").to_pandas_dataframe()["y"].sum() == 6


def test_on_one_machine_nothing_is_sent_that_both_see(home: Workspace, server: Any) -> None:
    from jupyter_aml.client.client import Client
    from jupyter_aml.client.transport import Address

    near = Client(Address(url=server.url, token=server.token))

    assert near.is_elsewhere is False
    near.close()


def test_a_file_is_whole_though_the_engine_is_killed_while_it_is_sent(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "big"
    source.write_bytes(os.urandom(3 * PIECE + 5))
    door, killed = ws.client._door, threading.Event()
    put = type(door).put

    def killing(self: Any, path: str, data: bytes, **query: Any) -> None:
        if query["offset"] == 2 * PIECE and not killed.is_set():
            killed.set()
            os.kill(ws.client.status()["pid"], signal.SIGKILL)
        put(self, path, data, **query)

    monkeypatch.setattr(type(door), "put", killing)
    through(ws, "workspaceblobstore").put(source, "big")

    assert killed.is_set()
    there = ws.get_default_datastore()._store().local_path("big")
    assert there is not None and there.read_bytes() == source.read_bytes()


def through(ws: Workspace, name: str) -> EngineStore:
    return EngineStore(ws.client.datastores, ws.name, name, "file:///there")


@pytest.fixture(scope="module")
def near() -> Iterator[Workspace]:
    """A workspace of one engine for all tests of the contract."""
    with a_root() as root, a_folder() as folder, pytest.MonkeyPatch.context() as patch:
        for name, value in jupyter_folders(folder, root).items():
            patch.setenv(name, value)
        yield Workspace.from_config()


class TestEngineStore(StoreContract):
    """The engine's routes are a store like others; only that it deletes nothing."""

    @pytest.fixture
    def store(self, near: Workspace, tmp_path: Path) -> EngineStore:
        (tmp_path / "files").mkdir()
        name = f"s{uuid4().hex[:12]}"
        Datastore.register(near, name, url=(tmp_path / "files").as_uri())
        return through(near, name)

    def test_a_file_is_replaced_and_removed(self, store: Any, tmp_path: Path) -> None:
        self.put(store, tmp_path, "a", b"old")
        self.put(store, tmp_path, "a", b"newer")

        assert [entry.size for entry in store.walk()] == [5]
        with pytest.raises(Refused, match="cannot be deleted through the engine"):
            store.remove("a")

    def test_what_is_not_there_is_said(self, store: Any, tmp_path: Path) -> None:
        from jupyter_aml.domain.errors import NotFound

        with pytest.raises(NotFound, match="missing"):
            store.get("missing", tmp_path / "x")
        with pytest.raises(NotFound, match="missing"):
            store.open("missing")
        assert not (tmp_path / "x").exists()
        assert not store.exists("missing")

    def test_parts_of_a_file_are_read_where_they_are_wanted(
        self, store: Any, tmp_path: Path
    ) -> None:
        self.put(store, tmp_path, "a", bytes(range(256)) * 1000)

        with store.open("a") as file:
            file.seek(-3, 2)
            end = file.read()
            file.seek(257)
            middle = file.read(2)

        assert (end, middle) == (b"\xfd\xfe\xff", b"\x01\x02")


SUBMIT = """
import os
import jupyter_aml.azureml
from azureml.core import Experiment, ScriptRunConfig, Workspace
ws = Workspace.get("default")
os.makedirs("proj/deep")
os.makedirs("proj/data")
open("proj/.amlignore", "w").write("data/\\n")
open("proj/data/huge.bin", "wb").truncate(1 << 33)
open("proj/deep/helper.py", "w").write("VALUE = 1.5")
open("proj/blob.bin", "wb").write(bytes(range(256)) * 40_000)
open("proj/train.py", "w").write('''
import os
from azureml.core import Run
from deep.helper import VALUE
Run.get_context().log("value", VALUE)
os.makedirs("outputs", exist_ok=True)
open("outputs/sizes.txt", "w").write(f"{os.path.getsize('blob.bin')} {os.path.exists('data')}")
''')
config = ScriptRunConfig("proj", "train.py")
print([file["path"] for file in Experiment(ws, "afar").dry_run(config)["files"]])
run = Experiment(ws, "afar").submit(config)
run.wait_for_completion()
run.download_file("outputs/sizes.txt", "sizes.txt")
print(run.get_status(), run.get_metrics(), open("sizes.txt").read())
"""


def test_the_source_of_another_machine_is_sent_but_for_what_is_left_out(
    server: JupyterServer, home: Workspace, aml_root: Path
) -> None:
    said = ran(SUBMIT, server, aml_root).splitlines()

    assert said[-2] == "['.amlignore', 'blob.bin', 'deep/helper.py', 'train.py']"
    assert said[-1] == "Completed {'value': 1.5} 10240000 False"
    assert [*(aml_root / "uploads").glob("*")] == []


CELL = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "jupyter_aml")
open("mine.py", "w").write("VALUE = 2.5")
shell.run_cell_magic("aml", "submit cells --include mine.py --wait -o run",
    "from azureml.core import Run\\nimport mine\\nRun.get_context().log('v', mine.VALUE)")
print(shell.user_ns["run"].get_status(), shell.user_ns["run"].get_metrics())
"""


def test_a_cell_of_another_machine_brings_its_modules(
    server: JupyterServer, home: Workspace, aml_root: Path
) -> None:
    assert ran(CELL, server, aml_root).splitlines()[-1] == "Completed {'v': 2.5}"


FOLDERS = """
import jupyter_aml.azureml
from azureml.core import Experiment, ScriptRunConfig, Workspace
open("a.py", "w").write("print(1)")
try:
    Experiment(Workspace.get("default"), "x").submit(ScriptRunConfig(".", "b.py"))
except Exception as error:
    print(type(error).__name__, error)
"""


def test_a_script_that_is_not_there_is_named_from_afar(
    server: JupyterServer, home: Workspace, aml_root: Path
) -> None:
    said = ran(FOLDERS, server, aml_root)

    assert "b.py" in said.splitlines()[-1]
    assert "Traceback" not in said
