"""What is wrong with the data of a run is said at once, or ends it with a sentence."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.sdk.core import Dataset, Experiment, Run, RunConfiguration, Workspace
from jupyter_aml.sdk.core.runconfig import Data, DataLocation
from jupyter_aml.sdk.core.runconfig import Dataset as Named
from jupyter_aml.sdk.core.script_run_config import ScriptRunConfig
from jupyter_aml.sdk.data.output_dataset_config import OutputFileDatasetConfig
from jupyter_aml.sdk.exceptions import ActivityFailedException, UserErrorException
from tests.conftest import a_folder, a_root, jupyter_folders


@pytest.fixture(scope="module")
def home() -> Iterator[Workspace]:
    with a_root() as root, a_folder() as folder, pytest.MonkeyPatch.context() as patch:
        for name, value in jupyter_folders(folder, root).items():
            patch.setenv(name, value)
        ws = Workspace.from_config()
        with ws.get_default_datastore()._store().open("iris/a.csv", "wb") as file:
            file.write(b"x\n1\n")
        yield ws


@pytest.fixture
def ws(home: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "s.py").write_text("import sys; print(open(sys.argv[1] + '/f').read())")
    return home


@pytest.fixture
def store(ws: Workspace) -> Any:
    return ws.get_default_datastore()


class Site:
    """A web server that holds back the rest of its one file until it is told to go on."""

    def __init__(self) -> None:
        self.asked, self.go_on, self.breaks = threading.Event(), threading.Event(), False
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", "4")
                self.end_headers()
                self.wfile.write(b"da")
                self.wfile.flush()
                site.asked.set()
                site.go_on.wait(60)
                if not site.breaks:
                    self.wfile.write(b"ta")

            def log_message(self, *_: Any) -> None:
                """Be quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/f"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.go_on.set()
    made.server.shutdown()
    made.server.server_close()


def sent(ws: Workspace, *arguments: Any, **more: Any) -> Run:
    return Experiment(ws, "data").submit(ScriptRunConfig("src", "s.py", [*arguments], **more))


def from_web(site: Site) -> Any:
    return Dataset.File.from_files(site.url, validate=False).as_named_input("data").as_mount()


@pytest.mark.parametrize("version", ["9", "latest"])
def test_a_version_that_is_not_there_is_told_with_those_that_are(
    ws: Workspace, store: Any, version: str
) -> None:
    Dataset.File.from_files((store, "iris")).register(ws, "iris-files")
    config = RunConfiguration()
    name = "iris-files" if version == "9" else "iris-flies"
    config.data["data"] = Data(DataLocation(Named(None, name, version)), mechanism="mount")

    with pytest.raises(UserErrorException, match=r"iris-f.*") as error:
        sent(ws, run_config=config)

    wanted = "there is 1" if version == "9" else "did you mean 'iris-files'"
    assert wanted in str(error.value)


def test_a_table_cannot_be_mounted(ws: Workspace, store: Any) -> None:
    table = Dataset.Tabular.from_delimited_files((store, "iris/*.csv"))

    with pytest.raises(UserErrorException, match=r"is tabular, and only files are .* as_mount"):
        sent(ws, table.as_named_input("t").as_mount())


@pytest.mark.parametrize(
    ("path", "told"),
    [("iris/none*", "no file at 'workspaceblobstore/iris/none"), ("nowhere", "nowhere")],
)
def test_what_matches_nothing_ends_the_run_with_what_was_looked_at(
    ws: Workspace, store: Any, path: str, told: str
) -> None:
    files = Dataset.File.from_files((store, path), validate=False)
    run = sent(ws, files.as_named_input("data").as_mount())

    with pytest.raises(ActivityFailedException, match=f"input 'data': .*{told}"):
        run.wait_for_completion()


def test_a_path_that_is_not_there_ends_the_run(ws: Workspace, store: Any) -> None:
    run = sent(ws, store.path("irsi", data_reference_name="data").as_mount())

    with pytest.raises(ActivityFailedException, match="nothing at 'irsi' on the datastore 'works"):
        run.wait_for_completion()


def test_an_input_that_breaks_in_the_middle_ends_the_run(ws: Workspace, site: Site) -> None:
    site.breaks = True
    run = sent(ws, from_web(site))
    assert site.asked.wait(60)
    site.go_on.set()

    with pytest.raises(ActivityFailedException, match=r"input 'data': .*127.0.0.1"):
        run.wait_for_completion()

    assert run.get_status() == "Failed"


