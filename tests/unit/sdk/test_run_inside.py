"""A run seen from its own script: a folder, and no server."""

from __future__ import annotations

import io
import json
import math
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_aml.runfolder.layout import RunFolder
from jupyter_aml.runfolder.packed import pack
from jupyter_aml.runfolder.reading import read_all
from jupyter_aml.sdk.core import run as runs
from jupyter_aml.sdk.core.run import Run
from jupyter_aml.sdk.exceptions import RunEnvironmentException, UserErrorException
from jupyter_aml.wire.coding import encode_run
from tests.unit.domain.test_run import a_run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    folder = RunFolder(tmp_path / "diabetes_1")
    for path in (folder.path, folder.metrics, folder.outputs, folder.files, folder.logs):
        path.mkdir(parents=True)
    folder.record.write_text(json.dumps(encode_run(a_run())))
    monkeypatch.setenv("AML_RUN_DIR", str(folder.path))
    monkeypatch.setenv("AML_RUN_ID", "diabetes_1")
    monkeypatch.setattr(runs, "_current", None)
    found: Run = Run.get_context()
    return found


def test_a_name_logged_once_is_a_value_and_logged_again_a_list(run: Run) -> None:
    run.log("alpha", 0.3)
    for step in range(3):
        run.log("loss", 1 / (1 + step), step=step)

    assert run.get_metrics() == {"alpha": 0.3, "loss": [1.0, 0.5, 1 / 3]}
    assert run.get_metrics("alpha") == {"alpha": 0.3}


