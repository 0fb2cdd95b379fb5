"""Files have whatever names a disk takes: each is listed, opened, fetched and packed."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from jupyter_aml.sdk.core import Experiment, Run, ScriptRunConfig, Workspace

ODD = {
    b"a\\b.txt": r"a\x5cb.txt",
    b"a\\x5cb.txt": r"a\x5cx5cb.txt",
    b"a:b.txt": "a:b.txt",
    b"a_b.txt": "a_b.txt",
    b"tab\t.txt": r"tab\x09.txt",
    b"line\nfeed": r"line\x0afeed",
    b"caf\xe9.csv": r"caf\xe9.csv",
    "café.csv".encode(): "café.csv",
    b"\x1b[31mred": r"\x1b[31mred",
    b"\xff" * 255: r"\xff" * 255,
    b"deep\n\xfe/plain": r"deep\x0a\xfe/plain",
    b"plain.txt": "plain.txt",
}
SCRIPT = f"""
import os
from azureml.core import Run

run = Run.get_context()
for name in {list(ODD)!r}:
    for folder in (b"outputs", b"logs", b"mine"):
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(name)
run.upload_folder("given", "mine")
run.log_image(os.fsdecode(b"odd \\xff\\n"), path="outputs/plain.txt")
assert r"outputs/tab\\x09.txt" in run.get_file_names(), run.get_file_names()
run.download_files(prefix="outputs", output_directory="got")
assert len([name for _, _, names in os.walk("got") for name in names]) == {len(ODD)}
"""
IMAGE = "odd __.txt"


@pytest.fixture
def run(ws: Workspace, tmp_path: Path) -> Run:
    source = tmp_path / "source"
    source.mkdir()
    (source / "train.py").write_text(SCRIPT)
    return sent(ws, source)


def sent(ws: Workspace, source: Path) -> Run:
    run: Run = Experiment(ws, "names").submit(ScriptRunConfig(str(source), script="train.py"))
    run.wait_for_completion()
    assert run.get_status() == "Completed"
    return run


def below(folder: Path) -> dict[str, bytes]:
    """The files below a folder by their paths."""
    found = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_each_file_is_listed_by_a_name_that_opens_it_again(run: Run) -> None:
    expected = {
        f"{folder}/{name}": content
        for folder in ("outputs", "logs", "given")
        for content, name in ODD.items()
    }

    names = run.get_file_names()
    found = {name: run.client.runs.file(run.id, name) for name in names}

    assert found.keys() == {*expected, "user_logs/std_log.txt", IMAGE}
    assert {name: found[name] for name in expected} == expected
    assert all(name.isprintable() for name in names)


def test_all_files_are_fetched_below_a_folder(run: Run, tmp_path: Path) -> None:
    outputs = {f"outputs/{os.fsdecode(name)}": name for name in ODD}

    run.download_files(prefix="outputs/", output_directory=str(tmp_path / "sdk"))
    run.get_all_logs(str(tmp_path / "logs"))
    verb("files", run.id, "get-all", str(tmp_path / "cli"), "--prefix", "outputs/")

    assert below(tmp_path / "sdk") == outputs
    assert below(tmp_path / "cli") == outputs
    assert len(below(tmp_path / "logs" / "logs")) == len(ODD)


def test_a_log_with_an_odd_name_is_read_like_others(run: Run) -> None:
    piece = run.client.runs.log(run.id, r"logs/tab\x09.txt")

    assert piece.data == b"tab\t.txt"
    assert run.get_details_with_logs()["logFiles"][r"logs/caf\xe9.csv"] == "caf\ufffd.csv"


def test_an_archive_and_an_export_lose_no_file(run: Run, tmp_path: Path) -> None:
    run.client.runs.archive(run.id, "outputs", tmp_path / "outputs.zip")
    run.client.runs.archive(run.id, "run", tmp_path / "run.zip")
    verb("export", run.id, str(tmp_path / "exported"))

    for packed, least in (("outputs", 3 * len(ODD)), ("run", 4 * len(ODD))):
        with zipfile.ZipFile(tmp_path / f"{packed}.zip") as archive:
            names = archive.namelist()
            archive.extractall(tmp_path / packed)
        assert len(below(tmp_path / packed)) == len(names) == len(set(names)) > least
        assert {*ODD} <= {*below(tmp_path / packed).values()}
    assert {*ODD} <= {*below(tmp_path / "exported" / "runs" / run.id).values()}


def test_a_source_with_odd_names_is_sent_listed_and_sent_again(
    ws: Workspace, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in (b"a\\b.txt", b"tab\t.txt", b"line\nfeed", b"caf\xe9.csv", b".env\n\xff"):
        Path(os.fsdecode(os.path.join(os.fsencode(source), name))).write_bytes(name)
    (source / "train.py").write_text("import os; print(sorted(os.listdir()))")

    run = sent(ws, source)
    listed = run.client.runs.snapshot(run.id)
    again = run.retry()
    again.wait_for_completion()

    paths = [file["path"] for file in listed["files"]]
    assert paths == [r"a\x5cb.txt", r"line\x0afeed", r"tab\x09.txt", "train.py"]
    assert run.client.runs.snapshot_file(run.id, r"tab\x09.txt") == b"tab\t.txt"
    assert again.get_status() == "Completed"
    assert again.client.runs.snapshot(again.id)["files"] == listed["files"]
    assert r"left out caf\xe9.csv: its name is not valid UTF-8" in listed["excluded"]
    assert all(note.isprintable() for note in listed["excluded"])
    with zipfile.ZipFile(str(run.restore_snapshot(path=str(tmp_path)))) as archive:
        assert len(archive.namelist()) == len(paths)


def verb(*words: str) -> None:
    command = [sys.executable, "-m", "jupyter_aml.cli", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