def test_a_run_that_waits_for_its_data_is_cancelled_at_once(ws: Workspace, site: Site) -> None:
    run = sent(ws, from_web(site))
    assert site.asked.wait(60)
    assert run.get_status() == "Preparing"

    run.cancel()
    run.wait_for_completion()

    assert run.get_status() == "Canceled"
    assert not site.go_on.is_set()


def test_data_is_fetched_again_after_the_engine_was_killed(ws: Workspace, site: Site) -> None:
    run = sent(ws, from_web(site))
    assert site.asked.wait(60)
    os.kill(ws.client.status()["pid"], signal.SIGKILL)
    site.asked.clear()
    site.go_on.set()

    run.wait_for_completion()

    assert run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"].strip() == "data"
    here = Path(ws.client.status()["root"], "workspaces", "default", "runs", run.id)
    assert not (here / "inputs").exists()


def test_an_output_that_cannot_come_to_its_datastore_fails_the_run(
    ws: Workspace, store: Any
) -> None:
    with store._store().open("taken/f", "wb") as file:
        file.write(b"theirs")
    Path("src", "s.py").write_text("import sys; open(sys.argv[1] + '/f', 'w').write('mine')")
    output = OutputFileDatasetConfig("made", (store, "taken")).as_upload()
    run = sent(ws, output)

    with pytest.raises(ActivityFailedException, match=r"output 'made' .*'taken/f' is on .*already"):
        run.wait_for_completion()

    with store._store().open("taken/f") as file:
        assert file.read() == b"theirs"
    sent(ws, output.as_upload(overwrite=True)).wait_for_completion()
    with store._store().open("taken/f") as file:
        assert file.read() == b"mine"


def test_an_output_without_files_becomes_no_data_set(ws: Workspace) -> None:
    Path("src", "s.py").write_text("")
    run = sent(ws, OutputFileDatasetConfig("made").register_on_complete("empty"))

    with pytest.raises(ActivityFailedException, match=r"left no file in it.* data set 'empty'"):
        run.wait_for_completion()


def test_an_output_that_was_left_empty_is_told(ws: Workspace, store: Any) -> None:
    Path("src", "s.py").write_text("")
    output = OutputFileDatasetConfig("made", (store, "none"), "here").as_upload(source_globs="*.x")

    told = sent(ws, output).wait_for_completion()

    message = "output 'made' is empty: the script left no file at 'here' that fits *.x"
    assert [each["message"] for each in told["warnings"]] == [message]


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (OutputFileDatasetConfig("o", ("nowhere", "x")), "nowhere"),
        (OutputFileDatasetConfig("o", ("workspaceblobstore", "../x")), "leads out"),
        (OutputFileDatasetConfig("o").register_on_complete("a/b"), "cannot be the name of a data"),
    ],
)
def test_an_output_that_cannot_be_is_told_before_anything_is_made(
    ws: Workspace, output: Any, told: str
) -> None:
    with pytest.raises(UserErrorException, match=told):
        sent(ws, output)


def test_what_was_sent_is_replaced_with_a_warning(ws: Workspace, store: Any) -> None:
    os.makedirs("src/data")
    Path("src", "data", "a.csv").write_text("old")
    Path("src", "s.py").write_text("print(open('data/a.csv').read())")
    files = Dataset.File.from_files((store, "iris/*.csv"))

    run = sent(ws, files.as_named_input("d").as_download("data"))
    told = run.wait_for_completion()

    assert run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"] == "x\n1\n\n"
    assert "in the place of what was sent in 'data': 'a.csv'" in told["warnings"][0]["message"]


def test_a_mount_point_of_another_machine_is_told_to_be_elsewhere(
    ws: Workspace, store: Any
) -> None:
    Path("src", "s.py").write_text("import os, sys; print(os.listdir(sys.argv[1]))")
    files = Dataset.File.from_files((store, "iris/*.csv"))

    run = sent(ws, files.as_named_input("d").as_mount("/tmp/dataset"))
    told = run.wait_for_completion()

    assert run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"] == "['a.csv']\n"
    assert "input 'd' is not at '/tmp/dataset'" in told["warnings"][0]["message"]


def test_a_mount_among_what_was_sent_is_refused(ws: Workspace, store: Any) -> None:
    os.makedirs("src/data")
    Path("src", "data", "a.csv").write_text("old")
    run = sent(ws, Dataset.File.from_files((store, "iris")).as_named_input("d").as_mount("data"))

    with pytest.raises(ActivityFailedException, match="path_on_compute='data' is among what was"):
        run.wait_for_completion()