@pytest.mark.parametrize("is_packed", [False, True])
def test_numbers_come_back_as_they_were_logged_counts_as_counts(run: Run, is_packed: bool) -> None:
    run.log("observations", 442)
    run.log("accuracy", 1.0)
    for turn in range(3):
        run.log("turn", turn)
        run.log("share", turn / 1)
    run.log("mixed", 1)
    run.log("mixed", 2.5)
    if is_packed:
        pack(RunFolder(Path(os.environ["AML_RUN_DIR"])))

    assert repr(run.get_metrics()) == (
        "{'observations': 442, 'accuracy': 1.0, 'turn': [0, 1, 2], 'share': [0.0, 1.0, 2.0], "
        "'mixed': [1.0, 2.5]}"
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_come_back_as_they_are(run: Run, value: float) -> None:
    run.log("odd", value)

    assert str(run.get_metrics()["odd"]) == str(value)


@pytest.mark.parametrize(
    ("value", "back"), [("text", "text"), (True, True), (None, None), ([1], "[1]"), ("<b>", "<b>")]
)
def test_what_is_no_number_is_kept_too(run: Run, value: object, back: object) -> None:
    run.log("thing", value)

    assert run.get_metrics()["thing"] == back


def test_scalars_of_numpy_are_numbers(run: Run) -> None:
    np = pytest.importorskip("numpy")
    run.log("f", np.float32(0.5))
    run.log("i", np.int64(3))
    run.log("b", np.bool_(True))
    run.log_list("l", np.array([1.0, 2.0]))

    assert run.get_metrics() == {"f": 0.5, "i": 3, "b": True, "l": [1.0, 2.0]}


def test_rows_make_a_table_and_a_table_is_one_thing(run: Run) -> None:
    run.log_row("point", x=1, y=2.0)
    run.log_row("point", x=2, y=4.0)
    run.log_table("whole", {"a": [1, 2], "b": [3, 4]})

    assert run.get_metrics() == {
        "point": {"x": [1, 2], "y": [2.0, 4.0]},
        "whole": {"a": [1, 2], "b": [3, 4]},
    }


def test_images_of_one_name_are_all_kept(run: Run, tmp_path: Path) -> None:
    drawn = tmp_path / "drawn.png"
    drawn.write_bytes(b"\x89PNG\r\n\x1a\n")

    run.log_image("curve/of loss", path=str(drawn))
    run.log_image("curve/of loss", path=str(drawn))

    assert run.get_file_names() == ["curve_of loss.png", "curve_of loss_1.png"]


def test_an_image_is_a_path_or_a_plot_and_not_both(run: Run) -> None:
    with pytest.raises(UserErrorException, match="either path= or plot="):
        run.log_image("nothing")
    with pytest.raises(UserErrorException, match=r"no file 'gone\.png'"):
        run.log_image("nothing", path="gone.png")


def test_uploads_go_under_the_name_that_was_given(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("a,b\n")

    run.upload_file("outputs/data.csv", str(tmp_path / "mine.csv"))
    run.upload_file("notes.txt", path_or_stream=str(tmp_path / "mine.csv"))

    assert run.get_file_names() == ["notes.txt", "outputs/data.csv"]
    run.download_file("outputs/data.csv", str(tmp_path / "back.csv"))
    assert (tmp_path / "back.csv").read_text() == "a,b\n"


class Torn(io.BytesIO):
    """Gives some bytes and then no more."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise OSError(5, "Input/output error")
        return super().read(4)


@pytest.mark.parametrize("was_there", [True, False])
def test_an_upload_that_breaks_off_leaves_what_was_there(run: Run, was_there: bool) -> None:
    if was_there:
        run.upload_file("outputs/data.csv", io.BytesIO(b"the one before"))

    with pytest.raises(OSError, match="Input/output error"):
        run.upload_file("outputs/data.csv", Torn(b"half of it"))

    folder = run._folder.outputs
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == (
        {"data.csv": b"the one before"} if was_there else {}
    )


def test_a_download_that_does_not_fit_leaves_what_was_there(run: Run, tmp_path: Path) -> None:
    run.upload_file("outputs/data.csv", io.BytesIO(b"more than fits"))
    (tmp_path / "data.csv").write_text("the one before")
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            run.download_file("outputs/data.csv", str(tmp_path / "data.csv"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))

    assert (tmp_path / "data.csv").read_text() == "the one before"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("name", ["../out", "/etc/x", "a/../../b", "", "a\\b", "C:/x"])
def test_no_upload_leads_out_of_the_run(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "mine").write_text("x")

    with pytest.raises(Exception, match="not a name of a file inside the run"):
        run.upload_file(name, str(tmp_path / "mine"))


def test_a_file_that_is_not_there_is_named(run: Run) -> None:
    with pytest.raises(UserErrorException, match=r"no file 'missing\.csv'"):
        run.upload_file("outputs/x", "missing.csv")


def test_tags_and_properties_are_seen_at_once_and_properties_stay(run: Run) -> None:
    run.tag("stage", "dev")
    run.add_properties({"author": "me"})
    run.remove_tags(["stage"])

    assert (run.get_tags(), run.get_properties()) == ({}, {"author": "me"})
    with pytest.raises(UserErrorException, match="never change"):
        run.add_properties({"author": "you"})


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (lambda run: run.tag("k" * 20_001), "the name of the tag 'k*...' has 20,001 characters"),
        (lambda run: run.tag("notes", "v" * 20_001), "the tag 'notes' has 20,001 characters"),
        (lambda run: run.set_tags(dict.fromkeys(range(1_000))), "these would be 1,001 tags"),
        (lambda run: run.add_properties({"a": "v" * 20_001}), "the property 'a' has 20,001"),
        (lambda run: setattr(run, "description", "v" * 20_001), "the description has 20,001"),
        (lambda run: setattr(run, "display_name", "v" * 20_001), "the name of the run has 20,001"),
        (lambda run: run.log("k" * 20_001, 1), "the name of the metric 'k*...' has 20,001"),
        (lambda run: run.log_row("k" * 20_001, a=1), "the name of the metric 'k*...' has 20,001"),
        (lambda run: run.log("loss", 1, "v" * 20_001), "the description has 20,001 characters"),
        (lambda run: run.child_run("k" * 20_001), "the name of the run has 20,001 characters"),
        (lambda run: run.create_children(tag_key="k" * 20_001, tag_values=[1]), "the name of the"),
    ],
)
def test_what_is_too_long_is_refused_and_takes_nothing_from_what_was_said(
    run: Run, said: Callable[[Run], object], told: str
) -> None:
    run.log("before", 1)
    run.tag("stage", "dev")

    with pytest.raises(UserErrorException, match=told):
        said(run)
    run.log("after", 2)

    assert run.get_metrics() == {"before": 1, "after": 2}
    assert (run.get_tags(), run.get_properties()) == ({"stage": "dev"}, {})
    assert len(list(Path(os.environ["AML_RUN_DIR"]).parent.iterdir())) == 1
    others = [
        record[:3] for record in read_all(RunFolder(os.environ["AML_RUN_DIR"]).metrics).others
    ]
    assert others == [["tag", "stage", "dev"]]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "Expecting value"),
        (b'{"runId": "diabetes_1", "tags": {', "line 1 column 34"),
        (b"\xff\xfe{}", "can't decode byte 0xff"),
        (b"[" * 100_000, "too deep"),
        (b"[]", "it is not the record of a run"),
        (b'{"runId": "diabetes_1"}', "it is not the record of a run"),
        (None, "No such file or directory"),
        ("fifo", "it is not a plain file"),
    ],
)
@pytest.mark.parametrize(
    "call",
    [
        lambda run: run.tag("stage", "dev"),
        lambda run: run.remove_tags("stage"),
        lambda run: run.add_properties({"author": "me"}),
        lambda run: setattr(run, "description", "about"),
        lambda run: setattr(run, "display_name", "mine"),
        lambda run: run.child_run("inner"),
        lambda run: run.parameters,
        lambda run: run.get_tags(),
        lambda run: run.parent,
    ],
)
def test_a_damaged_record_is_told_in_a_sentence_and_what_was_logged_stays(
    run: Run, call: Callable[[Run], object], content: bytes | str | None, cause: str
) -> None:
    run.log("before", 1)
    folder = RunFolder(os.environ["AML_RUN_DIR"])
    folder.record.unlink()
    if isinstance(content, bytes):
        folder.record.write_bytes(content)
    elif content is not None:
        os.mkfifo(folder.record)

    with pytest.raises(UserErrorException, match=f"run.json is damaged.*{cause}.*stays") as raised:
        call(run)
    run.log("after", 2)

    assert "\n" not in str(raised.value)
    assert run.get_metrics() == {"before": 1, "after": 2}
    assert read_all(folder.metrics).others == []
    assert list(folder.path.parent.iterdir()) == [folder.path]


def test_the_name_of_a_metric_that_is_no_text_is_taken_as_text(run: Run) -> None:
    run.log(7, 0.5)  # type: ignore[arg-type]

    assert run.get_metrics() == {"7": 0.5}


def test_the_context_is_one_object(run: Run) -> None:
    assert Run.get_context() is run


def test_outside_of_runs_what_would_be_logged_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AML_RUN_DIR", raising=False)

    offline = Run.get_context()
    offline.log("loss", 0.5)

    assert offline.id.startswith("OfflineRun")
    assert capsys.readouterr().out == "Attempted to log scalar metric loss:\n0.5\n"
    with pytest.raises(RunEnvironmentException):
        Run.get_context(allow_offline=False)


def test_a_number_that_fits_no_float_is_kept_as_text(run: Run) -> None:
    run.log("huge", 10**400)
    run.log("large", 2**1022)

    assert run.get_metrics() == {"huge": str(10**400), "large": float(2**1022)}


PICTURES = """
import multiprocessing, os, threading
from azureml.core import Run
run = Run.get_context()

def log(who, gate):
    gate.wait()
    for number in range(20):
        name = f"{who}-{number}.png"
        open(name, "wb").write(f"{who}-{number}".encode())
        run.log_image("pic", path=name)

def several(who, gate):
    started = [threading.Thread(target=log, args=(f"{who}{each}", gate)) for each in "ab"]
    [each.start() for each in started]
    [each.join() for each in started]

if __name__ == "__main__":
    fork = multiprocessing.get_context("fork")
    gate = fork.Barrier(8)
    started = [fork.Process(target=several, args=(who, gate)) for who in range(4)]
    [each.start() for each in started]
    [each.join() for each in started]
"""


@pytest.mark.parametrize("links", ["links", "no links"])
def test_each_picture_that_processes_and_threads_log_by_one_name_is_kept(
    run: Run, tmp_path: Path, links: str
) -> None:
    refused = "import os\ndef link(*_, **__): raise PermissionError(1, 'x')\nos.link = link\n"
    code = PICTURES if links == "links" else refused + PICTURES
    environment = {**os.environ, "AML_WORKSPACE": "default", "AML_EXPERIMENT": "x"}

    subprocess.run(
        [sys.executable, "-c", "import jupyter_aml.azureml\n" + code],
        cwd=tmp_path, env=environment, check=True, timeout=120,
    )  # fmt: skip

    folder = RunFolder(Path(os.environ["AML_RUN_DIR"]))
    told = [value.value["file"] for value in read_all(folder.metrics).values]
    assert len(told) == len(set(told)) == 160
    kept = {(folder.files / name).read_text() for name in told}
    assert kept == {f"{who}{each}-{n}" for who in range(4) for each in "ab" for n in range(20)}
    assert sorted(os.listdir(folder.files)) == sorted(told)
